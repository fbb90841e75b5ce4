// SPDX-License-Identifier: GPL-2.0-only
/* image.c - what vitrine run takes from the image
 *
 * Theory of operation
 * A raw image is a computer's disk: what is written stays in it. An image in layers is shared and
 * never changes. A sandbox that was given a name keeps what it writes under that name, goes on
 * from there when it is run again, and can be compared with its image or made another one; without
 * a name, with --rm or with --ephemeral it is thrown away.
 */

#include <errno.h>
#include <string.h>
#include "cli/image/layered.h"
#include "cli/image/store.h"
#include "image.h"
#include "setters.h"
#include "vitrine/util.h"

#define WORDS_MAX 4096

static json_t *config_of(const struct run_options *o)
{
	return json_object_get(o->record, "config");
}

/* The sandbox's own disk: made for this image, or there from an earlier run of it */
static int keep_disk(struct run_options *o, const struct store *store, const char *image,
		     struct error *err)
{
	struct error why = { 0 };
	json_t *kept = store_record(store, "sandboxes", o->config.name, &why);
	int ret = 0;

	if (!kept && why.text[0])
		return error_set(err, 0, "%s", why.text);
	o->overlay_path = store_path(store, err, "sandboxes/%s.disk", o->config.name);
	if (!o->overlay_path) {
		ret = -1;
	} else if (!kept) {
		json_object_set_new(o->record, "image", json_string(image));
		ret = store_save(store, "sandboxes", o->config.name, o->record, err);
	} else if (!json_equal(json_object_get(kept, "layers"),
			       json_object_get(o->record, "layers"))) {
		ret = error_set(err, 0,
				"the disk that sandbox %s has kept is of another image; vitrine rm "
				"%s, --rm, or another --name",
				o->config.name, o->config.name);
	}
	json_decref(kept);
	o->config.disks[0].overlay = o->overlay_path;
	return ret;
}

static int find_layered(struct run_options *o, struct error *err)
{
	cleanup_free char *name = NULL;
	struct sandbox_disk *root = &o->config.disks[0];
	struct error why = { 0 };
	struct store store;
	int ret;

	if (!layered_exists())
		return 0;
	ret = layered_open(&store, err);
	if (!ret)
		o->record = layered_find(&store, o->image, &name, &why);
	if (!ret && why.text[0])
		ret = error_set(err, 0, "%s", why.text);
	if (!ret && o->record) {
		ret = store_disk(&store, o->record, &o->stored, err);
		root->path = o->stored.base;
		root->layers = (const char *const *)o->stored.layers;
		root->label = json_string_value(json_object_get(o->record, "name"));
	}
	if (!ret && o->record && o->config.name && !o->ephemeral && !o->remove &&
	    !o->config.read_only)
		ret = keep_disk(o, &store, name, err);
	store_close(&store);
	return ret;
}

int run_image_find(struct run_options *o, struct error *err)
{
	struct error why = { 0 };
	const char *directory;

	o->image_path = image_find(o->image, &why);
	if (o->image_path)
		return 0;
	if (find_layered(o, err))
		return -1;
	directory = json_string_value(json_object_get(config_of(o), "workdir"));
	if (!o->config.cwd && directory && *directory == '/')
		o->config.cwd = directory;
	return o->record ? 0 : error_set(err, 0, "%s", why.text);
}

int run_image_environment(struct run_options *o, struct error *err)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(config_of(o), "env"), i, entry)
	{
		const char *text = json_string_value(entry);

		/* "K" alone would take the host's value, which is no image's business */
		if (text && strchr(text, '=') && environment_set(&o->environment, text, err))
			return -1;
	}
	return 0;
}

static size_t append(const char **words, size_t count, json_t *list)
{
	json_t *word;
	size_t i;

	json_array_foreach(list, i, word)
	{
		if (json_is_string(word) && count < WORDS_MAX)
			words[count++] = json_string_value(word);
	}
	return count;
}

/* Entry point, then what was typed or else the image's command. All but the array is borrowed */
static int layered_command(struct run_options *o, struct error *err)
{
	json_t *config = config_of(o);
	const char **words = calloc(WORDS_MAX * 3, sizeof(*words));
	size_t count = 0;

	if (!words)
		return error_set(err, ENOMEM, "command");
	if (!o->entrypoint)
		count = append(words, count, json_object_get(config, "entrypoint"));
	else if (*o->entrypoint)
		words[count++] = o->entrypoint;
	if (!o->command[0] && !o->entrypoint)
		count = append(words, count, json_object_get(config, "cmd"));
	for (char **word = o->command; *word && count < WORDS_MAX * 3 - 1; word++)
		words[count++] = *word;
	if (!count)
		words[count++] = "/bin/sh";
	o->default_command = (char **)words;
	o->config.argv = o->default_command;
	return 0;
}

static int layered_user(struct run_options *o, struct error *err)
{
	const char *user = json_string_value(json_object_get(config_of(o), "user"));
	struct error why = { 0 };

	if (!user || !*user || o->user_given)
		return 0;
	if (run_option_user(o, user, &why))
		return error_set(err, 0, "the image's user: %s; give another with --user",
				 why.text);
	return 0;
}

int run_image_command(struct run_options *o, struct error *err)
{
	if (o->record)
		return layered_user(o, err) || layered_command(o, err) ? -1 : 0;
	o->config.argv = o->command;
	if (o->entrypoint)
		return layered_command(o, err);
	if (!o->command[0]) {
		o->default_command = image_command(o->image_path, err);
		if (!o->default_command)
			return -1;
		o->config.argv = o->default_command;
	}
	return 0;
}
