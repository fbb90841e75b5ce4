// SPDX-License-Identifier: GPL-2.0-only
/* steps.c - what is done in the sandbox that becomes a template
 *
 * The image's own shell and tar do it, as whoever the template says. Arguments are passed as
 * arguments, never as text of a shell, but for the commands, which are the client's own.
 */
#include "steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "service/proc/collect.h"
#include "service/proc/process.h"
#include "vitrine/util.h"

#define STEP_MS (3600 * 1000)
#define READY_MS 10000
#define READY_TRIES 120
#define SETTLE_SECONDS 2
#define CHUNK (64 * 1024)

/* $1: pattern, $2: target, $3: owner, $4: mode, $5: working directory, $6: for tar, which reads
 * the archive */
static const char copy_script[] =
    "set -e; umask 022; d=$(mktemp -d /tmp/copy.XXXXXX); trap 'rm -rf \"$d\"' EXIT; tar \"$6\" - "
    "-C \"$d\" 2>&1\n"
    "mkdir -p \"$5\"; cd \"$5\"; to=$2; many=; IFS=\n"
    "set -- \"$to\" \"$3\" \"$4\" \"$d\"/$1\n"
    "owner=$2; mode=$3; shift 3; [ -e \"$1\" ] || [ -L \"$1\" ] || { echo \"nothing was sent for "
    "it\" >&2; exit 1; }\n"
    "[ $# -gt 1 ] && many=1\n"
    "for from in \"$@\"; do\n"
    "	if [ -n \"$mode\" ]; then chmod -R \"$mode\" \"$from\"; fi\n"
    "	if [ -n \"$owner\" ]; then chown -R \"$owner\" \"$from\"; else chown -R 0:0 \"$from\"; fi\n"
    "	if [ -d \"$from\" ] && [ ! -L \"$from\" ]; then mkdir -p \"$to\"; cp -a \"$from/.\" "
    "\"$to\"\n"
    "	elif [ -n \"$many\" ] || [ -d \"$to\" ] || [ \"${to%/}\" != \"$to\" ]; then mkdir -p "
    "\"$to\"; cp -a \"$from\" \"$to\"\n"
    "	else case $to in */*) mkdir -p \"${to%/*}/\";; esac; cp -a \"$from\" \"$to\"; fi\n"
    "done\n";

static void say_lines(struct steps *s, const char *level, const char *text)
{
	while (text && *text) {
		const size_t len = strcspn(text, "\r\n");
		char line[1024];

		snprintf(line, sizeof(line), "%.*s", (int)(len < 1000 ? len : 1000), text);
		if (len)
			s->say(s->context, level, line);
		text += len;
		text += strspn(text, "\r\n");
	}
}

static int feed(struct process *p, int fd, struct fault *fault)
{
	cleanup_free char *data = malloc(CHUNK);
	ssize_t n = -1;

	while (data && (n = read(fd, data, CHUNK)) > 0) {
		if (process_input(p, data, (size_t)n, fault))
			return -1;
	}
	if (n < 0)
		return fault_set(fault, FAULT_INTERNAL, "the archive cannot be read");
	return process_input_end(p, fault);
}

/**
 * run() - A program in the sandbox
 * @argv:  consumed; @input: what it reads, or -1
 * @quiet: nothing of what it says is told
 *
 * Return: its exit status, or -1 with @fault.
 */
static int run(struct steps *s, json_t *argv, const char *user, int input, int64_t ms, bool quiet,
	       struct fault *fault)
{
	const struct command command = { .argv = argv,
					 .env = s->env,
					 .user = user && *user ? user : NULL,
					 .cwd = s->cwd[0] && input < 0 ? s->cwd : "/",
					 .input = input >= 0 };
	struct collected said = { 0 };
	struct reader reader;
	struct fault ignored;
	struct process *p = process_start(s->service, s->id, &command, &reader, fault);
	int ret = p ? 0 : -1;

	json_decref(argv);
	if (!p)
		return -1;
	/* A program that does not read all of it says why itself */
	if (input >= 0)
		feed(p, input, &ignored);
	ret = collect(p, &reader, ms, &said, fault);
	if (!ret && !quiet) {
		say_lines(s, "info", said.out);
		say_lines(s, "warn", said.err);
	}
	if (!ret)
		ret = said.status;
	collected_free(&said);
	log_close(&reader);
	process_forget(p);
	process_release(p);
	return ret;
}

static const char *argument(const json_t *step, size_t n)
{
	return json_string_value(json_array_get(json_object_get(step, "args"), n)) ?: "";
}

static int shell(struct steps *s, const char *command, const char *user, int64_t ms, bool quiet,
		 struct fault *fault)
{
	return run(s, json_pack("[s, s, s]", "/bin/sh", "-c", command), user, -1, ms, quiet, fault);
}

static int do_run(struct steps *s, const json_t *step, struct fault *fault)
{
	const char *command = argument(step, 0), *user = argument(step, 1);
	const int status = shell(s, command, *user ? user : s->user, STEP_MS, false, fault);

	return status > 0 ? fault_set(fault, FAULT_BAD_REQUEST,
				      "the command exited with status %d: %.200s", status, command)
			  : status;
}

