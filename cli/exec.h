/* SPDX-License-Identifier: GPL-2.0-only */
/* exec.h - vitrine exec, for those who start a command as it does */
#ifndef CLI_EXEC_H
#define CLI_EXEC_H

#include <stdbool.h>
#include "cli/common/options.h"
#include "vitrine/error.h"

/**
 * struct exec_options - the command line
 * @name, @command: borrowed from it
 * @tell: descriptor that the command's process id in the sandbox is written to, a pid_t, when it
 *	  runs; -1: none
 */
struct exec_options {
	bool interactive, tty;
	const char *cwd, *user, *name;
	struct string_list env, env_files;
	char **command;
	int tell;
};

/**
 * exec_parse() - Read the command line of exec
 * @argv: argv[0] is the verb
 *
 * Return: more than 0, OPTIONS_HELP, or -1 with @err filled; exec_free() in any case.
 */
int exec_parse(struct exec_options *options, int argc, char **argv, struct error *err);
void exec_free(struct exec_options *options);

/**
 * exec_run() - Run the command, to its end
 *
 * Return: exit status; what failed is told.
 */
int exec_run(const struct exec_options *options);

#endif
