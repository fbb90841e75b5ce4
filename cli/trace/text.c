// SPDX-License-Identifier: GPL-2.0-only
/* text.c - a trace as strace writes it, one line an event
 *
 * Lines come in the order in which calls end, where strace's come in the order in which they begin
 * and are cut in two ("unfinished") when another task is seen meanwhile.
 */

#include <signal.h>
#include <time.h>
#include "trace.h"
#include "observe/decode/parts.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

#define PID_COLUMN 6

static int text_begin(struct trace *trace, struct error *err)
{
	return 0;
}

static void head_text(struct trace *trace, const struct event *event)
{
	const struct vt_event *head = &event->head;
	const struct vt_event_plain *plain = event_plain(event);
	struct text *t = &trace->out;
	size_t from = t->len;
	uint64_t ns = head->time_ns + trace->realtime_offset;
	time_t seconds = ns / 1000000000;
	struct tm tm;

	/* A signal is its receiver's */
	text_unsigned(t, plain && head->kind == VT_EVENT_SIGNAL ? (uint32_t)plain->a : head->pid);
	text_char(t, ' ');
	text_pad(t, from, PID_COLUMN);
	if (!trace->options->times || !localtime_r(&seconds, &tm))
		return;
	text_format(t, "%02d:%02d:%02d.", tm.tm_hour, tm.tm_min, tm.tm_sec);
	text_fixed(t, ns % 1000000000 / 1000, 6);
	text_char(t, ' ');
}

static void latency_text(struct text *t, uint64_t ns)
{
	uint64_t us = (ns + 500) / 1000;

	text_put(t, " <");
	text_unsigned(t, us / 1000000);
	text_char(t, '.');
	text_fixed(t, us % 1000000, 6);
	text_char(t, '>');
}

static void name_text(struct text *t, const struct event *event)
{
	size_t len;
	const char *name = event_text(event, &len);

	if (!name)
		return;
	text_put(t, " (");
	text_quoted(t, name, len, TEXT_BARE);
	text_char(t, ')');
}

typedef void event_printer(struct text *t, const struct event *event,
			   const struct vt_event_plain *plain);

static void print_fault(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	text_put(t, name_of(NAMES_FAULT, (uint32_t)p->value));
	text_put(t, " at ");
	text_hex(t, p->a);
	text_put(t, p->c & 2 ? ", write" : p->c & 16 ? ", execute" : ", read");
	latency_text(t, p->b);
}

static void print_switch(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	text_put(t, name_of(NAMES_SWITCH, (uint32_t)p->value));
	text_put(t, ", next ");
	text_unsigned(t, p->a);
	name_text(t, event);
	text_put(t, ", which waited");
	latency_text(t, p->b);
}

static void print_wakeup(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	text_unsigned(t, p->a);
	name_text(t, event);
}

static void print_migrate(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	text_unsigned(t, p->a);
	name_text(t, event);
	text_put(t, " from CPU ");
	text_unsigned(t, p->b);
	text_put(t, " to ");
	text_unsigned(t, p->c);
}

static void print_ipi(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	text_put(t, name_of(NAMES_INTERRUPT, (unsigned)p->value));
}

static void print_shootdown(struct text *t, const struct event *event,
			    const struct vt_event_plain *p)
{
	text_unsigned(t, p->a);
	text_put(t, p->a == 1 ? " change, " : " changes, ");
	text_unsigned(t, p->c);
	text_put(t, p->c == 1 ? " CPU, " : " CPUs, ");
	text_unsigned(t, p->b);
	text_put(t, " ns");
}

static void print_fork(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	text_put(t, p->a == p->b ? "process " : "thread ");
	text_unsigned(t, p->a);
}

static void print_exec(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	size_t len;
	const char *path = event_text(event, &len);

	if (path)
		text_quoted(t, path, len, TEXT_ESCAPE);
}

static void print_oom(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	text_put(t, "kills ");
	text_unsigned(t, p->a);
	name_text(t, event);
	text_format(t, ", %llu pages", (unsigned long long)p->b);
}

static void print_words(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	size_t len;
	const char *words = event_text(event, &len);

	if (words)
		text_quoted(t, words, len, TEXT_BARE);
}

static void block_text(struct text *t, const struct vt_event_plain *p)
{
	text_put(t, name_of(NAMES_BLOCK, p->value & 0xff));
	text_format(t, " %llu bytes, sector %llu, device %llu:%llu", (unsigned long long)p->b,
		    (unsigned long long)p->a, (unsigned long long)(p->c >> 20 & 0xfff),
		    (unsigned long long)(p->c & 0xfffff));
}

static void print_issue(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	block_text(t, p);
}

static void print_done(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	unsigned error = (uint32_t)p->value >> 8;

	block_text(t, p);
	if (error) {
		text_put(t, ", ");
		errno_text(t, (int)error);
	}
	latency_text(t, p->d);
}

static void print_softirq(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	text_put(t, name_of(NAMES_SOFTIRQ, (uint32_t)p->value));
	latency_text(t, p->b);
}

