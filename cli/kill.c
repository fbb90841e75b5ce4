// SPDX-License-Identifier: GPL-2.0-only
/* kill.c - vitrine kill: end a sandbox, or send a signal into it
 *
 * The sandbox is asked to end in order: its processes are killed, its file systems unmounted. One
 * that has not ended after PATIENCE seconds is killed from outside; its disk is then as after a
 * power failure, which ext4 recovers from.
 */

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "vitrine/util.h"

#define PATIENCE 15

struct kill_options {
	unsigned signal;
};

/* NAME, SIGNAME or a number */
static int option_signal(void *field, const char *value, struct error *err)
{
	const char *name = strncasecmp(value, "SIG", 3) ? value : value + 3;

	if (isdigit((unsigned char)value[0])) {
		if (option_unsigned(field, value, err))
			return -1;
		if (*(unsigned *)field < 1 || *(unsigned *)field > 64)
			return error_set(err, 0, "signals are numbered from 1 to 64");
		return 0;
	}
	for (int sig = 1; sig <= 64; sig++) {
		const char *abbreviation = sigabbrev_np(sig);

		if (abbreviation && !strcasecmp(abbreviation, name)) {
			*(unsigned *)field = sig;
			return 0;
		}
	}
	return error_set(err, 0, "'%s' is not a signal", value);
}

static const struct option_spec specs[] = {
	{ 's', "signal", "SIGNAL", option_signal, offsetof(struct kill_options, signal),
	  "send SIGNAL (a name or a number) to the main command, or to PID" },
};

static const struct option_set options = {
	"kill [OPTION]... NAME [PID]",
	"End a running sandbox, or send a signal (SIGTERM) to a process in it: PID is its number\n"
	"inside, as `vitrine ps NAME` shows it.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

/* The connection ends with the sandbox */
static void wait_for_end(struct client *client)
{
	struct pollfd fd = { .fd = client->fd, .events = POLLIN };
	pid_t pid = client_pid(client);

	for (int i = 0; i < PATIENCE * 10; i++) {
		char c;

		if (poll(&fd, 1, 100) > 0 && recv(client->fd, &c, 1, MSG_DONTWAIT) <= 0)
			return;
	}
	fprintf(stderr, "vitrine: the sandbox %s does not end in order; killing process %d\n",
		client->name, pid);
	if (pid > 0)
		kill(pid, SIGKILL);
}

static int end_or_signal(struct client *client, unsigned sig, const char *pid_text,
			 struct error *err)
{
	json_t *json = json_pack("{s:s}", "op", "kill");
	struct answer answer;
	unsigned pid = 0;

	if (pid_text && (option_unsigned(&pid, pid_text, err) || !pid || pid > INT32_MAX)) {
		json_decref(json);
		return error_set(err, 0, "'%s' is not a process id", pid_text);
	}
	if (pid)
		json_object_set_new(json, "pid", json_integer(pid));
	if (sig)
		json_object_set_new(json, "signal", json_integer(sig));
	client_timeout(client, PATIENCE);
	if (client_call(client, json, NULL, 0, &answer, err) < 0) {
		/* It ended, or it hangs */
		if (pid || sig || !client_pid(client))
			return -1;
	} else {
		json_decref(answer.json);
	}
	if (!pid && !sig)
		wait_for_end(client);
	return 0;
}

int cmd_kill(int argc, char **argv)
{
	static struct client client = { .fd = -1 };
	struct kill_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err);
	int ret;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && (argc - at < 1 || argc - at > 2))
		at = error_set(&err, 0, "kill needs the name of a sandbox");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	ret = client_open(&client, argv[at], &err);
	if (!ret)
		ret =
		    end_or_signal(&client, opt.signal, argc - at == 2 ? argv[at + 1] : NULL, &err);
	client_close(&client);
	return ret < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}
