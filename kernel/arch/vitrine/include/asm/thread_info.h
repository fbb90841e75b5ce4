/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_THREAD_INFO_H
#define _ASM_VITRINE_THREAD_INFO_H

#include <asm/page.h>

#define THREAD_SIZE_ORDER 2
#define THREAD_SIZE (PAGE_SIZE << THREAD_SIZE_ORDER)

#ifndef __ASSEMBLY__
struct thread_info {
	unsigned long flags;
	unsigned long syscall_work;
	int preempt_count;
	u32 cpu;
};

register unsigned long current_stack_pointer asm("rsp");

#define INIT_THREAD_INFO(task)                                                                     \
	{                                                                                          \
		.flags = 0, .preempt_count = INIT_PREEMPT_COUNT                                    \
	}
#endif

#define TIF_NOTIFY_RESUME 0
#define TIF_SIGPENDING 1
#define TIF_NEED_RESCHED 2
#define TIF_NOTIFY_SIGNAL 3
#define TIF_UPROBE 4
#define TIF_MEMDIE 5
#define TIF_RESTORE_SIGMASK 6
#define TIF_POLLING_NRFLAG 7
#define TIF_SINGLESTEP 8

#define _TIF_NOTIFY_RESUME (1 << TIF_NOTIFY_RESUME)
#define _TIF_SIGPENDING (1 << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED (1 << TIF_NEED_RESCHED)
#define _TIF_NOTIFY_SIGNAL (1 << TIF_NOTIFY_SIGNAL)
#define _TIF_UPROBE (1 << TIF_UPROBE)
#define _TIF_POLLING_NRFLAG (1 << TIF_POLLING_NRFLAG)

#endif
