// SPDX-License-Identifier: GPL-2.0-only
/* jobs.c - guest processes that the supervisor starts
 *
 * Theory of operation
 * A job is a number, the streams job * 4 + {0,1,2} and a VT_REQ_SPAWN. Job 0 is the main command:
 * its streams are our own stdio, signals that we get go to it (see signals.c), and the kernel halts
 * when it ends. Other jobs belong to a connection of the control socket, whose thread starts them,
 * waits for job_exit_fd() and releases them.
 *
 * The kernel reports a job's end after it has given us all output; the streams may still hold it,
 * which is why job_flush() stands between the end and the report to the user.
 *
 * Slots are used again, numbers are not: a number's remainder by JOBS_MAX is its slot, and the rest
 * counts who had it. So what the kernel says about a job that we have given up on, or what a pump
 * of it still writes, reaches nobody else.
 *
 * Host system calls: futex, eventfd2, write, close.
 */
#include "jobs.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "engine/log/logring.h"
#include "request.h"
#include "terminal.h"
#include "lib/say.h"
#include "lib/clock.h"
#include "vitrine/util.h"

/* Clients of the control socket get this long to take the last output; milliseconds */
#define CLIENT_PATIENCE 1000
#define STATUS_VITRINE 125 /* the kernel says so, too, when it cannot start the main job */

enum job_state { JOB_FREE, JOB_STARTING, JOB_RUNNING, JOB_ENDED, JOB_NSTATES };

#define NUMBERS (1U << 29) /* so that four times one is a stream's number */

struct job {
	enum job_state state;
	uint32_t number, uses;
	bool tty;
	pid_t pid;
	uint32_t wait_status;
	int exit_fd;
};

static struct job jobs[JOBS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static bool impatient;

/* ---- the request's data ---- */

struct blob {
	uint8_t *data;
	size_t len;
};

static void cleanup_blob_fn(struct blob *blob)
{
	free(blob->data);
}
#define cleanup_blob __attribute__((cleanup(cleanup_blob_fn)))

static int blob_add(struct blob *blob, const char *string)
{
	size_t len = strlen(string) + 1;

	if (len > VT_REQ_DATA_MAX - blob->len)
		return -1;
	memcpy(blob->data + blob->len, string, len);
	blob->len += len;
	return 0;
}

static int blob_add_list(struct blob *blob, char *const *list, vt_u32 *count)
{
	for (*count = 0; list && list[*count]; (*count)++) {
		if (blob_add(blob, list[*count]))
			return -1;
	}
	return 0;
}

static int spawn_pack(struct blob *blob, uint32_t id, const struct job_spec *spec,
		      struct error *err)
{
	bool named = spec->user && spec->user[0];
	struct vt_spawn head = {
		.job = id,
		.flags = (spec->tty ? VT_SPAWN_TTY : 0) | (id == JOB_MAIN ? VT_SPAWN_MAIN : 0) |
			 (named ? VT_SPAWN_USER : 0) | (spec->init ? VT_SPAWN_INIT : 0) |
			 (spec->console ? VT_SPAWN_CONSOLE : 0) |
			 (spec->connect ? VT_SPAWN_CONNECT : 0),
		.uid = spec->uid,
		.gid = spec->gid,
		.rows = spec->rows,
		.columns = spec->columns,
	};

	blob->data = malloc(VT_REQ_DATA_MAX);
	if (!blob->data)
		return error_set(err, ENOMEM, "cannot start the command");
	blob->len = sizeof(head);
	if (blob_add(blob, spec->cwd && spec->cwd[0] ? spec->cwd : "/") ||
	    blob_add(blob, named ? spec->user : "") ||
	    blob_add_list(blob, spec->argv, &head.argc) ||
	    blob_add_list(blob, spec->env, &head.envc))
		return error_set(err, 0, "the command's arguments and environment exceed %d KiB",
				 VT_REQ_DATA_MAX / 1024);
	if (!head.argc)
		return error_set(err, 0, "no command given");
	head.strings = blob->len - sizeof(head);
	memcpy(blob->data, &head, sizeof(head));
	return 0;
}

/* ---- streams ---- */

static void main_tap(const void *buf, uint32_t len)
{
	logring_append(LOGRING_MAIN, buf, len);
}

static void streams_release(int id)
{
	for (int i = 0; i < 3; i++)
		stream_release(id * 4 + i);
}

static int streams_open(int id, const struct job_spec *spec, struct error *err)
{
	for (int i = 0; i < (spec->tty || spec->connect ? 2 : 3); i++) {
		struct stream_config config = {
			.direction = i ? STREAM_TO_HOST : STREAM_TO_GUEST,
			.fd = spec->fds[i],
			.tty = spec->tty,
			.tap = i && id == JOB_MAIN ? main_tap : NULL,
		};

		if (stream_open(id * 4 + i, &config, err) < 0) {
			streams_release(id);
			return -1;
		}
	}
	return 0;
}

/* ---- life of a job ---- */

static struct job *job_at(uint32_t id)
{
	return &jobs[id % JOBS_MAX];
}

static int job_claim(const struct job_spec *spec, unsigned first, struct error *err)
{
	uint32_t slot, uses, number = 0;

	pthread_mutex_lock(&lock);
	for (slot = first; slot < JOBS_MAX && jobs[slot].state != JOB_FREE; slot++)
		;
	if (slot < JOBS_MAX) {
		uses = jobs[slot].uses + 1;
		number = (slot + (uses - 1) * JOBS_MAX) % NUMBERS;
		jobs[slot] = (struct job){
			.state = JOB_STARTING,
			.number = number,
			.uses = uses,
			.tty = spec->tty,
			.exit_fd = -1,
		};
	}
	pthread_mutex_unlock(&lock);
	if (slot == JOBS_MAX)
		return error_set(err, 0, "the sandbox runs %d commands already", JOBS_MAX);
	return number;
}

static void job_free(int id)
{
	struct job *job = job_at(id);

	pthread_mutex_lock(&lock);
	if (job->exit_fd >= 0)
		close(job->exit_fd);
	job->state = JOB_FREE;
	pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&lock);
}

