// SPDX-License-Identifier: GPL-2.0-only
/* filter.c - which events a trace shows
 *
 * What can be said by call number and by kind goes to the guest kernel, which then records nothing
 * else; the rest is decided here. Another observer's wishes may make the kernel record more, so
 * here everything is looked at.
 */

#include <fnmatch.h>
#include <string.h>
#include "cli/common/cli.h"
#include "trace.h"
#include "observe/decode/calls.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

#define WORD_MAX 32

static bool has_kind(int nr, unsigned first, unsigned second)
{
	for (unsigned arg = 0; arg < CALL_ARGS; arg++) {
		unsigned kind = (unsigned)call_argument(nr, arg);

		if (kind == first || kind == second)
			return true;
	}
	return false;
}

static bool is_file(int nr)
{
	return has_kind(nr, VT_ARG_PATH, VT_ARG_PATH) || nr == VT_SYS_getcwd;
}

static bool is_desc(int nr)
{
	return has_kind(nr, VT_ARG_FD, VT_ARG_DIRFD) || call_makes_fd(nr) ||
	       call_family(nr) == VT_FAMILY_DESCRIPTOR;
}

static const char *const process_calls[] = {
	"clone",      "clone3",		 "fork",       "vfork",
	"execve",     "execveat",	 "exit",       "exit_group",
	"wait4",      "waitid",		 "kill",       "tkill",
	"tgkill",     "unshare",	 "setns",      "pidfd_send_signal",
	"pidfd_open", "rt_sigqueueinfo", "arch_prctl",
};

static bool is_process(int nr)
{
	for (unsigned i = 0; i < ARRAY_SIZE(process_calls); i++) {
		if (!strcmp(process_calls[i], call_name(nr)))
			return true;
	}
	return false;
}

static bool is_ipc(int nr)
{
	const char *name = call_name(nr);

	return !strncmp(name, "shm", 3) || !strncmp(name, "sem", 3) || !strncmp(name, "msg", 3) ||
	       !strncmp(name, "mq_", 3);
}

static bool is_any(int nr)
{
	return true;
}

/* Groups beside the families; those that strace has mean what they mean there */
static const struct {
	const char *name;
	bool (*holds)(int nr);
} groups[] = {
	{ "file", is_file },	   { "desc", is_desc }, { "descriptor", is_desc },
	{ "process", is_process }, { "ipc", is_ipc },	{ "all", is_any },
};

static void call_set(uint64_t *calls, int nr)
{
	calls[nr / 64] |= 1ULL << nr % 64;
}

static int add_group(uint64_t *calls, const char *name, struct error *err)
{
	int family = name_find(NAMES_FAMILY, name);
	bool (*holds)(int nr) = NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(groups); i++) {
		if (!strcmp(groups[i].name, name))
			holds = groups[i].holds;
	}
	if (!strcmp(name, "net"))
		family = VT_FAMILY_NETWORK;
	if (!holds && family < 0)
		return error_set(err, 0, "'%%%s' is no group of calls", name);
	for (int nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		if (call_name(nr) && (holds ? holds(nr) : call_family(nr) == family))
			call_set(calls, nr);
	}
	return 0;
}

static int unknown_call(const char *word, struct error *err)
{
	const char *names[VT_TELEMETRY_CALLS], *near;
	unsigned count = 0;

	for (int nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		if (call_name(nr))
			names[count++] = call_name(nr);
	}
	near = cli_suggest(word, names, count, sizeof(names[0]));
	if (near)
		return error_set(err, 0, "'%s' is no system call; did you mean '%s'?", word, near);
	return error_set(err, 0, "'%s' is no system call", word);
}

static int add_word(uint64_t *calls, const char *word, struct error *err)
{
	int nr = call_find(word);

	if (word[0] == '%')
		return add_group(calls, word + 1, err);
	if (!strcmp(word, "all"))
		return add_group(calls, word, err);
	if (!strcmp(word, "none"))
		return 0;
	/* Names of the C library, which the kernel calls otherwise */
	if (nr < 0 && !strcmp(word, "fstatat"))
		nr = VT_SYS_newfstatat;
	if (nr < 0 && !strcmp(word, "prlimit"))
		nr = VT_SYS_prlimit64;
	if (nr < 0)
		return unknown_call(word, err);
	call_set(calls, nr);
	return 0;
}

