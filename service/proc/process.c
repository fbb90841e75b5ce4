// SPDX-License-Identifier: GPL-2.0-only
/* process.c - commands that the service runs in sandboxes
 *
 * Theory of operation
 * A command's streams are pipes, of which the sandbox gets one end with the message `exec`. Each
 * command has a thread that reads the other ends into its log, and the connection for its exit. The
 * client that asked for it may go, and others may come: the command does not notice.
 *
 * One that has ended stays in the table for a while, for those who ask late.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service/life/keeper.h"
#include "service/life/sandbox.h"
#include "service/service.h"
#include "vitrine/util.h"

#define STACK (256 * 1024)
#define KEPT_MS (5 * 60 * 1000)
#define RUNNING_MAX 2048
#define ENDED_MAX 256
#define INPUT_MS 30000
#define PATIENCE 40

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct process *table;
static _Atomic unsigned count; /* those that run */

void process_release(struct process *p)
{
	if (!p || atomic_fetch_sub(&p->users, 1) > 1)
		return;
	if (p->client)
		client_close(p->client);
	free(p->client);
	cleanup_close_fn(&p->input);
	cleanup_close_fn(&p->output);
	cleanup_close_fn(&p->error);
	pthread_mutex_destroy(&p->lock);
	json_decref(p->command);
	log_free(p->log);
	free(p->cwd);
	free(p);
}

/* Forget those that have ended long ago, or before many others; with the lock held */
static void forget_old(void)
{
	const int64_t before = now_ms() - KEPT_MS;
	struct process **at = &table, *p;
	unsigned ended = 0;

	while ((p = *at)) {
		if (p->ended_ms && (p->ended_ms < before || ++ended > ENDED_MAX)) {
			*at = p->next;
			process_release(p);
		} else {
			at = &p->next;
		}
	}
}

static void remember(struct process *p)
{
	pthread_mutex_lock(&table_lock);
	forget_old();
	p->next = table;
	table = p;
	pthread_mutex_unlock(&table_lock);
}

void process_forget(struct process *process)
{
	struct process **at;

	pthread_mutex_lock(&table_lock);
	for (at = &table; *at && *at != process; at = &(*at)->next)
		;
	if (*at)
		*at = process->next;
	else
		at = NULL;
	pthread_mutex_unlock(&table_lock);
	if (at)
		process_release(process);
}

struct process *process_find(const char *id, int pid, const char *tag, struct fault *fault)
{
	struct process *p;

	pthread_mutex_lock(&table_lock);
	for (p = table; p; p = p->next) {
		if (!strcmp(p->id, id) && (pid ? p->pid == pid : tag && !strcmp(p->tag, tag)))
			break;
	}
	if (p)
		p->users++;
	pthread_mutex_unlock(&table_lock);
	if (!p)
		fault_set(fault, FAULT_NOT_FOUND, "there is no such process");
	return p;
}

json_t *process_list(const char *id, bool ended)
{
	json_t *list = json_array();

	pthread_mutex_lock(&table_lock);
	for (const struct process *p = table; p; p = p->next) {
		json_t *one;
		int status;

		if (strcmp(p->id, id) != 0 || (p->ended_ms && !ended))
			continue;
		one = json_pack("{s:i, s:s*, s:O, s:s*, s:I}", "pid", p->pid, "tag",
				p->tag[0] ? p->tag : NULL, "argv", p->command, "cwd", p->cwd,
				"started_ms", (json_int_t)p->started_ms);
		if (p->ended_ms) {
			json_object_set_new(one, "ended_ms", json_integer(p->ended_ms));
			if (log_ended(p->log, &status) && status >= 0)
				json_object_set_new(one, "exit_code", json_integer(status));
		}
		json_array_append_new(list, one);
	}
	pthread_mutex_unlock(&table_lock);
	return list;
}

/* ---- the process's thread ---- */

