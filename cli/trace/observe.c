// SPDX-License-Identifier: GPL-2.0-only
/* observe.c - from the guest kernel's rings to a sink
 *
 * Theory of operation
 * The guest kernel writes events into rings; we read them, drop those that nobody asked for, and
 * hand the others to a sink. Nothing that we do, or do not do in time, holds the guest up: a reader
 * that is too slow is told how much it has missed, and tells that in its output.
 *
 * Host system calls: those of output.c and of the observer.
 */

#include <errno.h>
#include <string.h>
#include "lib/clock.h"
#include "trace.h"
#include "vitrine/util.h"

#define OUT_SIZE (1U << 20)
#define OUT_FULL (OUT_SIZE / 2)
#define BATCH 256 /* events between two looks at the clock */

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
	if (sink->begin(trace, err) < 0 ||
	    (trace->options->command && trace_command_begin(trace->options->command, err) < 0))
		return -1;
	while (!trace->closed && !trace_stopped(began, trace->options->duration) &&
	       (trace->options->command || !trace_pids_over(&trace->options->filter))) {
		/* What was written before the end is there after it */
		const struct trace_command *command = trace->options->command;
		bool ended = observer_ended(observer) || (command && trace_command_over(command));

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
		.kinds =
		    options->filter.kinds | trace_pids_kinds(&options->filter, options->command),
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
	if (options->summary && !options->command && trace_filter_is_plain(&options->filter))
		return trace_counters(observer, options, fd, from, err);
	if (observer_wish(observer, &wishes, err) < 0)
		return -1;
	region_head(observer_region(observer), &head);
	trace.realtime_offset = head.realtime_offset_ns;
	return follow(&trace, sink_of(options), observer, from, err);
}
