/* SPDX-License-Identifier: GPL-2.0-only */
/* x87.c - the stack of the x87, and arithmetic in it
 *
 * Theory of operation
 * An exception that is known before there is a result, and that traps, leaves everything as it was;
 * one that comes with the result leaves the result. Either way the trap is the next instruction's
 * that waits. The stack moves when memory can fault no more.
 */
#include "engine/tier/emulate/cpu/float/x87.h"
#include "engine/tier/emulate/cpu/integer/flags.h"
#include "engine/tier/emulate/cpu/ops.h"

const struct fp_packed x87_indefinite = { (u64)3 << 62, 0xffff };

struct fp_env x87_env(const struct emu_cpu *c)
{
	return (struct fp_env){ .rounding = c->fcw >> 10 & 3, .masks = c->fcw & 63, .x87 = true };
}

const struct fp_format *x87_precision(const struct emu_cpu *c)
{
	static const struct fp_format *const by_control[] = { &fp_80_to_24, &fp_80, &fp_80_to_53,
							      &fp_80 };

	return by_control[c->fcw >> 8 & 3];
}

bool x87_settle(struct emu_cpu *c, const struct fp_env *env)
{
	u32 flags = env->flags;
	const bool before = flags & ~(u32)env->masks & FP_BEFORE;

	if (before)
		flags &= FP_BEFORE | FP_STACK;
	c->fsw = (c->fsw & ~FSW_C1) | flags;
	if (!before && env->up && flags & FP_PE)
		c->fsw |= FSW_C1;
	if (x87_pending(c))
		c->fsw |= FSW_SUMMARY;
	return !before;
}

bool x87_stack_fault(struct emu_cpu *c, bool full)
{
	struct fp_env env = x87_env(c);
	bool on;

	env.flags = FP_IE | FP_STACK;
	on = x87_settle(c, &env);
	if (full)
		c->fsw |= FSW_C1;
	return on;
}

void x87_push(struct emu_cpu *c, struct fp_packed v)
{
	c->top = (c->top - 1) & 7;
	x87_put(c, 0, v);
}

bool x87_room(struct emu_cpu *c)
{
	if (x87_empty(c, 7))
		return true;
	if (x87_stack_fault(c, true))
		x87_push(c, x87_indefinite);
	return false;
}

static void compared(struct emu_cpu *c, int r)
{
	static const u16 bits[] = { [FP_LESS] = FSW_C0,
				    [FP_EQUAL] = FSW_C3,
				    [FP_GREATER] = 0,
				    [FP_UNORDERED] = FSW_C0 | FSW_C2 | FSW_C3 };

	c->fsw = (c->fsw & ~(FSW_C0 | FSW_C2 | FSW_C3)) | bits[r];
}

/* false: it traps, and nothing is popped */
bool x87_compare(struct emu_cpu *c, bool empty, struct fp b, bool quiet)
{
	struct fp_env env = x87_env(c);
	int r;

	bool on;

	c->fsw &= ~FSW_C1;
	if (empty) {
		on = x87_stack_fault(c, false);
		r = FP_UNORDERED;
	} else {
		r = fp_compare(&env, x87_get(c, 0), b, quiet);
		on = x87_settle(c, &env);
	}
	compared(c, r); /* even if it traps */
	return on;
}

/* ST(0) @kind @b to ST(@to); false: nothing was written */
bool x87_arithmetic(struct emu_cpu *c, u32 kind, u32 to, bool empty, struct fp b)
{
	const struct fp_format *f = x87_precision(c);
	struct fp_env env = x87_env(c);
	const struct fp a = x87_get(c, 0);
	struct fp_packed r;

	c->fsw &= ~FSW_C1;
	if (empty) {
		if (!x87_stack_fault(c, false))
			return false;
		x87_put(c, to, x87_indefinite);
		return true;
	}
	switch (kind) {
	case 0:
		r = fp_add(f, &env, a, b);
		break;
	case 1:
		r = fp_mul(f, &env, a, b);
		break;
	case 4:
		r = fp_sub(f, &env, a, b);
		break;
	case 5:
		r = fp_sub(f, &env, b, a);
		break;
	case 6:
		r = fp_div(f, &env, a, b);
		break;
	default:
		r = fp_div(f, &env, b, a);
		break;
	}
	if (!x87_settle(c, &env))
		return false;
	x87_put(c, to, r);
	return true;
}

/* ---- register operands: @x as above, @rm: i of ST(i) ---- */
static void exchange(struct emu_cpu *c, u32 n)
{
	struct emu_f80 t;

	c->fsw &= ~FSW_C1;
	if (x87_empty(c, 0) || x87_empty(c, n)) {
		if (!x87_stack_fault(c, false))
			return;
		if (x87_empty(c, 0))
			x87_put(c, 0, x87_indefinite);
		if (x87_empty(c, n))
			x87_put(c, n, x87_indefinite);
	}
	t = c->st[c->top];
	c->st[c->top] = c->st[x87_slot(c, n)];
	c->st[x87_slot(c, n)] = t;
}

