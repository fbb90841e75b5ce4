// SPDX-License-Identifier: GPL-2.0-only
/* perfetto.c - a trace for ui.perfetto.dev and chrome://tracing
 *
 * Theory of operation
 * Chrome's trace event format: one array of objects, which importers put in order themselves. Calls
 * are slices on their thread's track. A processor is a process of its own whose threads are CPUs:
 * between two switches somebody ran, so a slice is written when the next switch comes. Block
 * requests overlap, so they are asynchronous slices, named by device and sector. Running totals
 * (faults, bytes on their way to the disk, lost events) are counters.
 *
 * Importers differ, and this keeps to what all of them read alike. Perfetto's finds a thread by its
 * number alone, so no two tracks have the same. Slices of a track nest or do not touch. Times are
 * microseconds, and there is no displayTimeUnit, which some releases took for the unit of the file.
 *
 * Names come from the guest: whatever they hold, text_json() makes a valid string of it.
 *
 * Threads are named when they are seen first and when their name changes; a small table that
 * forgets remembers which were.
 *
 * A thread that is not the first of its process and calls execve() becomes the first one, whose own
 * call it ended: that slice begins when the call was over, and says how long it took.
 */

#include <errno.h>
#include <string.h>
#include "trace.h"
#include "observe/decode/parts.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

#define PROCESSORS 4194305 /* a process id that no task has: beyond PID_MAX_LIMIT */
#define CPU_THREAD(cpu) (PROCESSORS + 1 + (cpu))
#define NAMED_MAX 4096 /* a power of two */
#define CPUS_MAX 256
#define ARGUMENT_MAX 16384

struct running {
	uint64_t since_ns;
	uint32_t pid;
	char comm[16];
	bool known;
};

/* A thread, and the call that it made last */
struct thread {
	uint32_t pid;
	char comm[16];
	uint64_t begin_ns, end_ns;
};

struct picture {
	bool any;
	uint64_t faults[VT_NR_FAULTS], block_bytes, newest_ns;
	struct thread threads[NAMED_MAX];
	bool cpu_named[CPUS_MAX];
	struct running cpus[CPUS_MAX];
};

/* Microseconds, as the format has them */
static void time_text(struct text *t, const char *name, uint64_t ns)
{
	text_put(t, name);
	text_unsigned(t, ns / 1000);
	text_char(t, '.');
	text_fixed(t, ns % 1000, 3);
}

static void object_begin(struct trace *trace, const char *phase, uint32_t process, uint32_t thread)
{
	struct picture *picture = trace->state;
	struct text *t = &trace->out;

	text_put(t, picture->any ? ",\n{\"ph\":\"" : "\n{\"ph\":\"");
	picture->any = true;
	text_put(t, phase);
	text_put(t, "\",\"pid\":");
	text_unsigned(t, process);
	text_put(t, ",\"tid\":");
	text_unsigned(t, thread);
}

static void metadata(struct trace *trace, const char *what, uint32_t process, uint32_t thread,
		     const char *name)
{
	struct text *t = &trace->out;

	object_begin(trace, "M", process, thread);
	text_put(t, ",\"name\":\"");
	text_put(t, what);
	text_put(t, "\",\"args\":{\"name\":");
	text_json(t, name, strlen(name));
	text_put(t, "}}");
}

static struct thread *thread_of(struct picture *picture, uint32_t pid)
{
	return &picture->threads[pid % NAMED_MAX];
}

/* A thread's name, and its process's: that of its first thread, if that was seen */
static void name_task(struct trace *trace, const struct vt_event *head)
{
	struct picture *picture = trace->state;
	struct thread *thread = thread_of(picture, head->pid);

	if (thread->pid == head->pid && !memcmp(thread->comm, head->comm, sizeof(thread->comm)))
		return;
	if (thread->pid != head->pid)
		*thread = (struct thread){ .pid = head->pid };
	memcpy(thread->comm, head->comm, sizeof(thread->comm));
	metadata(trace, "thread_name", head->tgid, head->pid, head->comm);
	if (head->pid == head->tgid || thread_of(picture, head->tgid)->pid != head->tgid)
		metadata(trace, "process_name", head->tgid, head->pid, head->comm);
}

