// SPDX-License-Identifier: GPL-2.0-only
/* collect.c - remove layers that nobody has any more
 *
 * Theory of operation
 * What is in use is what the records name. The store's lock is taken exclusively for the moment
 * that this takes; where another process is adding something it is left for another time, and
 * nobody waits. A sandbox that runs from a layer keeps the file open, so that removing the name
 * takes nothing from it; one that keeps its disk has a record.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "images/digest.h"
#include "images/store/store.h"
#include "vitrine/util.h"

static int mark(const struct store *store, const char *what, json_t *used, struct error *err)
{
	json_t *names = store_names(store, what, err), *name, *record, *layer;
	size_t i, k;

	if (!names)
		return -1;
	json_array_foreach(names, i, name)
	{
		struct error why = { 0 };

		record = store_record(store, what, json_string_value(name), &why);
		/* A record that cannot be read has layers that nobody knows */
		if (!record) {
			json_decref(names);
			return error_set(err, 0, "%s", why.text);
		}
		json_array_foreach(json_object_get(record, "layers"), k, layer)
		{
			const char *chain = json_string_value(json_object_get(layer, "chain"));

			if (chain && digest_valid(chain))
				json_object_set_new(used, digest_hex(chain), json_true());
		}
		json_decref(record);
	}
	json_decref(names);
	return 0;
}

static void remove_file(int dir, const char *name, unsigned *count,
			struct store_collected *collected)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || unlinkat(dir, name, 0))
		return;
	collected->bytes += (uint64_t)st.st_blocks * 512;
	++*count;
}

static void collect_layers(const char *path, json_t *used, struct store_collected *collected)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char hex[65];
		size_t length = strlen(entry->d_name);

		if (length != 64 + 6 || strcmp(entry->d_name + 64, ".layer"))
			continue;
		memcpy(hex, entry->d_name, 64);
		hex[64] = '\0';
		if (!json_object_get(used, hex))
			remove_file(dirfd(dir), entry->d_name, &collected->layers, collected);
	}
	if (dir)
		closedir(dir);
}

static void collect_sizes(const char *path, json_t *used, struct store_collected *collected)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char below[4096];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		collect_layers(below, used, collected);
	}
	if (dir)
		closedir(dir);
}

static void collect_blobs(const char *path, struct store_collected *collected)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			remove_file(dirfd(dir), entry->d_name, &collected->blobs, collected);
	}
	if (dir)
		closedir(dir);
}

int store_collect(struct store *store, bool blobs, struct store_collected *collected,
		  struct error *err)
{
	cleanup_free char *layers = store_path(store, err, "layers");
	cleanup_free char *downloads = store_path(store, err, "blobs");
	json_t *used = json_object();
	int ret = layers && downloads ? 0 : -1;

	memset(collected, 0, sizeof(*collected));
	if (!ret && flock(store->lock, LOCK_EX | LOCK_NB)) {
		collected->busy = true;
	} else if (!ret) {
		ret = mark(store, "images", used, err) || mark(store, "sandboxes", used, err);
		if (!ret)
			collect_sizes(layers, used, collected);
		if (!ret && blobs)
			collect_blobs(downloads, collected);
	}
	/* Also after a refusal, which takes the shared lock away */
	while (flock(store->lock, LOCK_SH) && errno == EINTR)
		;
	json_decref(used);
	return ret ? -1 : 0;
}
