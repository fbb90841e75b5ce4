// SPDX-License-Identifier: GPL-2.0-only
/* mcp.c - vitrine mcp: sandboxes as tools for an agent, over standard input and output
 *
 * Theory of operation
 * A message is a line. A tool that was called is a task (task.c): commands of this program, whose
 * end is awaited while other messages are answered. Whoever goes away ends them. Sandboxes stay:
 * they have a lifetime of their own, and another session may find them again.
 *
 * Host system calls: poll, read, write, and those of task.c.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "engine/control/rundir.h"
#include "tools.h"
#include "vitrine/util.h"

#define TASKS_MAX 32

static const char instructions[] =
    "Each sandbox is a Linux machine of its own, with a real kernel, on which you are root. "
    "Nothing "
    "that runs in it reaches the host. Create one, run commands in it, and end it when you are "
    "done. "
    "Take a snapshot before something risky and roll back when it went wrong; fork to try several "
    "ways at a time. When a command hangs, look at processes; when it is slow, at why_slow; when "
    "it "
    "fails without a reason, at failed_calls.";

static const struct option_set options = {
	"mcp",
	"Serve sandboxes as tools to an agent, over standard input and output, with the Model "
	"Context "
	"Protocol. An agent's program starts it; `vitrine mcp </dev/null` only says that it works. "
	"Sandboxes that an agent has created have a time limit, and outlive it otherwise.",
	NULL,
	0,
};

struct server {
	struct task *tasks;
	unsigned ntasks;
	char *line; /* what has come of a message */
	size_t len, size;
	bool over;
};

static void say_json(struct server *server, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	size_t at = 0, len = text ? strlen(text) : 0;

	json_decref(json);
	if (text)
		text[len++] = '\n'; /* in the place of its NUL */
	while (at < len) {
		const ssize_t n = write(STDOUT_FILENO, text + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			server->over = true; /* nobody listens */
			break;
		}
		at += (size_t)n;
	}
	free(text);
}

static json_t *call(void *context, const struct mcp_call *call, struct error *err)
{
	struct server *server = context;
	const char *name = json_string_value(json_object_get(call->arguments, "sandbox"));
	struct task *task;

	if (name && !rundir_name_valid(name)) {
		error_set(err, 0, "'%s' is not a name for a sandbox", name);
		return NULL;
	}
	task = server->ntasks < TASKS_MAX ? calloc(1, sizeof(*task)) : NULL;
	if (!task) {
		error_set(err, 0, "too many tools run at a time");
		return NULL;
	}
	for (int i = 0; i < TASK_NSTREAMS; i++)
		task->streams[i].fd = -1;
	task->ended = -1;
	task->plan = tools_plan(call->tool);
	task->id = json_incref(call->id);
	task->arguments = json_incref(call->arguments);
	if (task->plan->plan(task, err) || task_start(task, err)) {
		task_free(task);
		return NULL;
	}
	task->next = server->tasks;
	server->tasks = task;
	server->ntasks++;
	return NULL;
}

static void cancel(void *context, const json_t *id)
{
	struct server *server = context;

	for (struct task *task = server->tasks; task; task = task->next) {
		if (json_equal(task->id, id))
			task_end(task);
	}
}

static void finish(struct server *server, struct task *task)
{
	if (!task->cancelled)
		say_json(server, mcp_answer(task->id, task->plan->finish(task)));
	task_free(task);
	server->ntasks--;
}

static void move_tasks(struct server *server)
{
	struct task **at = &server->tasks;

	while (*at) {
		struct task *task = *at;

		if (!task_move(task)) {
			at = &task->next;
			continue;
		}
		*at = task->next;
		finish(server, task);
	}
}

static void take_message(struct server *server, char *text, size_t len)
{
	struct mcp_host host = {
		.instructions = instructions, .context = server, .call = call, .cancel = cancel
	};
	json_t *said;

	host.tools = tools_table(&host.count);
	if (!len)
		return;
	said = mcp_message(&host, text, len);
	if (said)
		say_json(server, said);
}

/* Return: -1 with @err when a message is too long to go on */
static int take_lines(struct server *server, struct error *err)
{
	char *line = server->line, *end;
	size_t left = server->len;

	while ((end = memchr(line, '\n', left))) {
		take_message(server, line, (size_t)(end - line));
		left -= (size_t)(end + 1 - line);
		line = end + 1;
	}
	memmove(server->line, line, left);
	server->len = left;
	return left >= MCP_MESSAGE_MAX ? error_set(err, 0, "a message is longer than 16 MiB") : 0;
}

static int take_input(struct server *server, struct error *err)
{
	ssize_t n;

	if (server->size - server->len < 65536) {
		char *grown = realloc(server->line, server->size + (1U << 20));

		if (!grown)
			return error_set(err, ENOMEM, "message");
		server->line = grown;
		server->size += 1U << 20;
	}
	n = read(STDIN_FILENO, server->line + server->len, server->size - server->len);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN
			   ? 0
			   : error_set(err, errno, "cannot read standard input");
	if (n == 0) {
		server->over = true;
		return 0;
	}
	server->len += (size_t)n;
	return take_lines(server, err);
}

static int wait_ms(const struct server *server)
{
	int least = -1;

	for (const struct task *task = server->tasks; task; task = task->next) {
		const int ms = task_wait_ms(task);

		if (ms >= 0 && (least < 0 || ms < least))
			least = ms;
	}
	return least;
}

/* Once: until something comes or ends */
static int step(struct server *server, struct error *err)
{
	struct pollfd fds[1 + TASKS_MAX * TASK_FDS_MAX] = {
		{ .fd = server->over ? -1 : STDIN_FILENO, .events = POLLIN },
	};
	nfds_t count = 1;

	for (const struct task *task = server->tasks; task; task = task->next)
		count += task_fds(task, fds + count);
	if (poll(fds, count, wait_ms(server)) < 0 && errno != EINTR)
		return error_set(err, errno, "poll");
	move_tasks(server);
	return fds[0].revents ? take_input(server, err) : 0;
}

static int serve(struct error *err)
{
	struct server server = { 0 };
	int ret = 0;

	while (!ret && !server.over)
		ret = step(&server, err);
	server.over = true;
	for (struct task *task = server.tasks; task; task = task->next)
		task_end(task);
	while (server.tasks && !step(&server, NULL))
		;
	free(server.line);
	return ret;
}

int cmd_mcp(int argc, char **argv)
{
	struct error err = { 0 };
	int at = options_parse(&options, NULL, argc, argv, &err);

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at < argc)
		at = error_set(&err, 0, "mcp takes no arguments");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	signal(SIGPIPE, SIG_IGN);
	return serve(&err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}
