/* SPDX-License-Identifier: GPL-2.0-only */
/* decode_two.c - opcodes of two bytes that are not SSE's */
#include "engine/tier/emulate/cpu/decode.h"
#include "engine/tier/emulate/cpu/ops.h"

static void undefined(struct decoder *d, u32 op)
{
	emit_undefined(d);
}

static void privileged(struct decoder *d, u32 op)
{
	emit_protection(d);
}

/* 00: SLDT and so on, VERR, VERW */
static void group6(struct decoder *d, u32 op)
{
	decode_modrm(d);
	if ((d->reg & 7) == 4 || (d->reg & 7) == 5) {
		rm_read(d, SIZE_16);
		emit(d, op_selector);
	} else if ((d->reg & 7) > 5) {
		emit_undefined(d);
	} else {
		emit_protection(d);
	}
}

/* 01: descriptor tables; XGETBV, RDTSCP and others are not there */
static void group7(struct decoder *d, u32 op)
{
	decode_modrm(d);
	if (d->is_memory || (d->reg & 7) == 4 || (d->reg & 7) == 6)
		emit_protection(d);
	else if ((d->reg & 7) == 7 && (d->rm & 7) == 0)
		emit_protection(d); /* SWAPGS */
	else
		emit_undefined(d);
}

static void look_at_selector(struct decoder *d, u32 op)
{
	decode_modrm(d);
	rm_read(d, SIZE_16);
	emit(d, op_selector);
}

static void syscall(struct decoder *d, u32 op)
{
	emit(d, op_syscall);
	d->ends = true;
}

static void hint(struct decoder *d, u32 op)
{
	decode_modrm(d);
	emit(d, op_nop);
}

static void simple(struct decoder *d, u32 op)
{
	emit(d, op == 0xa2 ? op_cpuid : op_rdtsc);
}

static void cmov(struct decoder *d, u32 op)
{
	const u32 size = decode_wide(d);
	struct emu_uop *u;
	u8 rm;

	decode_modrm(d);
	rm = rm_read(d, size);
	u = emit(d, int_fns(size)->cmov);
	u->reg = d->reg;
	u->rm = rm;
	u->x = op & 15;
}

static void jump_if(struct decoder *d, u32 op)
{
	const i64 relative = decode_imm(d, SIZE_32);

	emit_branch(d, op_jcc[op & 15], relative);
	emit_branch(d, op_end, 0);
	d->ends = true;
}

static void setcc(struct decoder *d, u32 op)
{
	struct emu_uop *u;

	decode_modrm(d);
	u = emit(d, op_setcc);
	u->reg = decode_register(d, d->is_memory ? EMU_TMP : d->rm, SIZE_8);
	u->x = op & 15;
	if (d->is_memory)
		emit_memory(d, emu_int_8.mov_mr)->reg = u->reg;
}

static void push_segment(struct decoder *d, u32 op)
{
	struct emu_uop *u = emit(d, op_get_segment);

	u->x = op == 0xa0 ? 4 : 5;
	u = emit(d, stack_16(d) ? op_push16 : op_push);
	u->reg = EMU_TMP;
	u->base = EMU_RSP;
}

static void pop_segment(struct decoder *d, u32 op)
{
	struct emu_uop *u = emit(d, op_pop_segment);

	u->base = EMU_RSP;
	u->x = op == 0xa1 ? 4 : 5;
	u->imm = stack_16(d) ? 2 : 8;
}

/* A3, AB, B3, BB: a register numbers a bit, anywhere in memory */
static void bit_register(struct decoder *d, u32 op)
{
	const u32 size = decode_wide(d), kind = op >> 3 & 3;
	const struct int_fns *fns = int_fns(size);
	emu_fn *const by_kind[] = { fns->bt, fns->bts, fns->btr, fns->btc };
	struct emu_uop *u;
	u8 rm, reg;

	decode_modrm(d);
	reg = d->reg;
	if (d->is_memory) {
		u = emit_memory(d, fns->bt_memory);
		u->rm = reg;
		d->base = EMU_TMP2;
		d->index = EMU_ZERO;
		d->scale = 0;
		d->special = u->base == EMU_RSP || u->base == EMU_RBP ? SPECIAL_STACK : 0;
		if (u->special & (SPECIAL_FS | SPECIAL_GS))
			d->special = 0;
		d->disp = 0;
	}
	rm = kind ? rm_modify(d, size) : rm_read(d, size);
	u = emit(d, by_kind[kind]);
	u->reg = rm;
	u->rm = reg;
	u->x = 1;
	if (kind)
		rm_commit(d, size);
}

