// SPDX-License-Identifier: GPL-2.0-only
/* commit.c - vitrine commit, and vitrine diff of a sandbox */

#include <string.h>
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "images/oci/commit.h"
#include "images/oci/diff.h"
#include "images/oci/reference.h"
#include "images/process.h"
#include "images/progress.h"
#include "commit.h"
#include "layered.h"
#include "lib/plain.h"
#include "snapshot.h"
#include "vitrine/util.h"

static int commit(const char *sandbox, const char *given, struct error *err)
{
	struct snapshot snapshot = { .lock = -1 };
	char name[256], origin[300];
	struct store store;
	int ret;

	ret = layered_open(&store, err);
	if (!ret)
		ret = reference_familiar(given, name, sizeof(name), err);
	if (!ret)
		ret = snapshot_take(&store, sandbox, true, &snapshot, err);
	if (!ret) {
		snprintf(origin, sizeof(origin), "commit of %s", sandbox);
		progress_phase("name the layer");
		ret = commit_layer(&store, snapshot.record, snapshot.path, name, origin, err);
	}
	progress_end();
	snapshot_drop(&snapshot);
	store_close(&store);
	if (!ret)
		fprintf(stderr, "image: %s is ready: vitrine run %s\n", name, name);
	return ret;
}

int cmd_commit(int argc, char **argv)
{
	static const struct option_set set = { "commit NAME IMAGE",
					       "Make what the sandbox NAME has written an image of "
					       "its own: one more layer on the\n"
					       "image that it was started from. A sandbox that "
					       "runs is stopped for as long as copying\n"
					       "its disk takes.",
					       NULL, 0 };
	struct error err = { 0 };
	int first = options_parse(&set, NULL, argc, argv, &err);

	if (first == OPTIONS_HELP)
		return 0;
	if (first > 0 && argc - first != 2)
		first =
		    error_set(&err, 0, "which sandbox, and which image? vitrine commit NAME IMAGE");
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);
	return commit(argv[first], argv[first + 1], &err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}

int image_diff(const char *sandbox, struct error *err)
{
	struct snapshot snapshot = { .lock = -1 };
	cleanup_free char *text = NULL;
	struct store store;
	int ret;

	ret = layered_open(&store, err);
	if (!ret)
		ret = snapshot_take(&store, sandbox, false, &snapshot, err);
	if (!ret)
		ret = diff_disks(&snapshot.below, snapshot.path, &text, err);
	progress_end();
	snapshot_drop(&snapshot);
	store_close(&store);
	/* Names are the guest's */
	for (char *line = text, *end; !ret && *line; line = end + 1) {
		end = strchrnul(line, '\n');
		if (!*end)
			break;
		*end = '\0';
		plain_print(stdout, line);
		putchar('\n');
	}
	return ret;
}
