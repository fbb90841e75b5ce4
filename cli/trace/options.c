// SPDX-License-Identifier: GPL-2.0-only
/* options.c - vitrine trace's command line */

#include <errno.h>
#include <string.h>
#include "trace.h"
#include "vitrine/util.h"

#define SLOW_MAX_MS 86400000.0

static const char *const format_name[] = {
	[TRACE_TEXT] = "text",
	[TRACE_JSON] = "json",
	[TRACE_PERFETTO] = "perfetto",
};
static_assert(ARRAY_SIZE(format_name) == TRACE_NFORMATS, "format_name[]");

static int option_format(void *field, const char *value, struct error *err)
{
	for (unsigned i = 0; i < ARRAY_SIZE(format_name); i++) {
		if (!strcmp(format_name[i], value)) {
			*(enum trace_format *)field = i;
			return 0;
		}
	}
	return error_set(err, 0, "'%s' is not one of: text, json, perfetto", value);
}

static bool is_format(const char *word)
{
	for (unsigned i = 0; i < ARRAY_SIZE(format_name); i++) {
		if (!strcmp(format_name[i], word))
			return true;
	}
	return false;
}

static int option_calls(void *field, const char *value, struct error *err)
{
	return trace_filter_calls(field, value, err);
}

static int option_events(void *field, const char *value, struct error *err)
{
	return trace_filter_events(field, value, err);
}

static int option_pids(void *field, const char *value, struct error *err)
{
	struct trace_filter *filter = field;

	for (const char *at = value; *at;) {
		char *end;
		unsigned long pid = strtoul(at, &end, 10);

		if (end == at || pid == 0 || pid > UINT32_MAX || (*end && *end != ','))
			return error_set(err, 0, "'%s' is no list of process ids", value);
		if (filter->npids == TRACE_PIDS_MAX)
			return error_set(err, 0, "at most %d process ids", TRACE_PIDS_MAX);
		filter->pids[filter->npids++] = pid;
		at = *end ? end + 1 : end;
	}
	return filter->npids ? 0 : error_set(err, 0, "which process?");
}

static int option_slow(void *field, const char *value, struct error *err)
{
	char *end;
	double ms = strtod(value, &end);

	if (end == value || *end || !(ms >= 0) || ms > SLOW_MAX_MS)
		return error_set(err, 0, "'%s' is no number of milliseconds", value);
	*(uint64_t *)field = (uint64_t)(ms * 1e6);
	return 0;
}

#define AT(member) offsetof(struct trace_options, member)

static const struct option_spec specs[] = {
	{ 0, "format", "FORMAT", option_format, AT(format), "text, json or perfetto" },
	{ 0, "trace-format", "FORMAT", option_format, AT(format), NULL }, /* as in kbox */
	{ 'o', "output", "FILE", option_string, AT(output), "write to FILE" },
	{ 'e', "trace", "CALLS", option_calls, AT(filter),
	  "calls or %groups; with ! in front all but these" },
	{ 0, "events", "KINDS", option_events, AT(filter), "what else: sched, fault, block, ..." },
	{ 'p', "pid", "PID[,PID]...", option_pids, AT(filter), "these processes or threads" },
	{ 'f', "follow-forks", NULL, option_flag, AT(filter.follow_forks),
	  "with -p: and their children" },
	{ 0, "comm", "PATTERN", option_list, AT(filter.comms), "tasks whose name matches" },
	{ 0, "path", "GLOB", option_list, AT(filter.paths),
	  "calls that were given a path that matches" },
	{ 'Z', "errors", NULL, option_flag, AT(filter.errors), "calls that failed" },
	{ 0, "slow", "MS", option_slow, AT(filter.slow_ns), "calls that took MS or longer" },
	{ 'c', "summary", NULL, option_flag, AT(summary),
	  "count, and print a table at the end (or JSON)" },
	{ 0, "duration", "TIME", option_seconds, AT(duration), "stop after TIME" },
	{ 's', "string-limit", "N", option_unsigned, AT(string_max), "bytes of a string (32)" },
	{ 'y', "paths", NULL, option_flag, AT(decode.paths), "show what descriptors stand for" },
	{ 't', "times", NULL, option_flag, AT(times), "begin lines with the time of day" },
};

static const struct option_set options_set = {
	"trace [OPTION]... NAME\n"
	"       vitrine trace [OPTION]... exec [EXEC-OPTION]... NAME COMMAND [ARG]...\n"
	"       vitrine trace [OPTION]... run [RUN-OPTION]... IMAGE [COMMAND [ARG]...]",
	"Show the system calls of the sandbox NAME, and other events, as strace shows them; "
	"or run one more command in it and show what that and its children do; or start a "
	"sandbox and show what it does from its first instruction on. A trace of NAME goes to "
	"standard output, one of exec or run to standard error. The exit status of those two is "
	"COMMAND's.\n\n"
	"CALLS: names of calls, %file (with a path), %desc (with a descriptor), %process, "
	"%ipc, %all, or a family: %file_io %directory %descriptor %identity %memory %signal "
	"%scheduler %network %other. KINDS: sched, life, block, memory, net, all, or names "
	"such as fault and fork.",
	specs,
	ARRAY_SIZE(specs),
};

/* What is shown when nothing was said */
static uint64_t default_kinds(const struct trace_options *options)
{
	const uint64_t calls = 1ULL << VT_EVENT_SYSCALL,
		       ends = 1ULL << VT_EVENT_SIGNAL | 1ULL << VT_EVENT_EXIT;
	const uint64_t picture = 1ULL << VT_EVENT_SWITCH | 1ULL << VT_EVENT_FORK |
				 1ULL << VT_EVENT_EXEC | 1ULL << VT_EVENT_BLOCK_ISSUE |
				 1ULL << VT_EVENT_BLOCK_DONE | 1ULL << VT_EVENT_FAULT;

	if (options->summary)
		return calls;
	return calls | ends | (options->format == TRACE_PERFETTO ? picture : 0);
}

int trace_options_parse(struct trace_options *options, int argc, char **argv, struct error *err)
{
	struct trace_filter *filter = &options->filter;
	bool none = true;
	int at;

	memset(options, 0, sizeof(*options));
	options->string_max = VT_CAPTURE_DEFAULT;
	at = options_parse(&options_set, options, argc, argv, err);
	if (at <= 0)
		return at;
	if (!filter->calls_given)
		memset(filter->calls, 0xff, sizeof(filter->calls));
	for (unsigned i = 0; i < TRACE_CALL_WORDS; i++)
		none &= !filter->calls[i];
	filter->kinds |= default_kinds(options);
	if (none)
		filter->kinds &= ~(1ULL << VT_EVENT_SYSCALL);
	/* Those who ask for some calls do not want to hear of signals */
	if (filter->errors || filter->slow_ns || filter->paths.count)
		filter->kinds &= filter->events_given ? ~0ULL : 1ULL << VT_EVENT_SYSCALL;
	options->decode.string_max = options->string_max;
	if (options->summary && options->format == TRACE_PERFETTO)
		return error_set(err, 0, "--summary is text or json");
	if (filter->follow_forks && argc - at == 2 && is_format(argv[at]))
		return error_set(err, 0, "-f follows forks, as strace's does; write --format %s",
				 argv[at]);
	return trace_pids_init(filter, err) < 0 ? -1 : at;
}

void trace_options_free(struct trace_options *options)
{
	free(options->filter.comms.items);
	free(options->filter.paths.items);
	free(options->filter.family);
}