static void bit_imm(struct decoder *d, u32 op)
{
	const u32 size = decode_wide(d);
	const struct int_fns *fns = int_fns(size);
	emu_fn *const by_kind[] = { fns->bt, fns->bts, fns->btr, fns->btc };
	struct emu_uop *u;
	u32 kind;
	u8 rm;

	decode_modrm(d);
	if ((d->reg & 7) < 4) {
		emit_undefined(d);
		return;
	}
	kind = d->reg & 3;
	rm = kind ? rm_modify(d, size) : rm_read(d, size);
	u = emit(d, by_kind[kind]);
	u->reg = rm;
	u->imm = decode_byte(d);
	if (kind)
		rm_commit(d, size);
}

/* A4, A5, AC, AD */
static void shift_double(struct decoder *d, u32 op)
{
	const u32 size = decode_wide(d);
	const bool lock = d->lock;
	struct emu_uop *u;
	u8 rm;

	decode_modrm(d);
	d->lock = false;
	rm = rm_modify(d, size);
	u = emit(d, op & 8 ? int_fns(size)->shrd : int_fns(size)->shld);
	u->reg = rm;
	u->rm = d->reg;
	if (op & 1)
		u->x = 1;
	else
		u->imm = decode_byte(d);
	rm_commit(d, size);
	d->lock = lock;
}

/* AE: saving, fences, and with F3 the segment bases */
static void group15(struct decoder *d, u32 op)
{
	static emu_fn *const memory[] = { op_fxsave, op_fxrstor, op_ldmxcsr, op_stmxcsr };
	const u32 prefix = decode_prefix(d);
	struct emu_uop *u;
	u32 kind;

	decode_modrm(d);
	kind = d->reg & 7;
	if (d->is_memory && kind < 4 && prefix == PREFIX_NONE) {
		u = emit_memory(d, memory[kind]);
		u->imm = d->rex & 8;
	} else if (d->is_memory && kind == 7 && prefix == PREFIX_NONE) {
		emit_memory(d, emu_int_8.load); /* CLFLUSH: the address has to be right */
	} else if (!d->is_memory && kind >= 5 && prefix == PREFIX_NONE) {
		emit(d, op_nop);
	} else if (!d->is_memory && kind < 4 && prefix == PREFIX_F3) {
		u = emit(d, kind & 2 ? op_base_write : op_base_read);
		u->rm = d->rm;
		u->x = kind & 1;
		u->imm = d->rex & 8 ? 8 : 4;
	} else {
		emit_undefined(d);
	}
}

static void two_operands(struct decoder *d, u32 op)
{
	const u32 size = decode_wide(d);
	const struct int_fns *fns = int_fns(size);
	struct emu_uop *u;
	emu_fn *fn;
	u8 rm;

	switch (op) {
	case 0xaf:
		fn = fns->imul2;
		break;
	case 0xbc: /* with F3, too: TZCNT and LZCNT are not there */
		fn = fns->bsf;
		break;
	case 0xbd:
		fn = fns->bsr;
		break;
	default:
		fn = fns->popcnt;
		break;
	}
	if (op == 0xb8 && d->rep != 0xf3) {
		emit_undefined(d);
		return;
	}
	decode_modrm(d);
	rm = rm_read(d, size);
	u = emit(d, fn);
	u->reg = d->reg;
	u->rm = rm;
}

