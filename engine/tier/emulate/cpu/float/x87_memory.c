/* SPDX-License-Identifier: GPL-2.0-only */
/* x87_memory.c - loads, stores and arithmetic with operands in memory
 *
 * Memory is asked for before the stack or the status changes.
 */
#include "engine/tier/emulate/cpu/float/x87.h"
#include "engine/tier/emulate/cpu/ops.h"

/* Does a result that traps go to memory? The registers take it, scaled */
static bool stores(const struct fp_env *env)
{
	return !(env->flags & ~env->masks & (FP_BEFORE | FP_OE | FP_UE));
}

static void operate(struct emu_cpu *c, u32 kind, struct fp b)
{
	if (kind == 2 || kind == 3) {
		if (x87_compare(c, x87_empty(c, 0), b, false) && kind == 3)
			x87_pop(c);
		return;
	}
	x87_arithmetic(c, kind, 0, x87_empty(c, 0), b);
}

static struct fp integer(i64 v)
{
	struct fp_env env = { .masks = 63 };
	const struct fp_packed p = fp_from_integer(&fp_80, &env, v);

	return fp_unpack(&fp_80, p.sig, p.se);
}

static void load(struct emu_cpu *c, struct fp v, bool exact)
{
	struct fp_env env = x87_env(c);
	struct fp_packed r;

	c->fsw &= ~FSW_C1;
	if (!x87_room(c))
		return;
	if (exact) {
		x87_push(c, fp_store(&fp_80, v));
		return;
	}
	r = fp_convert(&fp_80, &env, v);
	x87_settle(c, &env);
	if (!(env.flags & ~env.masks & FP_IE)) /* a denormal one is loaded even if that traps */
		x87_push(c, r);
}

/* ---- memory operands: @x is the opcode's low bits and ModRM's reg ---- */
#define AT address(c, i)

/* Arithmetic with m32, m32int, m64, m16int: D8, DA, DC, DE */
static const struct emu_uop *memory_arith(struct emu_cpu *c, const struct emu_uop *i)
{
	union {
		u64 m64;
		u32 m32;
		i32 i32;
		i16 i16;
	} v;
	struct fp b;

	switch (i->x >> 3) {
	case 0:
		LOAD(v.m32, AT);
		b = fp_from32(v.m32);
		break;
	case 2:
		LOAD(v.i32, AT);
		b = integer(v.i32);
		break;
	case 4:
		LOAD(v.m64, AT);
		b = fp_from64(v.m64);
		break;
	default:
		LOAD(v.i16, AT);
		b = integer(v.i16);
		break;
	}
	operate(c, i->x & 7, b);
	DONE;
}

/* The value to store, of ST(0) in @f; false: nothing is stored */
static bool value_of(struct emu_cpu *c, const struct fp_format *f, struct fp_env *env,
		     struct fp_packed *v)
{
	*env = x87_env(c);
	if (x87_empty(c, 0)) {
		env->flags = FP_IE | FP_STACK;
		*v = fp_store(f, fp_unpack(&fp_80, x87_indefinite.sig, x87_indefinite.se));
	} else {
		*v = fp_convert(f, env, x87_get(c, 0));
		env->flags &= ~FP_DE; /* which no store tells */
	}
	if (!stores(env)) {
		env->flags &= ~FP_PE;
		return false;
	}
	return true;
}

/* Behind a store: what happened, and the pop */
static void stored(struct emu_cpu *c, const struct fp_env *env, bool did, bool pop)
{
	c->fsw &= ~FSW_C1;
	x87_settle(c, env);
	if (did && pop)
		x87_pop(c);
}

static const struct emu_uop *store_float(struct emu_cpu *c, const struct emu_uop *i, bool wide,
					 bool pop)
{
	struct fp_packed v;
	struct fp_env env;
	const bool did = value_of(c, wide ? &fp_64 : &fp_32, &env, &v);
	const u32 half = (u32)v.sig;

	if (did && wide)
		STORE(AT, v.sig);
	else if (did)
		STORE(AT, half);
	stored(c, &env, did, pop);
	DONE;
}

static const struct emu_uop *store_integer(struct emu_cpu *c, const struct emu_uop *i, u32 bits,
					   bool pop, bool truncate)
{
	struct fp_env env = x87_env(c);
	i64 v = (i64)((u64)-1 << (bits - 1));
	bool did;

	if (x87_empty(c, 0)) {
		env.flags = FP_IE | FP_STACK;
	} else {
		if (truncate)
			env.rounding = FP_ZERO_WARDS;
		v = fp_to_integer(&env, x87_get(c, 0), bits);
	}
	did = stores(&env);
	if (did && bits == 16) {
		const i16 w = (i16)v;

		STORE(AT, w);
	} else if (did && bits == 32) {
		const i32 d = (i32)v;

		STORE(AT, d);
	} else if (did) {
		STORE(AT, v);
	}
	stored(c, &env, did, pop);
	DONE;
}

