/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.h - the parts of vitrine trace
 *
 * From above to below: trace.c is the verb; run.c starts a sandbox for it, exec.c a command in one;
 * observe.c reads events,
 * filter.c and pids.c say which of them count, one of the sinks (text.c, json.c, perfetto.c,
 * summary.c) writes them, and output.c has what all of these share.
 */
#ifndef CLI_TRACE_TRACE_H
#define CLI_TRACE_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include "cli/common/options.h"
#include "cli/run/options.h"
#include "observe/client/client.h"
#include "observe/decode/decode.h"
#include "observe/region/event.h"
#include "observe/region/ring.h"
#include "observe/text/text.h"

enum trace_format { TRACE_TEXT, TRACE_JSON, TRACE_PERFETTO, TRACE_NFORMATS };

#define TRACE_PIDS_MAX 64
#define TRACE_CALL_WORDS (VT_TELEMETRY_CALLS / 64)

/**
 * struct trace_filter - which events are wanted
 * @calls: bit per system call; @kinds: bit per enum vt_event_kind
 * @pids:  threads or processes, any when @npids is 0; @follow_forks: and their children
 * @family: which those are now, see pids.c
 * @comms: names, as patterns; @paths: patterns of a call's path; any when empty
 * @errors: only calls that failed; @slow_ns: only calls that took that long
 */
struct trace_filter {
	uint64_t calls[TRACE_CALL_WORDS];
	uint64_t kinds;
	uint32_t pids[TRACE_PIDS_MAX];
	unsigned npids;
	struct trace_family *family;
	bool follow_forks;
	struct string_list comms, paths;
	bool errors, calls_given, events_given;
	uint64_t slow_ns;
};

/**
 * struct trace_options - the command line
 * @command: of trace exec, which is started when the kernel records; NULL
 */
struct trace_options {
	struct trace_command *command;
	struct trace_filter filter;
	struct decode_options decode;
	enum trace_format format;
	const char *output;
	bool summary, times;
	unsigned duration, string_max;
};

/**
 * struct trace - a trace in progress
 * @out:  what is not written yet; @fd: where to
 * @closed: nobody reads what we write any more; @error: or it cannot be written, an errno value
 * @lost: events that were overwritten before they were read
 * @realtime_offset: wall clock minus the events' clock
 * @state: the sink's own
 */
struct trace {
	const struct trace_options *options;
	struct text out;
	int fd;
	bool closed;
	int error;
	uint64_t lost, realtime_offset;
	void *state;
};

/**
 * struct trace_sink - one way to write a trace
 * @event: @call is NULL for events that are no system call
 * @gap:   @lost events of a ring are missing here
 */
struct trace_sink {
	int (*begin)(struct trace *trace, struct error *err);
	void (*event)(struct trace *trace, const struct event *event, const struct call *call);
	void (*gap)(struct trace *trace, enum vt_ring_kind ring, uint64_t lost);
	void (*end)(struct trace *trace);
};

extern const struct trace_sink trace_text, trace_json, trace_perfetto, trace_summary;

/**
 * trace_options_parse() - Read the command line up to the first operand
 *
 * Return: index of the operand, OPTIONS_HELP, or -1 with @err filled.
 */
int trace_options_parse(struct trace_options *options, int argc, char **argv, struct error *err);
void trace_options_free(struct trace_options *options);

/**
 * trace_filter_calls() - Apply one -e expression
 * @expression: "[trace=][!]CALL|%GROUP[,...]"
 *
 * Return: 0 or -1.
 */
int trace_filter_calls(struct trace_filter *filter, const char *expression, struct error *err);

/**
 * trace_filter_events() - Apply one --events list
 */
int trace_filter_events(struct trace_filter *filter, const char *list, struct error *err);

/**
 * trace_filter_match() - Whether an event is to be written
 * @call: of a system call, else NULL
 */
bool trace_filter_match(const struct trace_filter *filter, const struct event *event,
			const struct call *call);

/**
 * trace_filter_is_plain() - Whether the kernel's counters say all that the filter lets through
 */
bool trace_filter_is_plain(const struct trace_filter *filter);

/**
 * trace_pids_init() - Begin to follow the tasks of @filter->pids; trace_options_free() ends it
 *
 * Return: 0 or -1.
 */
int trace_pids_init(struct trace_filter *filter, struct error *err);

/**
 * trace_pids_match() - Is it an event of a task that is followed?
 */
bool trace_pids_match(const struct trace_filter *filter, const struct vt_event *head);

/**
 * trace_pids_note() - Learn who was born and who died; to be called with each event, after the
 * match
 */
void trace_pids_note(const struct trace_filter *filter, const struct event *event);

/**
 * trace_pids_over() - Have all that were to be followed ended?
 */
bool trace_pids_over(const struct trace_filter *filter);

/**
 * trace_pids_kinds() - Events that are needed for that, a bit per kind
 * @later: there will be tasks to follow
 */
uint64_t trace_pids_kinds(const struct trace_filter *filter, bool later);

/**
 * trace_capture() - Bytes of a buffer that events should keep
 */
unsigned trace_capture(const struct trace_options *options);

/**
 * trace_observe() - Trace until the sandbox, the time or the reader's patience ends
 *
 * Return: 0 or -1.
 */
int trace_observe(struct observer *observer, const struct trace_options *options, int fd,
		  enum events_from from, struct error *err);

/**
 * trace_counters() - Print the summary of what the kernel counts, instead of events
 */
int trace_counters(struct observer *observer, const struct trace_options *options, int fd,
		   enum events_from from, struct error *err);

/* One line of the summary */
struct trace_row {
	int nr; /* -1: the sum */
	uint64_t calls, errors, time_ns;
	uint64_t in_guest; /* of @calls: no time is known of them */
	uint64_t latency[VT_BUCKETS];
};

/**
 * trace_table() - Print rows as strace -c does
 */
void trace_table(struct trace *trace, struct trace_row *rows, unsigned count);

/**
 * trace_flush() - Write what there is; sets @closed when nobody wants it
 */
void trace_flush(struct trace *trace);

/* What failed is our own output, not the sandbox */
#define TRACE_UNWRITTEN (-2)

/**
 * trace_finish() - Write the rest
 *
 * Return: 0, or TRACE_UNWRITTEN with @err filled when something could not be written; a reader who
 * left is no failure.
 */
int trace_finish(struct trace *trace, struct error *err);

/**
 * trace_catch_signals() - From now on signals that end programs end the trace instead
 */
void trace_catch_signals(void);

/**
 * trace_stopped() - Whether a signal has asked us to stop, or @duration seconds have passed
 */
bool trace_stopped(uint64_t began_ns, unsigned duration);

/**
 * trace_run() - Start a sandbox and trace it from its first instruction
 * @run: parsed, but not yet resolved
 *
 * Return: exit status of the sandbox.
 */
int trace_run(const struct trace_options *options, struct run_options *run);

/**
 * trace_exec() - Start a command in a sandbox and trace it and its children
 * @argv: argv[0] is exec
 *
 * Return: exit status of the command.
 */
int trace_exec(struct trace_options *options, int argc, char **argv);

/**
 * trace_command_begin() - The kernel records: start the command, and show its tasks only
 *
 * Return: 0 or -1.
 */
int trace_command_begin(struct trace_command *command, struct error *err);

/** trace_command_over() - Has the command ended? */
bool trace_command_over(const struct trace_command *command);

/**
 * trace_pause() - Wait a little for more to happen
 * @idle: times in a row that nothing had happened
 */
void trace_pause(unsigned idle);

#endif