/* Return: false at its end */
static bool pump(struct process *p, int *fd, enum piece_kind kind)
{
	char data[LOG_PIECE];
	const ssize_t n = read(*fd, data, sizeof(data));

	if (n > 0) {
		log_write(p->log, kind, data, (size_t)n);
		return true;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	close(*fd);
	*fd = -1;
	return false;
}

/* A message of the sandbox. Return: the exit status, -1 when it cannot come any more, -2: go on */
static int take_message(struct process *p)
{
	struct answer answer;
	json_t *status;
	int ret = client_receive(p->client, &answer, NULL);

	if (ret <= 0)
		return -1;
	status = json_object_get(answer.json, "exit");
	ret = json_is_integer(status) ? (int)json_integer_value(status) : -2;
	json_decref(answer.json);
	return ret;
}

static void *attend(void *context)
{
	struct process *p = context;
	int status = -2;

	/* The exit is told when all output is written; a pipe may stay open in others' hands */
	while (status == -2) {
		struct pollfd fds[3] = {
			{ .fd = p->output, .events = POLLIN },
			{ .fd = p->error, .events = POLLIN },
			{ .fd = p->client->fd, .events = POLLIN },
		};

		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents)
			pump(p, &p->output, p->tty ? PIECE_PTY : PIECE_STDOUT);
		if (fds[1].revents)
			pump(p, &p->error, PIECE_STDERR);
		if (fds[2].revents && !fds[0].revents && !fds[1].revents)
			status = take_message(p);
	}
	for (unsigned i = 0; i < 2; i++) {
		int *fd = i ? &p->error : &p->output;

		if (*fd >= 0)
			fcntl(*fd, F_SETFL, O_NONBLOCK);
		while (*fd >= 0 &&
		       poll(&(struct pollfd){ .fd = *fd, .events = POLLIN }, 1, 0) > 0 &&
		       pump(p, fd,
			    i	     ? PIECE_STDERR
			    : p->tty ? PIECE_PTY
				     : PIECE_STDOUT))
			;
	}
	pthread_mutex_lock(&p->lock);
	cleanup_close_fn(&p->input);
	p->input = -1;
	client_close(p->client);
	pthread_mutex_unlock(&p->lock);
	pthread_mutex_lock(&table_lock);
	p->ended_ms = now_ms();
	pthread_mutex_unlock(&table_lock);
	count--;
	log_end(p->log, status < 0 ? PIECE_CUT : PIECE_EXIT, status);
	activity_end(p->service, p->id);
	process_release(p);
	return NULL;
}

/* ---- start ---- */

static int make_pipes(struct process *p, int theirs[3], struct fault *fault)
{
	int in[2], out[2], err[2];

	if (pipe2(in, O_CLOEXEC))
		return fault_set(fault, FAULT_BUSY, "no descriptors are left");
	p->input = in[1];
	theirs[0] = in[0];
	if (pipe2(out, O_CLOEXEC))
		return fault_set(fault, FAULT_BUSY, "no descriptors are left");
	p->output = out[0];
	theirs[1] = out[1];
	if (pipe2(err, O_CLOEXEC))
		return fault_set(fault, FAULT_BUSY, "no descriptors are left");
	p->error = err[0];
	theirs[2] = err[1];
	fcntl(p->input, F_SETFL, O_NONBLOCK);
	return 0;
}

/* A sandbox that was copied has its source's name and variables in its own configuration */
static json_t *environment(const struct process *p, const struct command *c)
{
	char name[SANDBOX_NAME_LEN + 1];
	json_t *list = json_array();

	sandbox_name(p->service, p->id, name);
	json_array_append_new(list, json_sprintf("HOSTNAME=%s", name));
	json_array_extend(list, (json_t *)c->given);
	json_array_extend(list, (json_t *)c->env);
	return list;
}

static int ask(struct process *p, const struct command *c, int theirs[3], struct fault *fault)
{
	json_t *json = json_pack("{s:s, s:O, s:b}", "op", "exec", "argv", c->argv, "stdin",
				 c->input || c->tty);
	struct answer answer = { 0 };
	struct error err = { 0 };
	int ret;

	if (!json)
		return fault_set(fault, FAULT_BAD_REQUEST, "the command is not text");
	json_object_set_new(json, "env", environment(p, c));
	if (c->cwd)
		json_object_set_new(json, "cwd", json_string(c->cwd));
	if (c->user)
		json_object_set_new(json, "user", json_string(c->user));
	if (c->tty) {
		json_object_set_new(json, "tty", json_true());
		json_object_set_new(json, "rows", json_integer(c->rows));
		json_object_set_new(json, "columns", json_integer(c->columns));
	}
	if (message_send(p->client->fd, json, NULL, 0, theirs, 3))
		return fault_set(fault, errno == EMSGSIZE ? FAULT_TOO_LARGE : FAULT_SANDBOX_GONE,
				 "the command cannot be sent to the sandbox: %s", strerror(errno));
	client_timeout(p->client, PATIENCE);
	ret = client_receive(p->client, &answer, &err);
	client_timeout(p->client, 0);
	if (ret == 0)
		return fault_set(fault, FAULT_SANDBOX_GONE, "the sandbox has ended");
	if (ret < 0)
		return fault_set(fault, err.code == EAGAIN ? FAULT_BUSY : FAULT_BAD_REQUEST,
				 "%s%s%s", err.text, err.text[0] ? "" : strerror(err.code), "");
	p->pid = (int)json_integer_value(json_object_get(answer.json, "pid"));
	json_decref(answer.json);
	return 0;
}

