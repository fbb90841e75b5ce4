/* SPDX-License-Identifier: GPL-2.0-only */
/* process.h - commands that the service runs in sandboxes */
#ifndef SERVICE_PROC_PROCESS_H
#define SERVICE_PROC_PROCESS_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "cli/common/client.h"
#include "log.h"
#include "service/fault.h"

#define PROCESS_TAG_MAX 128

struct service;

/**
 * struct command - what to run
 * @argv: a list of texts; @env: a list of "K=V", or NULL
 * @given: likewise, the sandbox's: @env comes after it
 * @rows, @columns: with @tty
 */
struct command {
	const json_t *argv, *env, *given;
	const char *cwd, *user, *tag;
	bool input, tty;
	unsigned rows, columns;
};

/**
 * struct process - a command, from its start until it is forgotten
 * @id:    of the sandbox
 * @log:   what it writes
 * @input: its standard input's other end, -1 when it is closed or there is none; under @lock
 * @client: connection to the sandbox; written to under @lock, read by the process's thread alone
 * @users: the table, the thread, and whoever has it from process_find()
 */
struct process {
	struct process *next;
	struct service *service;
	char id[32], tag[PROCESS_TAG_MAX + 1];
	int pid;
	bool tty;
	json_t *command;
	char *cwd;
	struct log *log;
	pthread_mutex_t lock;
	int input, output, error;
	struct client *client;
	int64_t started_ms, ended_ms;
	_Atomic int users;
};

/**
 * process_start() - Run a command
 * @reader: opened on its log, from the beginning; the caller calls log_close() before he releases
 *
 * Return: a process that the caller gives to process_release(), or NULL with @fault.
 */
struct process *process_start(struct service *service, const char *id,
			      const struct command *command, struct reader *reader,
			      struct fault *fault);

/**
 * process_find() - One that runs, or has just ended
 * @pid: or 0; @tag: or NULL
 */
struct process *process_find(const char *id, int pid, const char *tag, struct fault *fault);

/** process_forget() - Nobody will ask for it any more: it leaves the table */
void process_forget(struct process *process);

void process_release(struct process *process);

/** process_signal() - Send it a signal */
int process_signal(struct process *process, int signal, struct fault *fault);

int process_resize(struct process *process, unsigned rows, unsigned columns, struct fault *fault);

/**
 * process_input() - Write to its standard input
 *
 * Waits while it does not read, for half a minute at most.
 */
int process_input(struct process *process, const void *data, size_t len, struct fault *fault);

/** process_input_end() - It reads the end of its input */
int process_input_end(struct process *process, struct fault *fault);

/** process_warm_up() - Run a shell once (warmup.c) */
void process_warm_up(struct service *service, const char *id);

/**
 * process_list() - Those of a sandbox that run: a list of {pid, tag, argv, cwd, started_ms}
 * @ended: and those that have ended not long ago, with {ended_ms, exit_code}
 */
json_t *process_list(const char *id, bool ended);

#endif
