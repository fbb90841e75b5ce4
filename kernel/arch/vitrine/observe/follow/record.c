// SPDX-License-Identifier: GPL-2.0-only
/* record.c - the record of one call, and the shadow stack that it is made with
 *
 * Theory of operation
 * While the followed task runs, each function that it enters comes here first (entry.S). Its
 * return address is moved to a shadow stack and replaced by vitrine_follow_return, so its end comes
 * here too. The shadow stack belongs to one task; frames go to it in the order of the calls, so
 * tail calls (two frames with the same slot), sleeping, nested faults and interrupts, which all
 * run on the task's own stack, need no special care. A function that never returns leaves its
 * frame for the end of the task.
 *
 * Time is ticks since the call began, less the ticks that were spent here: what is shown is what
 * the call would have taken unwatched, but for some five nanoseconds a function.
 *
 * Invariant: a slot holds vitrine_follow_return if and only if the shadow stack has its frame. So
 * recording may stop at any time, but the next one waits until the call is over or its task dead
 * (vt_follow_task()).
 *
 * Nothing here may call a function that is traced, or the tracer would trace itself.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/panic.h>
#include <linux/sched/debug.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <asm/follow.h>
#include <asm/irqflags.h>
#include <asm/several.h>
#include "follow.h"

#define NO_RECORD (~0U)
#define RUNNING (~0ULL)

/* A debugger reads it: tools/gdb/vitrine_gdb/unwind.py */
static struct vt_follow_shadow vitrine_follow_shadow;
#define shadow vitrine_follow_shadow

static struct vt_follow_record *record;

/* Whose functions are recorded; the trampoline's only question */
struct task_struct *vitrine_followed;

static u64 read_ticks(void)
{
	return shadow.mult ? __builtin_ia32_rdtsc() : vt_host->clock_monotonic();
}

/* The record's clock */
u64 vt_follow_now(void)
{
	return read_ticks() - shadow.origin;
}

/**
 * vt_follow_ns() - Convert ticks of a record
 */
u64 vt_follow_ns(u64 ticks)
{
	return shadow.mult ? mul_u64_u64_shr(ticks, shadow.mult, 32) : ticks;
}

static void look_or_not(void)
{
	vitrine_followed = shadow.recording && !shadow.hidden ? shadow.task : NULL;
}

/**
 * vt_follow_hide() - Do not record what is called from here on
 *
 * For probes, which run in the middle of the call, and may call anything. On other CPUs than the
 * one that the call is on they change nothing.
 */
void vt_follow_hide(void)
{
	if (vitrine_has_several_cpus() && current != shadow.task)
		return;
	shadow.hidden++;
	look_or_not();
}

void vt_follow_show(void)
{
	if (vitrine_has_several_cpus() && current != shadow.task)
		return;
	shadow.hidden--;
	look_or_not();
}

static void push_record(struct vt_follow_frame *frame)
{
	struct vt_follow_function *function;

	if (record->nr_functions == VT_FOLLOW_FUNCTIONS) {
		record->lost++;
		return;
	}
	frame->record = record->nr_functions++;
	function = &record->functions[frame->record];
	function->function = frame->function;
	function->layer = frame->layer;
	function->depth = shadow.depth - 2; /* this frame and the call itself */
	function->begin = frame->begin;
	function->ticks = RUNNING;
}

/**
 * vitrine_follow_enter() - A function begins
 * @ip:   behind the call at its head
 * @slot: where its return address is
 */
void vitrine_follow_enter(unsigned long ip, unsigned long *slot)
{
	u64 begin = read_ticks();
	struct vt_follow_frame *frame;

	if (shadow.depth == VT_FOLLOW_FRAMES) {
		record->lost++;
		return;
	}
	frame = &shadow.frames[shadow.depth++];
	frame->slot = slot;
	frame->real = *slot;
	frame->begin = begin - shadow.origin;
	frame->inside = 0;
	frame->record = NO_RECORD;
	frame->function = ip - 5 - (unsigned long)_stext;
	frame->layer = vt_layer_of(frame->function);
	frame->hides = ip - 5 == (unsigned long)vitrine_run_interrupts;
	push_record(frame);
	if (frame->hides)
		vt_follow_hide();
	*slot = (unsigned long)vitrine_follow_return;
	shadow.origin += read_ticks() - begin;
}

static void close_frame(struct vt_follow_frame *frame, u64 now)
{
	u64 ticks = now - frame->begin;

	if (frame->hides)
		vt_follow_show();
	if (!shadow.recording)
		return;
	record->layers[frame->layer] += ticks - frame->inside;
	if (frame > shadow.frames)
		frame[-1].inside += ticks;
	if (frame->record != NO_RECORD)
		record->functions[frame->record].ticks = ticks;
}

/**
 * vitrine_follow_leave() - A function has returned
 * @slot: where its return address was
 *
 * Return: that address.
 */
unsigned long vitrine_follow_leave(unsigned long *slot)
{
	u64 end = read_ticks();
	struct vt_follow_frame *frame;

	do {
		if (shadow.depth <= 1)
			panic("vitrine: a function returns that was not followed");
		frame = &shadow.frames[--shadow.depth];
		close_frame(frame, end - shadow.origin);
	} while (frame->slot != slot);
	shadow.origin += read_ticks() - end;
	return frame->real;
}