static void job_started(int id, pid_t pid)
{
	struct job *job = job_at(id);

	pthread_mutex_lock(&lock);
	job->pid = pid;
	if (job->state == JOB_STARTING)
		job->state = JOB_RUNNING;
	pthread_mutex_unlock(&lock);
}

/* Why there is no process */
static int start_error(int64_t value, struct error *err)
{
	if (value == -ETIMEDOUT || value == -ECANCELED)
		return error_set(err, ETIMEDOUT,
				 "cannot start the command: the guest's kernel does not answer");
	if (value == -EAGAIN || value == -ENOMEM)
		return error_set(err, (int)-value,
				 "cannot start the command: the guest has no room for one more "
				 "process");
	if (value == -ESHUTDOWN)
		return error_set(err, 0, "cannot start the command: the sandbox is ending");
	return error_set(err, (int)-value, "cannot start the command in the sandbox");
}

static void (*start_hook)(void), (*exit_hook)(void);

void jobs_on_start(void (*hook)(void))
{
	start_hook = hook;
}

void jobs_on_exit(void (*hook)(void))
{
	exit_hook = hook;
}

int job_start(const struct job_spec *spec, int peer, struct error *err)
{
	const struct patience patience = { REQUEST_PATIENCE, peer };
	cleanup_blob struct blob blob = { 0 };
	struct reply reply;
	int id = job_claim(spec, JOB_MAIN + 1, err);
	struct job *job = job_at(id);
	int64_t pid;

	if (id < 0)
		return -1;
	job->exit_fd = eventfd(0, EFD_CLOEXEC);
	if (job->exit_fd < 0) {
		error_set(err, errno, "cannot make an eventfd");
		goto fail;
	}
	if (spawn_pack(&blob, id, spec, err) < 0 || streams_open(id, spec, err) < 0)
		goto fail;
	if (start_hook)
		start_hook();
	pid = request_call(&(struct question){ VT_REQ_SPAWN, blob.data, blob.len }, &patience,
			   &reply);
	if (pid < 0) {
		streams_release(id);
		start_error(pid, err);
		goto fail;
	}
	job_started(id, pid);
	return id;
fail:
	job_free(id);
	return -1;
}

pid_t job_pid(int id)
{
	pid_t pid;

	pthread_mutex_lock(&lock);
	pid = job_at(id)->pid;
	pthread_mutex_unlock(&lock);
	return pid;
}

void job_signal(int id, int sig)
{
	const bool asks = sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
	const struct vt_signal ask = {
		.pid = job_pid(id),
		.signal = sig,
		.flags = asks && id == JOB_MAIN ? VT_SIGNAL_END : 0,
	};

	request_post(&(struct question){ QUESTION(VT_REQ_SIGNAL, &ask) }, NULL, NULL);
}

void job_resize(int id, uint16_t rows, uint16_t columns)
{
	const struct vt_resize ask = { .job = id, .rows = rows, .columns = columns };

	request_post(&(struct question){ QUESTION(VT_REQ_RESIZE, &ask) }, NULL, NULL);
}

int job_exit_fd(int id)
{
	return job_at(id)->exit_fd;
}

uint32_t job_status(int id)
{
	uint32_t status;

	pthread_mutex_lock(&lock);
	status = job_at(id)->wait_status;
	pthread_mutex_unlock(&lock);
	return vt_exit_status(status);
}

