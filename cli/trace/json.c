// SPDX-License-Identifier: GPL-2.0-only
/* json.c - a trace as JSON, one object a line
 *
 * Written by hand: a library would spend more time on one event than there is. The numbers of
 * arguments are texts, because 64 bits do not survive most readers.
 */

#include <string.h>
#include "trace.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

#define ARGUMENT_MAX 32768

static void member_number(struct text *t, const char *name, uint64_t number)
{
	text_put(t, name);
	text_unsigned(t, number);
}

static void seconds_text(struct text *t, uint64_t ns)
{
	text_unsigned(t, ns / 1000000000);
	text_char(t, '.');
	text_fixed(t, ns % 1000000000, 9);
}

static void task_text(struct trace *trace, const struct vt_event *head)
{
	struct text *t = &trace->out;

	text_put(t, "{\"time\":");
	seconds_text(t, head->time_ns + trace->realtime_offset);
	member_number(t, ",\"seq\":", head->seq);
	text_put(t, ",\"type\":\"");
	text_put(t, name_of(NAMES_EVENT, head->kind));
	member_number(t, "\",\"pid\":", head->pid);
	member_number(t, ",\"tgid\":", head->tgid);
	text_put(t, ",\"comm\":");
	text_json(t, head->comm, strnlen(head->comm, sizeof(head->comm)));
	member_number(t, ",\"cpu\":", head->cpu);
}

/* What a printer writes, as a string of JSON: it is ASCII, but has quotes */
static void printed(struct text *t, const struct call *call, int arg, struct text *scratch)
{
	scratch->len = 0;
	if (arg < 0)
		call_result_text(scratch, call);
	else
		call_argument_text(scratch, call, (unsigned)arg);
	text_json(t, scratch->data, scratch->len);
}

static void call_members(struct text *t, const struct call *call)
{
	char buffer[ARGUMENT_MAX];
	struct text scratch = { .data = buffer, .size = sizeof(buffer) };
	unsigned shown = call_shown(call);
	const char *name = NULL;

	text_put(t, ",\"call\":\"");
	call_name_text(t, call);
	text_put(t, "\",\"nr\":");
	text_signed(t, call->nr);
	text_put(t, ",\"args\":[");
	for (unsigned i = 0; i < shown; i++) {
		text_put(t, i ? "," : "");
		printed(t, call, (int)i, &scratch);
	}
	text_put(t, "],\"raw\":[");
	for (unsigned i = 0; i < shown; i++) {
		text_put(t, i ? ",\"" : "\"");
		text_hex(t, call->args[i]);
		text_char(t, '"');
	}
	text_put(t, "],\"result\":");
	if (call->no_return)
		text_put(t, "null");
	else
		text_signed(t, call_failed(call) ? -1 : call->result);
	text_put(t, ",\"result_text\":");
	printed(t, call, -1, &scratch);
	text_put(t, ",\"errno\":");
	if (call_failed(call))
		name = strerrorname_np((int)-call->result);
	if (name)
		text_json(t, name, strlen(name));
	else
		text_put(t, "null");
	text_put(t, ",\"disposition\":\"");
	text_put(t, name_of(NAMES_DISPOSITION, call->disposition));
	member_number(t, "\",\"latency_ns\":", call->duration_ns);
}