/**
 * vt_follow_real() - Find a return address that was replaced
 * @slot: where on @task's stack it was
 */
unsigned long vt_follow_real(const struct task_struct *task, const unsigned long *slot)
{
	unsigned int i;

	for (i = shadow.depth; task == shadow.task && i-- > 1;) {
		const struct vt_follow_frame *frame = &shadow.frames[i];

		/* a tail call's frame has the trampoline itself: the one below has the address */
		if (frame->slot == slot && frame->real != (unsigned long)vitrine_follow_return)
			return frame->real;
	}
	return *slot;
}

/* The function that gave the CPU up: the innermost one outside of the scheduler */
static u32 sleeping_function(void)
{
	unsigned int i;

	for (i = shadow.depth; i-- > 1;) {
		u32 function = shadow.frames[i].function;

		if (!in_sched_functions((unsigned long)_stext + function))
			return function;
	}
	return 0;
}

/* The CPU is given up, or comes back; called hidden */
static void pause_begin(bool runnable)
{
	struct vt_follow_pause *pause = &record->pauses[record->nr_pauses];

	shadow.paused_at = vt_follow_now();
	if (record->nr_pauses >= VT_FOLLOW_PAUSES)
		return;
	pause->begin = shadow.paused_at;
	pause->ticks = RUNNING;
	pause->reason = sleeping_function();
	pause->preempted = runnable;
}

static void pause_end(void)
{
	u64 ticks = vt_follow_now() - shadow.paused_at;

	if (record->nr_pauses < VT_FOLLOW_PAUSES)
		record->pauses[record->nr_pauses].ticks = ticks;
	record->nr_pauses++;
	record->off_cpu += ticks;
	record->layers[VT_LAYER_WAITING] += ticks;
	shadow.frames[shadow.depth - 1].inside += ticks;
	shadow.paused_at = RUNNING;
}

/**
 * vt_follow_switch() - The CPU goes from one task to another
 * @runnable: @prev could have gone on
 */
void vt_follow_switch(struct task_struct *prev, struct task_struct *next, bool runnable)
{
	u64 begin = read_ticks();

	if (!shadow.recording)
		return;
	vt_follow_hide();
	if (prev == shadow.task)
		pause_begin(runnable);
	else if (next == shadow.task && shadow.paused_at != RUNNING)
		pause_end();
	vt_follow_show();
	if (prev == shadow.task)
		shadow.origin += read_ticks() - begin;
}

/**
 * vt_follow_record() - The record that is made, or was made last
 */
struct vt_follow_record *vt_follow_record(void)
{
	return record;
}

/**
 * vt_follow_record_init() - Make room for a record
 *
 * Return: 0 or -ENOMEM.
 */
int vt_follow_record_init(void)
{
	if (!record)
		record = vzalloc(sizeof(*record));
	return record ? 0 : -ENOMEM;
}

/**
 * vt_follow_record_start() - Record what @task calls from here on
 * @task: current; its caller must not have been followed itself
 */
void vt_follow_record_start(struct task_struct *task)
{
	memset(record, 0, offsetof(struct vt_follow_record, pauses));
	shadow.task = task;
	shadow.recording = true;
	shadow.hidden = 0;
	shadow.paused_at = RUNNING;
	shadow.depth = 1;
	shadow.frames[0] = (struct vt_follow_frame){ .record = NO_RECORD, .layer = VT_LAYER_ENTRY };
	shadow.mult = vt_boot->tsc_mult;
	record->begin_ns = vt_host->clock_monotonic();
	shadow.origin = read_ticks();
	record->overhead = shadow.origin;
	look_or_not();
}

/**
 * vt_follow_record_stop() - The call is over, or nobody wants it any more
 *
 * Functions that have not returned are closed as if they had.
 */
void vt_follow_record_stop(void)
{
	u64 now = vt_follow_now();
	unsigned int i;

	if (!shadow.recording)
		return;
	vitrine_followed = NULL;
	for (i = shadow.depth; i--;)
		close_frame(&shadow.frames[i], now);
	record->ticks = now;
	record->overhead = shadow.origin - record->overhead;
	shadow.recording = false;
	vitrine_followed = NULL;
}

/**
 * vt_follow_task() - Whose stack has, or may have, addresses of ours; NULL: nobody's
 */
const struct task_struct *vt_follow_task(void)
{
	return shadow.task;
}

/**
 * vt_follows() - Is @task in the call that is followed?
 */
bool vt_follows(const struct task_struct *task)
{
	return shadow.recording && task == shadow.task;
}

bool vt_follow_recording(void)
{
	return shadow.recording;
}

/**
 * vt_follow_part() - Is what @task does now done for the call?
 */
enum vt_follow_part vt_follow_part(const struct task_struct *task)
{
	if (!shadow.recording)
		return VT_FOLLOW_NO_PART;
	if (task == shadow.task)
		return VT_FOLLOW_ITSELF;
	return shadow.paused_at != RUNNING && task->flags & PF_KTHREAD ? VT_FOLLOW_FOR_IT
								       : VT_FOLLOW_NO_PART;
}

/**
 * vt_follow_record_forget() - The task that was followed is past the call, or dead
 */
void vt_follow_record_forget(void)
{
	shadow.task = NULL;
	shadow.depth = 0;
}
