/* SPDX-License-Identifier: GPL-2.0-only */
/* x87_functions.c - D9 E0 to FF: constants, remainders, roots, and the special cases of the rest */
#include "engine/tier/emulate/cpu/float/x87.h"

/* Round(@sign, @exp, @sig, @low) without telling */
static struct fp_packed constant(const struct emu_cpu *c, i32 exp, u64 sig, u64 low)
{
	struct fp_env env = x87_env(c);

	return fp_pack(&fp_80, &env, false, exp, sig, low);
}

static struct fp_packed special(enum fp_class class, bool sign)
{
	return fp_store(&fp_80, (struct fp){ .class = class, .sign = sign });
}

static void load_constant(struct emu_cpu *c, u32 n)
{
	static const struct {
		i32 exp;
		u64 sig, low;
	} values[] = {
		{ 0, (u64)1 << 63, 0 },
		{ 1, 0xd49a784bcd1b8afe, 0x492bf6ff4dafdb4d },	/* log2 10 */
		{ 0, 0xb8aa3b295c17f0bb, 0xbe87fed0691d3e88 },	/* log2 e */
		{ 1, 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1 },	/* pi */
		{ -2, 0x9a209a84fbcff798, 0x8f8959ac0b7c9178 }, /* log10 2 */
		{ -1, 0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af }, /* ln 2 */
	};
	c->fsw &= ~FSW_C1;
	if (!x87_room(c))
		return;
	if (n == 6) {
		x87_push(c, special(FP_CLASS_ZERO, false));
	} else {
		x87_push(c, constant(c, values[n].exp, values[n].sig, values[n].low));
	}
}

static void examine(struct emu_cpu *c)
{
	static const u16 by_class[] = { [FP_CLASS_ZERO] = FSW_C3,
					[FP_CLASS_NORMAL] = FSW_C2,
					[FP_CLASS_INF] = FSW_C2 | FSW_C0,
					[FP_CLASS_QNAN] = FSW_C0,
					[FP_CLASS_SNAN] = FSW_C0 };
	const struct emu_f80 *raw = &c->st[c->top];
	const struct fp v = x87_get(c, 0);
	u16 codes = by_class[v.class];

	if (x87_empty(c, 0))
		codes = FSW_C3 | FSW_C0;
	else if (raw->se & 0x7fff && !(raw->sig >> 63))
		codes = 0; /* unsupported */
	else if (v.class == FP_CLASS_NORMAL && v.denormal)
		codes = FSW_C3 | FSW_C2;
	c->fsw =
	    (c->fsw & ~(FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3)) | codes | (raw->se >> 15 ? FSW_C1 : 0);
}

static void test(struct emu_cpu *c)
{
	struct fp_env env = x87_env(c);
	static const u16 bits[] = { [FP_LESS] = FSW_C0,
				    [FP_EQUAL] = FSW_C3,
				    [FP_GREATER] = 0,
				    [FP_UNORDERED] = FSW_C0 | FSW_C2 | FSW_C3 };
	int r = FP_UNORDERED;

	c->fsw &= ~FSW_C1;
	if (x87_empty(c, 0)) {
		x87_stack_fault(c, false);
	} else {
		r = fp_compare(&env, x87_get(c, 0), (struct fp){ .class = FP_CLASS_ZERO }, false);
		x87_settle(c, &env);
	}
	c->fsw = (c->fsw & ~(FSW_C0 | FSW_C2 | FSW_C3)) | bits[r];
}

/* ---- remainders ---- */
static void set_quotient(struct emu_cpu *c, u64 q)
{
	c->fsw &= ~(FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3);
	c->fsw |= (q & 4 ? FSW_C0 : 0) | (q & 2 ? FSW_C3 : 0) | (q & 1 ? FSW_C1 : 0);
}

/* |a| mod |b|, both normal; at most 63 bits of the quotient at a time: then C2 is set */
static struct fp_packed remainder_of(struct emu_cpu *c, struct fp_env *env, struct fp a,
				     struct fp b, bool nearest)
{
	const i32 apart = a.exp - b.exp;
	const bool partial = apart >= 64;
	const i32 steps = partial ? (apart & 31) | 32 : apart;
	const i32 unit = a.exp - steps; /* of the divisor */
	u64 rest = a.sig, q = 0;
	bool sign = a.sign, out = false;
	int shift;

