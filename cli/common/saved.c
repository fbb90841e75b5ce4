// SPDX-License-Identifier: GPL-2.0-only
/* saved.c - the directories in which sandboxes are kept that were written down
 *
 * Theory of operation
 * Whoever makes a directory holds a lock on it (flock) until it is finished, and the supervisor,
 * which goes on when its client was killed, holds one on the state file. So a directory that is not
 * finished and that nobody holds is what somebody has left who was killed. A directory may be
 * removed between its making and its locking: its maker looks again, and makes another.
 *
 * Host system calls: openat, mkdirat, unlinkat, renameat, fstatat, pread, fsync, flock.
 */
#include "saved.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/control/rundir.h"
#include "engine/snapshot/format.h"
#include "engine/snapshot/snapshot.h"
#include "paths.h"
#include "lib/json_fd.h"
#include "vitrine/util.h"

static const struct {
	const char *directory, *what;
} kinds[] = {
	[SAVED_PAUSED] = { "paused", "paused sandbox" },
	[SAVED_SNAPSHOT] = { "snapshots", "snapshot" },
	[SAVED_LIVE] = { "live", "running sandbox" },
};
static_assert(ARRAY_SIZE(kinds) == SAVED_NKINDS, "kinds[]");

char *saved_root(enum saved kind, struct error *err)
{
	return paths_state(kinds[kind].directory, err);
}

static bool is_name(const char *name)
{
	const size_t len = strlen(SAVED_FORK);

	return rundir_name_valid(name) ||
	       (!strncmp(name, SAVED_FORK, len) && rundir_name_valid(name + len));
}

char *saved_path(enum saved kind, const char *name, struct error *err)
{
	cleanup_free char *root = paths_state(kinds[kind].directory, err);
	char *path = NULL;

	if (!root)
		return NULL;
	if (!is_name(name))
		error_set(err, 0, "'%s' is not a name for a %s", name, kinds[kind].what);
	else if (asprintf(&path, "%s/%s", root, name) < 0)
		error_set(err, ENOMEM, "%s", name);
	return path;
}

