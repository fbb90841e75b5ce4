/* SPDX-License-Identifier: GPL-2.0-only */
/* debug.h - single steps and debug registers */
#ifndef VITRINE_KERNEL_DEBUG_H
#define VITRINE_KERNEL_DEBUG_H

#include <linux/sched.h>

struct pt_regs;

/* What DR6 reads as when no bit is set, and the bit of a single step */
#define DR6_INITIAL 0xffff0ff0UL
#define DR6_STEP 0x4000UL

/* debugreg.c */
int vitrine_debugreg_get(struct task_struct *task, unsigned int nr, unsigned long *value);
int vitrine_debugreg_set(struct task_struct *task, unsigned int nr, unsigned long value);
void vitrine_debug_free(struct task_struct *task);
void vitrine_watch_enter(void);
bool vitrine_watch_fault(struct pt_regs *regs, unsigned long addr, bool write, bool exec);
bool vitrine_watch_stepped(struct pt_regs *regs, unsigned long *hits);
void vitrine_watch_leave(struct pt_regs *regs);

/* Does current have debug registers that may be in use? */
static inline bool vitrine_is_watching(void)
{
	return unlikely(current->thread.debug);
}

/* step.c */
bool vitrine_step_is_told(const struct pt_regs *regs);

#endif
