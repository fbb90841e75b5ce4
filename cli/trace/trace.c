// SPDX-License-Identifier: GPL-2.0-only
/* trace.c - vitrine trace: what a sandbox's programs ask of their kernel, line by line
 *
 * Theory of operation
 * The guest kernel writes events into rings; we read them, drop those that nobody asked for, and
 * hand the others to a sink. Nothing that we do, or do not do in time, holds the guest up: a reader
 * that is too slow is told how much it has missed, and tells that in its output.
 *
 * A sink writes to a buffer of a megabyte; it goes out when it is half full and whenever there is
 * nothing to read. A reader that goes away (head(1)) ends the trace, quietly.
 *
 * Host system calls: write, clock_gettime, clock_nanosleep, sigaction, and the observer's.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include "cli/common/cli.h"
#include "trace.h"
#include "engine/control/rundir.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define OUT_SIZE (1U << 20)
#define OUT_FULL (OUT_SIZE / 2)
#define BATCH 256 /* events between two looks at the clock */
#define PAUSE_MIN_NS 500000L
#define PAUSE_MAX_NS 20000000L

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = 1;
}

bool trace_stopped(uint64_t began_ns, unsigned duration)
{
	return stopped || (duration && clock_now_ns() - began_ns >= duration * 1000000000UL);
}

/* Half a millisecond while things happen, so that a ring cannot run full meanwhile */
void trace_pause(unsigned idle)
{
	struct timespec pause = { .tv_nsec = PAUSE_MIN_NS << (idle < 6 ? idle : 6) };

	if (pause.tv_nsec > PAUSE_MAX_NS)
		pause.tv_nsec = PAUSE_MAX_NS;
	nanosleep(&pause, NULL);
}

void trace_flush(struct trace *trace)
{
	size_t at = 0;

	while (at < trace->out.len && !trace->closed) {
		ssize_t n = write(trace->fd, trace->out.data + at, trace->out.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			trace->closed = true;
			trace->error = errno == EPIPE ? 0 : errno;
		} else
			at += n;
	}
	trace->out.len = 0;
}

int trace_finish(struct trace *trace, struct error *err)
{
	trace_flush(trace);
	if (!trace->error)
		return 0;
	return error_set(err, trace->error, "%s",
			 trace->options->output ? trace->options->output : "trace");
}

static void take(struct trace *trace, const struct trace_sink *sink, const struct event *event)
{
	const struct trace_options *options = trace->options;
	struct call call;
	bool is_call = event->head.kind == VT_EVENT_SYSCALL;

	if (is_call && !call_parse(&call, event, &options->decode))
		return;
	if (trace_filter_match(&options->filter, event, is_call ? &call : NULL))
		sink->event(trace, event, is_call ? &call : NULL);
	trace_pids_note(&options->filter, event);
}

/* Return: events that were read; 0 when there are none */
static unsigned take_batch(struct trace *trace, const struct trace_sink *sink,
			   struct event_reader *reader)
{
	struct event event;
	unsigned taken = 0;

	while (taken < BATCH) {
		enum event_result result = event_next(reader, &event);

		if (result == EVENT_NONE)
			break;
		taken++;
		if (result == EVENT_HERE) {
			take(trace, sink, &event);
		} else {
			trace->lost += reader->gap.lost;
			sink->gap(trace, reader->gap.ring, reader->gap.lost);
		}
		if (trace->out.len > OUT_FULL)
			trace_flush(trace);
	}
	return taken;
}

static int follow(struct trace *trace, const struct trace_sink *sink, struct observer *observer,
		  enum events_from from, struct error *err)
{
	cleanup_free struct event_reader *reader = calloc(1, sizeof(*reader));
	uint64_t began = clock_now_ns();
	unsigned idle = 0;

	if (!reader)
		return error_set(err, ENOMEM, "events");
	if (event_reader_init(reader, observer_region(observer), from, err) < 0)
		return -1;
	if (sink->begin(trace, err) < 0)
		return -1;
	while (!trace->closed && !trace_stopped(began, trace->options->duration) &&
	       !trace_pids_over(&trace->options->filter)) {
		/* What was written before the end is there after it */
		bool ended = observer_ended(observer);

		if (take_batch(trace, sink, reader)) {
			idle = 0;
			continue;
		}
		if (ended)
			break;
		if (trace->out.len)
			trace_flush(trace);
		trace_pause(idle++);
	}
	sink->end(trace);
	return trace_finish(trace, err);
}

