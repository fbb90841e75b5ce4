// SPDX-License-Identifier: GPL-2.0-only
/* callchain.c - who called whom, by frame pointers
 *
 * Runs wherever an event happens, with any lock held: nothing here sleeps or faults. A guest's
 * stack is its own to write, so what is found there are numbers that the reader asked for, nothing
 * else.
 */
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <asm/stacktrace.h>

static bool store(void *entry, unsigned long ip)
{
	return !perf_callchain_store(entry, ip);
}

void perf_callchain_kernel(struct perf_callchain_entry_ctx *entry, struct pt_regs *regs)
{
	if (!perf_callchain_store(entry, regs->ip))
		vitrine_walk_frames(regs->bp, store, entry);
}

/* Where a call was made is known, the frame only if somebody asked for it; see wishes.c */
void perf_callchain_user(struct perf_callchain_entry_ctx *entry, struct pt_regs *regs)
{
	struct {
		unsigned long bp, ip;
	} frame = { .bp = regs->bp };

	if (perf_callchain_store(entry, regs->ip) || !current->thread.frame.full)
		return;
	while (entry->nr < entry->max_stack && frame.bp && !(frame.bp & 7)) {
		unsigned long bp = frame.bp;

		if (copy_from_user_nofault(&frame, (void __user *)bp, sizeof(frame)) || !frame.ip)
			break;
		if (perf_callchain_store(entry, frame.ip) || frame.bp <= bp)
			break;
	}
}
