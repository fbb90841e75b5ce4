/* SPDX-License-Identifier: GPL-2.0-only */
/* x87.h - the stack of the x87 and its status */
#ifndef EMU_X87_H
#define EMU_X87_H

#include "engine/tier/emulate/cpu/float/float.h"
#include "engine/tier/emulate/cpu/uop.h"

#define FSW_C0 (1u << 8)
#define FSW_C1 (1u << 9)
#define FSW_C2 (1u << 10)
#define FSW_C3 (1u << 14)
#define FSW_SUMMARY 0x8080u /* an exception is pending; busy */

/* Does the next instruction that waits trap? */
static inline bool x87_pending(const struct emu_cpu *c)
{
	return c->fsw & ~c->fcw & 0x3f;
}

static inline u32 x87_slot(const struct emu_cpu *c, u32 n)
{
	return (c->top + n) & 7;
}

static inline bool x87_empty(const struct emu_cpu *c, u32 n)
{
	return !(c->full >> x87_slot(c, n) & 1);
}

static inline struct fp x87_get(const struct emu_cpu *c, u32 n)
{
	const struct emu_f80 *v = &c->st[x87_slot(c, n)];

	return fp_unpack(&fp_80, v->sig, v->se);
}

static inline void x87_put(struct emu_cpu *c, u32 n, struct fp_packed v)
{
	c->st[x87_slot(c, n)] = (struct emu_f80){ v.sig, v.se };
	c->full |= 1u << x87_slot(c, n);
}

static inline void x87_pop(struct emu_cpu *c)
{
	c->full &= ~(1u << c->top);
	c->top = (c->top + 1) & 7;
}

struct fp_env x87_env(const struct emu_cpu *c);
const struct fp_format *x87_precision(const struct emu_cpu *c);

/* Note what happened; false: something known before the result traps, and nothing changes */
bool x87_settle(struct emu_cpu *c, const struct fp_env *env);

/* A stack fault: @full: too full, or too empty; false as above */
bool x87_stack_fault(struct emu_cpu *c, bool full);

extern const struct fp_packed x87_indefinite;

void x87_push(struct emu_cpu *c, struct fp_packed v);

/* Is there room for a push? Otherwise the stack fault has been dealt with */
bool x87_room(struct emu_cpu *c);

/* ST(0) with @b, or with something that is @empty; false: it traps, and nothing is popped */
bool x87_compare(struct emu_cpu *c, bool empty, struct fp b, bool quiet);

/* ST(0) @kind @b to ST(@to), @kind as ModRM has it; false: nothing was written */
bool x87_arithmetic(struct emu_cpu *c, u32 kind, u32 to, bool empty, struct fp b);

/* x87_functions.c: D9 E0 to FF */
emu_fn op_x87_function;

/* transcend.c: operands are no NaNs */
struct fp_packed x87_exp2m1(struct fp_env *env, struct fp x);
struct fp_packed x87_log2(struct fp_env *env, struct fp y, struct fp x, bool plus_one);
struct fp_packed x87_atan2(struct fp_env *env, struct fp y, struct fp x);
/* Finite and below 2^63 */
void x87_sincos(struct fp_env *env, struct fp x, struct fp_packed *sine, struct fp_packed *cosine,
		struct fp_packed *tangent);

#endif
