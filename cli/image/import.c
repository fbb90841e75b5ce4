// SPDX-License-Identifier: GPL-2.0-only
/* import.c - vitrine image import */

#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "image.h"
#include "images/oci/import.h"
#include "layered.h"
#include "option.h"
#include "vitrine/util.h"

static int make(struct store *store, void *how, char **name, struct error *err)
{
	return import_image(store, how, name, err);
}

#define FIELD(member) offsetof(struct import, member)

int image_import_command(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 0, "digest", "DIGEST", image_option_digest, FIELD(digest),
		  "refuse anything else than sha256:..." },
		{ 0, "platform", "OS/ARCH", image_option_platform, FIELD(platform),
		  "which of several (" IMAGE_PLATFORM ")" },
		{ 's', "size", "SIZE", image_option_size, FIELD(size),
		  "size of the disk (16G; sparse)" },
	};
	static const struct option_set set = {
		"image import [OPTION]... SOURCE [NAME]",
		"Import an image: an OCI layout (directory or tar), what docker save writes, "
		"a tar of files (gzip, xz, zstd, bzip2 or plain), a directory of files, or - "
		"for one of the archives on standard input. An image of the same name is "
		"replaced.",
		specs, ARRAY_SIZE(specs), true
	};
	struct import o = { .platform = IMAGE_PLATFORM };
	struct error err = { 0 };
	int first = options_parse(&set, &o, argc, argv, &err);

	if (first == OPTIONS_HELP)
		return 0;
	if (first > 0 && (first == argc || argc - first > 2))
		first = error_set(&err, 0,
				  "what is to be imported? vitrine image import SOURCE "
				  "[NAME]");
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);
	o.path = argv[first];
	o.name = first + 1 < argc ? argv[first + 1] : NULL;
	return layered_obtain(make, &o, NULL, &err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}
