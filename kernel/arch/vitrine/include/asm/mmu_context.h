/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_MMU_CONTEXT_H
#define _ASM_VITRINE_MMU_CONTEXT_H

#include <linux/mm_types.h>
#include <linux/sched.h>
#include <asm/vitrine.h>

static inline void switch_mm(struct mm_struct *prev, struct mm_struct *next,
			     struct task_struct *task)
{
}

static inline void activate_mm(struct mm_struct *prev, struct mm_struct *next)
{
}
#define activate_mm activate_mm

/* exec and exit: the host thread stays behind; user mode is entered again with a new one */
void vitrine_deactivate_mm(struct task_struct *task, struct mm_struct *mm);
#define deactivate_mm(task, mm) vitrine_deactivate_mm(task, mm)

int init_new_context(struct task_struct *task, struct mm_struct *mm);
#define init_new_context init_new_context
void destroy_context(struct mm_struct *mm);
#define destroy_context destroy_context

void vitrine_exit_mmap(struct mm_struct *mm);
static inline int arch_dup_mmap(struct mm_struct *oldmm, struct mm_struct *mm)
{
	mm->context.vdso = oldmm->context.vdso;
	mm->context.prefill = true;
	mm->context.pkey_refused = oldmm->context.pkey_refused;
	if (unlikely(oldmm->context.counts))
		vitrine_vdso_fork(mm);
	return 0;
}

static inline void arch_exit_mmap(struct mm_struct *mm)
{
	vitrine_exit_mmap(mm);
}

static inline void arch_unmap(struct mm_struct *mm, unsigned long start, unsigned long end)
{
}

static inline bool arch_vma_access_permitted(struct vm_area_struct *vma, bool write, bool execute,
					     bool foreign)
{
	return true;
}

/* MAP_32BIT, see kernel/syscall.c */
#define HAVE_ARCH_UNMAPPED_AREA
#define HAVE_ARCH_UNMAPPED_AREA_TOPDOWN

#include <asm-generic/mmu_context.h>

#endif
