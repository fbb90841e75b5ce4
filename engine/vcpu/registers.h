/* SPDX-License-Identifier: GPL-2.0-only */
/* registers.h - a signal context's general registers in the order of the boot ABI */
#ifndef ENGINE_VCPU_REGISTERS_H
#define ENGINE_VCPU_REGISTERS_H

#include <ucontext.h>
#include "vitrine/abi.h"

/**
 * registers_load() - Read the general registers of a signal context
 * @g: gregs of the context; each is read once, for guests can write theirs at any time
 *
 * Return: the registers; no system call number, no segments.
 */
static inline struct vt_regs registers_load(const volatile greg_t *g)
{
	return (struct vt_regs){
		.r15 = g[REG_R15],
		.r14 = g[REG_R14],
		.r13 = g[REG_R13],
		.r12 = g[REG_R12],
		.bp = g[REG_RBP],
		.bx = g[REG_RBX],
		.r11 = g[REG_R11],
		.r10 = g[REG_R10],
		.r9 = g[REG_R9],
		.r8 = g[REG_R8],
		.ax = g[REG_RAX],
		.cx = g[REG_RCX],
		.dx = g[REG_RDX],
		.si = g[REG_RSI],
		.di = g[REG_RDI],
		.orig_ax = -1,
		.ip = g[REG_RIP],
		.flags = g[REG_EFL],
		.sp = g[REG_RSP],
	};
}

#endif
