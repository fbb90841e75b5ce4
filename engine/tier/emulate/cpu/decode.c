/* SPDX-License-Identifier: GPL-2.0-only */
/* decode.c - prefixes, ModRM, and how operations are made
 *
 * Theory of operation
 * The functions that the tables of opcodes name (decode_one.c and others) ask for operands and emit
 * operations. Running out of bytes is noted and found out at the end. What is common to all
 * operations of an instruction - its place and length, what is relative to its end - is filled in
 * there, too.
 */
#include "engine/tier/emulate/cpu/decode.h"
#include "engine/tier/emulate/cpu/ops.h"

extern decode_fn *const emu_one_byte[256];

u32 decode_byte(struct decoder *d)
{
	if (d->n >= d->limit) {
		d->short_of_bytes = true;
		return 0;
	}
	return d->bytes[d->n++];
}

u32 decode_peek(const struct decoder *d)
{
	return d->n < d->limit ? d->bytes[d->n] : 0;
}

static u64 little_endian(struct decoder *d, u32 bytes)
{
	u64 v = 0;

	for (u32 k = 0; k < bytes; k++)
		v |= (u64)decode_byte(d) << 8 * k;
	return v;
}

i64 decode_imm(struct decoder *d, u32 size)
{
	switch (size) {
	case SIZE_8:
		return (i8)little_endian(d, 1);
	case SIZE_16:
		return (i16)little_endian(d, 2);
	default:
		return (i32)little_endian(d, 4);
	}
}

u64 decode_imm64(struct decoder *d)
{
	return little_endian(d, 8);
}

u32 decode_wide(const struct decoder *d)
{
	return d->rex & 8 ? SIZE_64 : d->op16 ? SIZE_16 : SIZE_32;
}

u32 decode_size(const struct decoder *d, u32 op)
{
	return op & 1 ? decode_wide(d) : SIZE_8;
}

u32 decode_prefix(const struct decoder *d)
{
	return d->rep == 0xf3 ? PREFIX_F3 : d->rep ? PREFIX_F2 : d->op16 ? PREFIX_66 : PREFIX_NONE;
}

static void sib(struct decoder *d)
{
	const u32 sib = decode_byte(d);
	const u8 index = (sib >> 3 & 7) | (d->rex & 2) << 2;

	d->base = (sib & 7) | (d->rex & 1) << 3;
	if (index != EMU_RSP) {
		d->index = index;
		d->scale = sib >> 6;
	}
	if ((sib & 7) == 5 && !d->mod) {
		d->base = EMU_ZERO;
		d->disp = decode_imm(d, SIZE_32);
	}
}

void decode_modrm(struct decoder *d)
{
	const u32 modrm = decode_byte(d);
	const u32 rm = modrm & 7;

	d->mod = modrm >> 6;
	d->reg = (modrm >> 3 & 7) | (d->rex & 4) << 1;
	d->rm = rm | (d->rex & 1) << 3;
	d->is_memory = d->mod != 3;
	if (!d->is_memory)
		return;
	d->base = d->rm;
	d->index = EMU_ZERO;
	d->scale = 0;
	d->disp = 0;
	if (rm == 4) {
		sib(d);
	} else if (rm == 5 && !d->mod) {
		d->base = EMU_BLOCK; /* of the next instruction: see finish() */
		d->disp = decode_imm(d, SIZE_32);
	}
	if (d->mod == 1)
		d->disp = decode_imm(d, SIZE_8);
	else if (d->mod == 2)
		d->disp = decode_imm(d, SIZE_32);
}

struct emu_uop *emit(struct decoder *d, emu_fn *fn)
{
	struct emu_uop *u = &d->uops[d->nuops++];

	*u = (struct emu_uop){ .fn = fn, .base = EMU_ZERO, .index = EMU_ZERO };
	return u;
}

struct emu_uop *emit_memory(struct decoder *d, emu_fn *fn)
{
	struct emu_uop *u = emit(d, fn);

	u->base = d->base;
	u->index = d->index;
	u->scale = d->scale;
	u->disp = d->disp;
	u->special = d->special;
	return u;
}

void emit_undefined(struct decoder *d)
{
	emit(d, emu_undefined);
	d->ends = true;
	d->lock = false;
}

void emit_protection(struct decoder *d)
{
	emit(d, op_protection);
	d->ends = true;
}