static void call_slice(struct trace *trace, const struct vt_event *head, const struct call *call)
{
	char buffer[ARGUMENT_MAX];
	struct text scratch = { .data = buffer, .size = sizeof(buffer) };
	struct thread *thread = thread_of(trace->state, head->pid);
	const uint64_t end = head->time_ns + call->duration_ns;
	const bool cut = head->time_ns > thread->begin_ns && head->time_ns < thread->end_ns;
	const uint64_t begin = cut ? thread->end_ns : head->time_ns;
	struct text *t = &trace->out;

	thread->begin_ns = begin;
	thread->end_ns = end;
	object_begin(trace, "X", head->tgid, head->pid);
	time_text(t, ",\"ts\":", begin);
	time_text(t, ",\"dur\":", end > begin ? end - begin : 0);
	text_put(t, ",\"cat\":\"");
	text_put(t, name_of(NAMES_FAMILY, (unsigned)call_family(call->nr)));
	text_put(t, "\",\"name\":\"");
	call_name_text(t, call);
	text_put(t, "\",\"args\":{\"call\":");
	call_text(&scratch, call, 0);
	text_json(t, scratch.data, scratch.len);
	if (cut)
		text_format(t, ",\"duration_ns\":%llu", (unsigned long long)call->duration_ns);
	text_put(t, call_failed(call) ? ",\"failed\":true}}" : "}}");
}

static void instant(struct trace *trace, const struct vt_event *head, const char *name,
		    const char *detail, size_t len)
{
	struct text *t = &trace->out;

	object_begin(trace, "i", head->tgid, head->pid);
	time_text(t, ",\"ts\":", head->time_ns);
	text_put(t, ",\"s\":\"t\",\"cat\":\"event\",\"name\":");
	text_json(t, name, strlen(name));
	text_put(t, ",\"args\":{\"detail\":");
	text_json(t, detail, len);
	text_put(t, "}}");
}

static void counter(struct trace *trace, uint64_t ns, const char *name, const char *series,
		    uint64_t value)
{
	struct text *t = &trace->out;

	object_begin(trace, "C", PROCESSORS, PROCESSORS);
	time_text(t, ",\"ts\":", ns);
	text_put(t, ",\"name\":\"");
	text_put(t, name);
	text_put(t, "\",\"args\":{\"");
	text_put(t, series);
	text_put(t, "\":");
	text_unsigned(t, value);
	text_put(t, "}}");
}

/* Whoever ran until @ns did so since the switch before */
static void run_slice(struct trace *trace, unsigned cpu, uint64_t ns)
{
	struct picture *picture = trace->state;
	struct running *running = &picture->cpus[cpu];
	struct text *t = &trace->out;

	if (!running->known || !running->pid || ns < running->since_ns)
		return;
	object_begin(trace, "X", PROCESSORS, CPU_THREAD(cpu));
	time_text(t, ",\"ts\":", running->since_ns);
	time_text(t, ",\"dur\":", ns - running->since_ns);
	text_put(t, ",\"cat\":\"sched\",\"name\":");
	text_json(t, running->comm, strnlen(running->comm, sizeof(running->comm)));
	text_put(t, ",\"args\":{\"thread\":");
	text_unsigned(t, running->pid);
	text_put(t, "}}");
}

static void on_switch(struct trace *trace, const struct event *event,
		      const struct vt_event_plain *plain)
{
	struct picture *picture = trace->state;
	unsigned cpu = event->head.cpu;
	struct running *running = &picture->cpus[cpu];
	char name[16];
	const char *next;
	size_t len;

	if (!picture->cpu_named[cpu]) {
		snprintf(name, sizeof(name), "CPU %u", cpu);
		metadata(trace, "thread_name", PROCESSORS, CPU_THREAD(cpu), name);
		picture->cpu_named[cpu] = true;
	}
	run_slice(trace, cpu, event->head.time_ns);
	next = event_text(event, &len);
	if (len >= sizeof(running->comm))
		len = sizeof(running->comm) - 1;
	memset(running->comm, 0, sizeof(running->comm));
	if (next)
		memcpy(running->comm, next, len);
	running->pid = (uint32_t)plain->a;
	running->since_ns = event->head.time_ns;
	running->known = true;
}

static void block_slice(struct trace *trace, const struct event *event,
			const struct vt_event_plain *plain, const char *phase)
{
	const char *op = name_of(NAMES_BLOCK, plain->value & 0xff);
	struct text *t = &trace->out;

	object_begin(trace, phase, PROCESSORS, PROCESSORS);
	time_text(t, ",\"ts\":", event->head.time_ns);
	text_put(t, ",\"cat\":\"block\",\"name\":\"");
	text_put(t, op);
	text_format(t, "\",\"id\":\"%llx:%llx:%s\",\"args\":{\"bytes\":%llu,\"sector\":%llu}}",
		    (unsigned long long)plain->c, (unsigned long long)plain->a, op,
		    (unsigned long long)plain->b, (unsigned long long)plain->a);
}

