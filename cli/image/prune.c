// SPDX-License-Identifier: GPL-2.0-only
/* prune.c - vitrine image prune */

#include <inttypes.h>
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "image.h"
#include "layered.h"
#include "vitrine/util.h"

static int prune(struct error *err)
{
	struct store_collected gone;
	struct store store;
	int ret;

	ret = layered_open(&store, err);
	if (!ret)
		ret = store_collect(&store, true, &gone, err);
	store_close(&store);
	if (ret)
		return -1;
	if (gone.busy)
		return error_set(err, 0, "images are being imported or started; try again later");
	printf("%u layers, %u downloads, %" PRIu64 " MiB\n", gone.layers, gone.blobs,
	       gone.bytes >> 20);
	return 0;
}

int image_prune_command(int argc, char **argv)
{
	static const struct option_set set = {
		"image prune",
		"Remove layers that no image and no sandbox has any more, and downloads that "
		"were not completed. Says what it has removed.",
		NULL, 0
	};
	struct error err = { 0 };
	int first = options_parse(&set, NULL, argc, argv, &err);

	if (first == OPTIONS_HELP)
		return 0;
	if (first > 0 && first != argc)
		first = error_set(&err, 0, "image prune takes no names; see vitrine image rm");
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);
	return prune(&err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}
