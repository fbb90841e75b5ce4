/* SPDX-License-Identifier: GPL-2.0-only */
/* mul.c - multiplication and division of the accumulator */
#include "engine/tier/emulate/cpu/integer/flags.h"
#include "engine/tier/emulate/cpu/ops.h"
#include "engine/tier/emulate/cpu/wide.h"

/* SF, ZF, PF are not defined: of the low half */
static void set_product(struct emu_cpu *c, i64 low, bool over)
{
	set_logic(c, (u64)low);
	set_co(c, over, over);
}

#define MUL(bits, T, ST, W, SW, LOW, STORE_RESULT)                                                 \
	UOP(op_mul_##bits)                                                                         \
	{                                                                                          \
		const W p = (W)(T)(LOW) * (T)VALUE_##bits(i->rm);                                  \
		STORE_RESULT;                                                                      \
		set_product(c, (ST)p, p >> bits);                                                  \
		NEXT;                                                                              \
	}                                                                                          \
	UOP(op_imul_##bits)                                                                        \
	{                                                                                          \
		const W p = (W)((SW)(ST)(LOW) * (ST)VALUE_##bits(i->rm));                          \
		STORE_RESULT;                                                                      \
		set_product(c, (ST)p, (SW)p != (SW)(ST)p);                                         \
		NEXT;                                                                              \
	}

#define VALUE_8(n) (((u8 *)c->r)[n])
#define VALUE_16(n) ((u16)c->r[n])
#define VALUE_32(n) ((u32)c->r[n])
#define LOW16(n) (*(u16 *)&c->r[n])

MUL(8, u8, i8, u16, i16, c->r[EMU_RAX], LOW16(EMU_RAX) = p)
MUL(16, u16, i16, u32, i32, c->r[EMU_RAX], (LOW16(EMU_RAX) = (u16)p, LOW16(EMU_RDX) = p >> 16))
MUL(32, u32, i32, u64, i64, c->r[EMU_RAX], (c->r[EMU_RAX] = (u32)p, c->r[EMU_RDX] = p >> 32))

UOP(op_mul_64)
{
	const struct wide p = wide_mul(c->r[EMU_RAX], c->r[i->rm]);

	c->r[EMU_RAX] = p.lo;
	c->r[EMU_RDX] = p.hi;
	set_product(c, (i64)p.lo, p.hi);
	NEXT;
}

UOP(op_imul_64)
{
	const u64 a = c->r[EMU_RAX], b = c->r[i->rm];
	struct wide p = wide_mul(a, b);

	p.hi -= (a >> 63 ? b : 0) + (b >> 63 ? a : 0);
	c->r[EMU_RAX] = p.lo;
	c->r[EMU_RDX] = p.hi;
	set_product(c, (i64)p.lo, p.hi != (p.lo >> 63 ? ~(u64)0 : 0));
	NEXT;
}

/* Flags are not defined after a division, and kept */
#define DIV(bits, T, ST, W, SW, DIVIDEND, STORE_RESULT)                                            \
	UOP(op_div_##bits)                                                                         \
	{                                                                                          \
		const W n = (W)(DIVIDEND);                                                         \
		const T by = (T)VALUE_##bits(i->rm);                                               \
		W q, rest;                                                                         \
		if (!by || (q = n / by) >> bits)                                                   \
			return emu_trap(c, i, TRAP_DIVIDE, 0);                                     \
		rest = n % by;                                                                     \
		STORE_RESULT;                                                                      \
		NEXT;                                                                              \
	}                                                                                          \
	UOP(op_idiv_##bits)                                                                        \
	{                                                                                          \
		const SW n = (SW)(DIVIDEND);                                                       \
		const ST by = (ST)VALUE_##bits(i->rm);                                             \
		SW q, rest;                                                                        \
		if (!by || (by == -1 && n == (SW)((W)1 << (2 * bits - 1))))                        \
			return emu_trap(c, i, TRAP_DIVIDE, 0);                                     \
		q = n / by;                                                                        \
		if (q != (ST)q)                                                                    \
			return emu_trap(c, i, TRAP_DIVIDE, 0);                                     \
		rest = n % by;                                                                     \
		STORE_RESULT;                                                                      \
		NEXT;                                                                              \
	}

DIV(8, u8, i8, u16, i16, (u16)c->r[EMU_RAX], LOW16(EMU_RAX) = (u16)((u8)rest << 8 | (u8)q))
DIV(16, u16, i16, u32, i32, (u32)(u16)c->r[EMU_RDX] << 16 | (u16)c->r[EMU_RAX],
    (LOW16(EMU_RAX) = (u16)q, LOW16(EMU_RDX) = (u16)rest))
DIV(32, u32, i32, u64, i64, c->r[EMU_RDX] << 32 | (u32)c->r[EMU_RAX],
    (c->r[EMU_RAX] = (u32)q, c->r[EMU_RDX] = (u32)rest))

UOP(op_div_64)
{
	const struct wide n = { c->r[EMU_RDX], c->r[EMU_RAX] };
	const u64 by = c->r[i->rm];
	u64 rest;

	if (n.hi >= by)
		return emu_trap(c, i, TRAP_DIVIDE, 0);
	c->r[EMU_RAX] = wide_div(n, by, &rest);
	c->r[EMU_RDX] = rest;
	NEXT;
}

UOP(op_idiv_64)
{
	struct wide n = { c->r[EMU_RDX], c->r[EMU_RAX] };
	const bool negative = n.hi >> 63, by_negative = c->r[i->rm] >> 63;
	const u64 by = by_negative ? -c->r[i->rm] : c->r[i->rm];
	u64 q, rest;

	if (negative)
		n = wide_neg(n);
	if (n.hi >= by)
		return emu_trap(c, i, TRAP_DIVIDE, 0);
	q = wide_div(n, by, &rest);
	if (q > ((u64)1 << 63) - (negative == by_negative))
		return emu_trap(c, i, TRAP_DIVIDE, 0);
	c->r[EMU_RAX] = negative != by_negative ? -q : q;
	c->r[EMU_RDX] = negative ? -rest : rest;
	NEXT;
}
