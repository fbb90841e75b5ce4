/* SPDX-License-Identifier: GPL-2.0-only */
/* float.h - arithmetic of IEEE 754 in 32, 64 and 80 bits, with exceptions, in integers
 *
 * Theory of operation
 * All formats are taken apart to one form (struct fp): a class, a sign, an exponent and a
 * significand of 64 bits whose highest is one. Results have 64 bits more below, in which the lowest
 * stands for all that was lost, and fp_pack() rounds them once. Two words of control exist, the
 * x87's and MXCSR; struct fp_env is what both say, and collects what happened.
 */
#ifndef EMU_FLOAT_H
#define EMU_FLOAT_H

#include "engine/tier/emulate/cpu/emu.h"
#include "engine/tier/emulate/cpu/wide.h"

#define FP_IE 1u /* invalid */
#define FP_DE 2u /* an operand is denormal */
#define FP_ZE 4u /* division by zero */
#define FP_OE 8u
#define FP_UE 16u
#define FP_PE 32u /* inexact */
#define FP_STACK 64u
#define FP_BEFORE (FP_IE | FP_DE | FP_ZE) /* known before there is a result */

enum { FP_NEAREST, FP_DOWN, FP_UP, FP_ZERO_WARDS };

/**
 * struct fp_env - how to compute
 * @rounding: FP_NEAREST and so on
 * @masks:    exceptions that do not trap
 * @daz, @ftz: denormal operands are zero; tiny results are
 * @x87:      the x87's rules for two NaNs, and results that trap are written, scaled
 * @flags:    what happened; @up: the significand was rounded up
 */
struct fp_env {
	uint8_t rounding, masks, flags;
	bool daz, ftz, x87, up;
};

enum fp_class { FP_CLASS_ZERO, FP_CLASS_NORMAL, FP_CLASS_INF, FP_CLASS_QNAN, FP_CLASS_SNAN };

/* The value of a normal one is sig / 2^63 * 2^exp; a NaN's payload lies below bit 62 of sig */
struct fp {
	enum fp_class class;
	bool sign, denormal, unsupported;
	int32_t exp;
	uint64_t sig;
};

struct fp_format {
	uint8_t bits; /* of the significand */
	int32_t max, min;
	bool wide; /* 80 bits in memory */
};
extern const struct fp_format fp_32, fp_64, fp_80, fp_80_to_53, fp_80_to_24;

struct fp fp_unpack(const struct fp_format *format, uint64_t sig, uint16_t se);
static inline struct fp fp_from32(uint32_t v)
{
	return fp_unpack(&fp_32, v, 0);
}
static inline struct fp fp_from64(uint64_t v)
{
	return fp_unpack(&fp_64, v, 0);
}

/* A number as memory has it; se: sign and exponent of 80 bits */
struct fp_packed {
	uint64_t sig;
	uint16_t se;
};
/* Exactly: what is no result of an operation that rounds */
struct fp_packed fp_store(const struct fp_format *format, struct fp v);
/* Round sign * (sig:low) * 2^exp, of which sig's highest bit is one */
struct fp_packed fp_pack(const struct fp_format *format, struct fp_env *env, bool sign, int32_t exp,
			 uint64_t sig, uint64_t low);

/* Note denormal operands and signalling NaNs; DAZ */
void fp_look(struct fp_env *env, struct fp *v);

struct fp_packed fp_add(const struct fp_format *f, struct fp_env *env, struct fp a, struct fp b);
struct fp_packed fp_sub(const struct fp_format *f, struct fp_env *env, struct fp a, struct fp b);
struct fp_packed fp_mul(const struct fp_format *f, struct fp_env *env, struct fp a, struct fp b);
struct fp_packed fp_div(const struct fp_format *f, struct fp_env *env, struct fp a, struct fp b);
struct fp_packed fp_sqrt(const struct fp_format *f, struct fp_env *env, struct fp a);
struct fp_packed fp_convert(const struct fp_format *f, struct fp_env *env, struct fp a);
struct fp_packed fp_round_to_integer(const struct fp_format *f, struct fp_env *env, struct fp a);
struct fp_packed fp_from_integer(const struct fp_format *f, struct fp_env *env, int64_t v);

/* An integer of @bits, or the lowest one and FP_IE */
int64_t fp_to_integer(struct fp_env *env, struct fp a, unsigned bits);

static inline bool fp_is_nan(struct fp v)
{
	return v.class >= FP_CLASS_QNAN;
}
/* The result when one of both is a NaN, and of an invalid operation */
struct fp_packed fp_either_nan(const struct fp_format *f, struct fp_env *env, struct fp a,
			       struct fp b);
struct fp_packed fp_invalid(const struct fp_format *f, struct fp_env *env);

enum { FP_LESS, FP_EQUAL, FP_GREATER, FP_UNORDERED };
/* @quiet: a quiet NaN is no invalid operation */
int fp_compare(struct fp_env *env, struct fp a, struct fp b, bool quiet);

#endif
