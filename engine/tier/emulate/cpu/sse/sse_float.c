/* SPDX-License-Identifier: GPL-2.0-only */
/* sse_float.c - arithmetic and comparison of SSE
 *
 * Theory of operation
 * Once a program has seen an inexact result, most operations change nothing but their result: then
 * the host computes, and what is not plain (operands and results that are neither zero nor normal)
 * is computed again in float.h's way, which is the only one otherwise.
 */
#include "engine/tier/emulate/cpu/integer/flags.h"
#include "engine/tier/emulate/cpu/float/float.h"
#include "engine/tier/emulate/cpu/sse/sse.h"

#define D (&c->x[i->reg])
#define S (&c->x[i->rm])

#define MXCSR_DAZ (1u << 6)
#define MXCSR_FTZ (1u << 15)

struct fp_env sse_env(const struct emu_cpu *c)
{
	return (struct fp_env){ .rounding = c->mxcsr >> 13 & 3,
				.masks = c->mxcsr >> 7 & 63,
				.daz = c->mxcsr & MXCSR_DAZ,
				.ftz = c->mxcsr & MXCSR_FTZ };
}

bool sse_settle(struct emu_cpu *c, const struct fp_env *env)
{
	u32 flags = env->flags;

	if (flags & ~(u32)env->masks & FP_BEFORE)
		flags &= FP_BEFORE;
	c->mxcsr |= flags;
	return !(flags & ~(u32)env->masks);
}

/* To the nearest, nothing flushed, PE masked and set already */
static inline bool plain_mode(const struct emu_cpu *c)
{
	return (c->mxcsr & 0xf060) == 0x1020;
}

static inline bool plain64(u64 v)
{
	return (v << 1 >> 53) - 1 < 0x7fe || !(v << 1);
}

static inline bool plain32(u32 v)
{
	return (v << 1 >> 24) - 1 < 0xfe || !(v << 1);
}

/* @zero_ok: a zero result is exact */
static inline bool good64(u64 v, bool zero_ok)
{
	return (v << 1 >> 53) - 2 < 0x7fc || (zero_ok && !(v << 1));
}

static inline bool good32(u32 v, bool zero_ok)
{
	return (v << 1 >> 24) - 2 < 0xfc || (zero_ok && !(v << 1));
}

#define HOST_OP(name, type, word, operator)                                                        \
	static inline word name##_host_##type(word a, word b)                                      \
	{                                                                                          \
		type x, y;                                                                         \
		__builtin_memcpy(&x, &a, sizeof(x));                                               \
		__builtin_memcpy(&y, &b, sizeof(y));                                               \
		x = x operator y;                                                                  \
		__builtin_memcpy(&a, &x, sizeof(a));                                               \
		return a;                                                                          \
	}

#define LANE64(name, k) r.q[k] = fp_##name(&fp_64, &env, fp_from64(D->q[k]), fp_from64(S->q[k])).sig
#define LANE32(name, k)                                                                            \
	r.d[k] = (u32)fp_##name(&fp_32, &env, fp_from32(D->d[k]), fp_from32(S->d[k])).sig

#define SOFT(name, lane, count)                                                                    \
	do {                                                                                       \
		struct fp_env env = sse_env(c);                                                    \
		union emu_xmm r = *D;                                                              \
		for (u32 k = 0; k < (count); k++)                                                  \
			lane(name, k);                                                             \
		if (!sse_settle(c, &env))                                                          \
			return emu_trap(c, i, TRAP_SIMD, 0);                                       \
		*D = r;                                                                            \
		DONE;                                                                              \
	} while (0)

#define SOFT_BODY(op, name, lane, count)                                                           \
	static __attribute__((noinline))                                                           \
	const struct emu_uop *op##_soft(struct emu_cpu *c, const struct emu_uop *i)                \
	{                                                                                          \
		SOFT(name, lane, count);                                                           \
	}
