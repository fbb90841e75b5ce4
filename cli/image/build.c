// SPDX-License-Identifier: GPL-2.0-only
/* build.c - vitrine image build
 *
 * Theory of operation
 * An image is built in ".NAME.XXXXXX.tmp" in the image directory and renamed when it is complete,
 * so a name either means the old image or the whole new one. Signals only set a flag (see
 * images/process.h); every step fails on it and the way out removes the file. What a SIGKILL
 * leaves behind is recognised by its lock, which nobody holds, and removed by the next build.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include "cli/common/cli.h"
#include "image.h"
#include "store.h"
#include "cli/common/options.h"
#include "cli/common/paths.h"
#include "images/build.h"
#include "images/process.h"
#include "images/progress.h"
#include "vitrine/util.h"

#define SIZE_MIN (16ULL << 20)
#define SIZE_MAX_ (16ULL << 40)
#define SIZE_UNIT (1ULL << 20)

struct options {
	struct image_build build;
	const char *name;
};

static const struct image_builder *const builders[] = { &image_mini, &image_debian };

static const struct image_builder *find_builder(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(builders); i++) {
		if (!strcmp(builders[i]->name, name))
			return builders[i];
	}
	return NULL;
}

static void remove_leftovers(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		cleanup_close int fd = -1;

		if (fnmatch(".*.??????.tmp", entry->d_name, 0))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

static int write_metadata(const char *path, const struct image_builder *builder,
			  const struct image_build *build, struct error *err)
{
	cleanup_free char *file = image_metadata_path(path, err);
	json_t *data, *words = json_array();
	int ret;

	if (!file)
		return -1;
	for (const char *const *word = builder->command; *word; word++)
		json_array_append_new(words, json_string(*word));
	data = json_pack("{ss sI si so}", "builder", builder->name, "created",
			 (json_int_t)time(NULL), "packages", (int)build->count, "command", words);
	ret = json_dump_file(data, file, JSON_INDENT(2));
	json_decref(data);
	return ret ? error_set(err, errno, "cannot write %s", file) : 0;
}

static int fill(const char *path, const struct image_builder *builder, struct image_build *build,
		const char *label, struct error *err)
{
	struct ext4 *fs = ext4_create(path, build->size, label, err);

	if (!fs)
		return -1;
	if (builder->fill(build, fs, err)) {
		ext4_abandon(fs);
		return -1;
	}
	progress_phase("check the file system");
	return ext4_close(fs, err);
}

static int build(const struct image_builder *builder, struct options *o, struct error *err)
{
	const char *name = o->name ? o->name : builder->name;
	cleanup_free char *directory = paths_images(err), *path = NULL, *temporary = NULL;
	cleanup_close int fd = -1, old = -1;
	char label[17];
	int ret;

	path = directory ? image_path(name, err) : NULL;
	if (!path || paths_make(directory, err))
		return -1;
	/* Held to the end: who began to write to the old one now would lose it */
	old = image_claim(path, name, err);
	if (old < 0 && old != IMAGE_NONE)
		return -1;
	remove_leftovers(directory);
	if (asprintf(&temporary, "%s/.%s.XXXXXX.tmp", directory, name) < 0)
		return error_set(err, ENOMEM, "%s", name);
	fd = mkostemps(temporary, 4, O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		return error_set(err, errno, "%s", temporary);

	interrupt_catch();
	snprintf(label, sizeof(label), "%s", name);
	ret = fill(temporary, builder, &o->build, label, err);
	if (!ret && interrupt_caught())
		ret = error_set(err, 0, "interrupted");
	if (!ret && fsync(fd))
		ret = error_set(err, errno, "%s", temporary);
	if (!ret)
		ret = write_metadata(path, builder, &o->build, err);
	if (!ret && rename(temporary, path))
		ret = error_set(err, errno, "%s", path);
	progress_end();
	if (ret)
		unlink(temporary);
	else
		fprintf(stderr, "image: %s is ready: vitrine run %s\n", name, name);
	return ret;
}

static int option_name(void *field, const char *value, struct error *err)
{
	return image_name_check(value, err) ? -1 : option_string(field, value, err);
}

static int option_packages(void *field, const char *value, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.+-:,=~/";

	if (value[0] == '-' || value[strspn(value, allowed)])
		return error_set(err, 0, "'%s' is not a list like gcc,make,git", value);
	return option_string(field, value, err);
}

static int option_word(void *field, const char *value, struct error *err)
{
	if (value[0] == '-' || value[strcspn(value, " \t\n")])
		return error_set(err, 0, "'%s' is not one word", value);
	return option_string(field, value, err);
}

static int option_disk_size(void *field, const char *value, struct error *err)
{
	uint64_t size;

	if (option_size(&size, value, err))
		return -1;
	if (size < SIZE_MIN || size > SIZE_MAX_)
		return error_set(err, 0, "'%s' is not between 16M and 16T", value);
	*(uint64_t *)field = (size + SIZE_UNIT - 1) & ~(SIZE_UNIT - 1);
	return 0;
}

#define FIELD(member) offsetof(struct options, member)

int image_build_command(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 'n', "name", "NAME", option_name, FIELD(name), "name (default: the kind's)" },
		{ 's', "size", "SIZE", option_disk_size, FIELD(build.size),
		  "size of the disk (mini 256M, debian 4G; sparse)" },
		{ 0, "packages", "A,B,...", option_packages, FIELD(build.packages),
		  "more packages (debian)" },
		{ 0, "mirror", "URL", option_word, FIELD(build.mirror),
		  "where packages come from (default: the host's sources)" },
		{ 0, "suite", "NAME", option_word, FIELD(build.suite),
		  "Debian release (bookworm)" },
	};
	static const struct option_set set = {
		"image build [OPTION]... mini|debian",
		"Build a root file system image in the user's data directory. An image of the "
		"same name is replaced when the new one is complete, unless a sandbox writes "
		"to it.",
		specs, ARRAY_SIZE(specs), true
	};
	const struct image_builder *builder = NULL;
	struct options o = { 0 };
	struct error err = { 0 };
	int first;

	first = options_parse(&set, &o, argc, argv, &err);
	if (first == OPTIONS_HELP)
		return 0;
	if (first > 0 && first < argc)
		builder = find_builder(argv[first++]);
	if (first > 0 && (!builder || first != argc))
		first = error_set(&err, 0, "what is to be built? mini or debian");
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);

	if (!o.build.size)
		o.build.size = builder->size;
	if (!build(builder, &o, &err))
		return 0;
	return cli_fail(interrupt_caught() ? 128 + interrupt_caught() : EXIT_VITRINE, &err);
}