static struct process *make(struct service *service, const char *id, const struct command *c)
{
	struct process *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->input = p->output = p->error = -1;
	p->users = 1;
	pthread_mutex_init(&p->lock, NULL);
	p->service = service;
	p->tty = c->tty;
	p->command = json_deep_copy(c->argv);
	p->cwd = c->cwd ? strdup(c->cwd) : NULL;
	p->log = log_make();
	p->client = malloc(sizeof(*p->client));
	p->started_ms = now_ms();
	snprintf(p->id, sizeof(p->id), "%s", id);
	snprintf(p->tag, sizeof(p->tag), "%s", c->tag ? c->tag : "");
	if (p->client)
		p->client->fd = -1;
	if (p->log && p->client && p->command)
		return p;
	process_release(p);
	return NULL;
}

static int thread_start(struct process *p, struct fault *fault)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	p->users++;
	count++;
	ret = pthread_create(&thread, &attr, attend, p);
	pthread_attr_destroy(&attr);
	if (!ret)
		return 0;
	count--;
	p->users--;
	return fault_set(fault, FAULT_BUSY, "no threads are left");
}

struct process *process_start(struct service *service, const char *id, const struct command *c,
			      struct reader *reader, struct fault *fault)
{
	char name[SANDBOX_NAME_LEN + 1];
	int theirs[3] = { -1, -1, -1 }, ret;
	struct error err = { 0 };
	struct process *p;

	if (count >= RUNNING_MAX) {
		fault_set(fault, FAULT_BUSY, "too many commands run");
		return NULL;
	}
	p = make(service, id, c);
	if (!p) {
		fault_set(fault, FAULT_BUSY, "no memory");
		return NULL;
	}
	sandbox_name(service, id, name);
	ret = make_pipes(p, theirs, fault);
	if (!ret && client_open(p->client, name, &err))
		ret = fault_error(fault, FAULT_SANDBOX_GONE, &err);
	if (!ret)
		ret = ask(p, c, theirs, fault);
	for (unsigned i = 0; i < 3; i++)
		cleanup_close_fn(&theirs[i]);
	if (!ret && !c->input && !c->tty) {
		close(p->input);
		p->input = -1;
	}
	if (!ret) {
		log_open(p->log, reader, true);
		activity_begin(id);
		ret = thread_start(p, fault);
		if (ret) {
			log_close(reader);
			activity_end(service, id);
		}
	}
	if (ret) {
		process_release(p);
		return NULL;
	}
	p->users++;
	remember(p);
	return p;
}

/* ---- what others do to it ---- */

static int tell(struct process *p, json_t *json, struct fault *fault)
{
	int ret;

	pthread_mutex_lock(&p->lock);
	ret = p->client->fd < 0 ? -1 : client_send(p->client, json_incref(json), NULL, 0, NULL);
	pthread_mutex_unlock(&p->lock);
	json_decref(json);
	return ret ? fault_set(fault, FAULT_NOT_FOUND, "the process has ended") : 0;
}

int process_signal(struct process *p, int signal, struct fault *fault)
{
	return tell(p, json_pack("{s:s, s:i}", "op", "signal", "signal", signal), fault);
}

int process_resize(struct process *p, unsigned rows, unsigned columns, struct fault *fault)
{
	return tell(p,
		    json_pack("{s:s, s:i, s:i}", "op", "resize", "rows", (int)rows, "columns",
			      (int)columns),
		    fault);
}

/* Return: bytes, 0 when it does not read just now, -1 when it never will */
static ssize_t input_some(struct process *p, const char *data, size_t len)
{
	ssize_t n = -1;

	pthread_mutex_lock(&p->lock);
	if (p->input >= 0)
		n = write(p->input, data, len);
	if (n < 0 && p->input >= 0 && (errno == EAGAIN || errno == EINTR))
		n = 0;
	pthread_mutex_unlock(&p->lock);
	return n;
}

int process_input(struct process *p, const void *data, size_t len, struct fault *fault)
{
	const char *at = data;

	for (unsigned waited = 0; len; waited += 5) {
		const ssize_t n = input_some(p, at, len);

		if (n < 0)
			return fault_set(fault, FAULT_NOT_FOUND, "its standard input is closed");
		at += n;
		len -= (size_t)n;
		if (n) {
			waited = 0;
			continue;
		}
		if (waited > INPUT_MS)
			return fault_set(fault, FAULT_TIMEOUT, "it does not read its input");
		usleep(5000);
	}
	return 0;
}

int process_input_end(struct process *p, struct fault *fault)
{
	int ret = 0;

	pthread_mutex_lock(&p->lock);
	if (p->input < 0)
		ret = fault_set(fault, FAULT_NOT_FOUND, "its standard input is closed");
	else if (!p->tty) {
		close(p->input);
		p->input = -1;
	}
	pthread_mutex_unlock(&p->lock);
	return ret;
}