/* What the numbers of a plain event are called, see telemetry.h; the last one is value */
static const char *const members[VT_NR_EVENT_KINDS][5] = {
	[VT_EVENT_FAULT] = { "address", "latency_ns", "error_code", NULL, "kind" },
	[VT_EVENT_SWITCH] = { "next", "run_delay_ns", NULL, NULL, "reason" },
	[VT_EVENT_WAKEUP] = { "woken" },
	[VT_EVENT_FORK] = { "child", "child_tgid" },
	[VT_EVENT_EXEC] = { "pid_before" },
	[VT_EVENT_EXIT] = { "status" },
	[VT_EVENT_SIGNAL] = { "receiver", "code", NULL, NULL, "signal" },
	[VT_EVENT_OOM] = { "victim", "pages" },
	[VT_EVENT_BLOCK_ISSUE] = { "sector", "bytes", "device", NULL, "op" },
	[VT_EVENT_BLOCK_DONE] = { "sector", "bytes", "device", "latency_ns", "op" },
	[VT_EVENT_SOFTIRQ] = { NULL, "latency_ns", NULL, NULL, "vector" },
	[VT_EVENT_PAGE_CACHE] = { "inode", "page", "device", NULL, "added" },
	[VT_EVENT_WRITEBACK] = { "inode", "pages", "device" },
	[VT_EVENT_PACKET] = { NULL, "bytes", NULL, NULL, "sent" },
	[VT_EVENT_FOLLOWED] = { "nr" },
	[VT_EVENT_MIGRATE] = { "task", "from_cpu", "to_cpu" },
	[VT_EVENT_IPI] = { NULL, NULL, NULL, NULL, "interrupt" },
	[VT_EVENT_SHOOTDOWN] = { "changes", "latency_ns", "cpus" },
};

/* Values that have names */
static const struct {
	enum vt_event_kind kind;
	enum name_set names;
} named[] = {
	{ VT_EVENT_FAULT, NAMES_FAULT },       { VT_EVENT_SWITCH, NAMES_SWITCH },
	{ VT_EVENT_BLOCK_ISSUE, NAMES_BLOCK }, { VT_EVENT_BLOCK_DONE, NAMES_BLOCK },
	{ VT_EVENT_SOFTIRQ, NAMES_SOFTIRQ },   { VT_EVENT_IPI, NAMES_INTERRUPT },
};

static void value_text(struct text *t, unsigned kind, int32_t value)
{
	for (unsigned i = 0; i < ARRAY_SIZE(named); i++) {
		const char *name;

		if (named[i].kind != kind)
			continue;
		name = name_of(named[i].names, (uint32_t)value & 0xff);
		text_json(t, name, strlen(name));
		return;
	}
	text_signed(t, value);
}

static void plain_members(struct text *t, const struct event *event)
{
	const struct vt_event_plain *plain = event_plain(event);
	unsigned kind = event->head.kind;
	const char *text;
	size_t len;

	if (!plain || kind >= VT_NR_EVENT_KINDS)
		return;
	const int64_t numbers[] = { (int64_t)plain->a, (int64_t)plain->b, (int64_t)plain->c,
				    (int64_t)plain->d };
	for (unsigned i = 0; i < 5; i++) {
		if (!members[kind][i])
			continue;
		text_put(t, ",\"");
		text_put(t, members[kind][i]);
		text_put(t, "\":");
		if (i < ARRAY_SIZE(numbers))
			text_signed(t, numbers[i]);
		else
			value_text(t, kind, plain->value);
	}
	if (kind == VT_EVENT_BLOCK_DONE && (uint32_t)plain->value >> 8)
		member_number(t, ",\"errno\":", (uint32_t)plain->value >> 8);
	text = event_text(event, &len);
	if (text) {
		text_put(t, ",\"text\":");
		text_json(t, text, len);
	}
}

static int json_begin(struct trace *trace, struct error *err)
{
	return 0;
}

static void json_event(struct trace *trace, const struct event *event, const struct call *call)
{
	task_text(trace, &event->head);
	if (call)
		call_members(&trace->out, call);
	else
		plain_members(&trace->out, event);
	text_put(&trace->out, "}\n");
}

static void json_gap(struct trace *trace, enum vt_ring_kind ring, uint64_t lost)
{
	text_put(&trace->out, "{\"type\":\"gap\",\"ring\":\"");
	text_put(&trace->out, name_of(NAMES_RING, ring));
	member_number(&trace->out, "\",\"lost\":", lost);
	text_put(&trace->out, "}\n");
}

static void json_end(struct trace *trace)
{
}

const struct trace_sink trace_json = { json_begin, json_event, json_gap, json_end };
