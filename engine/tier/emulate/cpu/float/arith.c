/* SPDX-License-Identifier: GPL-2.0-only */
/* arith.c - the operations of float.h */
#include "engine/tier/emulate/cpu/float/float.h"

#define TOP_BIT ((uint64_t)1 << 63)
#define QUIET ((uint64_t)1 << 62)

static const struct fp default_nan = { .class = FP_CLASS_QNAN, .sign = 1, .sig = TOP_BIT | QUIET };

struct fp_packed fp_invalid(const struct fp_format *f, struct fp_env *env)
{
	env->flags |= FP_IE;
	return fp_store(f, default_nan);
}

static struct fp_packed zero(const struct fp_format *f, bool sign)
{
	return fp_store(f, (struct fp){ .class = FP_CLASS_ZERO, .sign = sign });
}

static struct fp_packed infinity(const struct fp_format *f, bool sign)
{
	return fp_store(f, (struct fp){ .class = FP_CLASS_INF, .sign = sign });
}

/* One of both is a NaN. SSE takes the first; the x87 the quiet one, then the larger one. */
struct fp_packed fp_either_nan(const struct fp_format *f, struct fp_env *env, struct fp a,
			       struct fp b)
{
	if (a.class == FP_CLASS_SNAN || b.class == FP_CLASS_SNAN)
		env->flags |= FP_IE;
	if (a.unsupported || b.unsupported)
		return fp_store(f, default_nan);
	if (!fp_is_nan(b))
		return fp_store(f, a);
	if (!fp_is_nan(a))
		return fp_store(f, b);
	if (!env->x87)
		return fp_store(f, a);
	if (a.class != b.class)
		return fp_store(f, a.class == FP_CLASS_QNAN ? a : b);
	if (a.sig != b.sig)
		return fp_store(f, a.sig > b.sig ? a : b);
	return fp_store(f, a.sign ? b : a);
}

/* Denormal operands count when the operation is none that is invalid or has NaNs */
static void look_both(struct fp_env *env, struct fp *a, struct fp *b)
{
	if (fp_is_nan(*a) || fp_is_nan(*b))
		return;
	fp_look(env, a);
	fp_look(env, b);
}

/* |a| + |b|, with the sign given */
static struct fp_packed add_magnitudes(const struct fp_format *f, struct fp_env *env, bool sign,
				       struct fp a, struct fp b)
{
	struct wide x = { a.sig, 0 }, y = { b.sig, 0 };
	bool carry;

	if (a.exp < b.exp) {
		const struct fp t = a;

		a = b;
		b = t;
		x.hi = a.sig;
		y.hi = b.sig;
	}
	y = wide_shr_sticky(y, (unsigned)(a.exp - b.exp > 127 ? 127 : a.exp - b.exp));
	x = wide_add(x, y);
	carry = x.hi < y.hi || x.hi < a.sig;
	if (carry) {
		x = wide_shr_sticky(x, 1);
		x.hi |= TOP_BIT;
		a.exp++;
	}
	return fp_pack(f, env, sign, a.exp, x.hi, x.lo);
}

static struct fp_packed sub_magnitudes(const struct fp_format *f, struct fp_env *env, bool sign,
				       struct fp a, struct fp b)
{
	struct wide x, y;
	int shift;

	if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
		const struct fp t = a;

		a = b;
		b = t;
		sign = !sign;
	}
	x = (struct wide){ a.sig, 0 };
	y = (struct wide){ b.sig, 0 };
	y = wide_shr_sticky(y, (unsigned)(a.exp - b.exp > 127 ? 127 : a.exp - b.exp));
	x = wide_sub(x, y);
	if (!x.hi && !x.lo)
		return zero(f, env->rounding == FP_DOWN);
	shift = x.hi ? __builtin_clzll(x.hi) : 64 + __builtin_clzll(x.lo);
	x = wide_shl(x, (unsigned)shift);
	return fp_pack(f, env, sign, a.exp - shift, x.hi, x.lo);
}

struct fp_packed fp_add(const struct fp_format *f, struct fp_env *env, struct fp a, struct fp b)
{
	if (fp_is_nan(a) || fp_is_nan(b))
		return fp_either_nan(f, env, a, b);
	if (a.class == FP_CLASS_INF && b.class == FP_CLASS_INF && a.sign != b.sign)
		return fp_invalid(f, env);
	look_both(env, &a, &b);
	if (a.class == FP_CLASS_INF || b.class == FP_CLASS_INF)
		return infinity(f, a.class == FP_CLASS_INF ? a.sign : b.sign);
	if (a.class == FP_CLASS_ZERO && b.class == FP_CLASS_ZERO)
		return zero(f, a.sign == b.sign ? a.sign : env->rounding == FP_DOWN);
	if (a.class == FP_CLASS_ZERO)
		return fp_pack(f, env, b.sign, b.exp, b.sig, 0);
	if (b.class == FP_CLASS_ZERO)
		return fp_pack(f, env, a.sign, a.exp, a.sig, 0);
	return a.sign == b.sign ? add_magnitudes(f, env, a.sign, a, b)
				: sub_magnitudes(f, env, a.sign, a, b);
}

