// SPDX-License-Identifier: GPL-2.0-only
/* event_json.c - an event of the rings as a JSON object
 *
 * One function a kind, in a table. The line of text that every object has is made by decode.c for
 * system calls, here for the others. Numbers of the guest are looked up in tables that answer "?"
 * for strange ones, its texts go through guest_text.c.
 */
#include "event_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "observe/decode/decode.h"
#include "filter.h"
#include "lib/plain.h"
#include "observe/region/names.h"
#include "observe/text/guest_text.h"
#include "vitrine/util.h"

#define LINE_LEN 1024
#define NUMBER_MAX 32

/**
 * struct body - what an encoder works on
 * @plain: not NULL, but for system calls
 * @text:  the event's text, clean
 * @line:  to be filled: one line that says it all
 */
struct body {
	const struct event *event;
	const struct vt_event_plain *plain;
	char text[LINE_LEN], line[LINE_LEN];
};

json_t *time_ms(uint64_t time_ns, int64_t realtime_ns)
{
	int64_t us = ((int64_t)time_ns + realtime_ns) / 1000;

	return json_real((double)us / 1000);
}

static json_t *hex(uint64_t value)
{
	char text[NUMBER_MAX];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

/* Durations and the like: what does not fit is cut, so that it stays a number */
static json_int_t count(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : (json_int_t)value;
}

static json_t *device_name(uint64_t dev)
{
	char text[NUMBER_MAX];

	/* The kernel's own form of a device number, not libc's */
	snprintf(text, sizeof(text), "%" PRIu64 ":%" PRIu64, (dev >> 20) & 0xfff, dev & 0xfffff);
	return json_string(text);
}

static const char *signal_name(int number, char text[NUMBER_MAX])
{
	const char *name = number > 0 && number < 65 ? sigabbrev_np(number) : NULL;

	if (name)
		snprintf(text, NUMBER_MAX, "SIG%s", name);
	else
		snprintf(text, NUMBER_MAX, "signal %d", number);
	return text;
}

static const char *error_name(int64_t result, char text[NUMBER_MAX])
{
	const char *name;

	if (result >= 0 || result < -4095)
		return NULL;
	name = strerrorname_np((int)-result);
	/* What a program never sees: a restart that a signal handler cut short, and the like */
	if (name)
		snprintf(text, NUMBER_MAX, "%s", name);
	else
		snprintf(text, NUMBER_MAX, "error %d", (int)-result);
	return text;
}

/* As strace -T, without its column for results */
static void call_line(const struct event *event, char line[LINE_LEN])
{
	static const struct decode_options options = { .string_max = VT_CAPTURE_DEFAULT,
						       .paths = true };
	struct text text = { .data = line, .size = LINE_LEN - NUMBER_MAX };
	struct call call;

	if (!call_parse(&call, event, &options))
		return;
	/* As if the line had begun long before, so that results need no padding */
	call_text(&text, &call, (size_t)0 - LINE_LEN);
	snprintf(line + text.len, NUMBER_MAX, " <%.6f>", (double)call.duration_ns / 1e9);
}

static json_t *encode_syscall(struct body *body)
{
	const struct vt_event_syscall *call = event_syscall(body->event);
	const char *name = call_name(call->nr);
	char number[NUMBER_MAX], error[NUMBER_MAX];
	json_t *args = json_array();

	for (unsigned i = 0; i < ARRAY_SIZE(call->args); i++)
		json_array_append_new(args, hex(call->args[i]));
	snprintf(number, sizeof(number), "syscall_%d", call->nr);
	call_line(body->event, body->line);
	return json_pack(
	    "{s:i, s:s, s:s, s:s, s:o, s:o, s:s?, s:I, s:b}", "nr", (int)call->nr, "call",
	    name ? name : number, "family", name_of(NAMES_FAMILY, call_family(call->nr)),
	    "disposition", name_of(NAMES_DISPOSITION, call->disposition), "args", args, "result",
	    call->flags & VT_CALL_NORETURN ? json_null() : json_integer(call->result), "error",
	    call->flags & VT_CALL_NORETURN ? NULL : error_name(call->result, error), "duration_ns",
	    count(call->duration_ns), "followed", call->flags & VT_CALL_FOLLOWED);
}

static json_t *encode_fault(struct body *body)
{
	const struct vt_event_plain *p = body->plain;
	const char *kind = name_of(NAMES_FAULT, (uint32_t)p->value);

	snprintf(body->line, LINE_LEN, "%s fault at %#" PRIx64 " <%.6f>", kind, (uint64_t)p->a,
		 (double)p->b / 1e9);
	return json_pack("{s:s, s:o, s:I, s:I}", "fault", kind, "address", hex(p->a), "error_code",
			 count(p->c), "duration_ns", count(p->b));
}

static json_t *encode_switch(struct body *body)
{
	const struct vt_event_plain *p = body->plain;
	const char *reason = name_of(NAMES_SWITCH, (uint32_t)p->value);

	snprintf(body->line, LINE_LEN, "%s, then %s (%" PRIu64 "), which waited %.6f s", reason,
		 p->a ? body->text : "idle", (uint64_t)p->a, (double)p->b / 1e9);
	return json_pack("{s:s, s:I, s:s, s:I}", "reason", reason, "next_pid", count(p->a),
			 "next_comm", body->text, "delay_ns", count(p->b));
}

static json_t *encode_wakeup(struct body *body)
{
	snprintf(body->line, LINE_LEN, "wakes %s (%" PRIu64 ")", body->text,
		 (uint64_t)body->plain->a);
	return json_pack("{s:I, s:s}", "target_pid", count(body->plain->a), "target_comm",
			 body->text);
}

static json_t *encode_migrate(struct body *body)
{
	const struct vt_event_plain *p = body->plain;

	snprintf(body->line, LINE_LEN, "%s (%" PRIu64 ") goes from CPU %" PRIu64 " to %" PRIu64,
		 body->text, (uint64_t)p->a, (uint64_t)p->b, (uint64_t)p->c);
	return json_pack("{s:I, s:s, s:I, s:I}", "target_pid", count(p->a), "target_comm",
			 body->text, "from_cpu", count(p->b), "to_cpu", count(p->c));
}

static json_t *encode_ipi(struct body *body)
{
	const char *what = name_of(NAMES_INTERRUPT, (unsigned)body->plain->value);

	snprintf(body->line, LINE_LEN, "another CPU asks: %s", what);
	return json_pack("{s:s}", "interrupt", what);
}

static json_t *encode_shootdown(struct body *body)
{
	const struct vt_event_plain *p = body->plain;

	snprintf(body->line, LINE_LEN,
		 "%" PRIu64 " changes of mappings, known to %" PRIu64 " CPUs after %" PRIu64 " ns",
		 (uint64_t)p->a, (uint64_t)p->c, (uint64_t)p->b);
	return json_pack("{s:I, s:I, s:I}", "changes", count(p->a), "duration_ns", count(p->b),
			 "cpus", count(p->c));
}

static json_t *encode_fork(struct body *body)
{
	const struct vt_event_plain *p = body->plain;

	snprintf(body->line, LINE_LEN, "%s %" PRIu64, p->a == p->b ? "forks" : "starts thread",
		 (uint64_t)p->a);
	return json_pack("{s:I, s:I}", "child_pid", count(p->a), "child_tgid", count(p->b));
}

static json_t *encode_exec(struct body *body)
{
	snprintf(body->line, LINE_LEN, "executes %.1000s", body->text);
	return json_pack("{s:s, s:I}", "path", body->text, "old_pid", count(body->plain->a));
}

static json_t *encode_exit(struct body *body)
{
	const int status = (int)(body->plain->a & 0xffff);
	char name[NUMBER_MAX];

	if (WIFSIGNALED(status)) {
		signal_name(WTERMSIG(status), name);
		snprintf(body->line, LINE_LEN, "is killed by %s%s", name,
			 WCOREDUMP(status) ? " (core dumped)" : "");
		return json_pack("{s:n, s:s}", "code", "signal", name);
	}
	snprintf(body->line, LINE_LEN, "exits with %d", WEXITSTATUS(status));
	return json_pack("{s:i, s:n}", "code", WEXITSTATUS(status), "signal");
}

static json_t *encode_signal(struct body *body)
{
	const struct vt_event_plain *p = body->plain;
	char name[NUMBER_MAX];

	signal_name(p->value, name);
	snprintf(body->line, LINE_LEN, "%s to %" PRIu64, name, (uint64_t)p->a);
	return json_pack("{s:s, s:I, s:I}", "signal", name, "target_pid", count(p->a), "code",
			 (json_int_t)(int64_t)p->b);
}

static json_t *encode_oom(struct body *body)
{
	const struct vt_event_plain *p = body->plain;

	snprintf(body->line, LINE_LEN, "out of memory: %s (%" PRIu64 ") dies, %" PRIu64 " pages",
		 body->text, (uint64_t)p->a, (uint64_t)p->b);
	return json_pack("{s:I, s:s, s:I}", "target_pid", count(p->a), "target_comm", body->text,
			 "pages", count(p->b));
}

static json_t *encode_oops(struct body *body)
{
	snprintf(body->line, LINE_LEN, "%s", body->text);
	return json_object();
}

static json_t *encode_block(struct body *body)
{
	const struct vt_event_plain *p = body->plain;
	const bool done = body->event->head.kind == VT_EVENT_BLOCK_DONE;
	const int64_t failed = done ? -(int64_t)((uint32_t)p->value >> 8) : 0;
	const char *operation = name_of(NAMES_BLOCK, p->value & 0xff);
	char text[NUMBER_MAX], took[NUMBER_MAX] = "";
	const char *error = error_name(failed, text);
	json_t *device = device_name(p->c);

	if (done)
		snprintf(took, sizeof(took), " <%.6f>", (double)p->d / 1e9);
	snprintf(body->line, LINE_LEN, "%s %s %" PRIu64 " bytes at %" PRIu64 "%s%s%s", operation,
		 done ? "has done" : "issues", (uint64_t)p->b, (uint64_t)p->a, error ? " " : "",
		 error ? error : "", took);
	return json_pack("{s:s, s:o, s:I, s:I, s:o, s:s?}", "operation", operation, "device",
			 device, "sector", count(p->a), "bytes", count(p->b), "duration_ns",
			 done ? json_integer(count(p->d)) : json_null(), "error", error);
}

static json_t *encode_softirq(struct body *body)
{
	const struct vt_event_plain *p = body->plain;
	const char *name = name_of(NAMES_SOFTIRQ, (uint32_t)p->value);

	snprintf(body->line, LINE_LEN, "softirq %s <%.6f>", name, (double)p->b / 1e9);
	return json_pack("{s:s, s:I}", "softirq", name, "duration_ns", count(p->b));
}

static json_t *encode_page_cache(struct body *body)
{
	const struct vt_event_plain *p = body->plain;

	snprintf(body->line, LINE_LEN, "page %" PRIu64 " of inode %" PRIu64 " %s the page cache",
		 (uint64_t)p->b, (uint64_t)p->a, p->value ? "enters" : "leaves");
	return json_pack("{s:b, s:o, s:o, s:I}", "added", p->value != 0, "device",
			 device_name(p->c), "inode", hex(p->a), "index", count(p->b));
}

static json_t *encode_writeback(struct body *body)
{
	const struct vt_event_plain *p = body->plain;

	snprintf(body->line, LINE_LEN, "%" PRIu64 " pages of inode %" PRIu64 " are written back",
		 (uint64_t)p->b, (uint64_t)p->a);
	return json_pack("{s:o, s:o, s:I}", "device", device_name(p->c), "inode", hex(p->a),
			 "pages", count(p->b));
}

static json_t *encode_packet(struct body *body)
{
	const char *direction = body->plain->value ? "sent" : "received";

	snprintf(body->line, LINE_LEN, "%s: %s %" PRIu64 " bytes", body->text, direction,
		 (uint64_t)body->plain->b);
	return json_pack("{s:s, s:s, s:I}", "direction", direction, "device", body->text, "bytes",
			 count(body->plain->b));
}

static json_t *encode_followed(struct body *body)
{
	snprintf(body->line, LINE_LEN, "was followed (%" PRIu64 ")", (uint64_t)body->plain->a);
	return json_pack("{s:I}", "number", count(body->plain->a));
}

static json_t *(*const encoders[])(struct body *body) = {
	[VT_EVENT_PAD] = NULL,
	[VT_EVENT_SYSCALL] = encode_syscall,
	[VT_EVENT_FAULT] = encode_fault,
	[VT_EVENT_SWITCH] = encode_switch,
	[VT_EVENT_WAKEUP] = encode_wakeup,
	[VT_EVENT_FORK] = encode_fork,
	[VT_EVENT_EXEC] = encode_exec,
	[VT_EVENT_EXIT] = encode_exit,
	[VT_EVENT_SIGNAL] = encode_signal,
	[VT_EVENT_OOM] = encode_oom,
	[VT_EVENT_OOPS] = encode_oops,
	[VT_EVENT_BLOCK_ISSUE] = encode_block,
	[VT_EVENT_BLOCK_DONE] = encode_block,
	[VT_EVENT_SOFTIRQ] = encode_softirq,
	[VT_EVENT_PAGE_CACHE] = encode_page_cache,
	[VT_EVENT_WRITEBACK] = encode_writeback,
	[VT_EVENT_PACKET] = encode_packet,
	[VT_EVENT_FOLLOWED] = encode_followed,
	[VT_EVENT_MIGRATE] = encode_migrate,
	[VT_EVENT_IPI] = encode_ipi,
	[VT_EVENT_SHOOTDOWN] = encode_shootdown,
};
static_assert(ARRAY_SIZE(encoders) == VT_NR_EVENT_KINDS, "encoders[]");

static void text_take(struct body *body)
{
	size_t len = 0;
	const char *text = event_text(body->event, &len);

	if (text)
		plain_copy(body->text, sizeof(body->text), text, len);
}

json_t *event_json(const struct event *event, int64_t realtime_ns)
{
	struct body body = { .event = event, .plain = event_plain(event) };
	json_t *object, *head;

	if (event->head.kind >= VT_NR_EVENT_KINDS || !encoders[event->head.kind] ||
	    (!body.plain && !event_syscall(event)))
		return NULL;
	if (body.plain)
		text_take(&body);
	object = encoders[event->head.kind](&body);
	head = json_pack("{s:I, s:s, s:s, s:o, s:I, s:I, s:o, s:i, s:o}", "seq",
			 count(event->head.seq), "kind", name_of(NAMES_EVENT, event->head.kind),
			 "ring", name_of(NAMES_RING, event->head.ring), "time_ms",
			 time_ms(event->head.time_ns, realtime_ns), "pid",
			 (json_int_t)event->head.pid, "tgid", (json_int_t)event->head.tgid, "comm",
			 guest_json(event->head.comm, 16), "cpu", (int)event->head.cpu, "text",
			 guest_json(body.line, sizeof(body.line)));
	if (!object || !head || json_object_update(head, object) < 0)
		json_decref(steal_ptr(head));
	json_decref(object);
	return head;
}
