/* SPDX-License-Identifier: GPL-2.0-only */
/* registers.h - a thread's registers between the kernel's structures and the emulated CPU */
#ifndef ENGINE_TIER_EMULATE_REGISTERS_H
#define ENGINE_TIER_EMULATE_REGISTERS_H

#include "engine/tier/emulate/cpu/emu.h"
#include "vitrine/abi.h"

/* All but segments, their bases, and the FPU */
void registers_load(struct emu_cpu *cpu, const struct vt_regs *regs);
void registers_store(const struct emu_cpu *cpu, struct vt_regs *regs);

/* Code of 32 bits is not executed: its segment is one that nobody has */
bool registers_loadable(const struct vt_regs *regs);

/* The exception of who asks for it */
void registers_refuse(const struct vt_regs *regs, uint32_t *trap_nr, uint32_t *error_code);

/* The selector, or 0 when user mode cannot load it */
uint16_t selector_usable(uint16_t selector);

#endif