struct fp_packed fp_sub(const struct fp_format *f, struct fp_env *env, struct fp a, struct fp b)
{
	if (!fp_is_nan(b))
		b.sign = !b.sign;
	return fp_add(f, env, a, b);
}

struct fp_packed fp_mul(const struct fp_format *f, struct fp_env *env, struct fp a, struct fp b)
{
	const bool sign = a.sign != b.sign;
	struct wide p;
	int32_t exp;

	if (fp_is_nan(a) || fp_is_nan(b))
		return fp_either_nan(f, env, a, b);
	if (env->daz) {
		struct fp_env quiet = *env;

		look_both(&quiet, &a, &b);
	}
	if ((a.class == FP_CLASS_INF && b.class == FP_CLASS_ZERO) ||
	    (a.class == FP_CLASS_ZERO && b.class == FP_CLASS_INF))
		return fp_invalid(f, env);
	look_both(env, &a, &b);
	if (a.class == FP_CLASS_INF || b.class == FP_CLASS_INF)
		return infinity(f, sign);
	if (a.class == FP_CLASS_ZERO || b.class == FP_CLASS_ZERO)
		return zero(f, sign);
	p = wide_mul(a.sig, b.sig);
	exp = a.exp + b.exp + 1;
	if (!(p.hi & TOP_BIT)) {
		p = wide_shl(p, 1);
		exp--;
	}
	return fp_pack(f, env, sign, exp, p.hi, p.lo);
}

struct fp_packed fp_div(const struct fp_format *f, struct fp_env *env, struct fp a, struct fp b)
{
	const bool sign = a.sign != b.sign;
	int32_t exp = a.exp - b.exp;
	uint64_t q, rest, low;
	struct wide n;

	if (fp_is_nan(a) || fp_is_nan(b))
		return fp_either_nan(f, env, a, b);
	if (env->daz) {
		struct fp_env quiet = *env;

		look_both(&quiet, &a, &b);
	}
	if (a.class == b.class && a.class != FP_CLASS_NORMAL)
		return fp_invalid(f, env);
	if (b.class == FP_CLASS_ZERO && a.class == FP_CLASS_NORMAL) {
		env->flags |= FP_ZE;
		return infinity(f, sign);
	}
	look_both(env, &a, &b);
	if (a.class == FP_CLASS_INF || b.class == FP_CLASS_ZERO)
		return infinity(f, sign);
	if (a.class == FP_CLASS_ZERO || b.class == FP_CLASS_INF)
		return zero(f, sign);
	n = (struct wide){ a.sig, 0 };
	if (a.sig >= b.sig)
		n = (struct wide){ a.sig >> 1, a.sig << 63 };
	else
		exp--;
	q = wide_div(n, b.sig, &rest);
	/* a bit more, and whether there is anything behind it */
	low = 0;
	if (rest) {
		const bool half = rest >> 63 || rest << 1 >= b.sig;

		low = (half ? TOP_BIT : 0) | (rest << 1 != b.sig || rest >> 63);
	}
	return fp_pack(f, env, sign, exp, q, low);
}

struct fp_packed fp_sqrt(const struct fp_format *f, struct fp_env *env, struct fp a)
{
	struct wide rest = { 0, 0 }, n;
	uint64_t root = 0, low = 0;

	if (fp_is_nan(a)) {
		if (a.class == FP_CLASS_SNAN)
			env->flags |= FP_IE;
		return fp_store(f, a);
	}
	if (env->daz)
		fp_look(env, &a);
	if (a.class == FP_CLASS_ZERO)
		return zero(f, a.sign);
	if (a.sign)
		return fp_invalid(f, env);
	fp_look(env, &a);
	if (a.class == FP_CLASS_INF)
		return infinity(f, false);
	/* sig / 2^63 * 2^exp, its exponent made even: the root of a number of 128 bits */
	n = a.exp & 1 ? (struct wide){ a.sig, 0 } : (struct wide){ a.sig >> 1, a.sig << 63 };
	for (int k = 0; k < 64; k++) {
		const struct wide trial =
		    wide_add(wide_shl((struct wide){ 0, root }, 2), (struct wide){ 0, 1 });

		rest = wide_shl(rest, 2);
		rest.lo |= n.hi >> 62;
		n = wide_shl(n, 2);
		root <<= 1;
		if (rest.hi > trial.hi || (rest.hi == trial.hi && rest.lo >= trial.lo)) {
			rest = wide_sub(rest, trial);
			root |= 1;
		}
	}
	/* more than half of the last bit is missing when the rest is more than the root */
	if (rest.hi || rest.lo)
		low = rest.hi || rest.lo > root ? TOP_BIT | 1 : 1;
	return fp_pack(f, env, false, a.exp >> 1, root, low);
}