static int open_directory(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_finished(int dir)
{
	cleanup_close int fd = openat(dir, SNAPSHOT_STATE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct snapshot_head head;
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && pread(fd, &head, sizeof(head), 0) == sizeof(head) &&
	       snapshot_is_whole(&head, st.st_size);
}

bool saved_exists(enum saved kind, const char *name)
{
	cleanup_free char *path = saved_path(kind, name, NULL);
	cleanup_close int dir = path ? open_directory(path) : -1;

	return dir >= 0 && is_finished(dir);
}

int paused_refuse(const char *name, struct error *err)
{
	if (!saved_exists(SAVED_PAUSED, name))
		return 0;
	return error_set(err, 0, "the sandbox %s is paused; vitrine resume %s, or rm %s", name,
			 name, name);
}

/* Also what nobody else would look for under this name */
bool paused_forget(const char *name)
{
	cleanup_free char *path = saved_path(SAVED_PAUSED, name, NULL);
	cleanup_close int lock =
	    saved_lock(SAVED_PAUSED, NULL); /* nobody lets it go on meanwhile */
	const bool was = saved_exists(SAVED_PAUSED, name);

	return path && saved_remove(path) && was;
}

int saved_lock(enum saved kind, struct error *err)
{
	cleanup_free char *root = paths_state(kinds[kind].directory, err);
	cleanup_close int fd = root ? open_directory(root) : -1;

	if (!root)
		return -1;
	if (fd < 0 || flock(fd, LOCK_EX))
		return error_set(err, errno, "%s", root);
	return steal_fd(fd);
}

#define REMOVE_TRIES 64

bool saved_remove(const char *path)
{
	int fd = open_directory(path), ret = -1;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return false;
	unlinkat(fd, SNAPSHOT_STATE, 0); /* first: without it, it is none */
	/* Whoever computes checksums may put a file there meanwhile */
	for (unsigned i = 0; ret && i < REMOVE_TRIES; i++) {
		rewinddir(dir);
		while ((entry = readdir(dir))) {
			if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
				unlinkat(fd, entry->d_name, 0);
		}
		ret = rmdir(path);
		if (ret && errno != ENOTEMPTY && errno != EEXIST)
			break;
	}
	closedir(dir);
	return !ret;
}

/* One that nobody has waited for yet has ended, too */
static bool has_ended(pid_t pid)
{
	char path[32], text[512] = "";
	cleanup_close int fd = -1;
	const char *state;

	if (kill(pid, 0) && errno == ESRCH)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	state = strrchr(text, ')');
	return state && state[1] == ' ' && (state[2] == 'Z' || state[2] == 'X');
}

void saved_sweep(const char *root, bool hidden)
{
	DIR *dir = opendir(root);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');
		cleanup_free char *path = NULL;
		long pid = dot && dot > entry->d_name ? strtol(dot + 1, NULL, 10) : 0;

		if (pid > 0 && (!hidden || entry->d_name[0] == '.') && has_ended((pid_t)pid) &&
		    asprintf(&path, "%s/%s", root, entry->d_name) > 0)
			saved_remove(path);
	}
	if (dir)
		closedir(dir);
}

/* Its entries are durable, its own too */
int saved_sync(enum saved kind, int dir, struct error *err)
{
	cleanup_free char *root = saved_root(kind, err);
	cleanup_close int fd = root ? open_directory(root) : -1;
	cleanup_close int above =
	    fd < 0 ? -1 : openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* the root may be as new as what is in it */
	if (above < 0 || fsync(dir) || fsync(fd) || fsync(above))
		return error_set(err, errno, "cannot write to %s", root ? root : "the directory");
	return 0;
}

/* Does somebody still write to it? Otherwise it is locked, as long as the descriptors are there */
static bool is_held(int dir, int *state)
{
	*state = -1;
	if (flock(dir, LOCK_EX | LOCK_NB))
		return true;
	*state = openat(dir, SNAPSHOT_STATE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return *state >= 0 && flock(*state, LOCK_EX | LOCK_NB);
}

/* Remove what was left. Return: false: it is finished, or somebody is at it */
static bool remove_abandoned(const char *path)
{
	cleanup_close int dir = open_directory(path);
	cleanup_close int state = -1;

	if (dir < 0)
		return errno == ENOENT;
	if (is_finished(dir) || is_held(dir, &state) || is_finished(dir))
		return false;
	saved_remove(path);
	return true;
}

void saved_sweep_abandoned(enum saved kind)
{
	cleanup_free char *root = saved_root(kind, NULL);
	DIR *dir = root ? opendir(root) : NULL;
	struct dirent *entry;

	if (root)
		saved_sweep(root, true);
	while (dir && (entry = readdir(dir))) {
		cleanup_free char *path = saved_path(kind, entry->d_name, NULL);

		if (path)
			remove_abandoned(path);
	}
	if (dir)
		closedir(dir);
}

/* Return: a descriptor that holds the lock, or -1 with errno; EAGAIN: it was removed meanwhile */
static int make_held(const char *path)
{
	cleanup_close int dir = -1;
	struct stat own, there;

	if (mkdir(path, 0700))
		return -1;
	dir = open_directory(path);
	if (dir >= 0 && !flock(dir, LOCK_EX | LOCK_NB) && !fstat(dir, &own) &&
	    !stat(path, &there) && own.st_ino == there.st_ino)
		return steal_fd(dir);
	errno = EAGAIN;
	return -1;
}

#define MAKE_TRIES 16

int saved_make(enum saved kind, const char *name, char **path, struct error *err)
{
	cleanup_free char *root = paths_state(kinds[kind].directory, err);
	int dir = -1;

	*path = saved_path(kind, name, err);
	if (!root || !*path || paths_make(root, err))
		return -1;
	if (chmod(root, 0700))
		return error_set(err, errno, "%s", root);
	saved_sweep(root, true);
	for (unsigned i = 0; dir < 0 && i < MAKE_TRIES; i++) {
		if (saved_exists(kind, name))
			return error_set(err, 0, "there is a %s %s already", kinds[kind].what,
					 name);
		if (!remove_abandoned(*path))
			return error_set(err, EBUSY, "the %s %s is being written by somebody else",
					 kinds[kind].what, name);
		dir = make_held(*path);
		if (dir < 0 && errno != EAGAIN && errno != EEXIST)
			break;
	}
	return dir < 0 ? error_set(err, errno, "cannot make %s", *path) : dir;
}

static json_t *read_config(int dir, struct error *err)
{
	cleanup_close int fd = openat(dir, SNAPSHOT_CONFIG, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	json_t *json = fd < 0 ? NULL : json_from_fd(fd, 0, NULL);

	if (!json)
		error_set(err, 0, "the config is damaged");
	return json;
}

json_t *saved_config(enum saved kind, const char *name, struct error *err)
{
	cleanup_free char *path = saved_path(kind, name, err);
	cleanup_close int dir = path ? open_directory(path) : -1;

	if (!path)
		return NULL;
	if (dir >= 0 && is_finished(dir))
		return read_config(dir, err);
	error_set(err, 0, "there is no %s %s", kinds[kind].what, name);
	return NULL;
}

json_t *saved_template(const char *name)
{
	cleanup_free char *path = saved_path(SAVED_SNAPSHOT, name, NULL);
	cleanup_close int dir = path ? open_directory(path) : -1;
	cleanup_close int fd =
	    dir < 0 ? -1 : openat(dir, SAVED_TEMPLATE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 || !is_finished(dir) ? NULL : json_from_fd(fd, 0, NULL);
}

json_t *saved_list(enum saved kind, struct error *err)
{
	cleanup_free char *root = paths_state(kinds[kind].directory, err);
	DIR *dir = root ? opendir(root) : NULL;
	json_t *list = root ? json_array() : NULL;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		cleanup_close int fd = -1;
		struct stat st;
		json_t *config;

		if (!rundir_name_valid(entry->d_name))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || !is_finished(fd) || fstatat(fd, SNAPSHOT_STATE, &st, 0))
			continue;
		config = read_config(fd, NULL);
		if (!config)
			continue;
		json_object_set_new(config, "saved", json_integer(st.st_mtime));
		json_object_set_new(config, "directory", json_string(entry->d_name));
		json_array_append_new(list, config);
	}
	if (dir)
		closedir(dir);
	return list;
}
