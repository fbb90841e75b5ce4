/* SPDX-License-Identifier: GPL-2.0-only */
/* jobs.c - commands, their streams, and requests to the kernel
 *
 * Theory of operation
 * A request waits in a list until the kernel fetches it and in another until it is answered. A job
 * has three streams: input waits in a buffer that the kernel reads from, output is given to the
 * host at once; what the host does not take the kernel keeps, until machine_output_ready().
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define OUTPUT_PIECE 16384

struct request {
	struct request *next;
	uint64_t id;
	uint32_t kind, len, job;
	uint8_t data[];
};

/* @in: bytes written and read since it began */
struct job {
	uint32_t number;
	bool used, ended;
	uint32_t in_end, in_begin;
	bool in_closed;
	uint8_t input[INPUT_SIZE];
};

struct jobs {
	struct request *queued, **queued_end, *sent;
	uint64_t last_id;
	struct job job[JOBS_MAX];
};

int jobs_new(struct machine *m)
{
	m->jobs = calloc(1, sizeof(*m->jobs));
	if (!m->jobs)
		return -1;
	m->jobs->queued_end = &m->jobs->queued;
	return 0;
}

static void list_free(struct request *list)
{
	for (struct request *next; list; list = next) {
		next = list->next;
		free(list);
	}
}

void jobs_free(struct machine *m)
{
	if (!m->jobs)
		return;
	list_free(m->jobs->queued);
	list_free(m->jobs->sent);
	free(m->jobs);
}

static struct job *job_of(struct machine *m, uint32_t number)
{
	struct job *job = &m->jobs->job[number % JOBS_MAX];

	return job->used && job->number == number ? job : NULL;
}

/* ---- requests ---- */

static int post(struct machine *m, uint32_t kind, uint32_t job, const void *data, uint32_t len)
{
	struct request *request = malloc(sizeof(*request) + len);

	if (!request)
		return -1;
	request->next = NULL;
	request->id = ++m->jobs->last_id;
	request->kind = kind;
	request->job = job;
	request->len = len;
	memcpy(request->data, data, len);
	*m->jobs->queued_end = request;
	m->jobs->queued_end = &request->next;
	kernel_raise(m, VT_IRQ_REQUEST);
	return 0;
}

static uint64_t request_next(struct machine *m, uint64_t at)
{
	struct request *request = m->jobs->queued;
	struct guest_request to;

	if (!request || guest_read(m, at, &to, sizeof(to)))
		return 0;
	to.id = request->id;
	to.kind = request->kind;
	to.len = request->len;
	if (guest_write(m, to.data, request->data, request->len) ||
	    guest_write(m, at, &to, sizeof(to)))
		return 0;
	m->jobs->queued = request->next;
	if (!request->next)
		m->jobs->queued_end = &m->jobs->queued;
	request->next = m->jobs->sent;
	m->jobs->sent = request;
	return 1;
}

static uint64_t request_done(struct machine *m, uint64_t id, int64_t value)
{
	struct request **at = &m->jobs->sent;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	if (*at) {
		struct request *request = *at;

		*at = request->next;
		if (request->kind == VT_REQ_SPAWN)
			m->host->started(m->host->of, request->job, value);
		else if (request->kind == VT_REQ_PAUSE && value)
			m->host->refused(m->host->of, value);
		free(request);
	}
	return 1;
}

/* ---- commands ---- */

struct words {
	uint8_t *data;
	uint32_t len;
	bool full;
};

static void add_word(struct words *words, const char *word)
{
	const size_t len = strlen(word) + 1;

	words->full |= len > VT_REQ_DATA_MAX - words->len;
	if (words->full)
		return;
	memcpy(words->data + words->len, word, len);
	words->len += (uint32_t)len;
}

static uint32_t add_words(struct words *words, const char *const *list)
{
	uint32_t count = 0;

	for (; list && list[count]; count++)
		add_word(words, list[count]);
	return count;
}

int machine_start(struct machine *m, const struct machine_command *command)
{
	const bool named = command->user && command->user[0];
	struct words words = { .data = malloc(VT_REQ_DATA_MAX), .len = sizeof(struct vt_spawn) };
	struct job *job = &m->jobs->job[command->job % JOBS_MAX];
	struct vt_spawn head = {
		.job = command->job,
		.flags = (command->tty ? VT_SPAWN_TTY : 0) |
			 (command->job ? 0 : VT_SPAWN_MAIN | VT_SPAWN_CONSOLE) |
			 (named ? VT_SPAWN_USER : 0),
		.rows = command->rows,
		.columns = command->columns,
	};
	int ret = -1;

	if (!words.data || (job->used && !job->ended))
		goto out;
	add_word(&words, command->cwd && command->cwd[0] ? command->cwd : "/");
	add_word(&words, named ? command->user : "");
	head.argc = add_words(&words, command->argv);
	head.envc = add_words(&words, command->env);
	if (words.full || !head.argc)
		goto out;
	head.strings = words.len - (uint32_t)sizeof(head);
	memcpy(words.data, &head, sizeof(head));
	*job = (struct job){ .number = command->job, .used = true };
	ret = post(m, VT_REQ_SPAWN, command->job, words.data, words.len);
	job->used = !ret;
out:
	free(words.data);
	return ret;
}