#define SOFTLY(op)                                                                                 \
	do {                                                                                       \
		if (!op##_soft(c, i))                                                              \
			return NULL;                                                               \
		NEXT;                                                                              \
	} while (0)

#define BINARY(name, operator, zero_ok)                                                            \
	HOST_OP(name, double, u64, operator)                                                       \
	HOST_OP(name, float, u32, operator)                                                        \
	SOFT_BODY(name##sd, name, LANE64, 1)                                                       \
	SOFT_BODY(name##ss, name, LANE32, 1)                                                       \
	SOFT_BODY(name##pd, name, LANE64, 2)                                                       \
	SOFT_BODY(name##ps, name, LANE32, 4)                                                       \
	UOP(op_##name##sd)                                                                         \
	{                                                                                          \
		const u64 a = D->q[0], b = S->q[0];                                                \
		if (likely(plain_mode(c) && plain64(a) && plain64(b))) {                           \
			const u64 v = name##_host_double(a, b);                                    \
			if (likely(good64(v, zero_ok))) {                                          \
				D->q[0] = v;                                                       \
				NEXT;                                                              \
			}                                                                          \
		}                                                                                  \
		SOFTLY(name##sd);                                                                  \
	}                                                                                          \
	UOP(op_##name##ss)                                                                         \
	{                                                                                          \
		const u32 a = D->d[0], b = S->d[0];                                                \
		if (likely(plain_mode(c) && plain32(a) && plain32(b))) {                           \
			const u32 v = name##_host_float(a, b);                                     \
			if (likely(good32(v, zero_ok))) {                                          \
				D->d[0] = v;                                                       \
				NEXT;                                                              \
			}                                                                          \
		}                                                                                  \
		SOFTLY(name##ss);                                                                  \
	}                                                                                          \
	UOP(op_##name##pd)                                                                         \
	{                                                                                          \
		if (likely(plain_mode(c))) {                                                       \
			union emu_xmm r;                                                           \
			bool good = true;                                                          \
			for (u32 k = 0; k < 2; k++) {                                              \
				r.q[k] = name##_host_double(D->q[k], S->q[k]);                     \
				good &= plain64(D->q[k]) && plain64(S->q[k]) &&                    \
					good64(r.q[k], zero_ok);                                   \
			}                                                                          \
			if (likely(good)) {                                                        \
				*D = r;                                                            \
				NEXT;                                                              \
			}                                                                          \
		}                                                                                  \
		SOFTLY(name##pd);                                                                  \
	}                                                                                          \
	UOP(op_##name##ps)                                                                         \
	{                                                                                          \
		if (likely(plain_mode(c))) {                                                       \
			union emu_xmm r;                                                           \
			bool good = true;                                                          \
			for (u32 k = 0; k < 4; k++) {                                              \
				r.d[k] = name##_host_float(D->d[k], S->d[k]);                      \
				good &= plain32(D->d[k]) && plain32(S->d[k]) &&                    \
					good32(r.d[k], zero_ok);                                   \
			}                                                                          \
			if (likely(good)) {                                                        \
				*D = r;                                                            \
				NEXT;                                                              \
			}                                                                          \
		}                                                                                  \
		SOFTLY(name##ps);                                                                  \
	}

BINARY(add, +, true)
BINARY(sub, -, true)
BINARY(mul, *, false)
BINARY(div, /, false)

/* One operand: the source's lanes */
#define UNARY64(name, k) r.q[k] = fp_##name(&fp_64, &env, fp_from64(S->q[k])).sig
#define UNARY32(name, k) r.d[k] = (u32)fp_##name(&fp_32, &env, fp_from32(S->d[k])).sig

UOP_BODY(op_sqrtps)
{
	SOFT(sqrt, UNARY32, 4);
}

UOP_BODY(op_sqrtss)
{
	SOFT(sqrt, UNARY32, 1);
}

UOP_BODY(op_sqrtpd)
{
	SOFT(sqrt, UNARY64, 2);
}

UOP_BODY(op_sqrtsd)
{
	SOFT(sqrt, UNARY64, 1);
}

/* MIN and MAX: the second operand unless the first is truly less, or greater */
#define PICK64(want, k)                                                                            \
	r.q[k] = fp_compare(&env, fp_from64(D->q[k]), fp_from64(S->q[k]), false) == (want)         \
		     ? flushed64(&env, D->q[k])                                                    \
		     : flushed64(&env, S->q[k])
#define PICK32(want, k)                                                                            \
	r.d[k] = fp_compare(&env, fp_from32(D->d[k]), fp_from32(S->d[k]), false) == (want)         \
		     ? flushed32(&env, D->d[k])                                                    \
		     : flushed32(&env, S->d[k])

static u64 flushed64(const struct fp_env *env, u64 v)
{
	return env->daz && !(v << 1 >> 53) ? v & (u64)1 << 63 : v;
}

static u32 flushed32(const struct fp_env *env, u32 v)
{
	return env->daz && !(v << 1 >> 24) ? v & 1u << 31 : v;
}

#define PICK(name, want)                                                                           \
	UOP_BODY(op_##name##ps)                                                                    \
	{                                                                                          \
		SOFT(want, PICK32, 4);                                                             \
	}                                                                                          \
	UOP_BODY(op_##name##pd)                                                                    \
	{                                                                                          \
		SOFT(want, PICK64, 2);                                                             \
	}                                                                                          \
	UOP_BODY(op_##name##ss)                                                                    \
	{                                                                                          \
		SOFT(want, PICK32, 1);                                                             \
	}                                                                                          \
	UOP_BODY(op_##name##sd)                                                                    \
	{                                                                                          \
		SOFT(want, PICK64, 1);                                                             \
	}
PICK(min, FP_LESS)
PICK(max, FP_GREATER)

/* @imm: EQ, LT, LE, UNORD, and their opposites */
static bool compare(struct fp_env *env, struct fp a, struct fp b, u64 imm)
{
	const u32 kind = imm & 3;
	const int r = fp_compare(env, a, b, kind == 0 || kind == 3);
	const bool yes = kind == 0   ? r == FP_EQUAL
			 : kind == 1 ? r == FP_LESS
			 : kind == 2 ? r == FP_LESS || r == FP_EQUAL
				     : r == FP_UNORDERED;

	return yes != (imm >> 2 & 1);
}

#define CMP64(ignored, k)                                                                          \
	r.q[k] = -(u64)compare(&env, fp_from64(D->q[k]), fp_from64(S->q[k]), i->imm)
#define CMP32(ignored, k)                                                                          \
	r.d[k] = -(u32)compare(&env, fp_from32(D->d[k]), fp_from32(S->d[k]), i->imm)

UOP_BODY(op_cmpps)
{
	SOFT(_, CMP32, 4);
}

UOP_BODY(op_cmppd)
{
	SOFT(_, CMP64, 2);
}

UOP_BODY(op_cmpss)
{
	SOFT(_, CMP32, 1);
}

UOP_BODY(op_cmpsd)
{
	SOFT(_, CMP64, 1);
}

static const struct emu_uop *flags_from(struct emu_cpu *c, const struct emu_uop *i, struct fp a,
					struct fp b, bool quiet)
{
	struct fp_env env = sse_env(c);
	const int r = fp_compare(&env, a, b, quiet);

	if (!sse_settle(c, &env))
		return emu_trap(c, i, TRAP_SIMD, 0);
	emu_flags_set(c, c->flags | (r == FP_UNORDERED ? EMU_FLAG_ZF | EMU_FLAG_PF | EMU_FLAG_CF
				     : r == FP_LESS    ? EMU_FLAG_CF
				     : r == FP_EQUAL   ? EMU_FLAG_ZF
						       : 0));
	DONE;
}

UOP_BODY(op_ucomiss)
{
	return flags_from(c, i, fp_from32(D->d[0]), fp_from32(S->d[0]), true);
}

UOP_BODY(op_comiss)
{
	return flags_from(c, i, fp_from32(D->d[0]), fp_from32(S->d[0]), false);
}

UOP_BODY(op_ucomisd)
{
	return flags_from(c, i, fp_from64(D->q[0]), fp_from64(S->q[0]), true);
}

UOP_BODY(op_comisd)
{
	return flags_from(c, i, fp_from64(D->q[0]), fp_from64(S->q[0]), false);
}

/* ---- RCP, RSQRT: processors differ below 1.5 * 2^-12; ours rounds to 12 bits ---- */
static u32 estimate(u32 v, bool root)
{
	static const struct fp_format twelve = { .bits = 24, .max = 127, .min = -126 };
	struct fp_env env = { .rounding = FP_NEAREST, .masks = 63, .daz = true, .ftz = true };
	struct fp a = fp_from32(v);
	const struct fp one = { .class = FP_CLASS_NORMAL, .sig = (u64)1 << 63 };

	if (root && a.sign &&
	    (a.class == FP_CLASS_INF || (a.class == FP_CLASS_NORMAL && !a.denormal)))
		return 0xffc00000;
	if (root && a.class == FP_CLASS_NORMAL && !a.denormal)
		a = fp_from32((u32)fp_sqrt(&twelve, &env, a).sig);
	if (root && a.class == FP_CLASS_NORMAL && a.denormal)
		a.class = FP_CLASS_ZERO;
	return (u32)fp_div(&twelve, &env, one, a).sig;
}

#define ESTIMATE(name, count, root)                                                                \
	UOP_BODY(op_##name)                                                                        \
	{                                                                                          \
		for (u32 k = 0; k < (count); k++)                                                  \
			D->d[k] = estimate(S->d[k], root);                                         \
		DONE;                                                                              \
	}
ESTIMATE(rcpps, 4, false)
ESTIMATE(rcpss, 1, false)
ESTIMATE(rsqrtps, 4, true)
ESTIMATE(rsqrtss, 1, true)
