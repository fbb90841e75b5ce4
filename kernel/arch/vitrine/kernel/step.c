// SPDX-License-Identifier: GPL-2.0-only
/* step.c - single steps, and steps to the next branch
 *
 * A step is the CPU's trap flag in the registers that the task resumes with. Steps by branches,
 * which the CPU counts for kernels alone, are single steps of which those without a branch are not
 * told.
 */
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <asm/vitrine.h>

#include "debug.h"

#define INSTRUCTION_MAX 15

static void enable_step(struct task_struct *task, bool block)
{
	struct pt_regs *regs = task_pt_regs(task);

	set_tsk_thread_flag(task, TIF_SINGLESTEP);
	set_task_syscall_work(task, SYSCALL_EXIT_TRAP);
	if (!(regs->flags & X86_EFLAGS_TF))
		task->thread.forced_tf = true;
	regs->flags |= X86_EFLAGS_TF;
	task->thread.block_step = block;
}

void user_enable_single_step(struct task_struct *task)
{
	enable_step(task, false);
}

void user_enable_block_step(struct task_struct *task)
{
	enable_step(task, true);
}

void user_disable_single_step(struct task_struct *task)
{
	clear_tsk_thread_flag(task, TIF_SINGLESTEP);
	clear_task_syscall_work(task, SYSCALL_EXIT_TRAP);
	if (task->thread.forced_tf)
		task_pt_regs(task)->flags &= ~X86_EFLAGS_TF;
	task->thread.forced_tf = false;
	task->thread.block_step = false;
}

bool vitrine_is_prefix(u8 byte)
{
	switch (byte) {
	case 0x26: /* segments */
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66: /* operand and address size */
	case 0x67:
	case 0xf0: /* lock, repeat */
	case 0xf2:
	case 0xf3:
		return true;
	}
	return (byte & 0xf0) == 0x40; /* REX */
}

/* Did the instruction at @from branch to @to? Intel SDM volume 2, appendix A */
static bool is_branch(const u8 *code, unsigned int length, unsigned long from, unsigned long to)
{
	unsigned int at = 0, reg;

	while (at < length && vitrine_is_prefix(code[at]))
		at++;
	if (length - at < 2)
		return true; /* it has run, so it was there: better once too often */
	switch (code[at]) {
	case 0x70 ... 0x7f: /* Jcc, LOOPcc, JCXZ */
	case 0xe0 ... 0xe3:
		return to != from + at + 2;
	case 0x0f:
		return code[at + 1] >= 0x80 && code[at + 1] <= 0x8f && to != from + at + 6;
	case 0xe8: /* CALL, JMP, RET */
	case 0xe9:
	case 0xeb:
	case 0xc2:
	case 0xc3:
	case 0xca:
	case 0xcb:
	case 0xcf:
		return true;
	case 0xff:
		reg = code[at + 1] >> 3 & 7;
		return reg >= 2 && reg <= 5;
	}
	return false;
}

/**
 * vitrine_step_is_told() - Is the step that current has made one that its tracer wants to see?
 * @regs: after the step
 */
bool vitrine_step_is_told(const struct pt_regs *regs)
{
	const unsigned long from = current->thread.step_ip;
	unsigned int length = INSTRUCTION_MAX;
	u8 code[INSTRUCTION_MAX];

	if (!current->thread.forced_tf || !current->thread.block_step)
		return true;
	if (copy_from_user(code, (void __user *)from, length)) {
		length = min(length, (unsigned int)(PAGE_SIZE - offset_in_page(from)));
		if (copy_from_user(code, (void __user *)from, length))
			return true;
	}
	return is_branch(code, length, from, regs->ip);
}
