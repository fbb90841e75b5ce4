// SPDX-License-Identifier: GPL-2.0-only
/* tools.c - what an agent can do: the table, and the tools that are one command
 *
 * Each tool is a command of this program, so it does what the manual says and no more.
 */
#include <string.h>

#include "tools.h"
#include "vitrine/util.h"

const char *tool_string(const struct task *task, const char *name, const char *otherwise)
{
	return json_string_value(json_object_get(task->arguments, name)) ?: otherwise;
}

json_int_t tool_number(const struct task *task, const char *name, json_int_t otherwise)
{
	const json_t *value = json_object_get(task->arguments, name);

	return value ? json_integer_value(value) : otherwise;
}

/* ---- plans ---- */

static const char *sandbox(const struct task *task)
{
	return tool_string(task, "sandbox", "");
}

/* A name is an operand, whatever it looks like */
static void one(struct task *task, const char *first, const char *second)
{
	task_step(task);
	task_word(task, "%s", first);
	if (second)
		task_word(task, "%s", second);
}

static int plan_list(struct task *task, struct error *err)
{
	one(task, "ps", "--json");
	return 0;
}

static int plan_processes(struct task *task, struct error *err)
{
	const json_int_t pid = tool_number(task, "pid", 0);

	one(task, "ps", "--json");
	task_word(task, "--");
	task_word(task, "%s", sandbox(task));
	if (pid)
		task_word(task, "%lld", (long long)pid);
	return 0;
}

static int plan_fork(struct task *task, struct error *err)
{
	one(task, "fork", "-n");
	task_word(task, "%lld", (long long)tool_number(task, "count", 1));
	task_word(task, "--");
	task_word(task, "%s", sandbox(task));
	return 0;
}

static int plan_snapshot(struct task *task, struct error *err)
{
	one(task, "snapshot", "--");
	task_word(task, "%s", sandbox(task));
	task_word(task, "%s", tool_string(task, "snapshot", ""));
	return 0;
}

static int plan_snapshots(struct task *task, struct error *err)
{
	one(task, "snapshot", "ls");
	task_word(task, "--json");
	return 0;
}

static int plan_rollback(struct task *task, struct error *err)
{
	one(task, "rollback", "--");
	task_word(task, "%s", sandbox(task));
	task_word(task, "%s", tool_string(task, "snapshot", ""));
	return 0;
}

static int plan_pause(struct task *task, struct error *err)
{
	one(task, "pause", "--");
	task_word(task, "%s", sandbox(task));
	return 0;
}

static int plan_resume(struct task *task, struct error *err)
{
	one(task, "resume", "--");
	task_word(task, "%s", sandbox(task));
	return 0;
}

static int plan_end(struct task *task, struct error *err)
{
	one(task, "rm", "--force");
	task_word(task, "--");
	task_word(task, "%s", sandbox(task));
	return 0;
}

/* What took the time meanwhile, then what each process does now */
static int plan_why_slow(struct task *task, struct error *err)
{
	one(task, "trace", "-c");
	task_word(task, "--duration");
	task_word(task, "%lld", (long long)tool_number(task, "seconds", 2));
	task_word(task, "--");
	task_word(task, "%s", sandbox(task));
	one(task, "top", "--once");
	task_word(task, "--");
	task_word(task, "%s", sandbox(task));
	return 0;
}

/* ---- results ---- */

static const char *said(const struct task *task, int stream)
{
	return task->streams[stream].data ?: "";
}

json_t *tool_failed(const struct task *task)
{
	const char *why = said(task, TASK_ERR);

	if (task->ended_late)
		why = "it took longer than it may";
	return mcp_result(*why ? why : "vitrine failed", NULL, true);
}

json_t *tool_text(struct task *task)
{
	return task->status
		   ? tool_failed(task)
		   : mcp_result(*said(task, TASK_OUT) ? said(task, TASK_OUT) : "done", NULL, false);
}

