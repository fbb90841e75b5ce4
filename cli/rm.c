// SPDX-License-Identifier: GPL-2.0-only
/* rm.c - vitrine rm: forget detached sandboxes that have ended */

#include <errno.h>

#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/kept.h"
#include "cli/common/options.h"
#include "cli/common/saved.h"
#include "cli/image/layered.h"
#include "vitrine/util.h"

struct rm_options {
	bool all, force;
};

#define AT(member) offsetof(struct rm_options, member)

static const struct option_spec specs[] = {
	{ 'a', "all", NULL, option_flag, AT(all), "remove all that have ended" },
	{ 'f', "force", NULL, option_flag, AT(force), "end a sandbox that runs, and remove it" },
};

static const struct option_set options = {
	"rm [OPTION]... NAME...",
	"Remove what is kept of sandboxes that have ended: the output and exit status of "
	"detached ones, and the disks of named ones. A paused sandbox is removed only by its "
	"name. `vitrine image rm` removes images.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

static int forget(const char *name, const struct rm_options *opt, struct error *err)
{
	static struct client client = { .fd = -1 };
	bool ended = false, dropped = false;
	int ret = 0;

	if (client_open(&client, name, err) == 0) {
		ended = opt->force;
		ret = ended ? client_end(&client, err)
			    : error_set(err, 0, "the sandbox %s is running; vitrine stop %s, or -f",
					name, name);
		client_close(&client);
	} else if (err->code == EAGAIN) {
		return -1;
	}
	if (!ret && layered_drop_sandbox(name, &dropped, err))
		ret = -1;
	if (!ret)
		ended |= paused_forget(name);
	if (!ret && !kept_remove(name) && !ended && !dropped)
		return error_set(err, 0, "there is no sandbox %s that has ended; vitrine ps -a",
				 name);
	return ret;
}

static int forget_all(struct error *err)
{
	static struct client client = { .fd = -1 };
	json_t *list = kept_list(err), *one;
	size_t i;

	if (!list)
		return -1;
	json_array_foreach(list, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "name"));

		if (client_open(&client, name, err) < 0 && err->code != EAGAIN)
			kept_remove(name);
		client_close(&client);
	}
	json_decref(list);
	return 0;
}

int cmd_rm(int argc, char **argv)
{
	struct rm_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err), status = 0;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && opt.all == (at < argc))
		at = error_set(&err, 0, "which sandbox? vitrine rm NAME..., or --all");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	if (opt.all && forget_all(&err) < 0)
		status = cli_fail(EXIT_VITRINE, &err);
	for (; at < argc; at++) {
		if (forget(argv[at], &opt, &err) < 0)
			status = cli_fail(EXIT_VITRINE, &err);
	}
	return status;
}
