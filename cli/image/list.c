// SPDX-License-Identifier: GPL-2.0-only
/* list.c - vitrine image ls, inspect and rm */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "cli/common/cli.h"
#include "image.h"
#include "layered.h"
#include "store.h"
#include "cli/common/options.h"
#include "cli/common/output.h"
#include "cli/common/paths.h"
#include "lib/plain.h"
#include "observe/text/guest_text.h"
#include "vitrine/util.h"

static const char *size_text(uint64_t bytes, char *buf, size_t size)
{
	static const char units[] = "BKMGT";
	double n = bytes;
	int unit = 0;

	for (; n >= 1000 && units[unit + 1]; unit++)
		n /= 1024;
	snprintf(buf, size, n < 9.95 && unit ? "%.1f%c" : "%.0f%c", n, units[unit]);
	return buf;
}

static const char *time_text(int64_t seconds, char *buf, size_t size)
{
	time_t when = seconds;
	struct tm tm;

	localtime_r(&when, &tm);
	strftime(buf, size, "%Y-%m-%d %H:%M", &tm);
	return buf;
}

/* Everything that is known about an image, the keys of --json */
static json_t *describe(const char *name, const char *path, struct error *err)
{
	cleanup_free char **command = NULL;
	struct image_facts facts;
	json_t *result, *kept, *words;

	if (image_inspect(path, &facts, err))
		return NULL;
	command = image_command(path, err);
	if (!command)
		return NULL;

	words = json_array();
	for (char **word = command; *word; word++)
		json_array_append_new(words, json_string(*word));
	kept = image_metadata(path);
	result = json_pack("{ss ss sI sI sI ss so ss sI so}", "name", name, "path", path, "size",
			   (json_int_t)facts.size, "disk", (json_int_t)facts.disk, "used",
			   (json_int_t)facts.used, "fs_type", facts.fs_type, "label",
			   guest_json(facts.label, sizeof(facts.label)), "uuid", facts.uuid,
			   "created", (json_int_t)facts.created, "command", words);
	if (result && kept)
		json_object_update_missing(result, kept);
	json_decref(kept);
	if (!result)
		error_set(err, 0, "%s: its facts are not text", path);
	return result;
}

static int is_image(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), suffix = strlen(IMAGE_SUFFIX);

	return entry->d_name[0] != '.' && len > suffix &&
	       !strcmp(entry->d_name + len - suffix, IMAGE_SUFFIX);
}

static void print_row(const char *name, const struct image_facts *facts)
{
	char size[16], disk[16], used[16], when[32];

	printf("%-20s %7s %7s %7s  %-7s %s\n", name, size_text(facts->size, size, sizeof(size)),
	       size_text(facts->used, used, sizeof(used)),
	       size_text(facts->disk, disk, sizeof(disk)), facts->fs_type,
	       time_text(facts->created, when, sizeof(when)));
}

/* What is used, and what of it is this image's alone */
static void print_layered(const char *name, json_t *facts)
{
	char size[16], disk[16], own[16], when[32];
	json_int_t all = json_integer_value(json_object_get(facts, "disk"));
	json_int_t shared = json_integer_value(json_object_get(facts, "shared"));

	printf(
	    "%-20s %7s %7s %7s  %-7s %s\n", name,
	    size_text(json_integer_value(json_object_get(facts, "size")), size, sizeof(size)),
	    size_text(all, disk, sizeof(disk)), size_text(all - shared, own, sizeof(own)), "layers",
	    time_text(json_integer_value(json_object_get(facts, "created")), when, sizeof(when)));
}

static int list_one(const char *name, const struct list_options *o, json_t *all, struct error *err)
{
	cleanup_free char *path = image_path(name, NULL);
	struct image_facts facts;
	json_t *one;

	if (!path)
		return 0; /* a file that is not one of ours */
	if (o->json) {
		one = describe(name, path, err);
		return one ? json_array_append_new(all, one) : -1;
	}
	if (o->quiet)
		return puts(name) == EOF ? -1 : 0;
	if (image_inspect(path, &facts, err))
		return -1;
	print_row(name, &facts);
	return 0;
}

static int list_layered(const struct list_options *o, json_t *all, struct error *err)
{
	struct store store;
	json_t *names = layered_open(&store, err) ? NULL : store_names(&store, "images", err);
	json_t *one;
	int ret = names ? 0 : -1;
	size_t i;

	json_array_foreach(names, i, one)
	{
		const char *name = json_string_value(one);
		json_t *record, *facts;

		if (ret)
			break;
		if (o->quiet && !o->json) {
			puts(name);
			continue;
		}
		record = store_record(&store, "images", name, err);
		facts = record ? layered_describe(&store, name, record, err) : NULL;
		if (!facts)
			ret = -1;
		else if (o->json)
			json_array_append(all, facts);
		else
			print_layered(name, facts);
		json_decref(facts);
		json_decref(record);
	}
	json_decref(names);
	store_close(&store);
	return ret;
}

static int list(const struct list_options *o, struct error *err)
{
	cleanup_free char *directory = paths_images(err);
	struct dirent **entries = NULL;
	json_t *all;
	int count, ret = 0;

	if (!directory)
		return -1;
	count = scandir(directory, &entries, is_image, alphasort);
	if (count < 0 && errno != ENOENT)
		return error_set(err, errno, "%s", directory);

	all = json_array();
	if (!o->json && !o->quiet)
		printf("%-20s %7s %7s %7s  %-7s %s\n", "NAME", "SIZE", "USED", "DISK", "TYPE",
		       "CREATED");
	for (int i = 0; i < count; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - strlen(IMAGE_SUFFIX)] = '\0';
		if (!ret)
			ret = list_one(name, o, all, err);
		free(entries[i]);
	}
	free(entries);
	if (!ret && layered_exists())
		ret = list_layered(o, all, err);
	if (!ret && o->json) {
		output_json(all);
	}
	json_decref(all);
	return ret;
}

