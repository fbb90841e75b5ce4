// SPDX-License-Identifier: GPL-2.0-only
/* layered.c - images of the store, as the command line sees them */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/common/paths.h"
#include "images/oci/reference.h"
#include "images/process.h"
#include "images/progress.h"
#include "layered.h"
#include "store.h"
#include "vitrine/util.h"

bool layered_exists(void)
{
	cleanup_free char *path = paths_store(NULL);

	return path && !access(path, F_OK);
}

int layered_open(struct store *store, struct error *err)
{
	cleanup_free char *path = paths_store(err);

	*store = (struct store){ .lock = -1 };
	return path ? store_open(store, path, err) : -1;
}

int layered_obtain(layered_make *make, void *how, const bool *fresh, struct error *err)
{
	cleanup_free char *name = NULL;
	struct store store;
	int ret;

	interrupt_catch();
	ret = layered_open(&store, err);
	if (!ret)
		ret = make(&store, how, &name, err);
	progress_end();
	store_close(&store);
	if (!ret)
		fprintf(stderr, "image: %s is %s: vitrine run %s\n", name,
			fresh && *fresh ? "up to date" : "ready", name);
	return ret;
}

json_t *layered_find(const struct store *store, const char *word, char **name, struct error *err)
{
	char familiar[256];
	json_t *record;

	if (reference_familiar(word, familiar, sizeof(familiar), NULL))
		return NULL;
	record = store_record(store, "images", familiar, err);
	if (record && name)
		*name = strdup(familiar);
	return record;
}

/* How many images have each layer: an object of integers by chain */
static json_t *count_users(const struct store *store, struct error *err)
{
	json_t *names = store_names(store, "images", err), *users = json_object(), *name, *layer;
	size_t i, k;

	json_array_foreach(names, i, name)
	{
		json_t *record = store_record(store, "images", json_string_value(name), NULL);

		json_array_foreach(json_object_get(record, "layers"), k, layer)
		{
			const char *chain = json_string_value(json_object_get(layer, "chain"));
			json_int_t n = json_integer_value(json_object_get(users, chain));

			if (chain)
				json_object_set_new(users, chain, json_integer(n + 1));
		}
		json_decref(record);
	}
	json_decref(names);
	return users;
}

json_t *layered_describe(const struct store *store, const char *name, json_t *record,
			 struct error *err)
{
	json_t *users = count_users(store, err), *result, *layers = json_array(), *layer;
	uint64_t disk = 0, shared = 0;
	struct store_disk paths;
	size_t i;

	if (store_disk(store, record, &paths, err)) {
		store_disk_free(&paths);
		json_decref(users);
		json_decref(layers);
		return NULL;
	}
	json_array_foreach(json_object_get(record, "layers"), i, layer)
	{
		const char *chain = json_string_value(json_object_get(layer, "chain"));
		struct stat st = { 0 };
		uint64_t bytes;

		json_t *copy = json_copy(layer);

		bytes = stat(paths.layers[i], &st) ? 0 : (uint64_t)st.st_blocks * 512;
		disk += bytes;
		if (json_integer_value(json_object_get(users, chain)) > 1)
			shared += bytes;
		json_object_set_new(copy, "disk", json_integer(bytes));
		json_array_append_new(layers, copy);
	}
	store_disk_free(&paths);
	json_decref(users);
	result = json_copy(record);
	json_object_set_new(result, "name", json_string(name));
	json_object_set_new(result, "layers", layers);
	json_object_set_new(result, "disk", json_integer(disk));
	json_object_set_new(result, "shared", json_integer(shared));
	return result;
}

int layered_drop_sandbox(const char *name, bool *dropped, struct error *err)
{
	cleanup_free char *root = paths_store(NULL), *disk = NULL;
	struct store_collected gone;
	struct store store;
	int ret;

	if (!image_name_valid(name) || !root || access(root, F_OK))
		return 0;
	if (layered_open(&store, err)) {
		store_close(&store);
		return -1;
	}
	disk = store_path(&store, err, "sandboxes/%s.disk", name);
	ret = disk ? 0 : -1;
	/* The disk first: a record without one is a sandbox that has written nothing yet */
	if (!ret && !unlink(disk))
		*dropped = true;
	if (!ret && !store_forget(&store, "sandboxes", name, NULL))
		*dropped = true;
	if (!ret && *dropped)
		ret = store_collect(&store, false, &gone, err);
	store_close(&store);
	return ret;
}