static void print_cache(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	text_format(t, "%s page %llu of inode %llu", p->value ? "added" : "removed",
		    (unsigned long long)p->b, (unsigned long long)p->a);
}

static void print_writeback(struct text *t, const struct event *event,
			    const struct vt_event_plain *p)
{
	text_format(t, "%llu pages of inode %llu", (unsigned long long)p->b,
		    (unsigned long long)p->a);
}

static void print_packet(struct text *t, const struct event *event, const struct vt_event_plain *p)
{
	text_format(t, "%s %llu bytes", p->value ? "sent" : "received", (unsigned long long)p->b);
	name_text(t, event);
}

static event_printer *const printers[VT_NR_EVENT_KINDS] = {
	[VT_EVENT_FAULT] = print_fault,	     [VT_EVENT_SWITCH] = print_switch,
	[VT_EVENT_WAKEUP] = print_wakeup,    [VT_EVENT_FORK] = print_fork,
	[VT_EVENT_EXEC] = print_exec,	     [VT_EVENT_OOM] = print_oom,
	[VT_EVENT_OOPS] = print_words,	     [VT_EVENT_BLOCK_ISSUE] = print_issue,
	[VT_EVENT_BLOCK_DONE] = print_done,  [VT_EVENT_SOFTIRQ] = print_softirq,
	[VT_EVENT_PAGE_CACHE] = print_cache, [VT_EVENT_WRITEBACK] = print_writeback,
	[VT_EVENT_PACKET] = print_packet,    [VT_EVENT_MIGRATE] = print_migrate,
	[VT_EVENT_IPI] = print_ipi,	     [VT_EVENT_SHOOTDOWN] = print_shootdown,
};

/* As strace tells it: the one that it is for, and from where as far as we know */
static void signal_line(struct text *t, uint32_t from, const struct vt_event_plain *plain)
{
	static const char *const codes[] = { "SI_USER",	   "SI_QUEUE", "SI_TIMER", "SI_MESGQ",
					     "SI_ASYNCIO", "SI_SIGIO", "SI_TKILL" };
	static const char *const child[] = { NULL,	     "CLD_EXITED",  "CLD_KILLED",
					     "CLD_DUMPED",   "CLD_TRAPPED", "CLD_STOPPED",
					     "CLD_CONTINUED" };
	int code = (int)plain->b;

	text_put(t, "--- ");
	signal_text(t, (uint32_t)plain->value);
	text_put(t, " {si_signo=");
	signal_text(t, (uint32_t)plain->value);
	text_put(t, ", si_code=");
	if (code <= 0 && -(int64_t)code < (int64_t)ARRAY_SIZE(codes))
		text_put(t, codes[-code]);
	else if (code == 0x80)
		text_put(t, "SI_KERNEL");
	else if (plain->value == SIGCHLD && code > 0 && code < (int)ARRAY_SIZE(child))
		text_put(t, child[code]);
	else
		text_signed(t, code);
	if (code <= 0 || plain->value == SIGCHLD)
		text_format(t, ", si_pid=%u", from);
	text_put(t, "} ---");
}

static void exit_line(struct text *t, const struct vt_event_plain *plain)
{
	unsigned status = (unsigned)plain->a;

	if (status & 0x7f) {
		text_put(t, "+++ killed by ");
		signal_text(t, status & 0x7f);
		text_put(t, status & 0x80 ? " (core dumped) +++" : " +++");
	} else {
		text_format(t, "+++ exited with %u +++", status >> 8 & 0xff);
	}
}

static void plain_line(struct text *t, const struct event *event)
{
	const struct vt_event_plain *plain = event_plain(event);

	if (!plain) {
		text_put(t, "*** torn event ***");
	} else if (event->head.kind == VT_EVENT_SIGNAL) {
		signal_line(t, event->head.pid, plain);
	} else if (event->head.kind == VT_EVENT_EXIT) {
		exit_line(t, plain);
	} else {
		text_put(t, "*** ");
		text_put(t, name_of(NAMES_EVENT, event->head.kind));
		text_char(t, ' ');
		if (event->head.kind < VT_NR_EVENT_KINDS && printers[event->head.kind])
			printers[event->head.kind](t, event, plain);
		text_put(t, " ***");
	}
}

static void text_event(struct trace *trace, const struct event *event, const struct call *call)
{
	struct text *t = &trace->out;
	size_t from = t->len;

	head_text(trace, event);
	if (call) {
		call_text(t, call, from);
		latency_text(t, call->duration_ns);
		if (call->disposition == VT_BY_NOBODY)
			text_put(t, " (denied)");
	} else {
		plain_line(t, event);
	}
	text_char(t, '\n');
}

static void text_gap(struct trace *trace, enum vt_ring_kind ring, uint64_t lost)
{
	text_format(&trace->out, "*** gap: %llu %s events lost ***\n", (unsigned long long)lost,
		    name_of(NAMES_RING, ring));
}

static void text_end(struct trace *trace)
{
}

const struct trace_sink trace_text = { text_begin, text_event, text_gap, text_end };
