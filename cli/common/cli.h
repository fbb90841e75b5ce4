/* SPDX-License-Identifier: GPL-2.0-only */
/* cli.h - what the verbs of the command line share
 *
 * A verb is one file with one function `int cmd_NAME(int argc, char **argv)`; argv[0] is the verb
 * and the return value is the exit status. Errors travel in a struct error up to that function,
 * which prints them with cli_fail().
 */
#ifndef CLI_COMMON_CLI_H
#define CLI_COMMON_CLI_H

#include <stddef.h>
#include "options.h"
#include "vitrine/error.h"

#define EXIT_USAGE 2	 /* the command line is wrong */
#define EXIT_TIMEOUT 124 /* the time that was given is over */
#define EXIT_VITRINE 125 /* vitrine itself failed; below are the command's own */

int cmd_run(int argc, char **argv);
int cmd_kbox(int argc, char **argv); /* what main() is when the program is called kbox */
int cmd_exec(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_kill(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_snapshot(int argc, char **argv);
int cmd_template(int argc, char **argv);
int cmd_fork(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_rm(int argc, char **argv);
int cmd_logs(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_follow(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_net(int argc, char **argv);
int cmd_publish(int argc, char **argv);
int cmd_cp(int argc, char **argv);
int cmd_browser(int argc, char **argv);
int cmd_relay(int argc, char **argv);
int cmd_observe(int argc, char **argv);
int cmd_mcp(int argc, char **argv);
int cmd_image(int argc, char **argv);
int cmd_commit(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_complete(int argc, char **argv);

/**
 * cli_verb() - Call the verb that argv[0] names, for completion only
 */
int cli_verb(int argc, char **argv);

/**
 * cli_fail() - Print "vitrine: ..." on stderr
 * @status: exit status to return
 * @err:    what went wrong
 *
 * Return: @status.
 */
int cli_fail(int status, const struct error *err);

/**
 * cli_suggest() - Find the candidate that was most likely meant
 * @word:       what was typed
 * @candidates: names to choose from; element i is at @candidates + i * @stride bytes
 * @count:      number of candidates
 * @stride:     bytes from one candidate pointer to the next
 *
 * Return: the nearest candidate by edit distance, NULL when none is near.
 */
const char *cli_suggest(const char *word, const void *candidates, size_t count, size_t stride);

/**
 * struct list_options - how a list is wanted
 * @json:  as JSON
 * @quiet: names only
 */
struct list_options {
	bool json, quiet;
};

/** cli_list_specs - the options for that: the specs of a verb that lists things */
extern const struct option_spec cli_list_specs[2];

/**
 * cli_list() - A verb that lists things, and takes no names
 * @set:  with cli_list_specs
 * @list: prints; returns 0, or -1 with the error filled
 *
 * Return: the exit status.
 */
int cli_list(const struct option_set *set,
	     int (*list)(const struct list_options *how, struct error *err), int argc, char **argv);

/**
 * cli_each() - A verb without options that does something to each of its operands
 * @set:     as of options_parse()
 * @missing: what to say when there are none
 * @act:     does it to one; the others' turn comes whatever it returns
 *
 * Return: the exit status.
 */
int cli_each(const struct option_set *set, const char *missing,
	     int (*act)(const char *name, struct error *err), int argc, char **argv);

#endif
