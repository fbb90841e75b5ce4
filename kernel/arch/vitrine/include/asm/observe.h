/* SPDX-License-Identifier: GPL-2.0-only */
/* observe.h - where the port tells the observatory what happens
 *
 * Every hook is a branch that is patched: a no-op of five bytes while nobody observes. What the
 * generic kernel does comes from its own tracepoints, see observe/probes/probes.c; these are the
 * places that have none, because they are ours.
 */
#ifndef _ASM_VITRINE_OBSERVE_H
#define _ASM_VITRINE_OBSERVE_H

#include <linux/errno.h>
#include <linux/jump_label.h>
#include <linux/types.h>

struct mm_struct;
struct pt_regs;
struct task_struct;
struct vm_area_struct;
struct vt_request;

#ifdef CONFIG_VITRINE_OBSERVE
DECLARE_STATIC_KEY_FALSE(vitrine_observing);
#define vitrine_observed() static_branch_unlikely(&vitrine_observing)

long vt_observe_request(const struct vt_request *req);

void vt_observe_stop(void);
void vt_observe_go_on(void);

/* observe/view/view.c */
int vt_view_init(void);
void vt_view_request(const struct vt_request *req);
#else
#define vitrine_observed() false
#define vt_view_request NULL /* answered like a request that there is not */

static inline int vt_view_init(void)
{
	return 0;
}

static inline long vt_observe_request(const struct vt_request *req)
{
	return -ENOSYS;
}

static inline void vt_observe_stop(void)
{
}

static inline void vt_observe_go_on(void)
{
}
#endif

/* observe/probes/calls.c */
void vt_call_begin(const struct pt_regs *regs);
bool vt_call_end(const struct pt_regs *regs, long nr);
void vt_call_decided(const struct pt_regs *regs, bool handler);
void vt_call_leave(const struct pt_regs *regs);
void vt_call_abandon(void);

/* observe/probes/guestcalls.c */
void vt_guest_calls_fold(struct task_struct *task, struct mm_struct *mm);

/* observe/probes/faults.c */
u64 vt_fault_begin(void);
void vt_fault_area(struct vm_area_struct *vma, unsigned long addr, bool write);
void vt_fault_end(u64 begin, unsigned long addr, u32 error_code, int outcome);

/* kernel/syscall.c: the task whose sched_yield() gives the CPU up, when it is current */
extern struct task_struct *vitrine_yields;

/* observe/probes/tasks.c, observe/probes/probes.c */
void vt_task_gone(struct task_struct *task);
void vt_interrupt(unsigned int bit);
u64 vt_shootdown_begins(void);
void vt_shootdown(u64 since, unsigned int changes, unsigned int cpus);

enum vt_fault_outcome { VT_FAULT_ALLOWED, VT_FAULT_HANDLED, VT_FAULT_REFUSED };

/**
 * vitrine_call_begins() - A program makes a system call
 * @regs: its registers, as it made the call
 */
static __always_inline void vitrine_call_begins(const struct pt_regs *regs)
{
	if (vitrine_observed())
		vt_call_begin(regs);
}

/**
 * vitrine_call_ends() - The call was made, its result is in @regs
 * @nr: what was called in the end: -1 when a filter or a tracer answered
 *
 * Return: vitrine_call_leaves() is to be called, too.
 */
static __always_inline bool vitrine_call_ends(const struct pt_regs *regs, long nr)
{
	return vitrine_observed() && vt_call_end(regs, nr);
}

/**
 * vitrine_call_decides() - It is known whether an interrupted call is made again
 * @handler: a signal handler runs first
 */
static __always_inline void vitrine_call_decides(const struct pt_regs *regs, bool handler)
{
	if (vitrine_observed())
		vt_call_decided(regs, handler);
}

/* The program goes on */
static __always_inline void vitrine_call_leaves(const struct pt_regs *regs)
{
	if (vitrine_observed())
		vt_call_leave(regs);
}

/* @task, which is current, gives @mm up: exec and exit. NULL: it has none */
static __always_inline void vitrine_mm_leaves(struct task_struct *task, struct mm_struct *mm)
{
	if (vitrine_observed())
		vt_guest_calls_fold(task, mm);
}

static __always_inline u64 vitrine_fault_begins(void)
{
	return vitrine_observed() ? vt_fault_begin() : 0;
}

/* The area of current's address space that the fault is in; its tables are as the fault met them */
static __always_inline void vitrine_fault_in(struct vm_area_struct *vma, unsigned long addr,
					     bool write)
{
	if (vitrine_observed())
		vt_fault_area(vma, addr, write);
}

static __always_inline void vitrine_fault_ends(u64 begin, unsigned long addr, u32 error_code,
					       enum vt_fault_outcome outcome)
{
	if (vitrine_observed())
		vt_fault_end(begin, addr, error_code, outcome);
}

/*
 * @task will not run any more, or never did. What it has is given back also while observing is
 * being switched off, which takes until the task is not on any list any more.
 */
static __always_inline void vitrine_task_ends(struct task_struct *task)
{
	if (IS_ENABLED(CONFIG_VITRINE_OBSERVE) && task->thread.counters)
		vt_task_gone(task);
}

/* Nothing is known of what began before it was observed */
static __always_inline u64 vitrine_shootdown_begins(void)
{
	return vitrine_observed() ? vt_shootdown_begins() : 0;
}

static __always_inline void vitrine_shootdown_ends(u64 since, unsigned int changes,
						   unsigned int cpus)
{
	if (vitrine_observed() && since)
		vt_shootdown(since, changes, cpus);
}

static __always_inline void vitrine_interrupts(unsigned int bit)
{
	if (vitrine_observed())
		vt_interrupt(bit);
}

#endif
