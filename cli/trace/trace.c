// SPDX-License-Identifier: GPL-2.0-only
/* trace.c - vitrine trace: what a sandbox's programs ask of their kernel, line by line */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "cli/common/cli.h"
#include "trace.h"
#include "engine/control/rundir.h"
#include "vitrine/util.h"

/* A trace of nobody would wait for ever */
static int check_pids(struct observer *observer, const struct trace_filter *filter,
		      struct error *err)
{
	for (unsigned i = 0; i < filter->npids; i++) {
		struct error why = { 0 };
		size_t len;
		cleanup_free char *view =
		    observer_view(observer, VT_VIEW_TASK, filter->pids[i], 0, NULL, &len, &why);

		if (view)
			continue;
		if (why.code == ESRCH)
			return error_set(err, 0, "there is no process %u in the sandbox %s",
					 filter->pids[i], observer_name(observer));
		*err = why;
		return -1;
	}
	return 0;
}

static int trace_name(const char *name, const struct trace_options *options, struct error *err)
{
	cleanup_close int file = -1;
	struct observer *observer;
	int ret;

	if (options->output) {
		file = open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (file < 0)
			return error_set(err, errno, "%s", options->output);
	}
	observer = observer_connect(name, err);
	if (!observer)
		return -1;
	ret = check_pids(observer, &options->filter, err);
	if (!ret)
		ret = trace_observe(observer, options, file < 0 ? STDOUT_FILENO : file,
				    EVENTS_FROM_NOW, err);
	observer_close(observer);
	return ret;
}

static int trace_sandbox(const struct trace_options *options, int argc, char **argv,
			 struct error *err)
{
	struct run_options run;
	int parsed = run_options_parse(&run, argc, argv, err), status = 0;

	if (parsed > 0 && run.config.detached)
		parsed = error_set(err, 0, "--detach is not for a trace; trace its name later");
	if (parsed < 0)
		status = cli_fail(EXIT_USAGE, err);
	else if (parsed != OPTIONS_HELP)
		status = trace_run(options, &run);
	run_options_free(&run);
	return status;
}

static int trace_operands(struct trace_options *options, int argc, char **argv, struct error *err)
{
	char only[RUNDIR_NAME_MAX + 1];
	const char *name = argv[0];

	if (argc > 0 && !strcmp(argv[0], "run"))
		return trace_sandbox(options, argc, argv, err);
	if (argc > 0 && !strcmp(argv[0], "exec"))
		return trace_exec(options, argc, argv);
	if (argc > 1) {
		error_set(err, 0, "options come before the name: vitrine trace [OPTION]... %s",
			  name);
		return cli_fail(EXIT_USAGE, err);
	}
	if (!argc && observer_only(only, err) < 0)
		return cli_fail(EXIT_VITRINE, err);
	return trace_name(argc ? name : only, options, err) < 0 ? cli_fail(EXIT_VITRINE, err) : 0;
}

int cmd_trace(int argc, char **argv)
{
	struct trace_options options;
	struct error err = { 0 };
	int at = trace_options_parse(&options, argc, argv, &err), status;

	if (at == OPTIONS_HELP) {
		status = 0;
	} else if (at < 0) {
		status = cli_fail(EXIT_USAGE, &err);
	} else {
		trace_catch_signals();
		status = trace_operands(&options, argc - at, argv + at, &err);
	}
	trace_options_free(&options);
	return status;
}