static bool fits(i64 disp)
{
	return disp == (i32)disp;
}

/* After all bytes of the instruction: @relative to its end */
void emit_branch(struct decoder *d, emu_fn *fn, i64 relative)
{
	struct emu_uop *u = emit(d, fn);
	const i64 target = (i64)d->off + d->n + relative;

	if (!fits(target)) {
		u->disp = relative;
		u->special = SPECIAL_NEXT;
		return;
	}
	u->disp = target;
	u->x = target + d->page_offset >= 0 && target + d->page_offset < EMU_PAGE;
}

u8 decode_register(const struct decoder *d, u32 n, u32 size)
{
	if (size != SIZE_8)
		return n;
	return !d->rex && n >= 4 && n < 8 ? (n - 4) * 8 + 1 : n * 8;
}

u8 rm_read(struct decoder *d, u32 size)
{
	if (!d->is_memory)
		return decode_register(d, d->rm, size);
	emit_memory(d, int_fns(size)->load);
	return decode_register(d, EMU_TMP, size);
}

u8 rm_modify(struct decoder *d, u32 size)
{
	if (!d->is_memory)
		return decode_register(d, d->rm, size);
	emit_memory(d, d->lock ? int_fns(size)->modify_locked : int_fns(size)->modify);
	return decode_register(d, EMU_TMP, size);
}

/* A locked instruction that finds memory changed starts again @imm operations before */
void rm_commit(struct decoder *d, u32 size)
{
	struct emu_uop *u;
	u32 k = d->nuops;

	if (!d->is_memory)
		return;
	if (!d->lock) {
		emit(d, int_fns(size)->commit);
		return;
	}
	while (d->uops[--k].fn != int_fns(size)->modify_locked)
		;
	u = emit(d, int_fns(size)->commit_locked);
	u->imm = d->nuops - 1 - k;
	d->lock = false;
}

void emu_decode_end(struct decoder *d)
{
	d->n = 0;
	emit_branch(d, op_end, 0);
	d->ends = true;
}

static u32 prefixes(struct decoder *d)
{
	for (;;) {
		const u32 byte = decode_byte(d);

		switch (byte) {
		case 0x26: /* es, cs, ss, ds: their bases are zero, but they take back fs and gs */
		case 0x2e:
		case 0x36:
		case 0x3e:
			break; /* Intel and AMD ignore them in 64-bit mode altogether */
		case 0x64:
			d->special = (d->special & SPECIAL_A32) | SPECIAL_FS;
			break;
		case 0x65:
			d->special = (d->special & SPECIAL_A32) | SPECIAL_GS;
			break;
		case 0x66:
			d->op16 = true;
			break;
		case 0x67:
			d->special |= SPECIAL_A32;
			break;
		case 0xf0:
			d->lock = true;
			break;
		case 0xf2:
		case 0xf3:
			d->rep = byte;
			break;
		default:
			if ((byte & 0xf0) != 0x40)
				return byte;
			d->rex = byte;
			continue;
		}
		d->rex = 0; /* it counts only in front of the opcode */
	}
}

/* Fill in what all operations from @first on have in common */
static void finish(struct decoder *d, u32 first)
{
	for (struct emu_uop *u = &d->uops[first]; u < &d->uops[d->nuops]; u++) {
		const i64 disp = (i64)u->disp + d->off + d->n;

		u->off = d->off;
		u->len = d->n;
		if (u->base != EMU_BLOCK)
			continue;
		if (fits(disp))
			u->disp = disp;
		else
			u->special |= SPECIAL_NEXT;
	}
	d->off += d->n;
}

bool emu_decode(struct decoder *d)
{
	const u32 first = d->nuops;
	u32 op;

	d->n = 0;
	d->short_of_bytes = d->lock = d->op16 = d->is_memory = false;
	d->rex = d->rep = d->special = 0;
	op = prefixes(d);
	if (!d->short_of_bytes)
		emu_one_byte[op](d, op);
	if (d->short_of_bytes) {
		if (d->limit < INSN_MAX)
			return false;
		d->nuops = first; /* no instruction is that long */
		d->n = INSN_MAX;
		emit_protection(d);
	} else if (d->lock) {
		d->nuops = first; /* nothing that can be locked */
		emit_undefined(d);
	}
	finish(d, first);
	return true;
}