struct fp_packed fp_convert(const struct fp_format *f, struct fp_env *env, struct fp a)
{
	fp_look(env, &a);
	if (a.class != FP_CLASS_NORMAL)
		return fp_store(f, a);
	return fp_pack(f, env, a.sign, a.exp, a.sig, 0);
}

/* |a| as an integer, rounded; @exact: nothing was lost. a.exp below 64. */
static uint64_t magnitude(struct fp_env *env, struct fp a, bool *exact)
{
	struct wide v = { a.sig, 0 };
	uint64_t n;
	bool more;

	v = wide_shr_sticky(v, a.exp < -1 ? 65 + 1 : (unsigned)(63 - a.exp));
	if (a.exp < -1)
		v = (struct wide){ 0, 1 };
	n = v.hi;
	*exact = !v.lo;
	switch (env->rounding) {
	case FP_NEAREST:
		more = v.lo > TOP_BIT || (v.lo == TOP_BIT && n & 1);
		break;
	case FP_DOWN:
		more = a.sign && v.lo;
		break;
	case FP_UP:
		more = !a.sign && v.lo;
		break;
	default:
		more = false;
		break;
	}
	env->up = more;
	return n + more;
}

struct fp_packed fp_round_to_integer(const struct fp_format *f, struct fp_env *env, struct fp a)
{
	bool exact;
	uint64_t n;
	int shift;

	fp_look(env, &a);
	env->up = false;
	if (a.class != FP_CLASS_NORMAL || a.exp >= 63)
		return fp_store(f, a);
	n = magnitude(env, a, &exact);
	if (!exact)
		env->flags |= FP_PE;
	if (!n)
		return zero(f, a.sign);
	shift = __builtin_clzll(n);
	a.exp = 63 - shift;
	a.sig = n << shift;
	return fp_store(f, a);
}

struct fp_packed fp_from_integer(const struct fp_format *f, struct fp_env *env, int64_t v)
{
	const uint64_t n = v < 0 ? -(uint64_t)v : (uint64_t)v;
	int shift;

	if (!n)
		return zero(f, false);
	shift = __builtin_clzll(n);
	return fp_pack(f, env, v < 0, 63 - shift, n << shift, 0);
}

int64_t fp_to_integer(struct fp_env *env, struct fp a, unsigned bits)
{
	const uint64_t limit = (uint64_t)1 << (bits - 1);
	bool exact;
	uint64_t n;

	env->up = false;
	if (a.class == FP_CLASS_ZERO || (a.denormal && env->daz))
		return 0;
	if (a.class != FP_CLASS_NORMAL || a.exp >= (int32_t)bits)
		goto invalid;
	n = magnitude(env, a, &exact);
	if (n > limit - !a.sign)
		goto invalid;
	if (!exact)
		env->flags |= FP_PE;
	return a.sign ? (int64_t)-n : (int64_t)n;
invalid:
	env->flags |= FP_IE;
	env->up = false;
	return (int64_t)-limit;
}

int fp_compare(struct fp_env *env, struct fp a, struct fp b, bool quiet)
{
	bool less;

	if (fp_is_nan(a) || fp_is_nan(b)) {
		if (!quiet || a.class == FP_CLASS_SNAN || b.class == FP_CLASS_SNAN)
			env->flags |= FP_IE;
		return FP_UNORDERED;
	}
	look_both(env, &a, &b);
	if (a.class == FP_CLASS_ZERO && b.class == FP_CLASS_ZERO)
		return FP_EQUAL;
	if (a.class == FP_CLASS_ZERO)
		return b.sign ? FP_GREATER : FP_LESS;
	if (b.class == FP_CLASS_ZERO || a.sign != b.sign)
		return a.sign ? FP_LESS : FP_GREATER;
	if (a.class == FP_CLASS_INF && b.class == FP_CLASS_INF)
		return FP_EQUAL;
	if (a.class == FP_CLASS_INF)
		return a.sign ? FP_LESS : FP_GREATER;
	if (b.class == FP_CLASS_INF)
		return a.sign ? FP_GREATER : FP_LESS;
	if (a.exp == b.exp && a.sig == b.sig)
		return FP_EQUAL;
	less = a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig);
	return less != a.sign ? FP_LESS : FP_GREATER;
}
