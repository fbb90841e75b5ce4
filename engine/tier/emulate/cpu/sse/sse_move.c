/* SPDX-License-Identifier: GPL-2.0-only */
/* sse_move.c - moves between SSE and MMX registers, general ones, and memory */
#include "engine/tier/emulate/cpu/ops.h"
#include "engine/tier/emulate/cpu/sse/sse.h"
#include "engine/tier/emulate/cpu/float/x87.h"

#define D (&c->x[i->reg])
#define S (&c->x[i->rm])

/* ---- memory: @reg is loaded or stored; what is not loaded is zero ---- */
UOP(op_load_x4)
{
	u32 v;

	LOAD(v, address(c, i));
	D->q[0] = v;
	D->q[1] = 0;
	NEXT;
}

UOP(op_load_x8)
{
	u64 v;

	LOAD(v, address(c, i));
	D->q[0] = v;
	D->q[1] = 0;
	NEXT;
}

UOP(op_load_x16)
{
	union emu_xmm v;

	LOAD(v, address(c, i));
	*D = v;
	NEXT;
}

UOP(op_load_x16_aligned)
{
	const u64 ea = address(c, i);
	union emu_xmm v;

	if (unlikely(ea & 15))
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	LOAD(v, ea);
	*D = v;
	NEXT;
}

UOP(op_store_x4)
{
	STORE(address(c, i), D->d[0]);
	NEXT;
}

UOP(op_store_x8)
{
	STORE(address(c, i), D->q[0]);
	NEXT;
}

UOP(op_store_high)
{
	STORE(address(c, i), D->q[1]);
	NEXT;
}

UOP(op_store_x16)
{
	STORE(address(c, i), *D);
	NEXT;
}

UOP(op_store_x16_aligned)
{
	const u64 ea = address(c, i);

	if (unlikely(ea & 15))
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	STORE(ea, *D);
	NEXT;
}

/* ---- registers ---- */
UOP(op_movaps)
{
	*D = *S;
	NEXT;
}

UOP(op_movss)
{
	D->d[0] = S->d[0];
	NEXT;
}

UOP(op_movsd)
{
	D->q[0] = S->q[0];
	NEXT;
}

UOP(op_movq)
{
	D->q[0] = S->q[0];
	D->q[1] = 0;
	NEXT;
}

UOP(op_movlps)
{
	D->q[0] = S->q[0];
	NEXT;
}

UOP(op_movhps)
{
	D->q[1] = S->q[0];
	NEXT;
}

UOP(op_movhlps)
{
	D->q[0] = S->q[1];
	NEXT;
}

UOP(op_movlhps)
{
	D->q[1] = S->q[0];
	NEXT;
}

UOP(op_movd_to)
{
	D->q[0] = (u32)c->r[i->rm];
	D->q[1] = 0;
	NEXT;
}

UOP(op_movq_to)
{
	D->q[0] = c->r[i->rm];
	D->q[1] = 0;
	NEXT;
}

UOP(op_movd_from)
{
	c->r[i->rm] = D->d[0];
	NEXT;
}

UOP(op_movq_from)
{
	c->r[i->rm] = D->q[0];
	NEXT;
}

UOP(op_movmskps)
{
	u32 mask = 0;

	for (u32 k = 0; k < 4; k++)
		mask |= S->d[k] >> 31 << k;
	c->r[i->reg] = mask;
	NEXT;
}

UOP(op_movmskpd)
{
	c->r[i->reg] = S->q[0] >> 63 | S->q[1] >> 63 << 1;
	NEXT;
}

UOP(op_pmovmskb)
{
	u32 mask = 0;

	for (u32 k = 0; k < 16; k++)
		mask |= (u32)S->b[k] >> 7 << k;
	c->r[i->reg] = mask;
	NEXT;
}

UOP(op_pinsrw)
{
	D->w[i->imm] = (u16)c->r[i->rm];
	NEXT;
}

UOP(op_pextrw)
{
	c->r[i->reg] = S->w[i->imm];
	NEXT;
}

/* MASKMOVDQU, MASKMOVQ: @x bytes of @reg to RDI where @rm's bytes have their highest bit */
UOP(op_maskmov)
{
	u64 ea = c->r[EMU_RDI];
	const union emu_xmm from = *D, mask = *S;

	if (i->special)
		ea = emu_special(c, i, ea);
	for (u32 k = 0; k < i->x; k++) {
		if (mask.b[k] & 0x80 && !emu_may_write(c, i, ea + k, 1))
			return NULL;
	}
	for (u32 k = 0; k < i->x; k++) {
		if (mask.b[k] & 0x80)
			STORE(ea + k, from.b[k]);
	}
	NEXT;
}

/* ---- MMX: registers are copied to SSE ones, and the result back; the x87 is in their way ---- */
static bool mm_ready(struct emu_cpu *c, const struct emu_uop *i)
{
	if (x87_pending(c)) {
		emu_trap(c, i, TRAP_X87, 0);
		return false;
	}
	return true;
}

static void mm_start(struct emu_cpu *c)
{
	c->top = 0;
	c->full = 0xff;
}

UOP(op_mm_check)
{
	if (!mm_ready(c, i))
		return NULL;
	NEXT;
}

/* The instruction cannot fault any more */
UOP(op_mm_start)
{
	if (!mm_ready(c, i))
		return NULL;
	mm_start(c);
	NEXT;
}

/* Both operands: @reg, @rm; @x: something behind may fault, and op_mm_start is behind that */
UOP(op_mm_enter)
{
	if (!mm_ready(c, i))
		return NULL;
	c->x[EMU_XMM_MM] = (union emu_xmm){ .q = { c->st[i->reg].sig } };
	c->x[EMU_XMM_TMP] = (union emu_xmm){ .q = { c->st[i->rm].sig } };
	c->top = 0;
	if (!i->x)
		mm_start(c);
	NEXT;
}

/* Of 8 bytes, or of @x */
UOP(op_mm_enter_memory)
{
	u64 v = 0;

	if (!mm_ready(c, i))
		return NULL;
	if (i->x == 4) {
		u32 half;

		LOAD(half, address(c, i));
		v = half;
	} else {
		LOAD(v, address(c, i));
	}
	c->x[EMU_XMM_MM] = (union emu_xmm){ .q = { c->st[i->reg].sig } };
	c->x[EMU_XMM_TMP] = (union emu_xmm){ .q = { v } };
	mm_start(c);
	NEXT;
}

static void mm_set(struct emu_cpu *c, u32 n, u64 v)
{
	c->st[n] = (struct emu_f80){ v, 0xffff };
}

UOP(op_mm_leave)
{
	mm_set(c, i->reg, c->x[EMU_XMM_MM].q[0]);
	NEXT;
}

UOP(op_mm_leave_high)
{
	mm_set(c, i->reg, c->x[EMU_XMM_MM].q[1]);
	NEXT;
}

/* Two times 8 bytes are one operand of what packs 16 */
UOP(op_mm_pack)
{
	c->x[EMU_XMM_MM].q[1] = c->x[EMU_XMM_TMP].q[0];
	NEXT;
}

UOP(op_mm_store)
{
	if (!mm_ready(c, i))
		return NULL;
	c->top = 0; /* as processors do, even if it faults then */
	STORE(address(c, i), c->st[i->reg].sig);
	mm_start(c);
	NEXT;
}

UOP(op_emms)
{
	if (!mm_ready(c, i))
		return NULL;
	c->full = 0;
	c->top = 0;
	NEXT;
}
