// SPDX-License-Identifier: GPL-2.0-only
/* bases.c - what imported snapshots' disks lie on
 *
 * Theory of operation
 * An imported snapshot brings its images along. They lie in vitrine/bases of the state directory,
 * each under the digest of what is in it, so that ten snapshots of one image have one copy.
 * Sandboxes name them in their configs, as any other image. One that neither a snapshot nor a
 * paused sandbox nor a running one names is removed by `vitrine snapshot prune`.
 *
 * Host system calls: openat, fstatat, unlinkat, and those of disks.
 */
#include "move.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/common/paths.h"
#include "engine/control/rundir.h"
#include "engine/disk/disk.h"
#include "engine/snapshot/disks.h"
#include "images/digest.h"
#include "lib/json_fd.h"
#include "vitrine/util.h"

int move_stamps(const struct saved_state *state, int dir, const char *path,
		struct sandbox_config *config, uint64_t stamps[SANDBOX_DISKS_MAX],
		struct error *err)
{
	if (disks_open(&state->file, dir, path, config, err))
		return -1;
	for (unsigned i = 0; i < config->ndisks; i++) {
		struct sandbox_disk one = config->disks[i];
		struct disk *disk;

		/* As a clone has it */
		one.ephemeral = !one.read_only;
		one.overlay = NULL;
		if (disk_open(&one, NULL, &disk, err))
			return -1;
		stamps[i] = disk_stamp(disk, false);
		disk_close(disk);
	}
	return 0;
}

char *bases_path(const char *digest, struct error *err)
{
	cleanup_free char *root = paths_state("bases", err);
	char *path = NULL;

	if (!root || paths_make(root, err))
		return NULL;
	if (asprintf(&path, "%s/%s", root, digest_hex(digest)) < 0) {
		error_set(err, ENOMEM, "%s", root);
		return NULL;
	}
	return path;
}

/* Does one of its disks lie on the file of that name in the directory of bases? */
static bool names_it(const json_t *config, const char *root, const char *file)
{
	cleanup_free char *path = NULL;
	json_t *disk, *layer;
	size_t i, k;

	if (asprintf(&path, "%s/%s", root, file) < 0)
		return true; /* who knows */
	json_array_foreach(json_object_get(config, "disk"), i, disk)
	{
		const char *of = json_string_value(json_object_get(disk, "path"));

		if (of && !strcmp(of, path))
			return true;
		json_array_foreach(json_object_get(disk, "layers"), k, layer)
		{
			if (json_string_value(layer) && !strcmp(json_string_value(layer), path))
				return true;
		}
	}
	return false;
}

/* Configs of sandboxes that run, beside their sockets */
static int add_running(json_t *configs)
{
	int fd = rundir_open(NULL);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), suffix = strlen(RUNDIR_CONFIG);
		cleanup_close int file = -1;
		json_t *json;

		if (len <= suffix || strcmp(entry->d_name + len - suffix, RUNDIR_CONFIG))
			continue;
		file = openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		json = file < 0 ? NULL : json_from_fd(file, 0, NULL);
		if (json)
			json_array_append_new(configs, json);
	}
	closedir(dir);
	return 0;
}

static json_t *all_configs(struct error *err)
{
	json_t *all = saved_list(SAVED_SNAPSHOT, err), *paused = saved_list(SAVED_PAUSED, err);

	if (all && paused && !json_array_extend(all, paused) && !add_running(all)) {
		json_decref(paused);
		return all;
	}
	json_decref(all);
	json_decref(paused);
	error_set(err, 0, "cannot tell what is in use");
	return NULL;
}

static bool is_used(const json_t *configs, const char *root, const char *file)
{
	json_t *config;
	size_t i;

	json_array_foreach(configs, i, config)
	{
		if (names_it(config, root, file))
			return true;
	}
	return false;
}

int64_t bases_sweep(struct error *err)
{
	cleanup_free char *root = paths_state("bases", err);
	DIR *dir = root ? opendir(root) : NULL;
	json_t *configs = root ? all_configs(err) : NULL;
	struct dirent *entry;
	int64_t bytes = 0;
	struct stat st;

	while (configs && dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || is_used(configs, root, entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (!unlinkat(dirfd(dir), entry->d_name, 0) && st.st_nlink == 1)
			bytes += (int64_t)st.st_blocks * 512;
	}
	if (dir)
		closedir(dir);
	json_decref(configs);
	return configs ? bytes : -1;
}
