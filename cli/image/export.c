// SPDX-License-Identifier: GPL-2.0-only
/* export.c - vitrine image export */

#include <string.h>
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "image.h"
#include "images/oci/export.h"
#include "images/process.h"
#include "images/progress.h"
#include "layered.h"
#include "vitrine/util.h"

struct options {
	unsigned format;
};

static const char *const format_name[] = {
	[EXPORT_TAR] = "tar",
	[EXPORT_OCI] = "oci",
	[EXPORT_RAW] = "raw",
};
static_assert(ARRAY_SIZE(format_name) == EXPORT_FORMATS, "format_name[]");

static int option_format(void *field, const char *value, struct error *err)
{
	for (unsigned i = 0; i < ARRAY_SIZE(format_name); i++) {
		if (!strcmp(format_name[i], value)) {
			*(unsigned *)field = i;
			return 0;
		}
	}
	return error_set(err, 0, "'%s' is not one of: tar, oci, raw", value);
}

static int export_named(const char *word, const char *path, const struct options *o,
			struct error *err)
{
	struct store store;
	json_t *record;
	int ret;

	interrupt_catch();
	if (layered_open(&store, err)) {
		store_close(&store);
		return -1;
	}
	record = layered_find(&store, word, NULL, err);
	if (record)
		ret = export_image(&store, record, NULL, o->format, path, err);
	else
		ret = err->text[0]
			  ? -1
			  : error_set(err, 0,
				      "no image '%s' in layers: vitrine image ls (a raw image is a "
				      "file already)",
				      word);
	progress_end();
	json_decref(record);
	store_close(&store);
	return ret;
}

int image_export_command(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 'f', "format", "FORMAT", option_format, offsetof(struct options, format),
		  "tar (files), oci (a layout directory) or raw (a disk)" },
	};
	static const struct option_set set = {
		"image export [OPTION]... NAME FILE|-",
		"Write an image in layers as one tar of its files, as an OCI layout of one "
		"layer, or as a raw disk. FILE must not exist; - is standard output, for a "
		"tar.",
		specs, ARRAY_SIZE(specs), true
	};
	struct options o = { 0 };
	struct error err = { 0 };
	int first = options_parse(&set, &o, argc, argv, &err);

	if (first == OPTIONS_HELP)
		return 0;
	if (first > 0 && argc - first != 2)
		first =
		    error_set(&err, 0, "which image, and where to? vitrine image export NAME FILE");
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);
	return export_named(argv[first], argv[first + 1], &o, &err) ? cli_fail(EXIT_VITRINE, &err)
								    : 0;
}
