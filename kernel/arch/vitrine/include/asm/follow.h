/* SPDX-License-Identifier: GPL-2.0-only */
/* follow.h - where the port tells the follower of one call (observe/follow/follow.c) what happens
 *
 * Branches that are patched: no-ops while no call is to be followed.
 */
#ifndef _ASM_VITRINE_FOLLOW_H
#define _ASM_VITRINE_FOLLOW_H

#include <linux/errno.h>
#include <linux/jump_label.h>
#include <linux/types.h>

struct pt_regs;
struct task_struct;
struct vt_request;

#ifdef CONFIG_VITRINE_FOLLOW
DECLARE_STATIC_KEY_FALSE(vitrine_follow_armed);
#define vitrine_follow_waits() static_branch_unlikely(&vitrine_follow_armed)

long vt_follow_request(const struct vt_request *req);
void vt_follow_begin(const struct pt_regs *regs);
void vt_follow_result(const struct pt_regs *regs);
void vt_follow_end(void);
unsigned long vt_follow_real(const struct task_struct *task, const unsigned long *slot);
void vitrine_follow_return(void);

/* observe/: what is called between the two is not shown; @task is in the call that is followed */
void vt_follow_hide(void);
void vt_follow_show(void);
bool vt_follows(const struct task_struct *task);
#else
#define vitrine_follow_waits() false

static inline long vt_follow_request(const struct vt_request *req)
{
	return -ENOSYS;
}

static inline void vt_follow_begin(const struct pt_regs *regs)
{
}

static inline void vt_follow_result(const struct pt_regs *regs)
{
}

static inline void vt_follow_end(void)
{
}

static inline void vt_follow_hide(void)
{
}

static inline void vt_follow_show(void)
{
}

static inline bool vt_follows(const struct task_struct *task)
{
	return false;
}
#endif

/* A program makes a system call */
static __always_inline void vitrine_follow_begins(const struct pt_regs *regs)
{
	if (vitrine_follow_waits())
		vt_follow_begin(regs);
}

/* It was made; @regs have the result */
static __always_inline void vitrine_follow_answered(const struct pt_regs *regs)
{
	if (vitrine_follow_waits())
		vt_follow_result(regs);
}

/* The program goes on */
static __always_inline void vitrine_follow_ends(void)
{
	if (vitrine_follow_waits())
		vt_follow_end();
}

/* @value: of the stack slot at @slot. Return: the return address that the compiler put there */
static __always_inline unsigned long vitrine_return_address(const struct task_struct *task,
							    const unsigned long *slot)
{
#ifdef CONFIG_VITRINE_FOLLOW
	if (unlikely(*slot == (unsigned long)vitrine_follow_return))
		return vt_follow_real(task, slot);
#endif
	return *slot;
}

#endif
