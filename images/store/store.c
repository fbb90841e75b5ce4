// SPDX-License-Identifier: GPL-2.0-only
/* store.c - where images in layers are kept: names, files that appear at once, records
 *
 * Theory of operation
 * A file is written under a name of its own, locked, made durable and renamed, so that a process
 * that is killed leaves either nothing or a file that nobody has locked, which the next one to
 * come removes. Layers never change once they have their name; a record is replaced as a whole.
 *
 * A layer is looked for, found and then named in a record. What removes layers (collect.c) must not
 * come in between: adding holds the store's lock shared from beginning to end.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "images/ext4.h"
#include "images/digest.h"
#include "images/store/store.h"
#include "lib/json_fd.h"
#include "vitrine/util.h"

#define TEMPORARY ".*.??????.tmp"
#define RECORD_MAX (8 << 20)

char *store_path(const struct store *store, struct error *err, const char *format, ...)
{
	cleanup_free char *rest = NULL;
	char *path = NULL;
	va_list args;
	int ret;

	va_start(args, format);
	ret = vasprintf(&rest, format, args);
	va_end(args);
	if (ret < 0 || asprintf(&path, "%s/%s", store->path, rest) < 0) {
		error_set(err, ENOMEM, "store");
		return NULL;
	}
	return path;
}

static int make_directory(const char *path, struct error *err)
{
	char *copy = strdup(path);
	int ret = 0;

	for (char *p = copy + 1; copy && *p && !ret; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		ret = mkdir(copy, 0700) && errno != EEXIST ? -1 : 0;
		*p = '/';
	}
	if (!ret)
		ret = copy && mkdir(copy, 0700) && errno != EEXIST ? -1 : 0;
	if (ret)
		error_set(err, errno, "cannot make %s", path);
	free(copy);
	return ret;
}

static void sweep(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		cleanup_close int fd = -1;

		if (fnmatch(TEMPORARY, entry->d_name, 0))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

static void sweep_layers(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char below[4096];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		sweep(below);
	}
	if (dir)
		closedir(dir);
}

int store_open(struct store *store, const char *path, struct error *err)
{
	static const char *const rooms[] = { "images", "sandboxes", "layers", "blobs" };

	store->lock = -1;
	store->path = strdup(path);
	if (!store->path)
		return error_set(err, ENOMEM, "store");
	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
		cleanup_free char *room = store_path(store, err, "%s", rooms[i]);

		if (!room || make_directory(room, err))
			return -1;
		sweep(room);
		if (!strcmp(rooms[i], "layers"))
			sweep_layers(room);
	}
	cleanup_free char *lock = store_path(store, err, "lock");
	if (!lock)
		return -1;
	store->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock < 0)
		return error_set(err, errno, "%s", lock);
	/* Whoever collects needs no time */
	while (flock(store->lock, LOCK_SH)) {
		if (errno == EINTR)
			continue;
		return error_set(err, errno, "%s", lock);
	}
	return 0;
}

void store_close(struct store *store)
{
	if (store->lock >= 0)
		close(store->lock);
	free(store->path);
	*store = (struct store){ .lock = -1 };
}

int store_temporary(const char *path, char **temporary, struct error *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_close int fd = -1;

	if (asprintf(temporary, "%.*s/.%s.XXXXXX.tmp", (int)(slash - path), path, slash + 1) < 0) {
		*temporary = NULL;
		return error_set(err, ENOMEM, "%s", path);
	}
	fd = mkostemps(*temporary, 4, O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		return error_set(err, errno, "cannot make %s", *temporary);
	return steal_fd(fd);
}

static int sync_parent(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *parent = strndup(path, slash - path);
	cleanup_close int fd = parent ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd < 0 || fsync(fd) ? error_set(err, errno, "%s", path) : 0;
}

int store_publish(const char *temporary, const char *path, bool replace, struct error *err)
{
	cleanup_close int fd = open(temporary, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd))
		return error_set(err, errno, "%s", temporary);
	if (!renameat2(AT_FDCWD, temporary, AT_FDCWD, path, replace ? 0 : RENAME_NOREPLACE))
		return sync_parent(path, err);
	if (errno == EEXIST && !replace) {
		unlink(temporary);
		return 0;
	}
	return error_set(err, errno, "%s", path);
}

char *store_base(const struct store *store, uint64_t size, struct error *err)
{
	cleanup_free char *path = NULL, *directory = NULL, *temporary = NULL;
	cleanup_close int fd = -1;

	directory = store_path(store, err, "layers/%" PRIu64, size >> 20);
	path = store_path(store, err, "layers/%" PRIu64 "/empty.ext4", size >> 20);
	if (!directory || !path || make_directory(directory, err))
		return NULL;
	if (access(path, R_OK)) {
		fd = store_temporary(path, &temporary, err);
		if (fd < 0)
			return NULL;
		if (ext4_make(temporary, size, "vitrine", err) ||
		    store_publish(temporary, path, false, err)) {
			unlink(temporary);
			return NULL;
		}
	}
	return steal_ptr(path);
}