	if (apart < -1 || (apart < 0 && !nearest)) {
		set_quotient(c, 0);
		return fp_pack(&fp_80, env, a.sign, a.exp, a.sig, 0);
	}
	if (apart < 0) {
		/* b / 2 <= |a| < b */
		const bool more = a.sig > b.sig;

		set_quotient(c, more);
		if (!more)
			return fp_pack(&fp_80, env, a.sign, a.exp, a.sig, 0);
		rest = b.sig - (a.sig >> 1) - (a.sig & 1);
		/* b - a in halves of a's unit */
		rest = (b.sig - a.sig) + b.sig;
		shift = __builtin_clzll(rest);
		return fp_pack(&fp_80, env, !a.sign, a.exp - shift, rest << shift, 0);
	}
	for (i32 k = 0; k <= steps; k++) {
		if (k) {
			out = rest >> 63;
			rest <<= 1;
		}
		q <<= 1;
		if (out || rest >= b.sig) {
			rest -= b.sig;
			q |= 1;
		}
	}
	if (partial) {
		c->fsw &= ~(FSW_C0 | FSW_C1 | FSW_C3);
		c->fsw |= FSW_C2;
	} else {
		if (nearest && (rest > b.sig - rest || (rest == b.sig - rest && q & 1))) {
			rest = b.sig - rest;
			sign = !sign;
			q++;
		}
		set_quotient(c, q);
	}
	if (!rest)
		return special(FP_CLASS_ZERO, a.sign);
	shift = __builtin_clzll(rest);
	return fp_pack(&fp_80, env, sign, unit - shift, rest << shift, 0);
}

static struct fp_packed remainder_any(struct emu_cpu *c, struct fp_env *env, struct fp a,
				      struct fp b, bool nearest)
{
	if (fp_is_nan(a) || fp_is_nan(b))
		return fp_either_nan(&fp_80, env, a, b);
	if (a.class == FP_CLASS_INF || b.class == FP_CLASS_ZERO)
		return fp_invalid(&fp_80, env);
	fp_look(env, &a);
	fp_look(env, &b);
	if (a.class == FP_CLASS_ZERO || b.class == FP_CLASS_INF) {
		set_quotient(c, 0);
		return a.class == FP_CLASS_ZERO ? fp_store(&fp_80, a)
						: fp_pack(&fp_80, env, a.sign, a.exp, a.sig, 0);
	}
	return remainder_of(c, env, a, b, nearest);
}

/* ---- scaling ---- */
static struct fp_packed scale(struct fp_env *env, struct fp a, struct fp b)
{
	struct fp_env quiet = { .rounding = FP_ZERO_WARDS, .masks = 63 };
	i64 by;

	if (fp_is_nan(a) || fp_is_nan(b))
		return fp_either_nan(&fp_80, env, a, b);
	if (b.class == FP_CLASS_INF &&
	    ((a.class == FP_CLASS_ZERO && !b.sign) || (a.class == FP_CLASS_INF && b.sign)))
		return fp_invalid(&fp_80, env);
	fp_look(env, &a);
	fp_look(env, &b);
	if (b.class == FP_CLASS_INF)
		return special(b.sign ? FP_CLASS_ZERO : FP_CLASS_INF, a.sign);
	if (a.class != FP_CLASS_NORMAL)
		return fp_store(&fp_80, a);
	by = b.class == FP_CLASS_NORMAL && b.exp >= 17 ? b.sign ? -100000 : 100000
						       : fp_to_integer(&quiet, b, 32);
	return fp_pack(&fp_80, env, a.sign, a.exp + (i32)by, a.sig, 0);
}

static void extract(struct emu_cpu *c)
{
	struct fp_env env = x87_env(c);
	struct fp a = x87_get(c, 0);
	struct fp_packed exponent, rest;
	bool on = true;

	c->fsw &= ~FSW_C1;
	if (x87_empty(c, 0) || !x87_empty(c, 7)) {
		if (!x87_stack_fault(c, !x87_empty(c, 0)))
			return;
		x87_put(c, 0, x87_indefinite);
		x87_push(c, x87_indefinite);
		return;
	}
	fp_look(&env, &a);
	if (fp_is_nan(a)) {
		exponent = rest = fp_store(&fp_80, a);
	} else if (a.class == FP_CLASS_ZERO) {
		env.flags |= FP_ZE;
		exponent = special(FP_CLASS_INF, true);
		rest = special(FP_CLASS_ZERO, a.sign);
	} else if (a.class == FP_CLASS_INF) {
		exponent = special(FP_CLASS_INF, false);
		rest = fp_store(&fp_80, a);
	} else {
		exponent = fp_from_integer(&fp_80, &env, a.exp);
		a.exp = 0;
		rest = fp_store(&fp_80, a);
	}
	on = x87_settle(c, &env);
	if (!on)
		return;
	x87_put(c, 0, exponent);
	x87_push(c, rest);
}

