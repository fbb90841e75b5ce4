/* SPDX-License-Identifier: GPL-2.0-only */
/* observe.h - what the parts of the observatory share
 *
 * Private to arch/vitrine/observe. The kernel has one CPU, is not preempted and takes interrupts
 * only where it enables them, so what does not sleep and enables no interrupts has the structures
 * below to itself. Everything here is written by such functions only, and that is why the hooks and
 * probes neither lock nor wait.
 */
#ifndef VITRINE_OBSERVE_OBSERVE_H
#define VITRINE_OBSERVE_OBSERVE_H

#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <asm/observe.h>
#include <asm/several.h>
#include <asm/vitrine.h>
#include <asm/vitrine-telemetry.h>

/**
 * struct vt_wishes - what is observed, as VT_REQ_OBSERVE has it
 * @mask:    VT_OBSERVE_*
 * @kinds:   bit per kind of event; empty unless events are observed
 * @calls:   bit per system call whose events are wanted
 * @capture: most bytes of a buffer
 * @paths:   say what descriptors stand for
 */
struct vt_wishes {
	u32 mask;
	u64 kinds;
	u64 calls[VT_TELEMETRY_CALLS / 64];
	u32 capture;
	bool paths;
	u64 interval_ns;
};

enum vt_call_phase {
	VT_CALL_NONE,	  /* not in a call, or in one that began unobserved */
	VT_CALL_MADE,	  /* in the call */
	VT_CALL_ANSWERED, /* there is a result, and somebody who may still change it */
	VT_CALL_AGAIN,	  /* interrupted, to be made again without the program's knowledge */
};

/**
 * struct vt_call - the system call that a task is in
 * @ip:      of the instruction behind it
 * @begin:   in ticks; @ticks: that it took
 * @wanted:  its event is
 * @rolled_back: a filter undid it and sent a signal instead
 */
struct vt_call {
	enum vt_call_phase phase;
	int nr;
	u8 disposition;
	bool wanted, rolled_back;
	u64 ip, begin, begin_ns, ticks;
	u64 args[6];
};

/**
 * struct vt_captured - memory that a call's arguments point to, as the event will have it
 * @len:    bytes of @data, a multiple of 8
 * @missed: bit per argument whose memory was not there when the call began
 */
#define VT_CAPTURED_SIZE (VT_EVENT_MAX - sizeof(struct vt_event) - sizeof(struct vt_event_syscall))

struct vt_captured {
	u16 len;
	u8 missed;
	u8 data[VT_CAPTURED_SIZE] __aligned(8);
};

/**
 * struct vt_observed - what is kept of a task beside its slot in the region
 * @fault:    what the fault that it is in looks like; VT_FAULT_REFILL: nobody has said
 * @maj_flt:  task_struct.maj_flt when that began
 * @captured: a page, or NULL; kept for the next call
 *
 * What each system call writes is one line of the cache.
 */
struct vt_observed {
	struct vt_call call;
	enum vt_fault_kind fault;
	unsigned long maj_flt;
	struct vt_captured *captured;
} VT_CACHE_ALIGNED;

/* telemetry.c */
extern struct vt_telemetry *vt_region;
extern struct vt_wishes vt_wishes;

/**
 * struct vt_clock - a vCPU's counter, and what it says of the host's clock
 * @ticks, @ns: the same moment, by both clocks
 * @good_for: ticks
 * @newest:   time that was given out
 */
struct vt_clock {
	u64 ticks, ns;
	u64 good_for;
	u64 newest;
};

DECLARE_PER_CPU_ALIGNED(struct vt_clock, vt_clock);
extern u64 vt_tick_ns; /* ns of a tick, times 2^32; 0: ticks are ns */
u64 vt_clock_set_right(void);

/**
 * vt_ticks() - Read the clock that durations are taken from
 */
static __always_inline u64 vt_ticks(void)
{
	return likely(vt_tick_ns) ? __builtin_ia32_rdtsc() : vt_host->clock_monotonic();
}