static int do_copy(struct steps *s, const json_t *step, struct fault *fault)
{
	const char *hash = json_string_value(json_object_get(step, "filesHash")) ?: "";
	const char *user = argument(step, 2);
	unsigned char magic[2] = { 0 };
	cleanup_close int fd = -1;
	int status;

	if (!upload_valid(hash))
		return fault_set(fault, FAULT_BAD_REQUEST, "COPY: filesHash is missing");
	fd = upload_open(s->service, s->owner, hash, fault);
	if (fd < 0)
		return -1;
	(void)!pread(fd, magic, sizeof(magic), 0);
	status = run(s,
		     json_pack("[s, s, s, s, s, s, s, s, s, s]", "/bin/sh", "-c", copy_script,
			       "copy", argument(step, 0), argument(step, 1), *user ? user : s->user,
			       argument(step, 3), s->cwd[0] ? s->cwd : "/",
			       magic[0] == 0x1f && magic[1] == 0x8b ? "-xzf" : "-xf"),
		     "0:0", fd, STEP_MS, false, fault);
	return status > 0 ? fault_set(fault, FAULT_BAD_REQUEST, "COPY %.200s: failed (%d)",
				      argument(step, 0), status)
			  : status;
}

static int do_env(struct steps *s, const json_t *step, struct fault *fault)
{
	const size_t count = json_array_size(json_object_get(step, "args"));

	for (size_t i = 0; i + 1 < count; i += 2) {
		const char *name = argument(step, i);

		if (!*name || strpbrk(name, "= \t\n"))
			return fault_set(fault, FAULT_BAD_REQUEST, "ENV: '%.64s' is no name", name);
		json_array_append_new(s->env, json_sprintf("%s=%s", name, argument(step, i + 1)));
	}
	return 0;
}

static int do_workdir(struct steps *s, const json_t *step, struct fault *fault)
{
	char joined[sizeof(s->cwd) * 2];
	const char *to = argument(step, 0);
	int status;

	snprintf(joined, sizeof(joined), "%s%s%s", *to == '/' ? "" : s->cwd, *to == '/' ? "" : "/",
		 to);
	if (!*to || strlen(joined) >= sizeof(s->cwd))
		return fault_set(fault, FAULT_BAD_REQUEST, "WORKDIR: no path");
	status = run(s, json_pack("[s, s, s, s]", "mkdir", "-p", "--", joined), "0:0", -1, STEP_MS,
		     true, fault);
	snprintf(s->cwd, sizeof(s->cwd), "%s", joined);
	return status > 0 ? fault_set(fault, FAULT_BAD_REQUEST, "WORKDIR %.200s: failed", joined)
			  : status;
}

static int do_user(struct steps *s, const json_t *step, struct fault *fault)
{
	const char *user = argument(step, 0);

	if (!*user || strlen(user) >= sizeof(s->user))
		return fault_set(fault, FAULT_BAD_REQUEST, "USER: no name");
	snprintf(s->user, sizeof(s->user), "%s", user);
	return 0;
}

static const struct {
	const char *type;
	int (*run)(struct steps *s, const json_t *step, struct fault *fault);
} kinds[] = {
	{ "RUN", do_run },	   { "COPY", do_copy }, { "ENV", do_env },
	{ "WORKDIR", do_workdir }, { "USER", do_user },
};

int step_do(struct steps *steps, const json_t *step, struct fault *fault)
{
	const char *type = json_string_value(json_object_get(step, "type")) ?: "";
	char text[512];

	snprintf(text, sizeof(text), "%.16s %.200s %.200s", type, argument(step, 0),
		 strcmp(type, "RUN") != 0 ? argument(step, 1) : "");
	steps->say(steps->context, "info", text);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kinds[i].type, type))
			return kinds[i].run(steps, step, fault);
	}
	return fault_set(fault, FAULT_BAD_REQUEST,
			 "'%.16s' is none of RUN, COPY, ENV, WORKDIR, USER", type);
}

/* Its output goes to a file: a snapshot of it has no pipes to anybody */
static int begin(struct steps *s, const char *start, struct fault *fault)
{
	static const char script[] =
	    "( /bin/sh -c \"$1\" </dev/null >/tmp/start.log 2>&1 & ) >/dev/null 2>&1";
	const int status =
	    run(s, json_pack("[s, s, s, s, s]", "/bin/sh", "-c", script, "start", start), s->user,
		-1, READY_MS, true, fault);

	return status > 0 ? fault_set(fault, FAULT_BAD_REQUEST, "startCmd cannot be started")
			  : status;
}

int step_start(struct steps *steps, const char *start, const char *ready, struct fault *fault)
{
	const struct timespec second = { .tv_sec = 1 }, settle = { .tv_sec = SETTLE_SECONDS };
	struct fault ignored;

	if (start && *start && begin(steps, start, fault))
		return -1;
	if (!ready || !*ready) {
		if (start && *start)
			nanosleep(&settle, NULL);
		return 0;
	}
	for (unsigned i = 0; i < READY_TRIES; i++) {
		if (!shell(steps, ready, steps->user, READY_MS, true, &ignored))
			return 0;
		nanosleep(&second, NULL);
	}
	return fault_set(fault, FAULT_TIMEOUT, "readyCmd does not succeed");
}
