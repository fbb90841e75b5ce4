// SPDX-License-Identifier: GPL-2.0-only
/* exec.c - vitrine exec: run one more command in a running sandbox
 *
 * Our descriptors go to the sandbox, which reads and writes them itself; see common/session.c.
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/environment.h"
#include "cli/common/options.h"
#include "cli/common/session.h"
#include "cli/snapshot/start.h"
#include "engine/jobs/terminal.h"
#include "exec.h"
#include "vitrine/util.h"

#define AT(member) offsetof(struct exec_options, member)

static const struct option_spec specs[] = {
	{ 'i', "interactive", NULL, option_flag, AT(interactive),
	  "forward input even from a terminal" },
	{ 't', "tty", NULL, option_flag, AT(tty), "give the command a terminal" },
	{ 'w', "workdir", "DIR", option_string, AT(cwd), "working directory" },
	{ 'e', "env", "K=V", option_variable, AT(env),
	  "set a variable (K alone: the host's value)" },
	{ 0, "env-file", "FILE", option_list, AT(env_files), "set the variables in FILE" },
	{ 'u', "user", "USER", option_string, AT(user), "run as USER[:GROUP], names or numbers" },
};

static const struct option_set options = {
	"exec [OPTION]... NAME [--] COMMAND [ARGUMENT]...",
	"Run one more command in a running sandbox, with the streams that vitrine has, and "
	"end with its exit status. It gets a terminal when standard input and standard output "
	"are terminals. Input that is not a terminal is always forwarded: add </dev/null when "
	"COMMAND is to read nothing.",
	specs,
	ARRAY_SIZE(specs),
};

static json_t *string_array(char *const *list)
{
	json_t *array = json_array();

	for (size_t i = 0; list && list[i]; i++) {
		/* Fails when it is not UTF-8 */
		if (json_array_append_new(array, json_string(list[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static int environment_collect(const struct exec_options *opt, struct environment *env,
			       struct error *err)
{
	if (opt->tty && environment_set(env, "TERM", err))
		return -1;
	for (size_t i = 0; i < opt->env_files.count; i++) {
		if (environment_read(env, opt->env_files.items[i], err))
			return -1;
	}
	for (size_t i = 0; i < opt->env.count; i++) {
		if (environment_set(env, opt->env.items[i], err))
			return -1;
	}
	return 0;
}

/* Send the request */
static int start(struct client *client, const struct exec_options *opt, struct error *err)
{
	static const int stdio[3] = { 0, 1, 2 };
	struct environment env = { 0 };
	uint16_t rows, columns;
	json_t *json;

	if (environment_collect(opt, &env, err)) {
		environment_free(&env);
		return -1;
	}
	terminal_size(&rows, &columns);
	json = json_pack("{s:s, s:o, s:o, s:b, s:b, s:i, s:i, s:s*, s:s*}", "op", "exec", "argv",
			 string_array(opt->command), "env", string_array(env.items), "stdin",
			 (int)opt->interactive, "tty", (int)opt->tty, "rows", (int)rows, "columns",
			 (int)columns, "cwd", opt->cwd, "user", opt->user);
	environment_free(&env);
	return client_send_fds(client, json, stdio, 3, err);
}

static int run(struct client *client, const struct exec_options *opt, struct error *err)
{
	cleanup_close int signals = -1;
	struct session session = { .client = client, .tell = opt->tell };
	int status;

	signals = session.signals = session_signals(err);
	if (signals < 0)
		return -1;
	if (opt->tty && opt->interactive && terminal_raw(0, err) < 0)
		return -1;
	terminal_keys(true);
	do {
		client_close(client);
		status = client_wake(client, opt->name, err) ?: start(client, opt, err);
		if (!status)
			status = session_attend(&session, err);
	} while (status < 0 && !session.runs && client->fd >= 0 && client_lost(client));
	terminal_restore();
	return status;
}

/* As vitrine run does: see its choose_streams() */
static void choose_streams(struct exec_options *opt)
{
	bool in = isatty(STDIN_FILENO), out = isatty(STDOUT_FILENO);

	opt->tty = opt->tty || (in && out);
	opt->interactive = opt->interactive || opt->tty || !in;
}

int exec_parse(struct exec_options *opt, int argc, char **argv, struct error *err)
{
	int at;

	*opt = (struct exec_options){ .tell = -1 };
	at = options_parse(&options, opt, argc, argv, err);
	if (at > 0 && at + 1 < argc && !strcmp(argv[at + 1], "--"))
		argv[at + 1] = argv[at], at++;
	if (at > 0 && argc - at < 2)
		at = error_set(err, 0, "exec needs the name of a sandbox and a command");
	if (at <= 0)
		return at;
	choose_streams(opt);
	opt->name = argv[at];
	opt->command = argv + at + 1;
	return at;
}

void exec_free(struct exec_options *opt)
{
	free(opt->env.items);
	free(opt->env_files.items);
}

int exec_run(const struct exec_options *opt)
{
	static struct client client = { .fd = -1 };
	struct error err = { 0 };
	int status = run(&client, opt, &err);

	client_close(&client);
	return status < 0 ? cli_fail(EXIT_VITRINE, &err) : status;
}

int cmd_exec(int argc, char **argv)
{
	struct exec_options opt;
	struct error err = { 0 };
	int at = exec_parse(&opt, argc, argv, &err), status = 0;

	if (at < 0)
		status = cli_fail(EXIT_USAGE, &err);
	else if (at != OPTIONS_HELP)
		status = exec_run(&opt);
	exec_free(&opt);
	return status;
}
