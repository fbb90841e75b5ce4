// SPDX-License-Identifier: GPL-2.0-only
/* folder.c - is a file still in the folder that is shared?
 *
 * Theory of operation
 * We hold descriptors of directories, and somebody on the host may move one of them out of the
 * folder. It would go on to work, together with all that is put into it later. So we ask the host
 * where the directory is: its path has to begin with that of the folder. Paths that are too long to
 * be told are climbed, step by step, until the folder is met or the root.
 *
 * When that is asked is what matters, because the directory may be moved between two calls. Every
 * file is asked for after we have got hold of it, and before the guest is told of it; names after
 * they were read; contents after the file was opened. So what the guest learns was in the folder at
 * a moment when it was already ours. Changes are asked for before they are made, and a host with
 * Landlock asks again when it makes them. Only whether a name exists may be told of a directory
 * that was moved less than LATELY ago.
 *
 * Host system calls: readlinkat, openat, statx, close; clock_gettime.
 */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "node.h"
#include "vitrine/util.h"

#define LATELY (50 * NS_PER_MS)
#define CLIMB_MAX 10000

struct folders folders;

/* Where a descriptor's file is. Return: length, or a negative errno */
static int path_of(int fd, char *path)
{
	char name[12];
	ssize_t len;

	snprintf(name, sizeof(name), "%d", fd);
	len = readlinkat(AT_FDCWD, name, path, PATH_MAX);
	if (len < 0)
		return -errno;
	if (len == PATH_MAX)
		return -ENAMETOOLONG;
	path[len] = '\0';
	return (int)len;
}

static bool begins_with(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	if (len == 1) /* the root itself; but what lies in no mount has no slash in front */
		return *path == '/';
	return !strncmp(path, folder, len) && (path[len] == '/' || !path[len]);
}

/* Go up until the folder is met */
static int climb(int fd, const struct folder *folder)
{
	struct stat wanted, here, before = { .st_ino = 0 };
	int ret = -ESTALE, at = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fstat(folder->fd, &wanted))
		ret = -errno;
	for (int steps = 0; at >= 0 && steps < CLIMB_MAX; steps++) {
		int up;

		if (fstat(at, &here) ||
		    (here.st_ino == before.st_ino && here.st_dev == before.st_dev))
			break;
		if (here.st_ino == wanted.st_ino && here.st_dev == wanted.st_dev) {
			ret = 0;
			break;
		}
		before = here;
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = up;
	}
	if (at >= 0)
		close(at);
	return ret;
}

static int look(const struct node *node)
{
	char path[PATH_MAX], now[PATH_MAX];
	int len = path_of(node->fd, path);

	if (len == -ENAMETOOLONG)
		return climb(node->type == S_IFDIR || !node->parent ? node->fd : node->parent->fd,
			     node->folder);
	if (len < 0)
		return len;
	if (begins_with(path, node->folder->path))
		return 0;
	/* The folder may have been moved, with everything in it */
	len = path_of(node->folder->fd, now);
	return len >= 0 && begins_with(path, now) ? 0 : -ESTALE;
}

int folder_inside(struct node *node, bool exactly)
{
	uint64_t now;
	int ret;

	if (!node->folder || node->fd == node->folder->fd)
		return 0;
	now = clock_now_ns();
	if (!exactly && now < atomic_load(&node->inside_until))
		return 0;
	ret = look(node);
	if (!ret)
		atomic_store(&node->inside_until, now + LATELY);
	return ret;
}
