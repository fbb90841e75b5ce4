// SPDX-License-Identifier: GPL-2.0-only
/* kill.c - vitrine kill: end a sandbox, or send a signal into it; see client_end()
 *
 * Whoever ends a sandbox wants it to be gone, whether it runs or is paused. A signal to a process
 * of one that is paused is refused: nobody would hear it.
 */

#include <limits.h>
#include <stdbool.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "cli/common/saved.h"
#include "cli/common/signals.h"
#include "vitrine/util.h"

struct kill_options {
	unsigned signal;
};

static const struct option_spec specs[] = {
	{ 's', "signal", "SIGNAL", option_signal, offsetof(struct kill_options, signal),
	  "send SIGNAL (a name or a number) to the main command, or to PID" },
};

static const struct option_set options = {
	"kill [OPTION]... NAME... | NAME PID",
	"End sandboxes, or, with --signal or PID, send a signal (SIGTERM) to a process "
	"in one. PID is the process's number in the sandbox, as `vitrine ps NAME` shows it. "
	"`vitrine stop` lets the main command end by itself first. Of a paused sandbox nothing is "
	"left afterwards, as with `vitrine rm`.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

static int send_signal(struct client *client, unsigned sig, unsigned pid, struct error *err)
{
	json_t *json = json_pack("{s:s}", "op", "kill");
	struct answer answer;

	if (pid)
		json_object_set_new(json, "pid", json_integer(pid));
	if (sig)
		json_object_set_new(json, "signal", json_integer(sig));
	if (client_call(client, json, NULL, 0, &answer, err) < 0)
		return -1;
	json_decref(answer.json);
	return 0;
}

/* The second of two words is a process of the first, unless it is a sandbox itself */
static int parse_pid(const char *text, unsigned *pid, struct error *err)
{
	static struct client client = { .fd = -1 };

	if (!option_unsigned(pid, text, NULL) && *pid && *pid <= INT_MAX)
		return 0;
	*pid = 0;
	if (client_open(&client, text, NULL))
		return error_set(err, 0, "'%s' is not a process id, nor a sandbox that runs", text);
	client_close(&client);
	return 0;
}

static int kill_one(const char *name, const struct kill_options *opt, unsigned pid,
		    struct error *err)
{
	static struct client client = { .fd = -1 };
	int ret = client_open(&client, name, err);

	if (ret && !pid && !opt->signal && paused_forget(name))
		return 0;
	if (!ret && (pid || opt->signal))
		ret = send_signal(&client, opt->signal, pid, err);
	else if (!ret)
		ret = client_end(&client, err);
	client_close(&client);
	return ret;
}

int cmd_kill(int argc, char **argv)
{
	struct kill_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err), status = 0;
	unsigned pid = 0;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at == argc)
		at = error_set(&err, 0, "kill needs the name of a sandbox");
	if (at > 0 && argc - at == 2 && parse_pid(argv[at + 1], &pid, &err) < 0)
		at = -1;
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	for (; at < argc - !!pid; at++) {
		if (kill_one(argv[at], &opt, pid, &err) < 0)
			status = cli_fail(EXIT_VITRINE, &err);
	}
	return status;
}