static void copy(struct emu_cpu *c, u32 n, bool pop)
{
	c->fsw &= ~FSW_C1;
	if (x87_empty(c, 0)) {
		if (!x87_stack_fault(c, false))
			return;
		x87_put(c, n, x87_indefinite);
	} else {
		const struct emu_f80 v = c->st[c->top];

		x87_put(c, n, (struct fp_packed){ v.sig, v.se });
	}
	if (pop)
		x87_pop(c);
}

static void load_register(struct emu_cpu *c, u32 n)
{
	const struct emu_f80 v = c->st[x87_slot(c, n)];
	const bool empty = x87_empty(c, n);

	c->fsw &= ~FSW_C1;
	if (!empty && !x87_room(c))
		return;
	if (empty && !x87_stack_fault(c, false))
		return;
	x87_push(c, empty ? x87_indefinite : (struct fp_packed){ v.sig, v.se });
}

static void move_if(struct emu_cpu *c, u32 n, bool yes)
{
	const struct emu_f80 v = c->st[x87_slot(c, n)];

	if (x87_empty(c, 0) || x87_empty(c, n)) {
		if (x87_stack_fault(c, false))
			x87_put(c, 0, x87_indefinite);
	} else if (yes) {
		x87_put(c, 0, (struct fp_packed){ v.sig, v.se });
	}
}

/* FCOMI and its kin: to the processor's flags */
static void compare_to_flags(struct emu_cpu *c, u32 n, bool quiet, bool pop)
{
	const u16 kept = c->fsw & (FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3);
	const bool empty = x87_empty(c, 0) || x87_empty(c, n);
	const bool done = x87_compare(c, empty, x87_get(c, n), quiet);
	const u32 codes = c->fsw;

	c->fsw = (c->fsw & ~(FSW_C0 | FSW_C2 | FSW_C3)) | (empty ? kept & ~FSW_C1 : kept);
	emu_flags_set(c, c->flags | (codes & FSW_C0 ? EMU_FLAG_CF : 0) |
			     (codes & FSW_C2 ? EMU_FLAG_PF : 0) |
			     (codes & FSW_C3 ? EMU_FLAG_ZF : 0));
	if (done && pop)
		x87_pop(c);
}

static void register_arith(struct emu_cpu *c, u32 group, u32 kind, u32 n)
{
	const bool empty = x87_empty(c, 0) || x87_empty(c, n);

	if (kind == 2 || kind == 3) {
		const bool done = x87_compare(c, empty, x87_get(c, n), false);

		if (done && kind == 3)
			x87_pop(c);
		if (done && group == 6)
			x87_pop(c); /* FCOMPP */
		return;
	}
	if (x87_arithmetic(c, kind, group ? n : 0, empty, x87_get(c, n)) && group == 6)
		x87_pop(c);
}

static void unordered(struct emu_cpu *c, u32 n, u32 pops)
{
	if (!x87_compare(c, x87_empty(c, 0) || x87_empty(c, n), x87_get(c, n), true))
		return;
	while (pops--)
		x87_pop(c);
}

UOP_BODY(op_x87_register)
{
	const u32 n = i->rm & 7, group = i->x >> 3, kind = i->x & 7;
	static const u8 conditions[] = { 2, 4, 6, 10 };

	if (x87_pending(c))
		return emu_trap(c, i, TRAP_X87, 0);
	switch (i->x) {
	case 1 << 3 | 0:
		load_register(c, n);
		break;
	case 1 << 3 | 1:
	case 5 << 3 | 1: /* as the processor decodes it, too */
	case 7 << 3 | 1:
		exchange(c, n);
		break;
	case 1 << 3 | 2: /* FNOP */
		break;
	case 1 << 3 | 3:
	case 5 << 3 | 2:
	case 5 << 3 | 3:
	case 7 << 3 | 2:
	case 7 << 3 | 3:
		copy(c, n, i->x != (5 << 3 | 2));
		break;
	case 2 << 3 | 0:
	case 2 << 3 | 1:
	case 2 << 3 | 2:
	case 2 << 3 | 3:
		move_if(c, n, condition(c, conditions[kind]));
		break;
	case 3 << 3 | 0:
	case 3 << 3 | 1:
	case 3 << 3 | 2:
	case 3 << 3 | 3:
		move_if(c, n, !condition(c, conditions[kind]));
		break;
	case 2 << 3 | 5:
		unordered(c, 1, 2);
		break;
	case 5 << 3 | 4:
	case 5 << 3 | 5:
		unordered(c, n, kind & 1);
		break;
	case 3 << 3 | 5:
	case 7 << 3 | 5:
		compare_to_flags(c, n, true, group == 7);
		break;
	case 3 << 3 | 6:
	case 7 << 3 | 6:
		compare_to_flags(c, n, false, group == 7);
		break;
	case 5 << 3 | 0:
	case 7 << 3 | 0:
		c->fsw &= ~FSW_C1;
		c->full &= ~(1u << x87_slot(c, n));
		if (group == 7)
			x87_pop(c);
		break;
	default:
		register_arith(c, group, kind, n);
		break;
	}
	DONE;
}

UOP_BODY(op_fwait)
{
	if (x87_pending(c))
		return emu_trap(c, i, TRAP_X87, 0);
	DONE;
}
