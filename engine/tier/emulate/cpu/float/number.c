/* SPDX-License-Identifier: GPL-2.0-only */
/* float.c - numbers taken apart, and rounded */
#include "engine/tier/emulate/cpu/float/float.h"

#define TOP_BIT ((uint64_t)1 << 63)
#define QUIET ((uint64_t)1 << 62)
#define TRAP_SCALE 24576 /* what the x87 corrects exponents of trapped results by */

const struct fp_format fp_32 = { .bits = 24, .max = 127, .min = -126 };
const struct fp_format fp_64 = { .bits = 53, .max = 1023, .min = -1022 };
const struct fp_format fp_80 = { .bits = 64, .max = 16383, .min = -16382, .wide = true };
const struct fp_format fp_80_to_53 = { .bits = 53, .max = 16383, .min = -16382, .wide = true };
const struct fp_format fp_80_to_24 = { .bits = 24, .max = 16383, .min = -16382, .wide = true };

static struct fp classify(const struct fp_format *f, bool sign, uint32_t exponent, uint64_t sig)
{
	struct fp v = { .sign = sign, .sig = sig };

	if (exponent == (uint32_t)f->max * 2 + 1) {
		if (!(sig << 1))
			v.class = FP_CLASS_INF;
		else
			v.class = sig & QUIET ? FP_CLASS_QNAN : FP_CLASS_SNAN;
		return v;
	}
	if (!sig) {
		v.class = FP_CLASS_ZERO;
		return v;
	}
	v.class = FP_CLASS_NORMAL;
	v.denormal = !exponent;
	v.exp = exponent ? (int32_t)exponent - f->max : f->min;
	if (!(sig & TOP_BIT)) {
		const int shift = __builtin_clzll(sig);

		v.sig = sig << shift;
		v.exp -= shift;
	}
	return v;
}

struct fp fp_unpack(const struct fp_format *f, uint64_t sig, uint16_t se)
{
	const uint32_t fraction = f->bits - 1;
	uint32_t exponent;
	uint64_t high;

	if (f->wide) {
		exponent = se & 0x7fff;
		/* "unsupported": an exponent and no highest bit; it acts like a signalling NaN */
		if (exponent && !(sig & TOP_BIT))
			return (struct fp){ .class = FP_CLASS_SNAN,
					    .unsupported = true,
					    .sign = 1,
					    .sig = 3ull << 62 };
		return classify(f, se >> 15, exponent, sig);
	}
	if (f->bits == 24) {
		exponent = sig >> 23 & 0xff;
		high = sig >> 31 & 1;
	} else {
		exponent = sig >> 52 & 0x7ff;
		high = sig >> 63;
	}
	sig = sig << (64 - fraction) >> 1;
	return classify(f, high, exponent, exponent ? sig | TOP_BIT : sig);
}

/* @exponent: biased */
static struct fp_packed assemble(const struct fp_format *f, bool sign, uint32_t exponent,
				 uint64_t sig)
{
	const uint32_t fraction = f->bits - 1;

	if (f->wide)
		return (struct fp_packed){ sig, (uint16_t)(sign << 15 | exponent) };
	sig = sig << 1 >> (64 - fraction);
	if (f->bits == 24)
		return (struct fp_packed){ (uint64_t)sign << 31 | (uint64_t)exponent << 23 | sig,
					   0 };
	return (struct fp_packed){ (uint64_t)sign << 63 | (uint64_t)exponent << 52 | sig, 0 };
}

struct fp_packed fp_store(const struct fp_format *f, struct fp v)
{
	switch (v.class) {
	case FP_CLASS_ZERO:
		return assemble(f, v.sign, 0, 0);
	case FP_CLASS_INF:
		return assemble(f, v.sign, f->max * 2 + 1, TOP_BIT);
	case FP_CLASS_QNAN:
	case FP_CLASS_SNAN:
		return assemble(f, v.sign, f->max * 2 + 1, v.sig | TOP_BIT | QUIET);
	default:
		if (v.exp < f->min)
			return assemble(f, v.sign, 0, v.sig >> (f->min - v.exp));
		return assemble(f, v.sign, v.exp + f->max, v.sig);
	}
}