int image_ls_command(int argc, char **argv)
{
	static const struct option_set set = {
		"image ls [OPTION]...",
		"List the images in the user's data directory: size of the disk, how much of "
		"it its files use, and what it takes on the host.",
		cli_list_specs, ARRAY_SIZE(cli_list_specs), true
	};

	return cli_list(&set, list, argc, argv);
}

/* A label, or a word in the file beside the image, is its maker's */
static void print_text(const char *text)
{
	plain_print(stdout, text);
	putchar('\n');
}

static void print_value(const json_t *value)
{
	cleanup_free char *text = json_dumps(value, JSON_ENCODE_ANY);

	print_text(text ? text : "");
}

static void print_facts(json_t *facts)
{
	const char *key;
	json_t *value;
	char text[32];

	json_object_foreach(facts, key, value)
	{
		printf("%-10s ", key);
		if (!strcmp(key, "created"))
			puts(time_text(json_integer_value(value), text, sizeof(text)));
		else if (!strcmp(key, "size") || !strcmp(key, "used") || !strcmp(key, "disk"))
			printf("%" JSON_INTEGER_FORMAT " (%s)\n", json_integer_value(value),
			       size_text(json_integer_value(value), text, sizeof(text)));
		else if (json_is_string(value))
			print_text(json_string_value(value));
		else
			print_value(value);
	}
}

/* Facts of an image in layers, NULL when there is none: then @err tells what went wrong, if it did
 */
static json_t *inspect_layered(const char *word, struct error *err)
{
	cleanup_free char *name = NULL;
	struct store store;
	json_t *record, *facts = NULL;

	if (!layered_exists() || layered_open(&store, err))
		return NULL;
	record = layered_find(&store, word, &name, err);
	if (record)
		facts = layered_describe(&store, name, record, err);
	json_decref(record);
	store_close(&store);
	return facts;
}

static json_t *facts_of(const char *word, struct error *err)
{
	struct error why = { 0 };
	cleanup_free char *path = image_find(word, &why);
	const char *base = strrchr(word, '/');
	json_t *facts;

	if (path)
		return describe(base ? base + 1 : word, path, err);
	facts = inspect_layered(word, err);
	if (!facts && (!err || !err->text[0]))
		error_set(err, 0, "%s", why.text);
	return facts;
}

static int inspect(const char *word, const struct list_options *o, struct error *err)
{
	json_t *facts = facts_of(word, err);

	if (!facts)
		return -1;
	if (o->json) {
		output_json(facts);
	} else {
		print_facts(facts);
	}
	json_decref(facts);
	return 0;
}

int image_inspect_command(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 0, "json", NULL, option_flag, offsetof(struct list_options, json), "as JSON" },
	};
	static const struct option_set set = { "image inspect [--json] NAME|FILE",
					       "Show what is known about an image.", specs,
					       ARRAY_SIZE(specs), true };
	struct list_options o = { 0 };
	struct error err = { 0 };
	int first = options_parse(&set, &o, argc, argv, &err);

	if (first == OPTIONS_HELP)
		return 0;
	if (first > 0 && first != argc - 1)
		first = error_set(&err, 0, "which image? vitrine image inspect NAME|FILE");
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);
	return inspect(argv[first], &o, &err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}

/* Return: 1 when there was such an image in layers */
static int remove_layered(const char *word, struct error *err)
{
	cleanup_free char *name = NULL;
	struct store_collected gone;
	struct store store;
	json_t *record;
	int ret;

	if (!layered_exists())
		return 0;
	if (layered_open(&store, err))
		return -1;
	record = layered_find(&store, word, &name, err);
	ret = record ? 1 : 0;
	if (record && store_forget(&store, "images", name, err))
		ret = -1;
	/* Where somebody is adding images, the layers wait for the next time */
	if (ret == 1 && store_collect(&store, false, &gone, err))
		ret = -1;
	json_decref(record);
	store_close(&store);
	return ret;
}

static int remove_image(const char *name, struct error *err)
{
	cleanup_free char *path = image_name_valid(name) ? image_path(name, err) : NULL;
	cleanup_free char *metadata = NULL;
	cleanup_close int claim = -1;
	int ret;

	claim = path ? image_claim(path, name, err) : IMAGE_NONE;
	if (claim == IMAGE_NONE) {
		ret = remove_layered(name, err);
		return ret ? ret > 0 ? 0 : -1 : error_set(err, 0, "no image '%s'", name);
	}
	if (claim < 0)
		return -1;
	metadata = image_metadata_path(path, err);
	if (!metadata)
		return -1;
	if (unlink(path))
		return error_set(err, errno, "%s", path);
	if (unlink(metadata) && errno != ENOENT)
		return error_set(err, errno, "%s", metadata);
	return 0;
}

int image_rm_command(int argc, char **argv)
{
	static const struct option_set set = { "image rm NAME...",
					       "Remove images. One that a sandbox writes to is "
					       "refused; sandboxes that only read one keep\n"
					       "it until they end.",
					       NULL, 0 };
	struct error err = { 0 };
	int first = options_parse(&set, NULL, argc, argv, &err), status = 0;

	if (first == OPTIONS_HELP)
		return 0;
	if (first == argc)
		first = error_set(&err, 0, "which image? vitrine image rm NAME...");
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);
	for (int i = first; i < argc; i++) {
		if (remove_image(argv[i], &err))
			status = cli_fail(EXIT_VITRINE, &err);
	}
	return status;
}