char *store_layer(const struct store *store, uint64_t size, const char *chain, struct error *err)
{
	if (!digest_valid(chain)) {
		error_set(err, 0, "the store's records are damaged: '%.80s' names no layer", chain);
		return NULL;
	}
	return store_path(store, err, "layers/%" PRIu64 "/%s.layer", size >> 20, digest_hex(chain));
}

static char *record_path(const struct store *store, const char *what, const char *name,
			 struct error *err)
{
	char *path = store_path(store, err, "%s/%s.json", what, name);

	for (char *p = path ? path + strlen(path) - strlen(name) - 5 : NULL; p && *p; p++) {
		if (*p == '/')
			*p = '+';
	}
	return path;
}

json_t *store_record(const struct store *store, const char *what, const char *name,
		     struct error *err)
{
	cleanup_free char *path = record_path(store, what, name, err);
	json_error_t why;
	json_t *record;

	if (!path || (access(path, F_OK) && errno == ENOENT))
		return NULL;
	record = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	if (!record || !json_is_object(record)) {
		error_set(err, 0, "%s cannot be read: %.100s", path, why.text);
		json_decref(record);
		return NULL;
	}
	return record;
}

int store_save(const struct store *store, const char *what, const char *name, json_t *record,
	       struct error *err)
{
	cleanup_free char *path = record_path(store, what, name, err), *temporary = NULL;
	cleanup_close int fd = -1;
	int ret;

	if (!path)
		return -1;
	fd = store_temporary(path, &temporary, err);
	if (fd < 0)
		return -1;
	ret = json_to_fd(record, fd, JSON_INDENT(2))
		  ? error_set(err, errno ? errno : ENOSPC, "%s", path)
		  : store_publish(temporary, path, true, err);
	if (ret)
		unlink(temporary);
	return ret;
}

int store_forget(const struct store *store, const char *what, const char *name, struct error *err)
{
	cleanup_free char *path = record_path(store, what, name, err);

	if (!path)
		return -1;
	return unlink(path) ? error_set(err, errno, "%s", path) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

json_t *store_names(const struct store *store, const char *what, struct error *err)
{
	cleanup_free char *path = store_path(store, err, "%s", what);
	DIR *dir = path ? opendir(path) : NULL;
	char **names = NULL;
	size_t count = 0;
	struct dirent *entry;
	json_t *result;

	if (!dir) {
		error_set(err, errno, "%s", path ? path : what);
		return NULL;
	}
	while ((entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);
		char **more;

		if (entry->d_name[0] == '.' || length < 6 ||
		    strcmp(entry->d_name + length - 5, ".json"))
			continue;
		more = realloc(names, (count + 1) * sizeof(*names));
		if (!more)
			break;
		names = more;
		names[count] = strndup(entry->d_name, length - 5);
		for (char *p = names[count]; p && *p; p++) {
			if (*p == '+')
				*p = '/';
		}
		count += names[count] != NULL;
	}
	closedir(dir);
	if (count)
		qsort(names, count, sizeof(*names), by_name);
	result = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(result, json_string(names[i]));
		free(names[i]);
	}
	free(names);
	return result;
}

int store_disk(const struct store *store, json_t *record, struct store_disk *disk,
	       struct error *err)
{
	json_t *layers = json_object_get(record, "layers"), *one;
	json_int_t size = json_integer_value(json_object_get(record, "size"));
	size_t i;

	memset(disk, 0, sizeof(*disk));
	if (!json_is_array(layers) || size < (1 << 20) || size % (1 << 20))
		return error_set(err, 0, "the store's records are damaged: no layers or no size");
	disk->size = size;
	disk->layers = calloc(json_array_size(layers) + 1, sizeof(*disk->layers));
	if (!disk->layers)
		return error_set(err, ENOMEM, "store");
	disk->base = store_base(store, size, err);
	if (!disk->base)
		return -1;
	json_array_foreach(layers, i, one)
	{
		const char *chain = json_string_value(json_object_get(one, "chain"));

		disk->layers[i] = store_layer(store, size, chain ? chain : "", err);
		if (!disk->layers[i])
			return -1;
		disk->count++;
	}
	return 0;
}

void store_disk_free(struct store_disk *disk)
{
	for (unsigned i = 0; i < disk->count; i++)
		free(disk->layers[i]);
	free(disk->layers);
	free(disk->base);
	memset(disk, 0, sizeof(*disk));
}
