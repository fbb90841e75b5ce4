// SPDX-License-Identifier: GPL-2.0-only
/* live.c - names for the layers that a running sandbox lies on
 *
 * Theory of operation
 * A layer is shared by giving it one more name: the file system counts who needs it. A running
 * sandbox has its layers open, but nobody can give a name to a file that has lost its last one. So
 * it has a directory of its own with names for them, vitrine/live/NAME.PID, from which its next
 * generation takes them. A confined supervisor could not remove that, so whoever comes by removes
 * those of processes that are no more. Nothing depends on such a directory: a layer that has no
 * name is written once more.
 *
 * Host system calls: openat, mkdirat, linkat, unlinkat, renameat, fstatat.
 */
#include "live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/common/paths.h"
#include "cli/common/saved.h"
#include "engine/snapshot/collapse.h"
#include "engine/snapshot/disks.h"
#include "engine/snapshot/layers.h"
#include "engine/snapshot/snapshot.h"
#include "engine/snapshot/sums.h"
#include "vitrine/util.h"

unsigned live_layer(const char *file)
{
	unsigned first, last = 0;
	int end = 0;

	if (sscanf(file, LAYERS_FILE "%n", &first, &last, &end) == 2 && end &&
	    (!file[end] || !strcmp(file + end, SUMS_SUFFIX)))
		return last;
	end = 0;
	return sscanf(file, DISKS_FILE "%n", &first, &last, &end) == 2 && end && !file[end] ? last
											    : 0;
}

static int open_directory(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static char *path_of(const char *name, pid_t pid)
{
	cleanup_free char *root = saved_root(SAVED_LIVE, NULL);
	char *path = NULL;

	if (!root || asprintf(&path, "%s/%s.%d", root, name, pid) < 0)
		return NULL;
	return path;
}

/* Return: a descriptor, or -1 */
static int make(const char *path)
{
	cleanup_free char *root = saved_root(SAVED_LIVE, NULL);

	if (!root || paths_make(root, NULL) || (mkdir(path, 0700) && errno != EEXIST))
		return -1;
	return open_directory(path);
}

/* Every layer that is @from that generation on; one that has a name there already gets the other's
 * place
 */
static void link_layers(int from, int to, unsigned generation)
{
	const int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (live_layer(entry->d_name) < generation || !live_layer(entry->d_name))
			continue;
		unlinkat(to, entry->d_name, 0);
		(void)!linkat(from, entry->d_name, to, entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

void live_begin(const char *name, pid_t pid, const char *from)
{
	cleanup_free char *path = path_of(name, pid);
	cleanup_close int source = open_directory(from), to = -1;

	if (!path || source < 0)
		return;
	saved_remove(path);
	to = make(path);
	if (to >= 0)
		link_layers(source, to, 0);
}

void live_become(const char *name, pid_t pid, const char *from)
{
	cleanup_free char *root = saved_root(SAVED_LIVE, NULL);
	cleanup_free char *path = path_of(name, pid);
	cleanup_close int dir = -1;

	if (!root || !path || paths_make(root, NULL))
		return;
	saved_remove(path);
	if (rename(from, path))
		return;
	dir = open_directory(path);
	if (dir < 0)
		return;
	unlinkat(dir, SNAPSHOT_STATE, 0);
	unlinkat(dir, SNAPSHOT_CONFIG, 0);
}

json_t *live_link(const char *name, pid_t pid, int to, unsigned *generation)
{
	cleanup_free char *path = path_of(name, pid);
	int from = path ? open_directory(path) : -1;
	DIR *dir = from < 0 ? NULL : fdopendir(from);
	json_t *names = json_array();
	struct dirent *entry;

	*generation = 1;
	while (dir && (entry = readdir(dir))) {
		const unsigned last = live_layer(entry->d_name);
		char text[LAYERS_NAME_MAX];
		struct stat st;

		if (!last)
			continue;
		if (last >= *generation)
			*generation = last + 1;
		if (linkat(from, entry->d_name, to, entry->d_name, 0) ||
		    fstatat(to, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		layers_name(text, entry->d_name, &st);
		json_array_append_new(names, json_string(text));
	}
	if (dir)
		closedir(dir);
	return names;
}

void live_add(const char *name, pid_t pid, int from, unsigned generation)
{
	cleanup_free char *path = path_of(name, pid);
	cleanup_close int to = path ? make(path) : -1;

	if (to < 0)
		return;
	link_layers(from, to, generation);
	snapshot_keep_named(from, to);
}

void live_sweep(void)
{
	cleanup_free char *root = saved_root(SAVED_LIVE, NULL);

	if (root)
		saved_sweep(root, false);
}