void job_cut(int id)
{
	for (int i = 0; i < 3; i++)
		stream_cut(id * 4 + i);
}

bool job_flush(int id, int ms)
{
	return stream_flush(id * 4 + 1, ms) && stream_flush(id * 4 + 2, ms);
}

int job_output_error(int id, int *fd)
{
	for (*fd = 1; *fd <= 2; (*fd)++) {
		int error = stream_error(id * 4 + *fd);

		if (error)
			return error;
	}
	return 0;
}

void job_release(int id)
{
	streams_release(id);
	job_free(id);
}

static void op_job_exit(vt_u32 id, vt_u32 wait_status)
{
	static const uint64_t one = 1;
	struct job *job = job_at(id);

	pthread_mutex_lock(&lock);
	if (job->number == id && job->state != JOB_FREE && job->state != JOB_ENDED) {
		job->wait_status = wait_status;
		job->state = JOB_ENDED;
		if (job->exit_fd >= 0 && write(job->exit_fd, &one, sizeof(one)) < 0)
			abort(); /* an eventfd of ours cannot be full */
	}
	pthread_mutex_unlock(&lock);
	if (exit_hook)
		exit_hook();
}

/* ---- the main job and the end ---- */

static void main_started(void *ctx, int64_t value)
{
	if (value > 0) {
		terminal_keys(false);
		job_started(JOB_MAIN, value);
	} else if (value != -ESHUTDOWN) { /* a kernel that died says why */
		terminal_restore();
		say("cannot start the command: %s", strerror(-value));
		op_job_exit(JOB_MAIN, STATUS_VITRINE << 8);
	}
}

void jobs_main_refuse(void)
{
	terminal_restore();
	op_job_exit(JOB_MAIN, STATUS_VITRINE << 8);
}

static int attach(int id, const int fds[3], bool input, struct error *err)
{
	for (int i = input ? 0 : 1; i < (job_at(id)->tty ? 2 : 3); i++) {
		if (stream_attach(id * 4 + i, fds[i], err)) {
			while (i-- > (input ? 0 : 1))
				stream_detach(id * 4 + i);
			return -1;
		}
	}
	return 0;
}

int jobs_main_attach(const int fds[3], bool input, bool *tty, struct error *err)
{
	if (!job_pid(JOB_MAIN))
		return error_set(err, 0, "the sandbox's command does not run yet");
	*tty = job_at(JOB_MAIN)->tty;
	return attach(JOB_MAIN, fds, input, err);
}

void jobs_main_detach(void)
{
	for (int i = 0; i < 3; i++)
		stream_detach(JOB_MAIN * 4 + i);
}

/* ---- pauses ---- */

bool jobs_freeze(int ms)
{
	bool frozen = true;

	for (unsigned slot = JOB_MAIN + 1; slot < JOBS_MAX; slot++)
		job_flush((int)jobs[slot].number, 0); /* as far as their clients have taken it */
	for (int i = 0; i < 3; i++)
		frozen &= stream_freeze(JOB_MAIN * 4 + i, ms);
	return frozen;
}

void jobs_thaw(void)
{
	for (int i = 0; i < 3; i++)
		stream_thaw(JOB_MAIN * 4 + i);
}

void jobs_save(struct jobs_saved *saved)
{
	pthread_mutex_lock(&lock);
	for (unsigned slot = 0; slot < JOBS_MAX; slot++)
		saved->uses[slot] = jobs[slot].uses;
	saved->main = jobs[JOB_MAIN].state == JOB_RUNNING ? jobs[JOB_MAIN].pid : 0;
	saved->tty = jobs[JOB_MAIN].tty;
	pthread_mutex_unlock(&lock);
	saved->last_request = request_numbers(0);
	for (int i = 0; i < 3; i++)
		saved->rings[i].len = (uint32_t)stream_peek(JOB_MAIN * 4 + i, saved->rings[i].data,
							    STREAM_RING, &saved->rings[i].open);
}

int jobs_resume(const struct jobs_saved *saved, struct error *err)
{
	if (saved->main <= 0)
		return error_set(err, 0, "nothing ran in the sandbox");
	for (unsigned slot = 0; slot < JOBS_MAX; slot++)
		jobs[slot].uses = saved->uses[slot];
	request_numbers(saved->last_request);
	jobs[JOB_MAIN].tty = saved->tty;
	jobs[JOB_MAIN].exit_fd = eventfd(0, EFD_CLOEXEC);
	if (jobs[JOB_MAIN].exit_fd < 0)
		return error_set(err, errno, "cannot make an eventfd");
	jobs[JOB_MAIN].state = JOB_RUNNING;
	jobs[JOB_MAIN].pid = saved->main;
	for (int i = 0; i < (saved->tty ? 2 : 3); i++) {
		const struct stream_config config = {
			.direction = i ? STREAM_TO_HOST : STREAM_TO_GUEST,
			.fd = -1,
			.tty = saved->tty,
			.held = true,
			.ended = !saved->rings[i].open,
			.preload = saved->rings[i].data,
			.preload_len = saved->rings[i].len,
			.tap = i ? main_tap : NULL,
		};

		if (stream_open(JOB_MAIN * 4 + i, &config, err) < 0)
			return -1;
	}
	return 0;
}