/* ---- special cases of transcend.c ---- */
static struct fp_packed exp2m1(struct fp_env *env, struct fp a)
{
	fp_look(env, &a);
	if (fp_is_nan(a) || a.class == FP_CLASS_ZERO)
		return fp_store(&fp_80, a);
	if (a.class == FP_CLASS_INF)
		return a.sign ? (struct fp_packed){ (u64)1 << 63, 0xbfff } : fp_store(&fp_80, a);
	if (a.exp > 0 || (a.exp == 0 && a.sig << 1))
		return fp_store(&fp_80, a); /* not defined above one */
	return x87_exp2m1(env, a);
}

static struct fp_packed log2_times(struct fp_env *env, struct fp y, struct fp x, bool plus_one)
{
	const bool is_one = !plus_one && x.class == FP_CLASS_NORMAL && !x.exp && !(x.sig << 1);
	bool below; /* the logarithm is negative */

	if (fp_is_nan(x) || fp_is_nan(y))
		return fp_either_nan(&fp_80, env, x, y);
	if (plus_one) {
		below = x.sign;
		if (x.class == FP_CLASS_INF && x.sign)
			return fp_invalid(&fp_80, env);
	} else {
		below = x.class != FP_CLASS_INF && x.exp < 0;
		if (x.sign && x.class != FP_CLASS_ZERO)
			return fp_invalid(&fp_80, env);
		if (x.class == FP_CLASS_ZERO) {
			if (y.class == FP_CLASS_ZERO)
				return fp_invalid(&fp_80, env);
			if (y.class != FP_CLASS_INF)
				env->flags |= FP_ZE;
			return special(FP_CLASS_INF, !y.sign);
		}
	}
	if ((y.class == FP_CLASS_INF && (is_one || x.class == FP_CLASS_ZERO)) ||
	    (y.class == FP_CLASS_ZERO && x.class == FP_CLASS_INF))
		return fp_invalid(&fp_80, env);
	fp_look(env, &x);
	fp_look(env, &y);
	if (y.class == FP_CLASS_INF || x.class == FP_CLASS_INF)
		return special(FP_CLASS_INF, y.sign != below);
	if (is_one)
		return special(FP_CLASS_ZERO, y.sign);
	if (y.class == FP_CLASS_ZERO || x.class == FP_CLASS_ZERO)
		return special(FP_CLASS_ZERO, y.sign != below);
	return x87_log2(env, y, x, plus_one);
}

/* @quarters of pi / 4, rounded */
static struct fp_packed angle(struct fp_env *env, bool sign, u32 quarters)
{
	if (quarters == 3) /* 3 * pi / 4 */
		return fp_pack(&fp_80, env, sign, 1, 0x96cbe3f9990e91a7, 0x9394c9e8a0a5159d);
	return fp_pack(&fp_80, env, sign,
		       quarters == 4   ? 1
		       : quarters == 2 ? 0
				       : -1,
		       0xc90fdaa22168c234, 0xc4c6628b80dc1cd1);
}

static struct fp_packed atan2_of(struct fp_env *env, struct fp y, struct fp x)
{
	if (fp_is_nan(x) || fp_is_nan(y))
		return fp_either_nan(&fp_80, env, x, y);
	fp_look(env, &x);
	fp_look(env, &y);
	if (y.class == FP_CLASS_INF)
		return angle(env, y.sign, x.class != FP_CLASS_INF ? 2 : x.sign ? 3 : 1);
	if (y.class == FP_CLASS_ZERO || x.class == FP_CLASS_INF) {
		if (x.sign)
			return angle(env, y.sign, 4);
		return special(FP_CLASS_ZERO, y.sign);
	}
	if (x.class == FP_CLASS_ZERO)
		return angle(env, y.sign, 2);
	return x87_atan2(env, y, x);
}