static const struct trace_sink *sink_of(const struct trace_options *options)
{
	static const struct trace_sink *const sinks[TRACE_NFORMATS] = {
		[TRACE_TEXT] = &trace_text,
		[TRACE_JSON] = &trace_json,
		[TRACE_PERFETTO] = &trace_perfetto,
	};

	return options->summary ? &trace_summary : sinks[options->format];
}

unsigned trace_capture(const struct trace_options *options)
{
	return options->string_max < VT_EVENT_MAX / 2 ? options->string_max : VT_EVENT_MAX / 2;
}

int trace_observe(struct observer *observer, const struct trace_options *options, int fd,
		  enum events_from from, struct error *err)
{
	const struct observe_wishes wishes = {
		.counters = true,
		.events = true,
		.kinds = options->filter.kinds | trace_pids_kinds(&options->filter),
		.calls = options->filter.calls,
		.capture = (int)trace_capture(options),
		.paths = options->decode.paths || options->filter.paths.count,
	};
	cleanup_free char *buffer = malloc(OUT_SIZE);
	struct trace trace = { .options = options,
			       .fd = fd,
			       .out = { .data = buffer, .size = OUT_SIZE } };
	struct region_head head;

	if (!buffer)
		return error_set(err, ENOMEM, "trace");
	if (options->summary && trace_filter_is_plain(&options->filter))
		return trace_counters(observer, options, fd, from, err);
	if (observer_wish(observer, &wishes, err) < 0)
		return -1;
	region_head(observer_region(observer), &head);
	trace.realtime_offset = head.realtime_offset_ns;
	return follow(&trace, sink_of(options), observer, from, err);
}

/* Ctrl-C ends the trace, not us before the last line is out; a second one does */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* A trace of nobody would wait for ever */
static int check_pids(struct observer *observer, const struct trace_filter *filter,
		      struct error *err)
{
	for (unsigned i = 0; i < filter->npids; i++) {
		struct error why = { 0 };
		size_t len;
		cleanup_free char *view =
		    observer_view(observer, VT_VIEW_TASK, filter->pids[i], 0, NULL, &len, &why);

		if (view)
			continue;
		if (why.code == ESRCH)
			return error_set(err, 0, "there is no process %u in the sandbox %s",
					 filter->pids[i], observer_name(observer));
		*err = why;
		return -1;
	}
	return 0;
}

static int trace_name(const char *name, const struct trace_options *options, struct error *err)
{
	cleanup_close int file = -1;
	struct observer *observer;
	int ret;

	if (options->output) {
		file = open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (file < 0)
			return error_set(err, errno, "%s", options->output);
	}
	observer = observer_connect(name, err);
	if (!observer)
		return -1;
	ret = check_pids(observer, &options->filter, err);
	if (!ret)
		ret = trace_observe(observer, options, file < 0 ? STDOUT_FILENO : file,
				    EVENTS_FROM_NOW, err);
	observer_close(observer);
	return ret;
}

static int trace_operands(const struct trace_options *options, int argc, char **argv,
			  struct error *err)
{
	char only[RUNDIR_NAME_MAX + 1];
	const char *name = argv[0];

	if (argc > 0 && !strcmp(argv[0], "run"))
		return trace_run(options, argc, argv);
	if (argc > 1) {
		error_set(err, 0, "options come before the name: vitrine trace [OPTION]... %s",
			  name);
		return cli_fail(EXIT_USAGE, err);
	}
	if (!argc && observer_only(only, err) < 0)
		return cli_fail(EXIT_VITRINE, err);
	return trace_name(argc ? name : only, options, err) < 0 ? cli_fail(EXIT_VITRINE, err) : 0;
}

int cmd_trace(int argc, char **argv)
{
	struct trace_options options;
	struct error err = { 0 };
	int at = trace_options_parse(&options, argc, argv, &err), status;

	if (at == OPTIONS_HELP) {
		status = 0;
	} else if (at < 0) {
		status = cli_fail(EXIT_USAGE, &err);
	} else {
		catch_signals();
		status = trace_operands(&options, argc - at, argv + at, &err);
	}
	trace_options_free(&options);
	return status;
}
