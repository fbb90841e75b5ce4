// SPDX-License-Identifier: GPL-2.0-only
/* run.c - vitrine run: start a sandbox and run a command in it */

#include <string.h>
#include <time.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/kept.h"
#include "cli/common/saved.h"
#include "cli/run/detach.h"
#include "cli/run/options.h"
#include "cli/snapshot/keeper.h"
#include "cli/snapshot/start.h"
#include "cli/trace/trace.h"
#include "lib/say.h"

/* As `vitrine trace --format F run ...` */
static int run_traced(struct run_options *run)
{
	char verb[] = "trace", option[] = "--format", *argv[4] = { verb, option };
	struct trace_options options;
	struct error err = { 0 };
	int status;

	argv[2] = (char *)run->trace_format;
	if (trace_options_parse(&options, 3, argv, &err) < 0)
		status = cli_fail(EXIT_USAGE, &err);
	else
		status = trace_run(&options, run);
	trace_options_free(&options);
	return status;
}

/* What a detached sandbox of this name has left would be taken for what this one leaves */
static void forget_last(const char *name)
{
	static struct client client = { .fd = -1 };

	if (client_open(&client, name, NULL) < 0)
		kept_remove(name);
	client_close(&client);
}

static int run_here(const struct sandbox_config *config, struct error *err)
{
	keeper_start(config);
	return sandbox_run(config, err);
}

static int run(struct run_options *options)
{
	struct detached detached = { .config = &options->config, .beside = keeper_start };
	struct error err = { 0 };
	int status;

	if (options->from)
		return start_clones(&(struct origin){ options->from, NULL }, options->config.name,
				    options->from, options->count);
	if (options->trace_format)
		return run_traced(options);
	if (run_options_resolve(options, &err) || paused_refuse(options->config.name, &err))
		return cli_fail(EXIT_VITRINE, &err);
	if (!options->config.detached)
		forget_last(options->config.name);
	detached.remove = options->remove;
	detached.says = options->web;
	options->config.started = (uint64_t)time(NULL);
	status = options->config.detached ? run_detached(&detached, &err)
					  : run_here(&options->config, &err);
	if (sandbox_paused())
		say("%s is paused; vitrine resume %s", options->config.name, options->config.name);
	return status < 0 ? cli_fail(EXIT_VITRINE, &err) : status;
}

typedef int parser(struct run_options *options, int argc, char **argv, struct error *err);

static int parse_and_run(parser *parse, int argc, char **argv)
{
	struct run_options options;
	struct error err = { 0 };
	int parsed = parse(&options, argc, argv, &err), status = 0;

	if (parsed < 0)
		status = cli_fail(EXIT_USAGE, &err);
	else if (parsed != OPTIONS_HELP)
		status = run(&options);
	run_options_free(&options);
	return status;
}

int cmd_run(int argc, char **argv)
{
	return parse_and_run(run_options_parse, argc, argv);
}

int cmd_kbox(int argc, char **argv)
{
	return parse_and_run(run_options_parse_kbox, argc, argv);
}
