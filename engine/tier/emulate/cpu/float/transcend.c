/* SPDX-License-Identifier: GPL-2.0-only */
/* transcend.c - exponentials, logarithms, sines and arc tangents of the x87
 *
 * Theory of operation
 * Numbers with 128 bits of significand (struct big), cut off after each step, and power series: the
 * result is off by less than 2^-110 of itself and is rounded once. Processors promise less than one
 * unit in the last place, so theirs may differ in the last bit. Arguments of sine and cosine are
 * reduced by the 66 bits of pi that all x87 have, exactly, so what programs know of that is true
 * here, too.
 */
#include "engine/tier/emulate/cpu/float/x87.h"

#define TOP_BIT ((u64)1 << 63)

/* sig / 2^127 * 2^exp; zero: no bit of sig */
struct big {
	bool sign;
	i32 exp;
	struct wide sig;
};

static const struct big one = { false, 0, { TOP_BIT, 0 } };
static const struct big ln2 = { false, -1, { 0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af } };
static const struct big pi = { false, 1, { 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1 } };

static bool is_zero(struct big a)
{
	return !a.sig.hi && !a.sig.lo;
}

static struct big normal(bool sign, i32 exp, struct wide sig)
{
	int shift;

	if (!sig.hi && !sig.lo)
		return (struct big){ sign, 0, { 0, 0 } };
	shift = sig.hi ? __builtin_clzll(sig.hi) : 64 + __builtin_clzll(sig.lo);
	return (struct big){ sign, exp - shift, wide_shl(sig, (unsigned)shift) };
}

static struct big from_fp(struct fp v)
{
	if (v.class != FP_CLASS_NORMAL)
		return (struct big){ v.sign, 0, { 0, 0 } };
	return (struct big){ v.sign, v.exp, { v.sig, 0 } };
}

static struct big from_int(i64 v)
{
	const u64 n = v < 0 ? -(u64)v : (u64)v;

	return normal(v < 0, 127, (struct wide){ 0, n });
}

static struct big negative(struct big a)
{
	a.sign = !a.sign;
	return a;
}

static struct big scaled(struct big a, i32 by)
{
	a.exp += by;
	return a;
}

static struct big mul(struct big a, struct big b)
{
	const struct wide hh = wide_mul(a.sig.hi, b.sig.hi);
	const struct wide hl = wide_mul(a.sig.hi, b.sig.lo);
	const struct wide lh = wide_mul(a.sig.lo, b.sig.hi);
	struct wide p = wide_add(hh, (struct wide){ 0, hl.hi });

	p = wide_add(p, (struct wide){ 0, lh.hi });
	if (is_zero(a) || is_zero(b))
		return (struct big){ a.sign != b.sign, 0, { 0, 0 } };
	return normal(a.sign != b.sign, a.exp + b.exp + 1, p);
}

static int compare_sig(struct wide a, struct wide b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo < b.lo ? -1 : a.lo > b.lo;
}

static struct wide shifted(struct wide v, i32 n)
{
	v = wide_shr_sticky(v, n > 127 ? 128 : (unsigned)n);
	return v;
}

static struct big add(struct big a, struct big b)
{
	struct wide sum;

	if (is_zero(a))
		return b;
	if (is_zero(b))
		return a;
	if (a.exp < b.exp || (a.exp == b.exp && compare_sig(a.sig, b.sig) < 0)) {
		const struct big t = a;

		a = b;
		b = t;
	}
	b.sig = shifted(b.sig, a.exp - b.exp);
	if (a.sign != b.sign)
		return normal(a.sign, a.exp, wide_sub(a.sig, b.sig));
	sum = wide_add(a.sig, b.sig);
	if (compare_sig(sum, a.sig) < 0) {
		sum = wide_shr_sticky(sum, 1);
		sum.hi |= TOP_BIT;
		a.exp++;
	}
	return (struct big){ a.sign, a.exp, sum };
}

static struct big divide(struct big a, struct big b)
{
	struct wide rest = a.sig, q = { 0, 0 };
	i32 exp = a.exp - b.exp;

	if (is_zero(a))
		return a;
	for (int k = 0; k < 128; k++) {
		bool out = false;

		if (k) {
			out = rest.hi >> 63;
			rest = wide_shl(rest, 1);
		}
		q = wide_shl(q, 1);
		if (out || compare_sig(rest, b.sig) >= 0) {
			rest = wide_sub(rest, b.sig);
			q.lo |= 1;
		}
	}
	return normal(a.sign != b.sign, exp, q);
}

static struct big divide_small(struct big a, u32 by)
{
	u64 rest, high, low;

	if (is_zero(a))
		return a;
	high = a.sig.hi / by;
	low = wide_div((struct wide){ a.sig.hi % by, a.sig.lo }, by, &rest);
	return normal(a.sign, a.exp, (struct wide){ high, low });
}

static struct fp_packed rounded(struct fp_env *env, struct big a)
{
	if (is_zero(a))
		return fp_store(&fp_80, (struct fp){ .class = FP_CLASS_ZERO, .sign = a.sign });
	return fp_pack(&fp_80, env, a.sign, a.exp, a.sig.hi, a.sig.lo | 1);
}

static bool matters(struct big term, struct big sum)
{
	return !is_zero(term) && term.exp > sum.exp - 126;
}

