// SPDX-License-Identifier: GPL-2.0-only
/* stop.c - vitrine stop: ask a sandbox's command to end, and end the sandbox when it does not */

#include <errno.h>
#include <signal.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "cli/common/signals.h"
#include "cli/image/layered.h"
#include "vitrine/util.h"

#define GRACE 10   /* seconds, as docker has it */
#define PATIENCE 5 /* seconds for the signal to be taken; then it is not going to be */

struct stop_options {
	unsigned grace, signal;
};

#define AT(member) offsetof(struct stop_options, member)

static const struct option_spec specs[] = {
	{ 't', "time", "TIME", option_seconds, AT(grace), "wait for TIME (10 seconds)" },
	{ 's', "signal", "SIGNAL", option_signal, AT(signal),
	  "send SIGNAL instead of the image's (SIGTERM)" },
};

static const struct option_set options = {
	"stop [OPTION]... NAME...",
	"Send the image's stop signal, or SIGTERM, to the main command of a sandbox. When the "
	"sandbox has not ended after ten seconds, end it as `vitrine kill` does. Returns when "
	"the sandbox has ended.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

/* The image's word for "please end", or SIGTERM */
static unsigned signal_of_image(struct client *client)
{
	json_t *record = NULL, *config;
	const char *image, *word;
	unsigned signal = SIGTERM;
	struct answer answer;
	struct store store;

	if (client_call(client, json_pack("{s:s}", "op", "info"), NULL, 0, &answer, NULL) < 0)
		return SIGTERM;
	image = json_string_value(json_object_get(answer.json, "image"));
	if (image && layered_exists() && !layered_open(&store, NULL)) {
		record = layered_find(&store, image, NULL, NULL);
		store_close(&store);
	}
	config = json_object_get(record, "config");
	word = json_string_value(json_object_get(config, "stop_signal"));
	if (word && option_signal(&signal, word, NULL))
		signal = SIGTERM;
	json_decref(record);
	json_decref(answer.json);
	return signal;
}

static int stop(const char *name, const struct stop_options *opt, struct error *err)
{
	static struct client client = { .fd = -1 };
	unsigned signal = opt->signal;
	struct answer answer;
	int ret;

	if (client_open(&client, name, err) < 0)
		return -1;
	client_timeout(&client, PATIENCE);
	if (!signal)
		signal = signal_of_image(&client);
	/* A command that is not there yet, or a guest that hangs, takes no signal: no reason to
	 * wait */
	ret = client_call(&client, json_pack("{s:s, s:i}", "op", "kill", "signal", (int)signal),
			  NULL, 0, &answer, NULL);
	if (!ret)
		json_decref(answer.json);
	if (ret < 0 || !client_await_end(&client, opt->grace * 1000ULL)) {
		client_close(&client);
		ret = client_open(&client, name, err);
		if (!ret)
			ret = client_end(&client, err);
		else if (err->code != EAGAIN)
			ret = 0; /* it has ended meanwhile */
	}
	client_close(&client);
	return ret;
}

int cmd_stop(int argc, char **argv)
{
	struct stop_options opt = { .grace = GRACE };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err), status = 0;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at == argc)
		at = error_set(&err, 0, "stop needs the name of a sandbox");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	for (; at < argc; at++) {
		if (stop(argv[at], &opt, &err) < 0)
			status = cli_fail(EXIT_VITRINE, &err);
	}
	return status;
}
