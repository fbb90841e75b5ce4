/* SPDX-License-Identifier: GPL-2.0-only */
/* fxstate.c - FXSAVE, FXRSTOR, and MXCSR (Intel SDM volume 1, 10.5) */
#include "engine/tier/emulate/cpu/ops.h"
#include "engine/tier/emulate/cpu/float/x87.h"

#define FX_SIZE 512
#define FX_USED 416 /* what is behind belongs to software */
#define FX_REGISTERS 32
#define FX_XMM 160
#define MXCSR_MASK 0xffffu

struct fx_header {
	u16 fcw, fsw;
	u8 full, reserved;
	u16 fop;
	u64 fip, fdp;
	u32 mxcsr, mxcsr_mask;
};
_Static_assert(sizeof(struct fx_header) == FX_REGISTERS, "as the processor writes it");

void emu_fpu_init(struct emu_cpu *c)
{
	__builtin_memset(c->x, 0, sizeof(c->x));
	__builtin_memset(c->st, 0, sizeof(c->st));
	c->fcw = 0x37f;
	c->mxcsr = 0x1f80;
	c->fsw = c->fop = 0;
	c->top = c->full = 0;
	c->fip = c->fdp = 0;
}

static u16 status(const struct emu_cpu *c)
{
	return c->fsw | (u16)(c->top << 11);
}

void emu_fx_save(const struct emu_cpu *c, u8 *image)
{
	const struct fx_header header = {
		.fcw = c->fcw,
		.fsw = status(c),
		.full = c->full,
		.fop = c->fop,
		.fip = c->fip,
		.fdp = c->fdp,
		.mxcsr = c->mxcsr,
		.mxcsr_mask = MXCSR_MASK,
	};

	__builtin_memset(image, 0, FX_USED);
	__builtin_memcpy(image, &header, sizeof(header));
	for (u32 n = 0; n < 8; n++) {
		const struct emu_f80 *v = &c->st[x87_slot(c, n)];

		__builtin_memcpy(image + FX_REGISTERS + n * 16, &v->sig, 8);
		__builtin_memcpy(image + FX_REGISTERS + n * 16 + 8, &v->se, 2);
	}
	__builtin_memcpy(image + FX_XMM, c->x, 16 * sizeof(c->x[0]));
}

void emu_fx_restore(struct emu_cpu *c, const u8 *image)
{
	struct fx_header header;

	__builtin_memcpy(&header, image, sizeof(header));
	c->fcw = (header.fcw & 0x1f3f) | 0x40;
	c->fsw = header.fsw & 0x477f;
	c->fsw |= c->fsw & ~c->fcw & 0x3f ? FSW_SUMMARY : 0;
	c->top = header.fsw >> 11 & 7;
	c->full = header.full;
	c->fop = header.fop & 0x7ff;
	c->fip = header.fip;
	c->fdp = header.fdp;
	c->mxcsr = header.mxcsr & MXCSR_MASK;
	for (u32 n = 0; n < 8; n++) {
		struct emu_f80 *v = &c->st[x87_slot(c, n)];

		__builtin_memcpy(&v->sig, image + FX_REGISTERS + n * 16, 8);
		__builtin_memcpy(&v->se, image + FX_REGISTERS + n * 16 + 8, 2);
	}
	__builtin_memcpy(c->x, image + FX_XMM, 16 * sizeof(c->x[0]));
}

UOP_BODY(op_fxsave)
{
	const u64 ea = address(c, i);
	u8 image[FX_USED];

	if (ea & 15)
		return emu_misaligned(c, i, ea);
	if (!emu_may_write(c, i, ea, FX_SIZE))
		return NULL;
	emu_fx_save(c, image);
	if (!i->imm) { /* selectors, which are zero, above 32 bits of address */
		__builtin_memset(image + 12, 0, 4);
		__builtin_memset(image + 20, 0, 4);
	}
	STORE(ea, image);
	DONE;
}

UOP_BODY(op_fxrstor)
{
	const u64 ea = address(c, i);
	u8 image[FX_SIZE];
	u32 mxcsr;

	if (ea & 15)
		return emu_misaligned(c, i, ea);
	LOAD(image, ea);
	__builtin_memcpy(&mxcsr, image + 24, sizeof(mxcsr));
	if (mxcsr & ~MXCSR_MASK)
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	emu_fx_restore(c, image);
	DONE;
}

UOP_BODY(op_ldmxcsr)
{
	u32 v;

	LOAD(v, address(c, i));
	if (v & ~MXCSR_MASK)
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	c->mxcsr = v;
	DONE;
}

UOP_BODY(op_stmxcsr)
{
	STORE(address(c, i), c->mxcsr);
	DONE;
}
