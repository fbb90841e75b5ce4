// SPDX-License-Identifier: GPL-2.0-only
/* pull.c - vitrine image pull and lock */

#include <string.h>
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "image.h"
#include "images/oci/pull.h"
#include "layered.h"
#include "option.h"
#include "vitrine/util.h"

static int make(struct store *store, void *how, char **name, struct error *err)
{
	return pull_image(store, how, name, err);
}

#define FIELD(member) offsetof(struct pull, member)

int image_pull_command(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 'n', "name", "NAME", option_string, FIELD(name), "keep it as NAME" },
		{ 0, "digest", "DIGEST", image_option_digest, FIELD(digest),
		  "refuse anything else than sha256:..." },
		{ 0, "platform", "OS/ARCH", image_option_platform, FIELD(platform),
		  "which of several (" IMAGE_PLATFORM ")" },
		{ 's', "size", "SIZE", image_option_size, FIELD(size),
		  "size of the disk (16G; sparse)" },
		{ 0, "plain-http", NULL, option_flag, FIELD(plain),
		  "allow HTTP without TLS (this host's own registries may use it)" },
	};
	static const struct option_set set = {
		"image pull [OPTION]... [REGISTRY/]NAME[:TAG][@DIGEST]",
		"Pull an image from a registry, docker.io when none is named. Layers that are "
		"there are not fetched again, and a pull that was interrupted goes on where "
		"it was. Logins are those of docker and podman.",
		specs, ARRAY_SIZE(specs), true
	};
	struct pull o = { .platform = IMAGE_PLATFORM };
	struct error err = { 0 };
	int first = options_parse(&set, &o, argc, argv, &err);

	if (first == OPTIONS_HELP)
		return 0;
	if (first > 0 && argc - first != 1)
		first = error_set(&err, 0, "which image? vitrine image pull NAME");
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);
	o.reference = argv[first];
	return layered_obtain(make, &o, &o.fresh, &err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}

struct lock_options {
	bool remove;
};

static int lock(const char *word, bool locked, struct error *err)
{
	cleanup_free char *name = NULL;
	struct store store;
	json_t *record = NULL;
	int ret = layered_open(&store, err);

	if (!ret) {
		record = layered_find(&store, word, &name, err);
		if (!record)
			ret = err->text[0] ? -1 : error_set(err, 0, "no image '%s'", word);
	}
	if (!ret) {
		json_object_set_new(record, "locked", json_boolean(locked));
		ret = store_save(&store, "images", name, record, err);
	}
	if (!ret && locked)
		printf("%s %s\n", name, json_string_value(json_object_get(record, "manifest")));
	json_decref(record);
	store_close(&store);
	return ret;
}

int image_lock_command(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 0, "remove", NULL, option_flag, offsetof(struct lock_options, remove),
		  "let them change again" },
	};
	static const struct option_set set = { "image lock [--remove] NAME...",
					       "Lock images to what they are: a pull that would "
					       "bring another one, because the tag\n"
					       "has moved, is refused. Prints names and digests.",
					       specs, ARRAY_SIZE(specs), true };
	struct lock_options o = { 0 };
	struct error err = { 0 };
	int first = options_parse(&set, &o, argc, argv, &err), status = 0;

	if (first == OPTIONS_HELP)
		return 0;
	if (first == argc)
		first = error_set(&err, 0, "which image? vitrine image lock NAME...");
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);
	for (int i = first; i < argc; i++) {
		err = (struct error){ 0 };
		if (lock(argv[i], !o.remove, &err))
			status = cli_fail(EXIT_VITRINE, &err);
	}
	return status;
}