static void on_issue(struct trace *trace, const struct event *event,
		     const struct vt_event_plain *plain)
{
	struct picture *picture = trace->state;

	block_slice(trace, event, plain, "b");
	picture->block_bytes += plain->b;
	counter(trace, event->head.time_ns, "block bytes in flight", "bytes", picture->block_bytes);
}

static void on_done(struct trace *trace, const struct event *event,
		    const struct vt_event_plain *plain)
{
	struct picture *picture = trace->state;

	block_slice(trace, event, plain, "e");
	picture->block_bytes -= plain->b < picture->block_bytes ? plain->b : picture->block_bytes;
	counter(trace, event->head.time_ns, "block bytes in flight", "bytes", picture->block_bytes);
}

static void on_fault(struct trace *trace, const struct event *event,
		     const struct vt_event_plain *plain)
{
	struct picture *picture = trace->state;
	uint32_t kind = (uint32_t)plain->value;

	if (kind >= VT_NR_FAULTS)
		return;
	picture->faults[kind]++;
	counter(trace, event->head.time_ns, "page faults", name_of(NAMES_FAULT, kind),
		picture->faults[kind]);
}

static void on_signal(struct trace *trace, const struct event *event,
		      const struct vt_event_plain *plain)
{
	char buffer[32];
	struct text name = { .data = buffer, .size = sizeof(buffer) };

	signal_text(&name, (uint32_t)plain->value);
	instant(trace, &event->head, "signal", name.data, name.len);
}

static void on_other(struct trace *trace, const struct event *event,
		     const struct vt_event_plain *plain)
{
	char number[24];
	size_t len;
	const char *text = event_text(event, &len);

	if (!text) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)plain->a);
		text = number;
		len = strlen(number);
	}
	instant(trace, &event->head, name_of(NAMES_EVENT, event->head.kind), text, len);
}

typedef void picture_event(struct trace *trace, const struct event *event,
			   const struct vt_event_plain *plain);

static picture_event *const drawers[VT_NR_EVENT_KINDS] = {
	[VT_EVENT_FAULT] = on_fault,	   [VT_EVENT_SWITCH] = on_switch,
	[VT_EVENT_BLOCK_ISSUE] = on_issue, [VT_EVENT_BLOCK_DONE] = on_done,
	[VT_EVENT_SIGNAL] = on_signal,
};

static int perfetto_begin(struct trace *trace, struct error *err)
{
	trace->state = calloc(1, sizeof(struct picture));
	if (!trace->state)
		return error_set(err, ENOMEM, "trace");
	text_put(&trace->out, "{\"traceEvents\":[");
	metadata(trace, "process_name", PROCESSORS, PROCESSORS, "processors");
	metadata(trace, "thread_name", PROCESSORS, PROCESSORS, "requests");
	return 0;
}

static void perfetto_event(struct trace *trace, const struct event *event, const struct call *call)
{
	struct picture *picture = trace->state;
	const struct vt_event_plain *plain = event_plain(event);
	unsigned kind = event->head.kind;

	if (event->head.time_ns > picture->newest_ns)
		picture->newest_ns = event->head.time_ns;
	name_task(trace, &event->head);
	if (call)
		call_slice(trace, &event->head, call);
	else if (plain && kind < VT_NR_EVENT_KINDS)
		(drawers[kind] ?: on_other)(trace, event, plain);
}

static void perfetto_gap(struct trace *trace, enum vt_ring_kind ring, uint64_t lost)
{
	struct picture *picture = trace->state;
	struct text *t = &trace->out;

	object_begin(trace, "i", PROCESSORS, PROCESSORS);
	time_text(t, ",\"ts\":", picture->newest_ns);
	text_put(t, ",\"s\":\"g\",\"cat\":\"gap\",\"name\":\"gap\",\"args\":{\"ring\":\"");
	text_put(t, name_of(NAMES_RING, ring));
	text_put(t, "\",\"lost\":");
	text_unsigned(t, lost);
	text_put(t, "}}");
	counter(trace, picture->newest_ns, "lost events", "events", trace->lost);
	/* Switches may be among them */
	for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++)
		picture->cpus[cpu].known = false;
}

static void perfetto_end(struct trace *trace)
{
	struct picture *picture = trace->state;

	for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++)
		run_slice(trace, cpu, picture->newest_ns);
	text_put(&trace->out, "\n]}\n");
	free(trace->state);
	trace->state = NULL;
}

const struct trace_sink trace_perfetto = { perfetto_begin, perfetto_event, perfetto_gap,
					   perfetto_end };
