// SPDX-License-Identifier: GPL-2.0-only
/* attach.c - vitrine attach: take over the streams of a sandbox's main command
 *
 * Of one that was started in the background, or was resumed: nobody has its streams. What the
 * command writes from then on comes here; `vitrine logs` has what came before. Whoever attached can
 * go, and attach again.
 */
#include <string.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "cli/common/session.h"
#include "cli/snapshot/start.h"
#include "engine/jobs/terminal.h"
#include "vitrine/util.h"

struct attach_options {
	bool no_input;
};

static const struct option_spec specs[] = {
	{ 0, "no-stdin", NULL, option_flag, offsetof(struct attach_options, no_input),
	  "do not forward standard input" },
};

static const struct option_set options = {
	"attach [OPTION]... NAME",
	"Take over the streams of the main command of a sandbox that runs in the background, "
	"until the command ends, and end with its exit status. A signal that would end "
	"vitrine ends the command.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

/* Return: does the command have a terminal? -1 when it has streams already */
static int take_over(struct session *session, bool input, struct error *err)
{
	struct client *client = session->client;
	static const int stdio[3] = { 0, 1, 2 };
	uint16_t rows, columns;
	struct answer answer;
	int tty;

	terminal_size(&rows, &columns);
	if (client_send_fds(client,
			    json_pack("{s:s, s:b, s:i, s:i}", "op", "attach", "stdin", (int)input,
				      "rows", (int)rows, "columns", (int)columns),
			    stdio, 3, err) ||
	    session_await(session, err))
		return -1;
	tty = client_receive(client, &answer, err);
	if (tty <= 0)
		return tty ? -1 : error_set(err, 0, "the sandbox %s has ended", client->name);
	tty = json_is_true(json_object_get(answer.json, "tty"));
	json_decref(answer.json);
	return tty;
}

static int attach(struct client *client, const char *name, bool input, struct error *err)
{
	struct session session = { .client = client, .tell = -1, .runs = true };
	cleanup_close int signals = -1;
	int status;

	signals = session.signals = session_signals(err);
	if (signals < 0)
		return -1;
	do {
		client_close(client);
		if (client_wake(client, name, err))
			return -1;
		status = take_over(&session, input, err);
	} while (status < 0 && client_lost(client));
	if (status < 0 || (status && input && isatty(STDIN_FILENO) && terminal_raw(0, err) < 0))
		return -1;
	status = session_attend(&session, err);
	terminal_restore();
	return status;
}

int cmd_attach(int argc, char **argv)
{
	static struct client client = { .fd = -1 };
	struct attach_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err), status;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at + 1 != argc)
		at = error_set(&err, 0, "attach needs the name of a sandbox");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	status = attach(&client, argv[at], !opt.no_input, &err);
	client_close(&client);
	return status < 0 ? cli_fail(EXIT_VITRINE, &err) : status;
}