int jobs_init(const struct sandbox_config *config, struct error *err)
{
	cleanup_blob struct blob blob = { 0 };
	struct job_spec spec = {
		.argv = config->argv,
		.env = config->env,
		.cwd = config->cwd,
		.user = config->user,
		.uid = config->uid,
		.gid = config->gid,
		.tty = config->tty,
		.init = config->init,
		.console = config->console,
		.fds = { config->interactive ? 0 : -1, config->detached ? -1 : 1,
			 config->detached ? -1 : 2 },
	};
	int ret;

	terminal_size(&spec.rows, &spec.columns);
	if (job_claim(&spec, JOB_MAIN, err) != JOB_MAIN)
		return -1;
	jobs[JOB_MAIN].exit_fd = eventfd(0, EFD_CLOEXEC);
	if (jobs[JOB_MAIN].exit_fd < 0)
		return error_set(err, errno, "cannot make an eventfd");
	if (spawn_pack(&blob, JOB_MAIN, &spec, err) < 0 || streams_open(JOB_MAIN, &spec, err) < 0)
		return -1;
	ret = request_post(&(struct question){ VT_REQ_SPAWN, blob.data, blob.len }, main_started,
			   NULL);
	if (ret)
		return error_set(err, -ret, "cannot queue the command");
	if (config->tty && config->interactive && terminal_raw(0, err) < 0)
		return -1;
	terminal_keys(true);
	return 0;
}

void jobs_shutdown(uint32_t status)
{
	const struct vt_shutdown ask = { status };
	bool again;

	pthread_mutex_lock(&lock);
	again = impatient;
	impatient = true;
	pthread_mutex_unlock(&lock);
	request_post(&(struct question){ QUESTION(VT_REQ_SHUTDOWN, &ask) }, NULL, NULL);
	if (again)
		job_cut(JOB_MAIN);
}

bool jobs_main_ended(void)
{
	bool ended;

	pthread_mutex_lock(&lock);
	ended = jobs[JOB_MAIN].state == JOB_ENDED;
	pthread_mutex_unlock(&lock);
	return ended;
}

/* After a panic or a pause there are jobs whose end nobody has reported */
static void jobs_end(unsigned from, uint32_t wait_status)
{
	static const uint64_t one = 1;

	pthread_mutex_lock(&lock);
	for (unsigned slot = from; slot < JOBS_MAX; slot++) {
		if (jobs[slot].state != JOB_RUNNING)
			continue;
		jobs[slot].wait_status = wait_status;
		jobs[slot].state = JOB_ENDED;
		if (write(jobs[slot].exit_fd, &one, sizeof(one)) < 0)
			abort();
	}
	pthread_mutex_unlock(&lock);
}

/* With the lock held */
static bool clients_left(void)
{
	for (unsigned slot = JOB_MAIN + 1; slot < JOBS_MAX; slot++) {
		if (jobs[slot].state != JOB_FREE)
			return true;
	}
	return false;
}

void jobs_leave(void)
{
	jobs_end(JOB_MAIN, SANDBOX_STATUS_PAUSED << 8);
}

int jobs_finish(bool paused)
{
	struct timespec deadline;
	int ret = 0, fd, lost;

	request_stop();
	jobs_end(JOB_MAIN + 1, SIGKILL);
	if (!paused) /* what is left was kept with the sandbox */
		job_flush(JOB_MAIN, -1);
	deadline = clock_deadline(CLIENT_PATIENCE);
	pthread_mutex_lock(&lock);
	while (clients_left() && ret != ETIMEDOUT)
		ret = pthread_cond_clockwait(&released, &lock, CLOCK_MONOTONIC, &deadline);
	pthread_mutex_unlock(&lock);
	terminal_restore();
	lost = job_output_error(JOB_MAIN, &fd);
	if (lost)
		say("standard %s: %s", fd == 1 ? "output" : "error", strerror(lost));
	return lost ? -1 : 0;
}

void jobs_ops_fill(struct vt_host_ops *ops)
{
	stream_ops_fill(ops);
	request_ops_fill(ops);
	ops->job_exit = op_job_exit;
}
