/* SPDX-License-Identifier: GPL-2.0-only */
/* current.h - the running task: a word of its vCPU's block */
#ifndef _ASM_VITRINE_CURRENT_H
#define _ASM_VITRINE_CURRENT_H

#ifndef __ASSEMBLY__
#include <asm/vcpu.h>

/* Not volatile: whoever runs is the same task before and after it was switched out */
static inline __attribute__((always_inline)) struct task_struct *get_current(void)
{
	struct task_struct *task;

	asm("movq %%gs:%c1, %0" : "=r"(task) : "i"(__builtin_offsetof(struct vitrine_cpu, task)));
	return task;
}
#define current get_current()
#endif

#endif