/* Names, a line each */
json_t *tool_names(struct task *task)
{
	json_t *names;
	char *save, *line;

	if (task->status)
		return tool_failed(task);
	names = json_array();
	line = strtok_r(task->streams[TASK_OUT].data ?: (char[1]){ 0 }, "\n", &save);
	for (; line; line = strtok_r(NULL, "\n", &save))
		json_array_append_new(names, json_string(line));
	line = json_dumps(names, JSON_COMPACT);
	names = json_pack("{s:o}", "sandboxes", names);
	names = mcp_result(line ?: "", names, false);
	free(line);
	return names;
}

json_t *tool_json(struct task *task)
{
	json_t *value, *result;

	if (task->status)
		return tool_failed(task);
	value = json_loads(said(task, TASK_OUT), 0, NULL);
	/* Structured content is an object */
	result = mcp_result(
	    said(task, TASK_OUT),
	    json_is_array(value) ? json_pack("{s:O}", "items", value) : json_incref(value), false);
	json_decref(value);
	return result;
}

/* ---- the table ---- */

#define TEXT(name, about)                                                                          \
	"\"" name "\":{\"type\":\"string\",\"maxLength\":65536,\"description\":\"" about "\"}"
#define NUMBER(name, least, most, about)                                                           \
	"\"" name "\":{\"type\":\"integer\",\"minimum\":" #least ",\"maximum\":" #most             \
	",\"description\":\"" about "\"}"
#define WORDS(name, about)                                                                         \
	"\"" name                                                                                  \
	"\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":\"" about "\"}"
#define TEXTS(name, about)                                                                         \
	"\"" name "\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"},"        \
	"\"description\":\"" about "\"}"
#define SCHEMA(required, properties)                                                               \
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[" required              \
	"],\"properties\":{" properties "}}"
#define SANDBOX TEXT("sandbox", "name of the sandbox")
#define OF_SANDBOX SCHEMA("\"sandbox\"", SANDBOX)