/* The next word of a list; NULL at its end, or with @err filled when it is too long */
static const char *next_word(const char *list, char word[WORD_MAX], struct error *err)
{
	size_t len = strcspn(list, ",");

	if (len >= WORD_MAX) {
		error_set(err, 0, "'%s' is too long", list);
		return NULL;
	}
	memcpy(word, list, len);
	word[len] = '\0';
	return list + len + (list[len] == ',');
}

int trace_filter_calls(struct trace_filter *filter, const char *expression, struct error *err)
{
	uint64_t calls[TRACE_CALL_WORDS] = { 0 };
	const char *at = expression;
	char word[WORD_MAX];
	bool except;

	if (!strncmp(at, "trace=", 6))
		at += 6;
	except = at[0] == '!';
	at += except;
	if (!*at)
		return error_set(err, 0, "which calls?");
	while (*at) {
		at = next_word(at, word, err);
		if (!at || add_word(calls, word, err) < 0)
			return -1;
	}
	if (except && !filter->calls_given)
		memset(filter->calls, 0xff, sizeof(filter->calls));
	for (unsigned i = 0; i < TRACE_CALL_WORDS; i++)
		filter->calls[i] =
		    except ? filter->calls[i] & ~calls[i] : filter->calls[i] | calls[i];
	filter->calls_given = true;
	return 0;
}

#define KIND(name) (1ULL << VT_EVENT_##name)

static const struct {
	const char *name;
	uint64_t kinds;
} event_groups[] = {
	{ "sched", KIND(SWITCH) | KIND(WAKEUP) | KIND(MIGRATE) | KIND(IPI) },
	{ "life", KIND(FORK) | KIND(EXEC) | KIND(EXIT) | KIND(SIGNAL) | KIND(OOM) | KIND(OOPS) },
	{ "block", KIND(BLOCK_ISSUE) | KIND(BLOCK_DONE) },
	{ "memory",
	  KIND(FAULT) | KIND(PAGE_CACHE) | KIND(WRITEBACK) | KIND(OOM) | KIND(SHOOTDOWN) },
	{ "net", KIND(PACKET) },
	{ "all", ((1ULL << VT_NR_EVENT_KINDS) - 1) & ~KIND(PAD) },
};

int trace_filter_events(struct trace_filter *filter, const char *list, struct error *err)
{
	char word[WORD_MAX];

	for (const char *at = list; *at;) {
		uint64_t kinds = 0;
		int kind;

		at = next_word(at, word, err);
		if (!at)
			return -1;
		kind = name_find(NAMES_EVENT, word);
		if (kind > VT_EVENT_PAD)
			kinds = 1ULL << kind;
		for (unsigned i = 0; i < ARRAY_SIZE(event_groups); i++) {
			if (!strcmp(event_groups[i].name, word))
				kinds = event_groups[i].kinds;
		}
		if (!kinds)
			return error_set(err, 0, "'%s' is no kind of event", word);
		filter->kinds |= kinds;
	}
	filter->events_given = true;
	return 0;
}

static bool list_matches(const struct string_list *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->count; i++) {
		if (!fnmatch(patterns->items[i], text, 0))
			return true;
	}
	return !patterns->count;
}

static bool path_matches(const struct trace_filter *filter, const struct call *call)
{
	char copy[VT_EVENT_MAX];
	const char *path;
	size_t len;

	if (!filter->paths.count)
		return true;
	for (unsigned skip = 0; call_path(call, skip, &path, &len); skip++) {
		if (len >= sizeof(copy))
			continue;
		memcpy(copy, path, len);
		copy[len] = '\0';
		if (list_matches(&filter->paths, copy))
			return true;
	}
	return false;
}

static bool call_matches(const struct trace_filter *filter, const struct call *call)
{
	if (call->nr >= 0 && call->nr < VT_TELEMETRY_CALLS &&
	    !(filter->calls[call->nr / 64] >> call->nr % 64 & 1))
		return false;
	if (filter->errors && !call_failed(call))
		return false;
	if (call->duration_ns < filter->slow_ns)
		return false;
	return path_matches(filter, call);
}

bool trace_filter_match(const struct trace_filter *filter, const struct event *event,
			const struct call *call)
{
	if (event->head.kind >= 64 || !(filter->kinds >> event->head.kind & 1))
		return false;
	return trace_pids_match(filter, &event->head) &&
	       list_matches(&filter->comms, event->head.comm) &&
	       (!call || call_matches(filter, call));
}

bool trace_filter_is_plain(const struct trace_filter *filter)
{
	return !filter->npids && !filter->comms.count && !filter->paths.count && !filter->errors &&
	       !filter->slow_ns;
}
