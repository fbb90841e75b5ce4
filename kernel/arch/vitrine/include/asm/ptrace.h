/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_PTRACE_H
#define _ASM_VITRINE_PTRACE_H

#include <uapi/asm/ptrace.h>

#ifndef __ASSEMBLY__
#include <linux/types.h>
#include <asm/vitrine-layout.h>

/* Same layout as struct vt_regs; vitrine_regs() converts */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

#define VT_USER_CS 0x33
#define VT_USER_SS 0x2b

#define user_mode(regs) ((regs)->cs != 0)
#define instruction_pointer(regs) ((regs)->ip)
#define user_stack_pointer(regs) ((regs)->sp)
#define frame_pointer(regs) ((regs)->bp)
#define profile_pc(regs) ((regs)->ip)
#define current_pt_regs() task_pt_regs(current)
#define current_user_stack_pointer() (current_pt_regs()->sp)

static inline struct vt_regs *vitrine_regs(struct pt_regs *regs)
{
	return (struct vt_regs *)regs;
}

static inline long regs_return_value(struct pt_regs *regs)
{
	return regs->ax;
}

static inline void regs_set_return_value(struct pt_regs *regs, unsigned long value)
{
	regs->ax = value;
}

static inline int is_syscall_success(struct pt_regs *regs)
{
	return regs->ax < (unsigned long)-4095;
}

static inline void instruction_pointer_set(struct pt_regs *regs, unsigned long value)
{
	regs->ip = value;
}

static inline unsigned long kernel_stack_pointer(struct pt_regs *regs)
{
	return regs->sp;
}

#define regs_irqs_disabled(regs) (0)
#define arch_has_single_step() (1)
#define arch_has_block_step() (1)
#define PTRACE_SYSEMU_SUPPORTED 1

#endif
#endif
