/* SPDX-License-Identifier: GPL-2.0-only */
/* ops.h - operations that exist once, not by operand size */
#ifndef EMU_OPS_H
#define EMU_OPS_H

#include "engine/tier/emulate/cpu/uop.h"

/* control.c; op_end goes to its target always, the others to the operation behind if not */
emu_fn op_end, op_call, op_call_register, op_jump_register, op_ret, op_loop_test, op_loop;
extern emu_fn *const op_jcc[16];
emu_fn op_syscall, op_int3, op_icebp, op_int, op_protection, op_iret;

/* stack.c */
emu_fn op_push, op_push16, op_push_imm, op_push_imm16, op_pop, op_pop16;
emu_fn op_pop_memory, op_pop_memory16, op_pushf, op_pushf16, op_popf, op_popf16;
emu_fn op_leave, op_enter, op_enter16, op_pop_segment;

/* misc.c */
emu_fn op_nop, op_extend, op_extend_dx, op_sahf, op_lahf, op_xlat;
emu_fn op_cmc, op_clc, op_stc, op_cld, op_std, op_setcc;
emu_fn op_get_segment, op_set_segment, op_cpuid, op_rdtsc, op_base_read, op_base_write;
emu_fn op_cmpxchg8b, op_cmpxchg16b, op_selector;

/* fxstate.c */
emu_fn op_fxsave, op_fxrstor, op_ldmxcsr, op_stmxcsr;

/* x87.c; @imm: both bytes of the opcode */
emu_fn op_fwait, op_x87_memory, op_x87_register;

#endif
