/* SPDX-License-Identifier: GPL-2.0-only */
/* sse_convert.c - conversions of SSE: between its formats, and to and from integers */
#include "engine/tier/emulate/cpu/float/float.h"
#include "engine/tier/emulate/cpu/sse/sse.h"
#include "engine/tier/emulate/cpu/float/x87.h"

#define D (&c->x[i->reg])
#define S (&c->x[i->rm])

#define BEGIN                                                                                      \
	struct fp_env env = sse_env(c);                                                            \
	union emu_xmm r = *D
#define END                                                                                        \
	do {                                                                                       \
		if (!sse_settle(c, &env))                                                          \
			return emu_trap(c, i, TRAP_SIMD, 0);                                       \
		*D = r;                                                                            \
		DONE;                                                                              \
	} while (0)

static u64 to64(struct fp_env *env, u32 v)
{
	return fp_convert(&fp_64, env, fp_from32(v)).sig;
}

static u32 to32(struct fp_env *env, u64 v)
{
	return (u32)fp_convert(&fp_32, env, fp_from64(v)).sig;
}

UOP_BODY(op_cvtps2pd)
{
	BEGIN;
	r.q[0] = to64(&env, S->d[0]);
	r.q[1] = to64(&env, S->d[1]);
	END;
}

UOP_BODY(op_cvtss2sd)
{
	BEGIN;
	r.q[0] = to64(&env, S->d[0]);
	END;
}

UOP_BODY(op_cvtpd2ps)
{
	BEGIN;
	r.d[0] = to32(&env, S->q[0]);
	r.d[1] = to32(&env, S->q[1]);
	r.q[1] = 0;
	END;
}

UOP_BODY(op_cvtsd2ss)
{
	BEGIN;
	r.d[0] = to32(&env, S->q[0]);
	END;
}

UOP_BODY(op_cvtdq2ps)
{
	BEGIN;
	for (u32 k = 0; k < 4; k++)
		r.d[k] = (u32)fp_from_integer(&fp_32, &env, S->sd[k]).sig;
	END;
}

UOP_BODY(op_cvtdq2pd)
{
	BEGIN;
	r.q[0] = fp_from_integer(&fp_64, &env, S->sd[0]).sig;
	r.q[1] = fp_from_integer(&fp_64, &env, S->sd[1]).sig;
	END;
}

#define TO_INTEGERS(name, rounds, count, from, lane, clear)                                        \
	UOP_BODY(op_##name)                                                                        \
	{                                                                                          \
		BEGIN;                                                                             \
		rounds;                                                                            \
		for (u32 k = 0; k < (count); k++)                                                  \
			r.sd[k] = (i32)fp_to_integer(&env, from(S->lane[k]), 32);                  \
		clear;                                                                             \
		END;                                                                               \
	}
#define TRUNCATE env.rounding = FP_ZERO_WARDS
TO_INTEGERS(cvtps2dq, (void)0, 4, fp_from32, d, (void)0)
TO_INTEGERS(cvttps2dq, TRUNCATE, 4, fp_from32, d, (void)0)
TO_INTEGERS(cvtpd2dq, (void)0, 2, fp_from64, q, r.q[1] = 0)
TO_INTEGERS(cvttpd2dq, TRUNCATE, 2, fp_from64, q, r.q[1] = 0)
TO_INTEGERS(cvtps2pi, (void)0, 2, fp_from32, d, (void)0)
TO_INTEGERS(cvttps2pi, TRUNCATE, 2, fp_from32, d, (void)0)
TO_INTEGERS(cvtpd2pi, (void)0, 2, fp_from64, q, (void)0)
TO_INTEGERS(cvttpd2pi, TRUNCATE, 2, fp_from64, q, (void)0)

UOP_BODY(op_cvtpi2ps)
{
	BEGIN;
	r.d[0] = (u32)fp_from_integer(&fp_32, &env, S->sd[0]).sig;
	r.d[1] = (u32)fp_from_integer(&fp_32, &env, S->sd[1]).sig;
	END;
}

UOP_BODY(op_cvtpi2pd)
{
	BEGIN;
	r.q[0] = fp_from_integer(&fp_64, &env, S->sd[0]).sig;
	r.q[1] = fp_from_integer(&fp_64, &env, S->sd[1]).sig;
	END;
}

static i64 general(const struct emu_cpu *c, const struct emu_uop *i)
{
	return i->imm == 8 ? (i64)c->r[i->rm] : (i32)c->r[i->rm];
}

UOP_BODY(op_cvtsi2ss)
{
	BEGIN;
	r.d[0] = (u32)fp_from_integer(&fp_32, &env, general(c, i)).sig;
	END;
}

UOP_BODY(op_cvtsi2sd)
{
	BEGIN;
	r.q[0] = fp_from_integer(&fp_64, &env, general(c, i)).sig;
	END;
}

#define TO_GENERAL(name, rounds, from, lane)                                                       \
	UOP_BODY(op_##name)                                                                        \
	{                                                                                          \
		struct fp_env env = sse_env(c);                                                    \
		i64 v;                                                                             \
		rounds;                                                                            \
		v = fp_to_integer(&env, from(S->lane[0]), i->imm == 8 ? 64 : 32);                  \
		if (!sse_settle(c, &env))                                                          \
			return emu_trap(c, i, TRAP_SIMD, 0);                                       \
		c->r[i->reg] = i->imm == 8 ? (u64)v : (u32)v;                                      \
		DONE;                                                                              \
	}
TO_GENERAL(cvtss2si, (void)0, fp_from32, d)
TO_GENERAL(cvttss2si, TRUNCATE, fp_from32, d)
TO_GENERAL(cvtsd2si, (void)0, fp_from64, q)
TO_GENERAL(cvttsd2si, TRUNCATE, fp_from64, q)