/* The significand to @bits; @carry: it became twice as large */
static uint64_t round_bits(const struct fp_env *env, bool sign, uint64_t sig, uint64_t low,
			   uint32_t bits, bool *inexact, bool *up, bool *carry)
{
	const uint32_t drop = 64 - bits;
	const uint64_t rest = drop ? sig << bits : low;
	const uint64_t below = drop ? low : 0;
	uint64_t kept = drop ? sig >> drop << drop : sig;
	bool more;

	*inexact = rest || low;
	*carry = false;
	switch (env->rounding) {
	case FP_NEAREST:
		more = rest > TOP_BIT || (rest == TOP_BIT && (below || kept >> drop & 1));
		break;
	case FP_DOWN:
		more = sign && *inexact;
		break;
	case FP_UP:
		more = !sign && *inexact;
		break;
	default:
		more = false;
		break;
	}
	*up = more;
	if (more) {
		kept += (uint64_t)1 << drop;
		if (!kept) {
			kept = TOP_BIT;
			*carry = true;
		}
	}
	return kept;
}

static struct fp_packed overflow(const struct fp_format *f, struct fp_env *env, bool sign,
				 int32_t exp, uint64_t sig, bool inexact)
{
	bool to_max = env->rounding == FP_ZERO_WARDS || env->rounding == (sign ? FP_UP : FP_DOWN);

	env->flags |= FP_OE;
	if (!(env->masks & FP_OE) && env->x87 && f->wide && exp - TRAP_SCALE <= f->max) {
		env->flags |= inexact ? FP_PE : 0;
		return assemble(f, sign, (uint32_t)(exp - TRAP_SCALE + f->max), sig);
	}
	if (env->masks & FP_OE || inexact || env->x87)
		env->flags |= FP_PE;
	if (!(env->masks & FP_OE) && f->wide)
		to_max = false; /* too much for the scaled exponent, too */
	env->up = !to_max;
	if (to_max)
		return assemble(f, sign, f->max * 2, ~(uint64_t)0 << (64 - f->bits));
	return assemble(f, sign, f->max * 2 + 1, TOP_BIT);
}

static struct fp_packed tiny(const struct fp_format *f, struct fp_env *env, bool sign, int32_t exp,
			     uint64_t sig, uint64_t low)
{
	bool inexact, up, carry;
	uint64_t kept = round_bits(env, sign, sig, low, f->bits, &inexact, &up, &carry);
	const bool is_tiny = exp + carry < f->min;
	const int32_t shift = f->min - exp;
	struct wide v = { sig, low };

	if (is_tiny && !(env->masks & FP_UE)) {
		env->flags |= FP_UE | (inexact ? FP_PE : 0);
		env->up = up;
		return assemble(f, sign, (uint32_t)(exp + carry + TRAP_SCALE + f->max), kept);
	} else if (is_tiny && env->ftz) {
		env->flags |= FP_UE | FP_PE;
		return assemble(f, sign, 0, 0);
	}
	v = wide_shr_sticky(v, shift > 127 ? 127 : (unsigned)shift);
	kept = round_bits(env, sign, v.hi, v.lo, f->bits, &inexact, &up, &carry);
	if (inexact)
		env->flags |= FP_PE | (is_tiny ? FP_UE : 0);
	env->up = up;
	/* rounded up to the smallest that is normal? */
	return assemble(f, sign, kept & TOP_BIT ? 1 : 0, kept);
}

struct fp_packed fp_pack(const struct fp_format *f, struct fp_env *env, bool sign, int32_t exp,
			 uint64_t sig, uint64_t low)
{
	bool inexact, up, carry;
	uint64_t kept;

	env->up = false;
	if (exp < f->min)
		return tiny(f, env, sign, exp, sig, low);
	kept = round_bits(env, sign, sig, low, f->bits, &inexact, &up, &carry);
	exp += carry;
	env->up = up;
	if (exp > f->max)
		return overflow(f, env, sign, exp, kept, inexact);
	if (inexact)
		env->flags |= FP_PE;
	return assemble(f, sign, (uint32_t)(exp + f->max), kept);
}

void fp_look(struct fp_env *env, struct fp *v)
{
	if (v->class == FP_CLASS_SNAN) {
		env->flags |= FP_IE;
	} else if (v->denormal && v->class == FP_CLASS_NORMAL) {
		if (env->daz)
			v->class = FP_CLASS_ZERO;
		else
			env->flags |= FP_DE;
	}
}