/* t + t^3/3 + t^5/5 ..., with @alternating signs: arc tangents */
static struct big odd_series(struct big t, bool alternating)
{
	const struct big square = mul(t, t);
	struct big sum = t, power = t;

	for (u32 n = 3;; n += 2) {
		struct big term;

		power = mul(power, square);
		if (alternating)
			power.sign = !power.sign;
		term = divide_small(power, n);
		if (!matters(term, sum))
			return sum;
		sum = add(sum, term);
	}
}

struct fp_packed x87_exp2m1(struct fp_env *env, struct fp x)
{
	const struct big t = mul(from_fp(x), ln2);
	struct big sum = t, term = t;

	for (u32 n = 2;; n++) {
		term = divide_small(mul(term, t), n);
		if (!matters(term, sum))
			return rounded(env, sum);
		sum = add(sum, term);
	}
}

/* y * log2(x), or of x + 1 */
struct fp_packed x87_log2(struct fp_env *env, struct fp y, struct fp x, bool plus_one)
{
	struct big m = from_fp(x), s, log;
	i64 whole = 0;

	if (plus_one) {
		s = divide(m, add(m, from_int(2)));
	} else {
		/* x = m * 2^whole, m about 1 */
		whole = m.exp;
		m.exp = 0;
		if (m.sig.hi >= 0xb504f333f9de6484) {
			m.exp = -1;
			whole++;
		}
		s = divide(add(m, negative(one)), add(m, one));
	}
	log = divide(scaled(odd_series(s, false), 1), ln2);
	if (whole)
		log = add(log, from_int(whole));
	return rounded(env, mul(log, from_fp(y)));
}

/* The angle of a point none of whose coordinates is zero or infinite */
struct fp_packed x87_atan2(struct fp_env *env, struct fp y, struct fp x)
{
	struct big a = from_fp(y), b = from_fp(x), angle;
	bool swapped;

	a.sign = b.sign = false;
	swapped = a.exp > b.exp || (a.exp == b.exp && compare_sig(a.sig, b.sig) > 0);
	angle = swapped ? divide(b, a) : divide(a, b);
	/* above tan(pi / 8): around pi / 4 */
	if (angle.exp >= -1 || (angle.exp == -2 && angle.sig.hi >= 0xd413cccfe7799211)) {
		angle = odd_series(divide(add(angle, negative(one)), add(angle, one)), true);
		angle = add(angle, scaled(pi, -2));
	} else {
		angle = odd_series(angle, true);
	}
	if (swapped)
		angle = add(scaled(pi, -1), negative(angle));
	if (x.sign)
		angle = add(pi, negative(angle));
	angle.sign = y.sign;
	return rounded(env, angle);
}

/* 1 - r^2/2 ..., or r - r^3/6 ... */
static struct big sine_series(struct big first, struct big r, u32 n)
{
	const struct big square = mul(r, r);
	struct big sum = first, term = first;

	for (;; n += 2) {
		term = negative(divide_small(mul(term, square), n * (n + 1)));
		if (!matters(term, sum))
			return sum;
		sum = add(sum, term);
	}
}

/* |x| less the nearest multiple of pi / 2, and the multiple's lowest two bits */
static struct big reduce(struct fp x, u32 *quadrant)
{
	struct wide half_pi = { 3, 0x243f6a8885a308d3 }; /* 2^65 times it */
	struct wide rest = { 0, x.sig };
	i32 unit = -65;
	u32 n = 0;
	bool below = false;

	*quadrant = 0;
	if (x.exp < -2) {
		x.sign = false;
		return from_fp(x);
	}
	/* x is rest * 2^(exp - 63): brought to the same unit */
	if (x.exp - 63 < unit) {
		half_pi = wide_shl(half_pi, (unsigned)(unit - x.exp + 63));
		unit = x.exp - 63;
	}
	for (i32 k = x.exp - 63; k > unit; k--) {
		rest = wide_shl(rest, 1);
		n = n << 1;
		if (compare_sig(rest, half_pi) >= 0) {
			rest = wide_sub(rest, half_pi);
			n |= 1;
		}
	}
	while (compare_sig(rest, half_pi) >= 0) {
		rest = wide_sub(rest, half_pi);
		n++;
	}
	if (compare_sig(wide_shl(rest, 1), half_pi) > 0) {
		rest = wide_sub(half_pi, rest);
		below = true;
		n++;
	}
	*quadrant = n & 3;
	return normal(below, unit + 127, rest);
}

void x87_sincos(struct fp_env *env, struct fp x, struct fp_packed *sine, struct fp_packed *cosine,
		struct fp_packed *tangent)
{
	u32 quadrant;
	const struct big r = reduce(x, &quadrant);
	struct big s = sine_series(r, r, 2), c = sine_series(one, r, 1);

	if (quadrant & 1) {
		const struct big t = s;

		s = c;
		c = negative(t);
	}
	if (quadrant & 2) {
		s = negative(s);
		c = negative(c);
	}
	s.sign ^= x.sign;
	if (tangent)
		*tangent = rounded(env, divide(s, c));
	if (sine)
		*sine = rounded(env, s);
	if (cosine)
		*cosine = rounded(env, c);
}
