/* SPDX-License-Identifier: GPL-2.0-only */
/* jobs.h - guest processes that the supervisor starts */
#ifndef ENGINE_JOBS_JOBS_H
#define ENGINE_JOBS_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "engine/sandbox.h"
#include "stream.h"
#include "vitrine/abi.h"
#include "vitrine/error.h"

#define JOBS_MAX (STREAM_MAX / 4) /* at a time */
#define JOB_MAIN 0

/**
 * struct job_spec - one process to start
 * @argv, @env: NULL terminated
 * @cwd:        NULL: "/"
 * @user:       resolved in the guest; NULL or empty: @uid and @gid count
 * @fds:        stdin, stdout and stderr, not owned; -1 for none. With @tty only the first two count
 * @rows, @columns: window size, with @tty
 * @init:       it is pid 1; of the main job only
 * @console:    what it writes to /dev/console is its output; likewise
 * @connect:    not a program but a connection to the guest's TCP port argv[0]; only the first two
 *              of @fds count, and may be one socket
 */
struct job_spec {
	char *const *argv;
	char *const *env;
	const char *cwd, *user;
	uint32_t uid, gid;
	bool tty, init, console, connect;
	uint16_t rows, columns;
	int fds[3];
};

/**
 * jobs_init() - Prepare the main job and queue its start
 * @config: the sandbox; outlives it
 * @err:    filled on failure
 *
 * Puts the terminal in raw mode when the job gets one. signals.h has what forwards signals to it.
 *
 * Return: 0 or -1.
 */
int jobs_init(const struct sandbox_config *config, struct error *err);

/**
 * struct jobs_saved - what of the jobs outlives a pause: the main one, and all numbers
 * @uses:  how often each slot was used
 * @main:  its pid
 * @rings: what its streams hold: input that the guest has not read, output that nobody has taken;
 *         @open: more may come
 */
struct jobs_saved {
	uint32_t uses[JOBS_MAX];
	uint64_t last_request;
	pid_t main;
	bool tty;
	struct {
		uint32_t len;
		bool open;
		uint8_t data[STREAM_RING];
	} rings[3];
};

/**
 * jobs_freeze() - Stop what moves between the main job's streams and the host
 * @ms: to wait, for each of them
 *
 * Return: whether nothing moves. jobs_thaw() is to be called in any case, unless we end.
 */
bool jobs_freeze(int ms);
void jobs_thaw(void);

/** jobs_save() - While they are frozen and the guest does not run */
void jobs_save(struct jobs_saved *saved);

/** jobs_leave() - The guest was written down: whoever waits for a job here waits no longer */
void jobs_leave(void);

/**
 * jobs_resume() - As jobs_init(), of a guest that was paused
 *
 * Nobody has the main job's streams. Other jobs' clients are gone, which their processes notice
 * when they use their streams.
 */
int jobs_resume(const struct jobs_saved *saved, struct error *err);

/**
 * jobs_main_attach() - Give the main job streams, when it has none
 * @fds:   not owned; in use until jobs_main_detach()
 * @input: the first one, too
 * @tty:   set to whether it has a terminal, which then is its input and output
 *
 * Return: 0 or -1.
 */
int jobs_main_attach(const int fds[3], bool input, bool *tty, struct error *err);
void jobs_main_detach(void);

/**
 * jobs_on_start() - Have something done before a job is started, but for the main one; any thread
 * jobs_on_exit() - ... on a vCPU, whenever a job has ended
 */
void jobs_on_start(void (*hook)(void));
void jobs_on_exit(void (*hook)(void));

/**
 * jobs_ops_fill() - Set the stream, request and job operations
 */
void jobs_ops_fill(struct vt_host_ops *ops);

/**
 * jobs_finish() - The guest is over: write out all output, let clients have their answers
 * @paused: it is kept, with the output that nobody has taken
 *
 * Context: any thread; waits for whoever reads the main job's output.
 *
 * Return: 0, or -1 when some of the main job's output could not be written, which it has said.
 */
int jobs_finish(bool paused);

/**
 * jobs_main_refuse() - The main command is not started, for a reason that was told
 */
void jobs_main_refuse(void);

/**
 * jobs_main_ended() - Has the main job ended, so that the sandbox's status is its own?
 */
bool jobs_main_ended(void);

/**
 * jobs_shutdown() - End the sandbox in order
 * @status: exit status; a second call gives up on output that nobody reads
 */
void jobs_shutdown(uint32_t status);

/**
 * job_start() - Start one more process and wait until it exists
 * @spec: what to run
 * @peer: for whom, a socket: not waited for any longer when it is closed; -1 for nobody
 * @err:  filled on failure
 *
 * Return: the job's number, which the caller gives to job_release(), or -1. No two jobs ever have
 * the same.
 */
int job_start(const struct job_spec *spec, int peer, struct error *err);

/**
 * job_signal() - Send a signal to a job's process, without waiting
 *
 * What asks the main command to end is translated for programs that are made to be pid 1.
 */
void job_signal(int id, int sig);

/**
 * job_resize() - Change the window size of a job's terminal, without waiting
 */
void job_resize(int id, uint16_t rows, uint16_t columns);

/**
 * job_pid() - Guest process id
 */
pid_t job_pid(int id);

/**
 * job_exit_fd() - A descriptor that becomes readable when the process has ended
 */
int job_exit_fd(int id);

/**
 * job_status() - Exit status as a shell reports it, once the process has ended
 */
uint32_t job_status(int id);

/**
 * job_cut() - Nobody is at the other side of the job's streams any more
 */
void job_cut(int id);

/**
 * job_output_error() - Why output of a job that has ended was lost
 * @fd: set to 1 or 2, the stream that it was
 *
 * Return: an errno value, 0 when none was.
 */
int job_output_error(int id, int *fd);

/**
 * job_flush() - Write out the rest of a job that has ended
 * @ms: give up for now after that time
 *
 * Return: is it written?
 */
bool job_flush(int id, int ms);

/**
 * job_release() - Let go of a job's descriptors and forget it; jobs_finish() waits for this
 */
void job_release(int id);

#endif
