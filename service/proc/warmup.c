// SPDX-License-Identifier: GPL-2.0-only
/* warmup.c - what a template that is to be ready (life/warm.c) has done once
 *
 * The first command in each sandbox would otherwise wait for the shell and its libraries.
 */
#include <string.h>

#include "collect.h"
#include "process.h"

#define SHELL_MS 10000

static void run_shell(struct service *service, const char *id, const char *shell)
{
	json_t *argv = json_pack("[s, s, s, s]", shell, "-l", "-c", ":");
	const struct command command = { .argv = argv, .cwd = "/", .user = "0:0" };
	struct collected said = { 0 };
	struct reader reader;
	struct fault fault;
	struct process *p = process_start(service, id, &command, &reader, &fault);

	if (p) {
		collect(p, &reader, SHELL_MS, &said, &fault);
		collected_free(&said);
		log_close(&reader);
		process_forget(p);
		process_release(p);
	}
	json_decref(argv);
}

void process_warm_up(struct service *service, const char *id)
{
	run_shell(service, id, "/bin/sh");
	run_shell(service, id, "/bin/bash");
}
