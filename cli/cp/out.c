// SPDX-License-Identifier: GPL-2.0-only
/* out.c - copy from a sandbox to the host
 *
 * Theory of operation
 * The guest may be hostile, and may change its tree while we read it. So every host file is created
 * relative to the descriptor of its parent directory, under a single name (guestfs_list() lets no
 * other pass), never through a symbolic link, and never by opening something that we did not make
 * or know to be a regular file. What a symbolic link says is copied, not followed. Set-user-id and
 * set-group-id bits are dropped: the copies belong to whoever runs us.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cp.h"
#include "guestfs.h"
#include "paths.h"
#include "vitrine/util.h"

#define DEPTH_MAX 200

struct copy {
	struct client *client;
	unsigned depth;
	struct cp_failures failures;
};

static int copy_data(struct copy *copy, int64_t handle, int fd, const char *name, struct error *err)
{
	struct error why = { 0 };
	const uint8_t *data;
	uint64_t offset = 0;
	ssize_t n;

	while ((n = guestfs_read(copy->client, handle, offset, &data, &why)) > 0) {
		for (ssize_t done = 0; done < n;) {
			ssize_t w = write(fd, data + done, n - done);

			if (w < 0 && errno != EINTR)
				return error_set(err, errno, "%s", name);
			done += w > 0 ? w : 0;
		}
		offset += n;
	}
	return n < 0 ? error_set(err, 0, "%.200s: %.200s", name, why.text) : 0;
}

static int copy_file(struct copy *copy, const char *path, const struct guest_stat *st, int dir,
		     const char *name, struct error *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_NOW },
					   { .tv_sec = st->mtime, .tv_nsec = st->mtime_ns } };
	cleanup_close int fd = -1;
	struct stat host;
	int64_t handle;
	int ret;

	handle = guestfs_open(copy->client, path, O_RDONLY | O_NOFOLLOW, 0, err);
	if (handle < 0)
		return -1;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		    0600);
	if (fd < 0 || fstat(fd, &host) < 0)
		ret = error_set(err, errno, "%s", name);
	else if (!S_ISREG(host.st_mode))
		ret = error_set(err, 0, "%s exists and is not a regular file", name);
	else if (ftruncate(fd, 0) < 0)
		ret = error_set(err, errno, "%s", name);
	else
		ret = copy_data(copy, handle, fd, name, err);
	guestfs_close(copy->client, handle, NULL);
	if (ret < 0)
		return ret;
	if (fchmod(fd, st->mode & 0777) < 0)
		return error_set(err, errno, "%s", name);
	futimens(fd, times); /* a file system without times is fine */
	return 0;
}

static int copy_link(struct copy *copy, const char *path, int dir, const char *name,
		     struct error *err)
{
	cleanup_free char *target = guestfs_readlink(copy->client, path, err);

	if (!target)
		return -1;
	/* As cp does: a link replaces a file, but not a directory */
	if (symlinkat(target, dir, name) < 0 &&
	    (errno != EEXIST || unlinkat(dir, name, 0) < 0 || symlinkat(target, dir, name) < 0))
		return error_set(err, errno, "%s", name);
	return 0;
}

static int copy_any(struct copy *copy, const char *path, int dir, const char *name,
		    struct error *err);

static int copy_directory(struct copy *copy, const char *path, const struct guest_stat *st, int dir,
			  const char *name, struct error *err)
{
	cleanup_close int fd = -1;
	char **names;

	if (copy->depth >= DEPTH_MAX)
		return error_set(err, 0, "%s: more than %d directories deep", path, DEPTH_MAX);
	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return error_set(err, errno, "%s", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "%s", name);
	if (guestfs_list(copy->client, path, &names, err) < 0)
		return -1;
	copy->depth++;
	for (size_t i = 0; names[i]; i++) {
		cleanup_free char *child = cp_join(path, names[i], err);
		struct error why;

		if (child && copy_any(copy, child, fd, names[i], &why) < 0)
			cp_fail(&copy->failures, &why);
	}
	copy->depth--;
	guestfs_list_free(names);
	if (fchmod(fd, st->mode & 0777) < 0)
		return error_set(err, errno, "%s", name);
	return 0;
}

static int copy_any(struct copy *copy, const char *path, int dir, const char *name,
		    struct error *err)
{
	struct guest_stat st;

	if (guestfs_stat(copy->client, path, &st, err) < 0)
		return -1;
	if (S_ISREG(st.mode))
		return copy_file(copy, path, &st, dir, name, err);
	if (S_ISDIR(st.mode))
		return copy_directory(copy, path, &st, dir, name, err);
	if (S_ISLNK(st.mode))
		return copy_link(copy, path, dir, name, err);
	return error_set(err, 0, "%s: not copied, it is a device, a FIFO or a socket", path);
}

/* One file to our standard output, wherever that leads */
static int copy_to_stdout(struct copy *copy, const char *path, struct error *err)
{
	int64_t handle = guestfs_open(copy->client, path, O_RDONLY, 0, err);
	int ret;

	if (handle < 0)
		return -1;
	ret = copy_data(copy, handle, STDOUT_FILENO, path, err);
	guestfs_close(copy->client, handle, NULL);
	return ret;
}

int cp_out(struct client *client, const char *source, const char *target, struct error *err)
{
	struct copy copy = { .client = client, .failures.first = err };
	cleanup_close int dir = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *name = NULL;
	cleanup_free char *parent = NULL;
	struct error why;

	if (!strcmp(target, "-"))
		return copy_to_stdout(&copy, source, err);
	if (dir >= 0) {
		name = cp_base(source);
		if (!name)
			name = strdup("rootfs"); /* all of it */
	} else {
		name = cp_base(target);
		if (!name || target[strlen(target) - 1] == '/')
			return error_set(err, ENOENT, "%s", target);
		parent = strdup(target);
		if (!parent)
			return error_set(err, ENOMEM, "%s", target);
		parent[strlen(target) - strlen(name)] = 0;
		dir = open(parent[0] ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return error_set(err, errno, "%s", parent[0] ? parent : ".");
	}
	if (!name)
		return error_set(err, ENOMEM, "%s", target);
	if (copy_any(&copy, source, dir, name, &why) < 0)
		cp_fail(&copy.failures, &why);
	return copy.failures.any ? -1 : 0;
}
