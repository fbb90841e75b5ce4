// SPDX-License-Identifier: GPL-2.0-only
/* main.c - find the verb and call it
 *
 * The table below is the command line: a verb is one line here and one file beside this one.
 * kbox is called without a verb (`kbox -S IMAGE -- CMD`); its options in that place mean "run".
 * When the program is called by that name, all of its command line is kbox's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "cli/common/cli.h"
#include "cli/common/output.h"
#include "engine/jobs/terminal.h"
#include "lib/say.h"
#include "vitrine/util.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
};

static const struct verb verbs[] = {
	{ "run", cmd_run, "start a sandbox and run a command in it" },
	{ "exec", cmd_exec, "run one more command in a running sandbox" },
	{ "ps", cmd_ps, "list sandboxes, or the processes of one" },
	{ "stop", cmd_stop, "ask a sandbox to end, and end it when it does not" },
	{ "pause", cmd_pause, "write a sandbox to files, with all that runs in it" },
	{ "resume", cmd_resume, "let a paused sandbox go on" },
	{ "attach", cmd_attach, "take over the streams of a sandbox's command" },
	{ "snapshot", cmd_snapshot, "write a running sandbox to files; it goes on" },
	{ "template", cmd_template, "make snapshots of sandboxes that are ready" },
	{ "fork", cmd_fork, "start copies of a running sandbox" },
	{ "rollback", cmd_rollback, "end a sandbox, and start it from a snapshot" },
	{ "kill", cmd_kill, "end a sandbox, or send a signal into it" },
	{ "wait", cmd_wait, "wait until a sandbox has ended; print its exit status" },
	{ "rm", cmd_rm, "remove what is kept of sandboxes that have ended" },
	{ "logs", cmd_logs, "show what a sandbox's command has printed" },
	{ "top", cmd_top, "watch a sandbox: tasks, system calls, faults, I/O" },
	{ "follow", cmd_follow, "show a system call's way through the kernel" },
	{ "trace", cmd_trace, "show system calls and other events, as strace does" },
	{ "net", cmd_net, "show a sandbox's connections and published ports" },
	{ "publish", cmd_publish, "make a port of the host lead into a sandbox" },
	{ "cp", cmd_cp, "copy files into or out of a running sandbox" },
	{ "observe", cmd_observe, "serve a dashboard of what a sandbox's kernel does" },
	{ "browser", cmd_browser, "serve a page that boots an image in a browser's tab" },
	{ "relay", cmd_relay, "make connections for machines in browsers' tabs" },
	{ "mcp", cmd_mcp, "serve sandboxes as tools to an AI agent" },
	{ "image", cmd_image, "make, get, list, inspect and remove images" },
	{ "commit", cmd_commit, "make an image of what a sandbox has changed" },
	{ "diff", cmd_diff, "list the files that a sandbox has changed" },
	{ "doctor", cmd_doctor, "say what this host offers and what it would refuse" },
	{ "version", cmd_version, "show versions" },
	{ "help", cmd_help, "show help on a command" },
};

static const struct verb aliases[] = {
	{ "images", cmd_image, NULL },
	{ "--version", cmd_version, NULL },
	{ "-V", cmd_version, NULL },
	{ "--help", cmd_help, NULL },
	{ "-h", cmd_help, NULL },
	{ "-S", cmd_run, NULL },
	{ "__complete", cmd_complete, NULL },
	{ "-R", cmd_run, NULL },
	{ "-r", cmd_run, NULL },
};

static const struct verb *find(const struct verb *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(table[i].name, name))
			return &table[i];
	}
	return NULL;
}

int cli_fail(int status, const struct error *err)
{
	say_error(err);
	return status;
}

/* What users of docker, podman, chroot and strace type, and what it is here */
static const struct {
	const char *word, *meant;
} synonyms[] = {
	{ "build", "image build" },
	{ "chroot", "run" },
	{ "freeze", "pause" },
	{ "copy", "cp" },
	{ "create", "run" },
	{ "events", "trace" },
	{ "info", "doctor" },
	{ "inspect", "ps --json" },
	{ "list", "ps" },
	{ "network", "net" },
	{ "port", "publish" },
	{ "log", "logs" },
	{ "ls", "ps" },
	{ "export", "image export" },
	{ "import", "image import" },
	{ "load", "image import" },
	{ "pull", "image pull" },
	{ "remove", "rm" },
	{ "rmi", "image rm" },
	{ "shell", "exec" },
	{ "start", "run" },
	{ "stats", "top" },
	{ "strace", "trace" },
	{ "watch", "top" },
	{ "suspend", "pause" },
	{ "unpause", "resume" },
	{ "web", "observe" },
	{ "tab", "browser" },
};

