// SPDX-License-Identifier: GPL-2.0-only
/* observe.c - vitrine observe: show a running sandbox to browsers and other machines */

#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "engine/control/rundir.h"
#include "observe/client/client.h"
#include "observe/http/server.h"
#include "vitrine/util.h"

#define PORT_MAX 65535

struct observe_options {
	struct server_options server;
	struct string_list names;
};

static int option_port(void *field, const char *value, struct error *err)
{
	if (option_unsigned(field, value, err))
		return -1;
	return *(unsigned *)field > PORT_MAX ? error_set(err, 0, "ports end at %d", PORT_MAX) : 0;
}

/* Seconds, or "forever" */
static int option_linger(void *field, const char *value, struct error *err)
{
	struct server_options *server = field;

	server->lingers = true;
	server->linger = SERVER_LINGER_FOREVER;
	if (!strcmp(value, "forever"))
		return 0;
	return option_seconds(&server->linger, value, err);
}

#define AT(member) offsetof(struct observe_options, member)

static const struct option_spec specs[] = {
	{ 'p', "port", "PORT", option_port, AT(server.port), "listen there (any that is free)" },
	{ 0, "record", "FILE", option_string, AT(server.record),
	  "keep all that is seen in a new file" },
	{ 0, "replay", "FILE", option_string, AT(server.replay),
	  "show a recording in place of a sandbox" },
	{ 0, "linger", "TIME", option_linger, AT(server),
	  "go on for TIME (or forever) after the sandbox's end" },
	{ 'b', "bind", "ADDR", option_string, AT(server.address),
	  "listen on this address (127.0.0.1); any but loopback needs a token" },
	{ 0, "host", "NAME", option_list, AT(names), "let clients call the server NAME" },
	{ 0, "token", NULL, option_flag, AT(server.token), "demand the token on loopback too" },
	{ 0, "listen-fd", "FD", option_unsigned, AT(server.listen_fd), NULL }, /* of run --web */
	{ 'q', "quiet", NULL, option_flag, AT(server.quiet), "do not print the address" },
};

static const struct option_set options = {
	"observe [OPTION]... [NAME]",
	"Serve what the guest kernel of the sandbox NAME does, over HTTP: a dashboard at /, "
	"JSON, a stream of events and OpenMetrics (see /openapi.yaml). When the sandbox has "
	"ended, the server goes on for --linger: by default until Ctrl-C at a terminal, and "
	"for three seconds elsewhere.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

static int check(const struct server_options *server, bool named, struct error *err)
{
	if (server->replay && named)
		return error_set(err, 0, "--replay shows a recording, not a sandbox: give no name");
	if (server->replay && server->record)
		return error_set(err, 0, "--record and --replay exclude each other");
	if (server->replay && server->lingers)
		return error_set(err, 0,
				 "--replay serves until a signal ends it: leave --linger out");
	return 0;
}

int cmd_observe(int argc, char **argv)
{
	struct observe_options opt = { 0 };
	char only[RUNDIR_NAME_MAX + 1];
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err), ret;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && argc - at > 1)
		at = error_set(&err, 0, "observe takes at most one name");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	if (check(&opt.server, at < argc, &err) < 0)
		return cli_fail(EXIT_USAGE, &err);
	opt.server.name = argv[at];
	if (at == argc && !opt.server.replay) {
		if (observer_only(only, &err) < 0)
			return cli_fail(EXIT_VITRINE, &err);
		opt.server.name = only;
	}
	opt.server.names = opt.names.items;
	opt.server.nnames = opt.names.count;
	ret = server_run(&opt.server, &err);
	free(opt.names.items);
	return ret < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}