static void extend(struct decoder *d, u32 op)
{
	const struct int_fns *fns = int_fns(decode_wide(d));
	const u32 from = op & 1 ? SIZE_16 : SIZE_8;
	struct emu_uop *u;
	u8 rm;

	decode_modrm(d);
	rm = rm_read(d, from);
	if (op & 8)
		u = emit(d, from == SIZE_8 ? fns->movsx8 : fns->movsx16);
	else
		u = emit(d, from == SIZE_8 ? fns->movzx8 : fns->movzx16);
	u->reg = d->reg;
	u->rm = rm;
}

/* B0, B1: CMPXCHG; C0, C1: XADD. Those of memory are atomic, locked or not. */
static void exchange(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	const struct int_fns *fns = int_fns(size);
	const bool add = op & 0x40;
	struct emu_uop *u;

	decode_modrm(d);
	if (d->is_memory) {
		u = emit_memory(d, add ? fns->xadd_mr : fns->cmpxchg_mr);
		d->lock = false;
	} else {
		u = emit(d, add ? fns->xadd_rr : fns->cmpxchg_rr);
		u->rm = decode_register(d, d->rm, size);
	}
	u->reg = decode_register(d, d->reg, size);
}

static void movnti(struct decoder *d, u32 op)
{
	decode_modrm(d);
	if (!d->is_memory || d->op16 || d->rep)
		emit_undefined(d);
	else
		emit_memory(d, int_fns(decode_wide(d))->mov_mr)->reg = d->reg;
}

static void group9(struct decoder *d, u32 op)
{
	decode_modrm(d);
	if (!d->is_memory || (d->reg & 7) != 1) {
		emit_undefined(d);
		return;
	}
	emit_memory(d, d->rex & 8 ? op_cmpxchg16b : op_cmpxchg8b);
	d->lock = false;
}

static void bswap(struct decoder *d, u32 op)
{
	emit(d, int_fns(decode_wide(d))->bswap)->reg = (op & 7) | (d->rex & 1) << 3;
}

static decode_fn *const two_bytes[256] = {
	[0x00] = group6,
	[0x01] = group7,
	[0x02 ... 0x03] = look_at_selector,
	[0x05] = syscall,
	[0x06] = privileged,
	[0x08 ... 0x09] = privileged,
	[0x0d] = hint,
	[0x10 ... 0x17] = decode_sse,
	[0x18 ... 0x1f] = hint,
	[0x20 ... 0x23] = privileged,
	[0x28 ... 0x2f] = decode_sse,
	[0x30] = privileged,
	[0x31] = simple,
	[0x32 ... 0x33] = privileged,
	[0x40 ... 0x4f] = cmov,
	[0x50 ... 0x77] = decode_sse,
	[0x7e ... 0x7f] = decode_sse,
	[0x80 ... 0x8f] = jump_if,
	[0x90 ... 0x9f] = setcc,
	[0xa0] = push_segment,
	[0xa1] = pop_segment,
	[0xa2] = simple,
	[0xa3] = bit_register,
	[0xa4 ... 0xa5] = shift_double,
	[0xa8] = push_segment,
	[0xa9] = pop_segment,
	[0xab] = bit_register,
	[0xac ... 0xad] = shift_double,
	[0xae] = group15,
	[0xaf] = two_operands,
	[0xb0 ... 0xb1] = exchange,
	[0xb3] = bit_register,
	[0xb6 ... 0xb7] = extend,
	[0xb8] = two_operands,
	[0xba] = bit_imm,
	[0xbb] = bit_register,
	[0xbc ... 0xbd] = two_operands,
	[0xbe ... 0xbf] = extend,
	[0xc0 ... 0xc1] = exchange,
	[0xc2] = decode_sse,
	[0xc3] = movnti,
	[0xc4 ... 0xc6] = decode_sse,
	[0xc7] = group9,
	[0xc8 ... 0xcf] = bswap,
	[0xd1 ... 0xfe] = decode_sse,
};

void decode_two(struct decoder *d, u32 op)
{
	op = decode_byte(d);
	if (two_bytes[op])
		two_bytes[op](d, op);
	else
		undefined(d, op);
}
