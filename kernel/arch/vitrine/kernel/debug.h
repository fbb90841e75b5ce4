/* SPDX-License-Identifier: GPL-2.0-only */
/* debug.h - single steps and debug registers */
#ifndef VITRINE_KERNEL_DEBUG_H
#define VITRINE_KERNEL_DEBUG_H

#include <linux/sched.h>

struct pt_regs;

/* What DR6 reads as when no bit is set, and the bit of a single step */
#define DR6_INITIAL 0xffff0ff0UL
#define DR6_STEP 0x4000UL

/* DR7: any of the registers is in use */
#define DR7_ENABLED 0xffUL

#define NR_WATCHES 4
#define WATCH_MAX 8 /* bytes */

/**
 * struct vitrine_debug - a task's debug registers
 * @addr, @control: DR0 to DR3, and DR7
 * @stepping: an instruction runs with its pages mapped; for it alone:
 * @own_tf: the trap flag is set for this and for nobody else
 * @touched: bit per register, its bytes were accessed
 * @before: what was in the bytes, valid where the bit in @known is set
 * @passed: address of an instruction whose breakpoint was told, until it has run
 */
struct vitrine_debug {
	unsigned long addr[NR_WATCHES], control;
	bool stepping, own_tf;
	u8 touched, known;
	u8 before[NR_WATCHES][WATCH_MAX];
	unsigned long passed;
};

/* debugreg.c */
int vitrine_debugreg_get(struct task_struct *task, unsigned int nr, unsigned long *value);
int vitrine_debugreg_set(struct task_struct *task, unsigned int nr, unsigned long value);
void vitrine_debug_free(struct task_struct *task);
void vitrine_watch_enter(void);
bool vitrine_watch_fault(struct pt_regs *regs, unsigned long addr, bool write, bool exec);
bool vitrine_watch_stepped(struct pt_regs *regs, unsigned long *hits);
void vitrine_watch_leave(struct pt_regs *regs);

/* Does current watch anything? */
static inline bool vitrine_is_watching(void)
{
	const struct vitrine_debug *debug = current->thread.debug;

	return unlikely(debug) && (debug->control & DR7_ENABLED || debug->stepping);
}

/* operand.c */
unsigned int vitrine_operand_size(const struct pt_regs *regs);

/* step.c */
bool vitrine_is_prefix(u8 byte); /* a legacy or REX prefix of an instruction in 64 bits */
bool vitrine_step_is_told(const struct pt_regs *regs);

#endif