static const struct emu_uop *load_80(struct emu_cpu *c, const struct emu_uop *i)
{
	u8 bytes[10];
	struct fp_packed v;

	LOAD(bytes, AT);
	__builtin_memcpy(&v.sig, bytes, 8);
	__builtin_memcpy(&v.se, bytes + 8, 2);
	c->fsw &= ~FSW_C1;
	if (x87_room(c))
		x87_push(c, v);
	DONE;
}

static const struct emu_uop *store_80(struct emu_cpu *c, const struct emu_uop *i)
{
	const struct emu_f80 *v = &c->st[c->top];
	struct fp_env env = x87_env(c);
	u64 sig = v->sig;
	u16 se = v->se;
	u8 bytes[10];
	bool did;

	if (x87_empty(c, 0)) {
		env.flags = FP_IE | FP_STACK;
		sig = x87_indefinite.sig;
		se = x87_indefinite.se;
	}
	did = stores(&env);
	__builtin_memcpy(bytes, &sig, 8);
	__builtin_memcpy(bytes + 8, &se, 2);
	if (did)
		STORE(AT, bytes);
	stored(c, &env, did, true);
	DONE;
}

/* FBLD, FBSTP: 18 decimal digits and a sign */
static const struct emu_uop *load_decimal(struct emu_cpu *c, const struct emu_uop *i)
{
	u8 bytes[10];
	struct fp v;
	i64 n = 0;

	LOAD(bytes, AT);
	for (int k = 8; k >= 0; k--)
		n = n * 100 + (bytes[k] >> 4) * 10 + (bytes[k] & 15);
	v = integer(n);
	v.sign = bytes[9] >> 7;
	load(c, v, true);
	DONE;
}

static const struct emu_uop *store_decimal(struct emu_cpu *c, const struct emu_uop *i)
{
	u8 bytes[10] = { 0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff };
	struct fp_env env = x87_env(c);
	bool did;

	if (x87_empty(c, 0)) {
		env.flags = FP_IE | FP_STACK;
	} else {
		const struct fp a = x87_get(c, 0);
		const i64 v = fp_to_integer(&env, a, 64);
		u64 n = v < 0 ? -(u64)v : (u64)v;

		if (n >= 1000000000000000000ull) {
			env.flags = FP_IE;
			env.up = false;
		} else if (!(env.flags & FP_IE)) {
			for (u32 k = 0; k < 9; k++, n /= 100)
				bytes[k] = (u8)(n / 10 % 10 << 4 | n % 10);
			bytes[9] = a.sign ? 0x80 : 0;
		}
	}
	did = stores(&env);
	if (did)
		STORE(AT, bytes);
	stored(c, &env, did, true);
	DONE;
}

static const struct emu_uop *memory_move(struct emu_cpu *c, const struct emu_uop *i)
{
	union {
		u64 m64;
		i64 i64;
		u32 m32;
		i32 i32;
		i16 i16;
	} v;

	switch (i->x) {
	case 1 << 3 | 0:
		LOAD(v.m32, AT);
		load(c, fp_from32(v.m32), false);
		DONE;
	case 5 << 3 | 0:
		LOAD(v.m64, AT);
		load(c, fp_from64(v.m64), false);
		DONE;
	case 3 << 3 | 0:
		LOAD(v.i32, AT);
		load(c, integer(v.i32), true);
		DONE;
	case 7 << 3 | 0:
		LOAD(v.i16, AT);
		load(c, integer(v.i16), true);
		DONE;
	default:
		LOAD(v.i64, AT);
		load(c, integer(v.i64), true);
		DONE;
	}
}

UOP_BODY(op_x87_memory)
{
	if (x87_pending(c))
		return emu_trap(c, i, TRAP_X87, 0);
	if (!(i->x & 8))
		return memory_arith(c, i);
	switch (i->x) {
	case 1 << 3 | 2:
	case 1 << 3 | 3:
		return store_float(c, i, false, i->x & 1);
	case 5 << 3 | 2:
	case 5 << 3 | 3:
		return store_float(c, i, true, i->x & 1);
	case 3 << 3 | 2:
	case 3 << 3 | 3:
		return store_integer(c, i, 32, i->x & 1, false);
	case 7 << 3 | 2:
	case 7 << 3 | 3:
		return store_integer(c, i, 16, i->x & 1, false);
	case 7 << 3 | 7:
		return store_integer(c, i, 64, true, false);
	case 3 << 3 | 5:
		return load_80(c, i);
	case 3 << 3 | 7:
		return store_80(c, i);
	case 7 << 3 | 4:
		return load_decimal(c, i);
	case 7 << 3 | 6:
		return store_decimal(c, i);
	default:
		return memory_move(c, i);
	}
}
