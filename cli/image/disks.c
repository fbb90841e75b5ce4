// SPDX-License-Identifier: GPL-2.0-only
/* disks.c - vitrine image disks: what sandboxes have kept */

#include <sys/stat.h>
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "cli/common/output.h"
#include "image.h"
#include "layered.h"
#include "vitrine/util.h"

static int show(const struct store *store, const char *name, const struct list_options *o,
		json_t *all, struct error *err)
{
	cleanup_free char *path = store_path(store, err, "sandboxes/%s.disk", name);
	json_t *record = path ? store_record(store, "sandboxes", name, err) : NULL;
	const char *image = json_string_value(json_object_get(record, "image"));
	struct stat st = { 0 };

	if (!record)
		return err->text[0] ? -1 : 0; /* removed meanwhile */
	if (stat(path, &st))
		st.st_blocks = 0;
	if (o->json)
		json_array_append_new(all, json_pack("{ss ss sI}", "name", name, "image",
						     image ? image : "", "disk",
						     (json_int_t)st.st_blocks * 512));
	else if (o->quiet)
		puts(name);
	else
		printf("%-20s %9llu KiB  %s\n", name, (unsigned long long)st.st_blocks / 2,
		       image ? image : "");
	json_decref(record);
	return 0;
}

static int list(const struct list_options *o, struct error *err)
{
	struct store store;
	json_t *names = layered_open(&store, err) ? NULL : store_names(&store, "sandboxes", err);
	json_t *all = json_array(), *name;
	int ret = names ? 0 : -1;
	size_t i;

	if (!ret && !o->json && !o->quiet)
		printf("%-20s %13s  %s\n", "SANDBOX", "DISK", "IMAGE");
	json_array_foreach(names, i, name)
	{
		if (!ret)
			ret = show(&store, json_string_value(name), o, all, err);
	}
	if (!ret && o->json)
		output_json(all);
	json_decref(all);
	json_decref(names);
	store_close(&store);
	return ret;
}

int image_disks_command(int argc, char **argv)
{
	static const struct option_set set = {
		"image disks [OPTION]...",
		"List the disks that sandboxes with a name have kept, with what they have "
		"written and the image that they began as. `vitrine rm NAME` removes one.",
		cli_list_specs, ARRAY_SIZE(cli_list_specs), true
	};

	return cli_list(&set, list, argc, argv);
}