static const struct mcp_tool table[] = {
	{ "sandbox_create",
	  "Start a sandbox: a Linux machine of its own, whose writes are thrown away "
	  "at its end. From an "
	  "image (such as debian or mini) or from a snapshot or template. It ends by "
	  "itself after "
	  "timeout_sec, unless it is ended before.",
	  SCHEMA(
	      "",
	      TEXT(
		  "image",
		  "name of an image; debian when there is no snapshot "
		  "either") "," TEXT("snapshot",
				     "name of a snapshot or "
				     "template, instead of an "
				     "image") "," TEXT("name",
						       "name of the sandbox; one is made up "
						       "otherwise") "," NUMBER("memory_mb", 64,
									       1048576,
									       "memory, 1024 by "
									       "default") "," NUMBER("cpus",
												     1,
												     64,
												     "virtual CPUs") ","
														     "\"network\""
														     ":{\"type\":"
														     "\"string\","
														     "\"enum\":["
														     "\"none\","
														     "\"public\"]"
														     ","
														     "\"descripti"
														     "on\":"
														     "\"none by "
														     "default; "
														     "public "
														     "reaches no "
														     "private "
														     "addresses\""
														     "}," NUMBER(
															 "timeout"
															 "_sec",
															 1,
															 604800,
															 "lifetim"
															 "e, an "
															 "hour "
															 "by "
															 "defaul"
															 "t")) },
	{ "sandbox_run",
	  "Run a command in a sandbox, and wait for it. Answers with its output and "
	  "exit status.",
	  SCHEMA(
	      "\"sandbox\"",
	      SANDBOX "," TEXT("command", "a line for sh") "," WORDS(
		  "args",
		  "a program and "
		  "its arguments, "
		  "instead of a "
		  "line") "," TEXT("cwd",
				   "working directory") "," TEXT("user",
								 "who runs it; root "
								 "otherwise") "," TEXTS("en"
											"v",
											"var"
											"iab"
											"le"
											"s") "," TEXT("stdi"
												      "n",
												      "what "
												      "it "
												      "read"
												      "s") "," NUMBER("timeout_sec",
														      1,
														      86400,
														      "it is ended after that time, 60 by default")) },
	{ "sandbox_list", "List the sandboxes that run or are paused.", SCHEMA("", ""), true },
	{ "sandbox_fork",
	  "Start copies of a running sandbox, with all that runs in it. Each goes on "
	  "by itself.",
	  SCHEMA("\"sandbox\"", SANDBOX "," NUMBER("count", 1, 100, "how many, 1 by default")) },
	{ "sandbox_snapshot", "Keep the state of a running sandbox under a name. It goes on.",
	  SCHEMA("\"sandbox\",\"snapshot\"",
		 SANDBOX "," TEXT("snapshot", "name of the snapshot")) },
	{ "sandbox_rollback", "Take a sandbox back to a snapshot. What it did since is lost.",
	  SCHEMA("\"sandbox\",\"snapshot\"",
		 SANDBOX "," TEXT("snapshot", "name of the snapshot")) },
	{ "snapshot_list", "List snapshots and templates.", SCHEMA("", ""), true },
	{ "sandbox_pause",
	  "Write a sandbox to files, with all that runs in it, and free its memory. "
	  "The next command in it lets it go on.",
	  OF_SANDBOX },
	{ "sandbox_resume", "Let a paused sandbox go on.", OF_SANDBOX },
	{ "sandbox_end", "End a sandbox, and forget it.", OF_SANDBOX },
	{ "file_read", "Read a file of a sandbox: up to 1 MiB. What is no UTF-8 comes as base64.",
	  SCHEMA("\"sandbox\",\"path\"", SANDBOX "," TEXT("path", "path in the sandbox")), true },
	{ "file_write", "Write a file of a sandbox; one that is there is replaced.",
	  SCHEMA("\"sandbox\",\"path\",\"content\"", SANDBOX
		 "," TEXT("path", "path in the sandbox") ","
							 "\"content\":{\"type\":\"string\","
							 "\"maxLength\":8388608,\"description\":"
							 "\"what is in "
							 "it\"},\"encoding\":{\"type\":\"string\","
							 "\"enum\":[\"utf-8\",\"base64\"],"
							 "\"description\":\"of content\"}") },
	{ "processes",
	  "List the processes of a sandbox; or, with pid, all that the kernel knows of "
	  "one: the system "
	  "call it is in, where in the kernel it sleeps, its open files and memory. "
	  "For commands that "
	  "hang.",
	  SCHEMA("\"sandbox\"", SANDBOX "," NUMBER("pid", 1, 4194304, "process id in the sandbox")),
	  true },
	{ "why_slow",
	  "Watch a sandbox for some seconds: which system calls took the time, and "
	  "what each process does "
	  "or waits for. For what is slow or does not end.",
	  SCHEMA("\"sandbox\"", SANDBOX "," NUMBER("seconds", 1, 60, "how long, 2 by default")),
	  true },
	{ "failed_calls",
	  "Run a command and list its system calls that failed, with arguments and "
	  "errors; without a "
	  "command watch what fails in the sandbox for some seconds. For commands that "
	  "fail without "
	  "saying why.",
	  SCHEMA("\"sandbox\"", SANDBOX "," TEXT("command", "a line for sh") "," NUMBER(
				    "seconds", 1, 300,
				    "how long at most: 60 with a command, 5 "
				    "without") "," TEXT("calls", "only these, such as "
								 "openat,connect or "
								 "%file")) },
};

static const struct tool_plan plans[] = {
	{ plan_create, tool_names },
	{ plan_run, finish_run },
	{ plan_list, tool_json },
	{ plan_fork, tool_names },
	{ plan_snapshot, tool_text },
	{ plan_rollback, tool_text },
	{ plan_snapshots, tool_json },
	{ plan_pause, tool_text },
	{ plan_resume, tool_text },
	{ plan_end, tool_text },
	{ plan_read_file, finish_read_file },
	{ plan_write_file, tool_text },
	{ plan_processes, tool_json },
	{ plan_why_slow, tool_text },
	{ plan_failed_calls, finish_failed_calls },
};
static_assert(ARRAY_SIZE(plans) == ARRAY_SIZE(table), "each tool has a plan");

const struct mcp_tool *tools_table(size_t *count)
{
	*count = ARRAY_SIZE(table);
	return table;
}

const struct tool_plan *tools_plan(const struct mcp_tool *tool)
{
	return &plans[tool - table];
}
