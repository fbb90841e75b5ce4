// SPDX-License-Identifier: GPL-2.0-only
/* list.c - vitrine snapshot ls, inspect, rm, flatten */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "cli/common/output.h"
#include "cli/common/saved.h"
#include "engine/snapshot/collapse.h"
#include "snapshot.h"
#include "tidy.h"
#include "vitrine/util.h"

static const struct option_set ls_options = {
	"snapshot ls [OPTION]...",
	"List snapshots.",
	cli_list_specs,
	ARRAY_SIZE(cli_list_specs),
};

static const struct option_set inspect_options = {
	"snapshot inspect SNAPSHOT...",
	"Show how the source of snapshots was started, and what they take, as JSON.",
	NULL,
	0,
};

static const struct option_set rm_options = {
	"snapshot rm SNAPSHOT...",
	"Remove snapshots. Sandboxes that were started from them go on.",
	NULL,
	0,
};

static const struct option_set flatten_options = {
	"snapshot flatten SNAPSHOT...",
	"Make one file of all layers of memory of snapshots, and one of those of each disk. They "
	"share nothing with other snapshots afterwards.",
	NULL,
	0,
};

/* @logical: without holes left out; @own, @shared: truly on the disk, its alone or others', too */
struct bytes {
	json_int_t logical, own, shared;
};

static void add_bytes(struct bytes *bytes, const struct stat *st)
{
	const json_int_t disk = (json_int_t)st->st_blocks * 512;

	bytes->logical += (json_int_t)st->st_size;
	bytes->own += st->st_nlink == 1 ? disk : 0;
	bytes->shared += st->st_nlink == 1 ? 0 : disk;
}

static struct bytes bytes_of(const char *name)
{
	cleanup_free char *path = saved_path(SAVED_SNAPSHOT, name, NULL);
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *entry;
	struct bytes bytes = { 0 };
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		if (!fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode))
			add_bytes(&bytes, &st);
	}
	if (dir)
		closedir(dir);
	return bytes;
}

static void set_bytes(json_t *one, const char *name)
{
	const struct bytes bytes = bytes_of(name);

	json_object_set_new(one, "bytes", json_integer(bytes.own + bytes.shared));
	json_object_set_new(one, "logical_bytes", json_integer(bytes.logical));
	json_object_set_new(one, "own_bytes", json_integer(bytes.own));
	json_object_set_new(one, "shared_bytes", json_integer(bytes.shared));
}

static const char *text_of(const json_t *one, const char *key)
{
	return json_string_value(json_object_get(one, key)) ?: "";
}

static void print_row(const json_t *one)
{
	const struct bytes bytes = bytes_of(text_of(one, "directory"));
	const time_t when = (time_t)json_integer_value(json_object_get(one, "saved"));
	char date[32] = "";
	struct tm tm;

	if (localtime_r(&when, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%-20s %-20s %6lldM %7.1fM  %s\n", text_of(one, "directory"), text_of(one, "name"),
	       (long long)json_integer_value(json_object_get(one, "memory")) >> 20,
	       (double)(bytes.own + bytes.shared) / (1 << 20), date);
}

/* The environment may have some, and a key is one */
static void hide_secrets(json_t *config)
{
	json_object_del(config, "environment");
	json_object_del(config, "net_authority");
}

static int list_all(const struct list_options *how, struct error *err)
{
	json_t *list = saved_list(SAVED_SNAPSHOT, err), *one;
	size_t i;

	if (!list)
		return -1;
	if (!how->json && !how->quiet)
		printf("%-20s %-20s %7s %8s  %s\n", "SNAPSHOT", "OF", "MEMORY", "ON DISK", "MADE");
	json_array_foreach(list, i, one)
	{
		if (how->json) {
			hide_secrets(one);
			set_bytes(one, text_of(one, "directory"));
		} else if (how->quiet)
			puts(text_of(one, "directory"));
		else
			print_row(one);
	}
	if (how->json)
		output_json(list);
	json_decref(list);
	return 0;
}

static int inspect(const char *name, struct error *err)
{
	json_t *config = saved_config(SAVED_SNAPSHOT, name, err);

	if (!config)
		return -1;
	hide_secrets(config);
	set_bytes(config, name);
	output_json(config);
	json_decref(config);
	return 0;
}

static int remove_one(const char *name, struct error *err)
{
	cleanup_free char *path = saved_path(SAVED_SNAPSHOT, name, err);

	if (!path)
		return -1;
	if (!saved_exists(SAVED_SNAPSHOT, name) || !saved_remove(path))
		return error_set(err, 0, "there is no snapshot %s", name);
	return 0;
}

static int flatten(const char *name, struct error *err)
{
	cleanup_free char *path = saved_path(SAVED_SNAPSHOT, name, err);
	cleanup_close int dir = -1;
	struct error why = { 0 };

	if (!path)
		return -1;
	if (!saved_exists(SAVED_SNAPSHOT, name))
		return error_set(err, 0, "there is no snapshot %s", name);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return error_set(err, errno, "%s", path);
	if (snapshot_flatten(dir, &why))
		return error_set(err, why.code, "%s stays as it is: %s", name, why.text);
	tidy_later(path); /* checksums */
	return 0;
}

int snapshot_ls_command(int argc, char **argv)
{
	return cli_list(&ls_options, list_all, argc, argv);
}

int snapshot_inspect_command(int argc, char **argv)
{
	return cli_each(&inspect_options, "which snapshot?", inspect, argc, argv);
}

int snapshot_rm_command(int argc, char **argv)
{
	return cli_each(&rm_options, "which snapshot?", remove_one, argc, argv);
}

int snapshot_flatten_command(int argc, char **argv)
{
	signal(SIGXFSZ, SIG_IGN); /* an error of write(), as a full disk is */
	return cli_each(&flatten_options, "which snapshot?", flatten, argc, argv);
}
