// SPDX-License-Identifier: GPL-2.0-only
/* commands.c - tools that start something: a sandbox, a command, a command that is watched */
#include <string.h>

#include "cli/common/cli.h"
#include "lib/lines.h"
#include "tools.h"
#include "vitrine/util.h"

#define LINES_MAX 300 /* of failed calls: more says nothing to a reader */

int plan_create(struct task *task, struct error *err)
{
	const char *snapshot = tool_string(task, "snapshot", NULL),
		   *image = tool_string(task, "image", NULL),
		   *name = tool_string(task, "name", NULL);
	const json_int_t cpus = tool_number(task, "cpus", 0);

	/* Only what vitrine image ls shows: the model has no business with the host's files */
	if (image &&
	    (*image == '/' || *image == '.' || (strchr(image, '/') && !access(image, F_OK))))
		return error_set(err, 0, "image: a name of vitrine image ls is wanted, no file");
	if (snapshot && (image || cpus || json_object_get(task->arguments, "memory_mb")))
		return error_set(err, 0,
				 "a snapshot says itself which image, memory and CPUs it has");
	task_step(task);
	task_word(task, "run");
	if (name)
		task_word(task, "--name=%s", name);
	if (snapshot) {
		task_word(task, "--from=%s", snapshot);
		return 0;
	}
	task_word(task, "--detach");
	task_word(task, "--ephemeral");
	task_word(task, "--rm");
	task_word(task, "--memory=%lldM", (long long)tool_number(task, "memory_mb", 1024));
	if (cpus)
		task_word(task, "--cpus=%lld", (long long)cpus);
	task_word(task, "--net=%s", tool_string(task, "network", "none"));
	task_word(task, "--timeout=%lld", (long long)tool_number(task, "timeout_sec", 3600));
	task_word(task, "--");
	task_word(task, "%s", image ?: "debian");
	task_word(task, "sleep");
	task_word(task, "infinity");
	return 0;
}

/* What is to run: a line for the shell, or words */
static int command_words(struct task *task, struct error *err)
{
	const char *line = tool_string(task, "command", NULL), *key;
	const json_t *args = json_object_get(task->arguments, "args"), *word;
	json_t *value;
	size_t i;

	if (!line == !args)
		return error_set(err, 0, "either command or args");
	task_word(task, "exec");
	json_object_foreach(json_object_get(task->arguments, "env"), key, value)
	{
		task_word(task, "--env");
		task_word(task, "%s=%s", key, json_string_value(value));
	}
	if (json_object_get(task->arguments, "cwd"))
		task_word(task, "--workdir=%s", tool_string(task, "cwd", ""));
	if (json_object_get(task->arguments, "user"))
		task_word(task, "--user=%s", tool_string(task, "user", ""));
	task_word(task, "--");
	task_word(task, "%s", tool_string(task, "sandbox", ""));
	if (line) {
		task_word(task, "sh");
		task_word(task, "-c");
		task_word(task, "%s", line);
	}
	json_array_foreach(args, i, word) task_word(task, "%s", json_string_value(word));
	return 0;
}

int plan_run(struct task *task, struct error *err)
{
	const char *input = tool_string(task, "stdin", NULL);

	task->timeout_ms = (uint64_t)tool_number(task, "timeout_sec", 60) * 1000;
	task->streams[TASK_IN].data = input ? strdup(input) : NULL;
	task->streams[TASK_IN].len = task->streams[TASK_IN].data ? strlen(input) : 0;
	task_step(task);
	return command_words(task, err);
}

static const char *text_of(const struct task_stream *stream)
{
	return stream->data ?: "";
}

/* vitrine itself failed, and not the command */
static bool not_run(const struct task *task)
{
	return task->status == EXIT_VITRINE &&
	       !strncmp(text_of(&task->streams[TASK_ERR]), "vitrine: ", 9);
}

static json_t *run_result(const struct task *task, const char *more)
{
	const struct task_stream *out = &task->streams[TASK_OUT], *err = &task->streams[TASK_ERR];
	char *text = NULL;
	json_t *result;

	if (asprintf(&text, "%s%s%s%s%s%s%s(%s%d)\n", text_of(out), out->cut ? "...\n" : "",
		     err->len ? "--- standard error\n" : "", text_of(err), err->cut ? "...\n" : "",
		     more, *more ? "\n" : "",
		     task->ended_late ? "ended: it took longer than it may; exit status "
				      : "exit status ",
		     task->status) < 0)
		return NULL;
	result =
	    mcp_result(text,
		       json_pack("{s:i, s:b, s:b}", "exit_code", task->status, "timed_out",
				 (int)task->ended_late, "truncated", (int)(out->cut || err->cut)),
		       false);
	free(text);
	return result;
}

json_t *finish_run(struct task *task)
{
	return not_run(task) ? tool_failed(task) : run_result(task, "");
}

int plan_failed_calls(struct task *task, struct error *err)
{
	const bool command = json_object_get(task->arguments, "command");
	const json_int_t seconds = tool_number(task, "seconds", command ? 60 : 5);

	task->extra = true;
	task_step(task);
	task_word(task, "trace");
	task_word(task, "--errors");
	task_word(task, "--output=/proc/self/fd/%d", TASK_EXTRA);
	if (json_object_get(task->arguments, "calls"))
		task_word(task, "--trace=%s", tool_string(task, "calls", ""));
	if (command) {
		task->timeout_ms = (uint64_t)seconds * 1000;
		return command_words(task, err);
	}
	task_word(task, "--duration=%lld", (long long)seconds);
	task_word(task, "--");
	task_word(task, "%s", tool_string(task, "sandbox", ""));
	return 0;
}

json_t *finish_failed_calls(struct task *task)
{
	const bool command = json_object_get(task->arguments, "command");
	const struct task_stream *trace = &task->streams[TASK_EXTRA];
	const char *calls = text_of(trace) + lines_last(text_of(trace), trace->len, LINES_MAX);
	char *text = NULL;
	json_t *result;

	if (not_run(task) || (!command && task->status))
		return tool_failed(task);
	if (!command)
		return mcp_result(*calls ? calls : "nothing has failed", NULL, false);
	if (asprintf(&text, "--- calls that failed\n%s", *calls ? calls : "none\n") < 0)
		return NULL;
	result = run_result(task, text);
	free(text);
	return result;
}
