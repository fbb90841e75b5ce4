/* SPDX-License-Identifier: GPL-2.0-only */
/* task.h - a tool that was called: commands of this program, one after the other */
#ifndef CLI_MCP_TASK_H
#define CLI_MCP_TASK_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "mcp/mcp.h"

#define TASK_WORDS_MAX 128
#define TASK_OUTPUT_MAX (1U << 20) /* bytes of a stream that are kept; what is more is dropped */
#define TASK_STEPS_MAX 3

enum { TASK_IN, TASK_OUT, TASK_ERR, TASK_EXTRA, TASK_NSTREAMS };

/**
 * struct task_stream - one of a command's streams
 * @fd:   our end, or -1
 * @data: what came out of it or has to go in; @at: of that, what has gone in
 * @cut:  it was more than TASK_OUTPUT_MAX
 */
struct task_stream {
	int fd;
	char *data;
	size_t len, at;
	bool cut;
};

/**
 * struct task_step - a command
 * @words: its arguments, "vitrine" first; each is the task's to free
 */
struct task_step {
	char *words[TASK_WORDS_MAX];
	unsigned nwords;
};

/**
 * struct task - the tool
 * @ended: descriptor that tells when the command has ended, or -1
 * @id: of the request; @arguments: the client's
 * @timeout_ms: of all steps, 0: none
 * @extra: the commands have a descriptor 3, whose text is TASK_EXTRA
 * @ended_late: that was over
 * @cancelled: nobody wants to know
 * @status: exit status of the last command
 *
 * A step begins when the one before has ended with 0; what they print is one text.
 */
struct task {
	struct task *next;
	const struct tool_plan *plan;
	json_t *id, *arguments;
	struct task_step steps[TASK_STEPS_MAX];
	unsigned nsteps, step;
	struct task_stream streams[TASK_NSTREAMS];
	pid_t pid;
	int ended;
	uint64_t deadline_ns, timeout_ms;
	unsigned signals;
	bool extra, ended_late, cancelled, full;
	int status;
};

/** task_word() - One more word of the last step; what does not fit is remembered (@full) */
void task_word(struct task *task, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** task_step() - What follows are the words of one more command */
void task_step(struct task *task);

/**
 * task_start() - Start the first command
 *
 * Return: 0, or -1 with @err.
 */
int task_start(struct task *task, struct error *err);

#define TASK_FDS_MAX (TASK_NSTREAMS + 1)

/** task_fds() - What to wait for. Return: how many of the TASK_FDS_MAX @fds were filled */
unsigned task_fds(const struct task *task, struct pollfd *fds);

/**
 * task_move() - Move what can be moved, start what can be started, end what is late
 *
 * Return: true when all of it is over.
 */
bool task_move(struct task *task);

/** task_wait_ms() - Until task_move() has to be called again, or -1 */
int task_wait_ms(const struct task *task);

/** task_end() - Nobody wants the result: end the command */
void task_end(struct task *task);

void task_free(struct task *task);

#endif