static int unknown_verb(const char *name)
{
	const char *near = cli_suggest(name, &verbs[0].name, ARRAY_SIZE(verbs), sizeof(verbs[0]));
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++) {
		if (!strcmp(synonyms[i].word, name))
			near = synonyms[i].meant;
	}
	if (near)
		error_set(&err, 0, "'%s' is not a command; did you mean '%s'?", name, near);
	else
		error_set(&err, 0, "'%s' is not a command; see vitrine --help", name);
	return cli_fail(EXIT_USAGE, &err);
}

static void usage(FILE *out)
{
	fputs("Usage: vitrine COMMAND [OPTION]... [ARGUMENT]...\n\n"
	      "Run Linux programs on a real Linux kernel inside an ordinary process.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\n'vitrine help COMMAND' shows a command's options, 'man vitrine' all of them in "
	      "full.\n",
	      out);
}

int cli_verb(int argc, char **argv)
{
	const struct verb *verb = find(verbs, ARRAY_SIZE(verbs), argv[0]);

	if (!verb)
		verb = find(aliases, ARRAY_SIZE(aliases), argv[0]);
	if (argc < 2 || (verb && verb->run == cmd_help))
		for (size_t i = 0; argc < 3 && i < ARRAY_SIZE(verbs); i++)
			puts(verbs[i].name);
	else if (verb)
		return verb->run(argc, argv);
	return 0;
}

int cmd_help(int argc, char **argv)
{
	char help[] = "--help";
	const struct verb *verb;
	struct error err = { 0 };

	if (argc < 2 || !strcmp(argv[1], "help") || argv[1][0] == '-') {
		usage(stdout);
		return 0;
	}
	verb = find(verbs, ARRAY_SIZE(verbs), argv[1]);
	if (!verb)
		verb = find(aliases, ARRAY_SIZE(aliases), argv[1]);
	if (!verb)
		return unknown_verb(argv[1]);
	if (argc == 3 &&
	    (verb->run == cmd_image || verb->run == cmd_snapshot || verb->run == cmd_template))
		return verb->run(3, (char *[]){ argv[1], argv[2], help, NULL });
	if (argc > 2) {
		error_set(&err, 0, "help takes one command; see vitrine %s --help", argv[1]);
		return cli_fail(EXIT_USAGE, &err);
	}
	return verb->run(2, (char *[]){ argv[1], help, NULL });
}

static bool is_kbox(const char *program)
{
	const char *slash = strrchr(program, '/');

	return !strcmp(slash ? slash + 1 : program, "kbox");
}

static int dispatch(int argc, char **argv)
{
	const struct verb *verb;
	bool keep_word;

	if (argc > 0 && is_kbox(argv[0]))
		return cmd_kbox(argc, argv);
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}

	verb = find(verbs, ARRAY_SIZE(verbs), argv[1]);
	if (verb)
		return verb->run(argc - 1, argv + 1);

	verb = find(aliases, ARRAY_SIZE(aliases), argv[1]);
	if (!verb)
		return unknown_verb(argv[1]);

	/* An option in the verb's place is itself an argument of "run" */
	keep_word = verb->run == cmd_run;
	return keep_word ? verb->run(argc, argv) : verb->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	terminal_reserve_stdio();
	return output_finish(dispatch(argc, argv));
}
