/* SPDX-License-Identifier: GPL-2.0-only */
/* registers.c - a thread's registers between the kernel's structures and the emulated CPU */
#include "registers.h"

#include <string.h>

#define USER_CS 0x33
#define USER_SS 0x2b
#define TRAP_PROTECTION 13

void registers_load(struct emu_cpu *cpu, const struct vt_regs *regs)
{
	const uint64_t r[16] = { regs->ax,  regs->cx,  regs->dx,  regs->bx, regs->sp,  regs->bp,
				 regs->si,  regs->di,  regs->r8,  regs->r9, regs->r10, regs->r11,
				 regs->r12, regs->r13, regs->r14, regs->r15 };

	memcpy(cpu->r, r, sizeof(r));
	cpu->ip = regs->ip;
	emu_flags_set(cpu, regs->flags);
}

void registers_store(const struct emu_cpu *cpu, struct vt_regs *regs)
{
	const uint64_t *r = cpu->r;

	*regs = (struct vt_regs){ .ax = r[EMU_RAX],
				  .cx = r[EMU_RCX],
				  .dx = r[EMU_RDX],
				  .bx = r[EMU_RBX],
				  .sp = r[EMU_RSP],
				  .bp = r[EMU_RBP],
				  .si = r[EMU_RSI],
				  .di = r[EMU_RDI],
				  .r8 = r[8],
				  .r9 = r[9],
				  .r10 = r[10],
				  .r11 = r[11],
				  .r12 = r[12],
				  .r13 = r[13],
				  .r14 = r[14],
				  .r15 = r[15],
				  .orig_ax = r[EMU_RAX],
				  .ip = cpu->ip,
				  .cs = cpu->cs,
				  .ss = cpu->ss,
				  .flags = emu_flags_get(cpu) };
}

bool registers_loadable(const struct vt_regs *regs)
{
	return (uint16_t)regs->cs == USER_CS && (uint16_t)regs->ss == USER_SS;
}

void registers_refuse(const struct vt_regs *regs, uint32_t *trap_nr, uint32_t *error_code)
{
	const uint64_t selector = (uint16_t)regs->cs == USER_CS ? regs->ss : regs->cs;

	*error_code = selector & 0xfffc;
	*trap_nr = TRAP_PROTECTION;
}

uint16_t selector_usable(uint16_t selector)
{
	return emu_selector_usable(selector) ? selector : 0;
}
