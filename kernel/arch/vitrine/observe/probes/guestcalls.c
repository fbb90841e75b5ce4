// SPDX-License-Identifier: GPL-2.0-only
/* guestcalls.c - calls that guests answer themselves, in the vDSO
 *
 * Theory of operation
 * The vDSO counts them in a page of the address space (asm/vdso/counts.h). What has come since the
 * last look is taken over whenever a task of that address space loses the CPU or gives the address
 * space up, and with each interrupt that finds it running. So what was counted is the task's that
 * is current, nobody has to know all address spaces, and what an observer sees of a task that runs
 * is at most a timer's tick old, of all others exact.
 *
 * The page is the guest's own to write. What it makes of it are its own calls; it gets no more of
 * them than one in a nanosecond since the last time, so that no lie is larger than a busy program.
 *
 * Guest code runs on while the kernel takes an interrupt, so the kernel only reads the words. There
 * is one CPU: no two threads increment them at once. With several they have to lock the bus, or to
 * have a page each.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/mm_types.h>
#include <asm/unistd.h>
#include <asm/vdso/counts.h>
#include "../observe.h"

#define CLOCK_SLACK 10000 /* ns that vt_now() may stand still when it is set right */

static const u16 number_of[] = {
	[GUEST_CLOCK_GETTIME] = __NR_clock_gettime,
	[GUEST_GETTIMEOFDAY] = __NR_gettimeofday,
	[GUEST_TIME] = __NR_time,
	[GUEST_CLOCK_GETRES] = __NR_clock_getres,
	[GUEST_GETCPU] = __NR_getcpu,
	[GUEST_GETRANDOM] = __NR_getrandom,
};
static_assert(ARRAY_SIZE(number_of) == NR_GUEST_CALLS, "number_of[]");

static void add(struct vt_task_counters *slot, unsigned int nr, u64 count)
{
	vt_count(&vt_region->calls[nr].calls, count);
	vt_count(&vt_region->calls[nr].in_guest, count);
	vt_count(&vt_region->counters.dispositions[VT_BY_GUEST], count);
	if (slot)
		slot->calls += count;
}

/**
 * vt_guest_calls_fold() - Take over what the vDSO has counted
 * @task: current; the calls are its
 * @mm:   its address space, or NULL
 *
 * Context: any, the scheduler's too.
 */
void vt_guest_calls_fold(struct task_struct *task, struct mm_struct *mm)
{
	struct vitrine_guest_counts *counts = mm ? mm->context.counts : NULL;
	u64 now, since, room, value, count;

	if (!counts)
		return;
	now = vt_now();
	since = max(mm->context.counts_since, vt_region->enabled_ns);
	room = (now > since ? now - since : 0) + CLOCK_SLACK;
	mm->context.counts_since = now;
	for (unsigned int i = 0; i < NR_GUEST_CALLS; i++) {
		value = READ_ONCE(counts->page->calls[i]);
		if (value == counts->seen[i])
			continue;
		count = min(value - counts->seen[i], room);
		counts->seen[i] = value;
		room -= count;
		add(task->thread.counters, number_of[i], count);
	}
}
