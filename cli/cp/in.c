// SPDX-License-Identifier: GPL-2.0-only
/* in.c - copy from the host into a sandbox
 *
 * Theory of operation
 * The host's tree is ours and trusted as much as any file that a user names. In the guest, whatever
 * the guest does to the tree meanwhile harms only the guest. Symbolic links are copied as links,
 * except for the source itself when it is given with a slash at its end.
 */

#include <dirent.h>
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

struct copy {
	struct client *client;
	struct cp_failures failures;
};

/* @name is for messages */
static int copy_data(struct copy *copy, int fd, const char *name, const char *target, unsigned mode,
		     struct error *err)
{
	static uint8_t buf[GUESTFS_CHUNK];
	struct error why = { 0 };
	uint64_t offset = 0;
	int64_t handle;
	int ret = 0;
	ssize_t n;

	handle = guestfs_open(copy->client, target, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode,
			      err);
	if (handle < 0)
		return -1;
	while (!ret && (n = read(fd, buf, sizeof(buf))) > 0) {
		ret = guestfs_write(copy->client, handle, offset, buf, n, &why);
		offset += n;
	}
	if (ret)
		error_set(err, 0, "%s:%.200s: %.200s", copy->client->name, target, why.text);
	else if (n < 0)
		ret = error_set(err, errno, "%s", name);
	if (guestfs_close(copy->client, handle, ret ? NULL : err) < 0)
		ret = -1;
	return ret;
}

static int copy_file(struct copy *copy, const char *source, const char *target, unsigned mode,
		     struct error *err)
{
	cleanup_close int fd = open(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, errno, "%s", source);
	return copy_data(copy, fd, source, target, mode, err);
}

static int copy_link(struct copy *copy, const char *source, const char *target, struct error *err)
{
	char link[4096];
	ssize_t len = readlink(source, link, sizeof(link) - 1);

	if (len < 0)
		return error_set(err, errno, "%s", source);
	link[len] = 0;
	if (guestfs_symlink(copy->client, link, target, err) == 0)
		return 0;
	/* As cp does: a link replaces a file, but not a directory */
	if (err->code != EEXIST || guestfs_unlink(copy->client, target, err) < 0)
		return -1;
	return guestfs_symlink(copy->client, link, target, err);
}

static int copy_any(struct copy *copy, const char *source, const char *target, struct error *err);

static int copy_directory(struct copy *copy, const char *source, const char *target, unsigned mode,
			  struct error *err)
{
	struct dirent *entry;
	DIR *dir = opendir(source);

	if (!dir)
		return error_set(err, errno, "%s", source);
	if (guestfs_mkdir(copy->client, target, mode, err) < 0 && err->code != EEXIST) {
		closedir(dir);
		return -1;
	}
	while ((entry = readdir(dir))) {
		cleanup_free char *from = NULL;
		cleanup_free char *to = NULL;
		struct error why;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		from = cp_join(source, entry->d_name, &why);
		to = cp_join(target, entry->d_name, &why);
		if (!from || !to || copy_any(copy, from, to, &why) < 0)
			cp_fail(&copy->failures, &why);
	}
	closedir(dir);
	return 0;
}

static int copy_any(struct copy *copy, const char *source, const char *target, struct error *err)
{
	struct stat st;

	if (lstat(source, &st) < 0)
		return error_set(err, errno, "%s", source);
	if (S_ISREG(st.st_mode))
		return copy_file(copy, source, target, st.st_mode & 07777, err);
	if (S_ISDIR(st.st_mode))
		return copy_directory(copy, source, target, st.st_mode & 07777, err);
	if (S_ISLNK(st.st_mode))
		return copy_link(copy, source, target, err);
	return error_set(err, 0, "%s: not copied, it is a device, a FIFO or a socket", source);
}

/* Is it a directory, or a symbolic link to one? */
static bool guest_directory(struct client *client, const char *path)
{
	cleanup_free char *inside = cp_join(path, ".", NULL);
	struct guest_stat st;
	struct error err;

	return inside && guestfs_stat(client, inside, &st, &err) == 0 && S_ISDIR(st.mode);
}

int cp_in(struct client *client, const char *source, const char *target, struct error *err)
{
	struct copy copy = { .client = client, .failures.first = err };
	cleanup_free char *name = NULL;
	cleanup_free char *inside = NULL;
	struct error why;

	if (!strcmp(source, "-"))
		return copy_data(&copy, STDIN_FILENO, "standard input", target, 0644, err);
	if (guest_directory(client, target)) {
		cleanup_free char *full = realpath(source, NULL);

		name = cp_base(source);
		/* "." and ".." have a name all the same */
		if (!name && full)
			name = cp_base(full);
		if (!name)
			return error_set(err, full ? EINVAL : errno, "%s", source);
		inside = cp_join(target, name, err);
		if (!inside)
			return -1;
		target = inside;
	}
	if (copy_any(&copy, source, target, &why) < 0)
		cp_fail(&copy.failures, &why);
	return copy.failures.any ? -1 : 0;
}