void machine_resize(struct machine *m, uint32_t job, uint16_t rows, uint16_t columns)
{
	const struct vt_resize ask = { .job = job, .rows = rows, .columns = columns };

	post(m, VT_REQ_RESIZE, job, &ask, sizeof(ask));
}

void machine_signal(struct machine *m, int pid, int signal)
{
	const struct vt_signal ask = { .pid = pid, .signal = (uint32_t)signal };

	post(m, VT_REQ_SIGNAL, 0, &ask, sizeof(ask));
}

/* ---- pauses ---- */

int machine_pause(struct machine *m)
{
	return post(m, VT_REQ_PAUSE, 0, "", 0);
}

void jobs_save(struct machine *m, struct saved *saved)
{
	saved->last_id = m->jobs->last_id;
	for (unsigned n = 0; n < JOBS_MAX; n++) {
		const struct job *job = &m->jobs->job[n];
		struct saved_job *to = &saved->job[n];

		to->number = job->number;
		to->used = job->used;
		to->ended = job->ended;
		to->in_closed = job->in_closed;
		to->in_size = job->in_end - job->in_begin;
		for (uint32_t i = 0; i < to->in_size; i++)
			to->input[i] = job->input[(job->in_begin + i) % INPUT_SIZE];
	}
}

void jobs_restore(struct machine *m, const struct saved *saved)
{
	m->jobs->last_id = saved->last_id;
	for (unsigned n = 0; n < JOBS_MAX; n++) {
		const struct saved_job *from = &saved->job[n];
		struct job *job = &m->jobs->job[n];

		job->number = from->number;
		job->used = from->used;
		job->ended = from->ended;
		job->in_closed = from->in_closed;
		job->in_begin = 0;
		job->in_end = from->in_size < INPUT_SIZE ? from->in_size : INPUT_SIZE;
		memcpy(job->input, from->input, job->in_end);
	}
}

/* ---- streams ---- */

size_t machine_input(struct machine *m, uint32_t number, const void *data, size_t size)
{
	struct job *job = job_of(m, number);
	size_t room;

	if (!job || job->in_closed)
		return 0;
	room = INPUT_SIZE - (job->in_end - job->in_begin);
	size = size < room ? size : room;
	for (size_t n = 0; n < size; n++)
		job->input[job->in_end++ % INPUT_SIZE] = ((const uint8_t *)data)[n];
	kernel_raise(m, VT_IRQ_STREAM);
	return size;
}

void machine_input_end(struct machine *m, uint32_t number)
{
	struct job *job = job_of(m, number);

	if (job)
		job->in_closed = true;
	kernel_raise(m, VT_IRQ_STREAM);
}

void machine_output_ready(struct machine *m)
{
	kernel_raise(m, VT_IRQ_STREAM);
}

static uint64_t stream_read(struct machine *m, uint32_t stream, uint64_t to, uint32_t size)
{
	struct job *job = stream % 4 ? NULL : job_of(m, stream / 4);
	uint32_t have;

	if (!job)
		return 0;
	have = job->in_end - job->in_begin;
	if (!have)
		return job->in_closed ? 0 : -(uint64_t)G_EAGAIN;
	size = size < have ? size : have;
	for (uint32_t n = 0; n < size; n++) {
		if (guest_write(m, to + n, &job->input[(job->in_begin + n) % INPUT_SIZE], 1))
			return -(uint64_t)G_EFAULT;
	}
	job->in_begin += size;
	return size;
}

static uint64_t stream_write(struct machine *m, uint32_t stream, uint64_t from, uint32_t size)
{
	static uint8_t piece[OUTPUT_PIECE];
	size_t taken;

	if (!job_of(m, stream / 4))
		return -(uint64_t)G_EPIPE;
	size = size < sizeof(piece) ? size : sizeof(piece);
	if (guest_read(m, from, piece, size))
		return -(uint64_t)G_EFAULT;
	taken = m->host->output(m->host->of, stream / 4, stream % 4, piece, size);
	return taken || !size ? taken : -(uint64_t)G_EAGAIN;
}

uint64_t jobs_call(struct machine *m, enum guest_call call, const uint64_t args[6])
{
	struct job *job;

	switch (call) {
	case CALL_stream_read:
		return stream_read(m, (uint32_t)args[0], args[1], (uint32_t)args[2]);
	case CALL_stream_write:
		return stream_write(m, (uint32_t)args[0], args[1], (uint32_t)args[2]);
	case CALL_stream_close:
		if (job_of(m, (uint32_t)args[0] / 4) && args[0] % 4)
			m->host->closed(m->host->of, (uint32_t)args[0] / 4, args[0] % 4);
		return 0;
	case CALL_request_next:
		return request_next(m, args[0]);
	case CALL_request_done:
		return request_done(m, args[0], (int64_t)args[1]);
	default:
		job = job_of(m, (uint32_t)args[0]);
		if (!job)
			return 0;
		job->ended = true;
		m->host->ended(m->host->of, job->number, (uint32_t)args[1]);
		return 0;
	}
}