/**
 * vt_ticks_to_ns() - Convert a duration
 * @ticks: difference of two vt_ticks(); what a host's unequal CPUs made negative is none
 */
static __always_inline u64 vt_ticks_to_ns(u64 ticks)
{
	if (unlikely((s64)ticks < 0))
		return 0;
	return likely(vt_tick_ns) ? mul_u64_u64_shr(ticks, vt_tick_ns, 32) : ticks;
}

/**
 * vt_ticks_to_time() - Convert a moment to the host's CLOCK_MONOTONIC
 * @ticks: what vt_ticks() said just now
 *
 * Return: nanoseconds, never less than the last time.
 */
static __always_inline u64 vt_ticks_to_time(u64 ticks)
{
	struct vt_clock *clock = raw_cpu_ptr(&vt_clock);

	if (unlikely(!vt_tick_ns))
		return ticks;
	if (unlikely(ticks - clock->ticks > clock->good_for))
		ticks = vt_clock_set_right();
	return clock->newest = max(clock->newest, clock->ns + vt_ticks_to_ns(ticks - clock->ticks));
}

static inline u64 vt_now(void)
{
	return vt_ticks_to_time(vt_ticks());
}

/* Add to a counter of the region that is not one task's own */
static __always_inline void vt_count(vt_u64 *counter, u64 n)
{
	if (vitrine_has_several_cpus())
		__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
	else
		*counter += n;
}

static inline unsigned int vt_bucket(u64 ns)
{
	return ns ? min_t(unsigned int, ilog2(ns), VT_BUCKETS - 1) : 0;
}

/* tasks.c */
int vt_tasks_start(void);
void vt_tasks_stop(void);
struct vt_observed *vt_observed_new(struct task_struct *task);
extern struct vt_observed *vt_observed_all; /* beside vt_region->tasks */

/**
 * vt_observed() - What is kept of a task
 * @task: current, or one that cannot go away
 *
 * Return: NULL for kernel threads, and when there is no room.
 */
static __always_inline struct vt_observed *vt_observed(struct task_struct *task)
{
	const struct vt_task_counters *slot = task->thread.counters;

	if (unlikely(!slot))
		return vt_observed_new(task);
	return vt_observed_all + (slot - vt_region->tasks);
}

void vt_task_forked(struct task_struct *task);
void vt_task_renumbered(struct task_struct *task);
void vt_task_renamed(struct task_struct *task, const char *comm);

/* events.c */
static inline bool vt_event_wanted(enum vt_event_kind kind)
{
	return vt_wishes.kinds >> kind & 1;
}

void vt_events_start(void);
struct vt_event *vt_event_open(enum vt_event_kind kind, enum vt_ring_kind ring,
			       const struct task_struct *task, u64 time_ns, size_t size);
void vt_event_close(const struct vt_event *event);
void vt_event_tell(enum vt_event_kind kind, const struct task_struct *task,
		   const struct vt_event_plain *plain, const char *text);

/* capture.c */
void vt_capture_begin(struct vt_observed *observed);
void vt_capture_end(struct vt_observed *observed, long result);

/* probes.c, probes/io.c */
struct tracepoint;

/**
 * struct vt_probe - a function of ours on a tracepoint
 */
struct vt_probe {
	struct tracepoint *tracepoint;
	void *function;
};

extern const struct vt_probe vt_probes[], vt_probes_io[];
extern const unsigned int vt_nr_probes, vt_nr_probes_io;

/* The type of the function is checked against the tracepoint's */
#define VT_PROBE(name)                                                                             \
	static inline void vt_check_##name(void)                                                   \
	{                                                                                          \
		check_trace_callback_type_##name(probe_##name);                                    \
	}
#define VT_PROBE_ENTRY(name)                                                                       \
	{                                                                                          \
		&__tracepoint_##name, probe_##name                                                 \
	}

#endif