/* FSIN, FCOS, FSINCOS, FPTAN: the latter two push a second result */
static void circular(struct emu_cpu *c, u32 n)
{
	const bool pushes = n == 0xfb || n == 0xf2;
	const struct fp_packed unit = { (u64)1 << 63, 0x3fff };
	struct fp_env env = x87_env(c);
	struct fp a = x87_get(c, 0);
	struct fp_packed s, co = unit;

	c->fsw &= ~FSW_C1;
	if (x87_empty(c, 0) || (pushes && !x87_empty(c, 7))) {
		if (!x87_stack_fault(c, !x87_empty(c, 0)))
			return;
		c->fsw &= ~FSW_C2;
		x87_put(c, 0, x87_indefinite);
		if (pushes)
			x87_push(c, x87_indefinite);
		return;
	}
	if (a.class == FP_CLASS_NORMAL && a.exp >= 63) {
		c->fsw |= FSW_C2;
		return;
	}
	fp_look(&env, &a);
	c->fsw &= ~FSW_C2;
	if (fp_is_nan(a)) {
		s = co = fp_store(&fp_80, a);
	} else if (a.class == FP_CLASS_INF) {
		s = co = fp_invalid(&fp_80, &env);
	} else if (a.class == FP_CLASS_ZERO) {
		s = fp_store(&fp_80, a);
	} else {
		x87_sincos(&env, a, n == 0xfe || n == 0xfb ? &s : NULL,
			   n == 0xff || n == 0xfb ? &co : NULL, n == 0xf2 ? &s : NULL);
	}
	if (!x87_settle(c, &env))
		return;
	x87_put(c, 0, n == 0xff ? co : s);
	if (pushes)
		x87_push(c, co);
}

/* Two operands: ST(0) and ST(1), and which is popped */
static void two(struct emu_cpu *c, u32 n)
{
	struct fp_env env = x87_env(c);
	const struct fp a = x87_get(c, 0), b = x87_get(c, 1);
	const bool pops = n == 0xf1 || n == 0xf3 || n == 0xf9;
	struct fp_packed r;

	c->fsw &= ~FSW_C1;
	if (n == 0xf5 || n == 0xf8)
		c->fsw &= ~FSW_C2;
	if (x87_empty(c, 0) || x87_empty(c, 1)) {
		if (!x87_stack_fault(c, false))
			return;
		r = x87_indefinite;
	} else {
		const u16 before = c->fsw;
		u16 codes;

		switch (n) {
		case 0xf1:
		case 0xf9:
			r = log2_times(&env, b, a, n == 0xf9);
			break;
		case 0xf3:
			r = atan2_of(&env, b, a);
			break;
		case 0xfd:
			r = scale(&env, a, b);
			break;
		default:
			r = remainder_any(c, &env, a, b, n == 0xf5);
			break;
		}
		codes = c->fsw;
		c->fsw = before;
		if (!x87_settle(c, &env))
			return;
		if (n == 0xf5 || n == 0xf8)
			c->fsw = (c->fsw & ~(FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3)) |
				 (codes & (FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3));
	}
	x87_put(c, pops ? 1 : 0, r);
	if (pops)
		x87_pop(c);
}

static void single(struct emu_cpu *c, u32 n)
{
	struct fp_env env = x87_env(c);
	const struct fp a = x87_get(c, 0);
	struct fp_packed r;

	c->fsw &= ~FSW_C1;
	if (x87_empty(c, 0)) {
		if (x87_stack_fault(c, false))
			x87_put(c, 0, x87_indefinite);
		return;
	}
	switch (n) {
	case 0xe0:
		c->st[c->top].se ^= 0x8000;
		return;
	case 0xe1:
		c->st[c->top].se &= 0x7fff;
		return;
	case 0xf0:
		r = exp2m1(&env, a);
		break;
	case 0xfa:
		r = fp_sqrt(x87_precision(c), &env, a);
		break;
	default:
		r = fp_round_to_integer(&fp_80, &env, a);
		break;
	}
	if (x87_settle(c, &env))
		x87_put(c, 0, r);
}

UOP_BODY(op_x87_function)
{
	const u32 n = 0xe0 + (i->x & 3) * 8 + i->rm;

	if (x87_pending(c))
		return emu_trap(c, i, TRAP_X87, 0);
	switch (n) {
	case 0xe4:
		test(c);
		break;
	case 0xe5:
		examine(c);
		break;
	case 0xe8 ... 0xee:
		load_constant(c, n - 0xe8);
		break;
	case 0xf4:
		extract(c);
		break;
	case 0xf6:
	case 0xf7:
		c->top = (c->top + (n == 0xf6 ? 7 : 1)) & 7;
		c->fsw &= ~FSW_C1;
		break;
	case 0xf2:
	case 0xfb:
	case 0xfe:
	case 0xff:
		circular(c, n);
		break;
	case 0xe0:
	case 0xe1:
	case 0xf0:
	case 0xfa:
	case 0xfc:
		single(c, n);
		break;
	default:
		two(c, n);
		break;
	}
	DONE;
}
