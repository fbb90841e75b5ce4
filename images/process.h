/* SPDX-License-Identifier: GPL-2.0-only */
/* process.h - run the programs that image building needs */
#ifndef VITRINE_IMAGES_PROCESS_H
#define VITRINE_IMAGES_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>
#include "vitrine/error.h"

/**
 * struct process - a running child
 * @pid: of its keeper, which ends with its exit status; 0 when there is none
 * @out: its standard output
 * @log: its standard error, in an unlinked file; @told: what of it process_line() has given out
 */
struct process {
	const char *name;
	pid_t pid;
	int out, log;
	off_t told;
};

/**
 * process_run() - Run a program to its end
 * @argv:      looked up in PATH, and in /sbin and /usr/sbin, which users often lack
 * @tolerated: highest exit status that is a success
 * @err:       on failure, holds the last line that the program wrote
 */
int process_run(char *const argv[], int tolerated, struct error *err);

/** process_start() - Start a program whose output is read from @p->out */
int process_start(struct process *p, char *const argv[], struct error *err);

/** process_wait() - Close its output, wait for its end; a failure carries its last line */
int process_wait(struct process *p, int tolerated, struct error *err);

/** process_line() - The next line of its standard error; false when there is none yet */
bool process_line(struct process *p, char *line, size_t size);

/** process_stop() - End it and whatever it has started, and wait; does nothing when there is none
 */
void process_stop(struct process *p);

/**
 * interrupt_catch() - From now on SIGINT, SIGTERM and SIGHUP only set a flag
 *
 * Long steps look at interrupt_caught() and fail, so that everything half-made is taken away by
 * the usual error path.
 */
void interrupt_catch(void);
int interrupt_caught(void); /* the signal's number, or 0 */

#endif
