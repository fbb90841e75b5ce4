/* SPDX-License-Identifier: GPL-2.0-only */
/* decode_one.c - opcodes of one byte */
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

static void alu(struct decoder *d, u32 op)
{
	const struct alu_fns *fns;
	const u32 size = decode_size(d, op);
	struct emu_uop *u;

	fns = &emu_alu[size][op >> 3];
	if (op & 4) {
		u = emit(d, fns->ri);
		u->reg = decode_register(d, EMU_RAX, size);
		u->imm = decode_imm(d, size);
		return;
	}
	decode_modrm(d);
	if (d->is_memory && d->lock && !(op & 2) && op >> 3 != ALU_CMP) {
		const u8 rm = rm_modify(d, size);

		u = emit(d, fns->rr);
		u->reg = rm;
		u->rm = decode_register(d, d->reg, size);
		rm_commit(d, size);
		return;
	}
	if (d->is_memory) {
		u = emit_memory(d, op & 2 ? fns->rm : fns->mr);
		u->reg = decode_register(d, d->reg, size);
		return;
	}
	u = emit(d, fns->rr);
	u->reg = decode_register(d, op & 2 ? d->reg : d->rm, size);
	u->rm = decode_register(d, op & 2 ? d->rm : d->reg, size);
}

/* 80, 81, 83 */
static void alu_imm(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	const struct alu_fns *fns;
	struct emu_uop *u;
	bool locked;

	decode_modrm(d);
	fns = &emu_alu[size][d->reg & 7];
	locked = d->is_memory && d->lock && (d->reg & 7) != ALU_CMP;
	if (d->is_memory && !locked) {
		u = emit_memory(d, fns->mi);
	} else {
		const u8 rm = rm_modify(d, size);

		u = emit(d, fns->ri);
		u->reg = rm;
	}
	u->imm = decode_imm(d, op == 0x83 ? SIZE_8 : size);
	if (locked)
		rm_commit(d, size);
}

static void push_register(struct decoder *d, u32 op)
{
	struct emu_uop *u = emit(d, stack_16(d) ? op_push16 : op_push);

	u->reg = (op & 7) | (d->rex & 1) << 3;
	u->base = EMU_RSP;
}

static void pop_register(struct decoder *d, u32 op)
{
	struct emu_uop *u = emit(d, stack_16(d) ? op_pop16 : op_pop);

	u->reg = (op & 7) | (d->rex & 1) << 3;
	u->base = EMU_RSP;
}

static void movsxd(struct decoder *d, u32 op)
{
	const u32 size = decode_wide(d);
	struct emu_uop *u;
	u8 rm;

	decode_modrm(d);
	rm = rm_read(d, size == SIZE_16 ? SIZE_16 : SIZE_32);
	u = emit(d, size == SIZE_64 ? emu_int_64.movsx32 : int_fns(size)->mov_rr);
	u->reg = d->reg;
	u->rm = rm;
}

static void push_imm(struct decoder *d, u32 op)
{
	struct emu_uop *u = emit(d, stack_16(d) ? op_push_imm16 : op_push_imm);

	u->imm = decode_imm(d, op == 0x6a ? SIZE_8 : stack_16(d) ? SIZE_16 : SIZE_32);
	u->base = EMU_RSP;
}

static void imul_imm(struct decoder *d, u32 op)
{
	const u32 size = decode_wide(d);
	struct emu_uop *u;
	u8 rm;

	decode_modrm(d);
	rm = rm_read(d, size);
	u = emit(d, int_fns(size)->imul3);
	u->reg = d->reg;
	u->rm = rm;
	u->imm = decode_imm(d, op == 0x6b ? SIZE_8 : size);
}

static void jump_if(struct decoder *d, u32 op)
{
	const i64 relative = decode_imm(d, SIZE_8);

	emit_branch(d, op_jcc[op & 15], relative);
	emit_branch(d, op_end, 0);
	d->ends = true;
}

static void test(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	struct emu_uop *u;

	decode_modrm(d);
	if (d->is_memory) {
		u = emit_memory(d, emu_alu[size][ALU_TEST].rm);
	} else {
		u = emit(d, emu_alu[size][ALU_TEST].rr);
		u->rm = decode_register(d, d->rm, size);
	}
	u->reg = decode_register(d, d->reg, size);
}

static void test_acc(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	struct emu_uop *u = emit(d, emu_alu[size][ALU_TEST].ri);

	u->reg = decode_register(d, EMU_RAX, size);
	u->imm = decode_imm(d, size);
}

static void xchg(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	struct emu_uop *u;

	decode_modrm(d);
	if (d->is_memory) {
		u = emit_memory(d, int_fns(size)->xchg_mr);
		d->lock = false;
	} else {
		u = emit(d, int_fns(size)->xchg_rr);
		u->rm = decode_register(d, d->rm, size);
	}
	u->reg = decode_register(d, d->reg, size);
}

static void mov(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	const struct int_fns *fns = int_fns(size);
	struct emu_uop *u;

	decode_modrm(d);
	if (d->is_memory) {
		u = emit_memory(d, op & 2 ? fns->mov_rm : fns->mov_mr);
		u->reg = decode_register(d, d->reg, size);
		return;
	}
	u = emit(d, fns->mov_rr);
	u->reg = decode_register(d, op & 2 ? d->reg : d->rm, size);
	u->rm = decode_register(d, op & 2 ? d->rm : d->reg, size);
}

static void mov_from_segment(struct decoder *d, u32 op)
{
	struct emu_uop *u;
	u32 size = decode_wide(d);

	decode_modrm(d);
	if ((d->reg & 7) > 5) {
		emit_undefined(d);
		return;
	}
	u = emit(d, op_get_segment);
	u->x = d->reg & 7;
	if (d->is_memory) {
		size = SIZE_16;
		u = emit_memory(d, int_fns(size)->mov_mr);
		u->reg = EMU_TMP;
	} else {
		u = emit(d, int_fns(size)->mov_rr);
		u->reg = d->rm;
		u->rm = EMU_TMP;
	}
}

static void mov_to_segment(struct decoder *d, u32 op)
{
	struct emu_uop *u;
	u8 rm;

	decode_modrm(d);
	if ((d->reg & 7) > 5 || (d->reg & 7) == 1) {
		emit_undefined(d);
		return;
	}
	rm = rm_read(d, SIZE_16);
	u = emit(d, op_set_segment);
	u->x = d->reg & 7;
	u->rm = rm;
}

static void lea(struct decoder *d, u32 op)
{
	struct emu_uop *u;

	decode_modrm(d);
	if (!d->is_memory) {
		emit_undefined(d);
		return;
	}
	d->special &= SPECIAL_A32;
	u = emit_memory(d, int_fns(decode_wide(d))->lea);
	u->reg = d->reg;
}

static void pop_rm(struct decoder *d, u32 op)
{
	struct emu_uop *u;

	decode_modrm(d);
	if (d->reg & 7) {
		emit_undefined(d);
		return;
	}
	if (d->is_memory) {
		emit_memory(d, stack_16(d) ? op_pop_memory16 : op_pop_memory);
		return;
	}
	u = emit(d, stack_16(d) ? op_pop16 : op_pop);
	u->reg = d->rm;
	u->base = EMU_RSP;
}

static void xchg_acc(struct decoder *d, u32 op)
{
	struct emu_uop *u;

	if (op == 0x90 && !(d->rex & 1)) {
		emit(d, op_nop);
		return;
	}
	u = emit(d, int_fns(decode_wide(d))->xchg_rr);
	u->reg = EMU_RAX;
	u->rm = (op & 7) | (d->rex & 1) << 3;
}

/* CBW, CWDE, CDQE; CWD, CDQ, CQO */
static void extend(struct decoder *d, u32 op)
{
	emit(d, op == 0x98 ? op_extend : op_extend_dx)->x = decode_wide(d);
}

static void flags_push(struct decoder *d, u32 op)
{
	emit(d, stack_16(d) ? op_pushf16 : op_pushf)->base = EMU_RSP;
}

static void flags_pop(struct decoder *d, u32 op)
{
	emit(d, stack_16(d) ? op_popf16 : op_popf)->base = EMU_RSP;
	emit_branch(d, op_end, 0); /* TF may have changed */
	d->ends = true;
}

static void simple(struct decoder *d, u32 op)
{
	static const struct {
		u8 op;
		emu_fn *fn;
	} table[] = {
		{ 0x9b, op_fwait }, { 0x9e, op_sahf }, { 0x9f, op_lahf }, { 0xc9, op_leave },
		{ 0xd7, op_xlat },  { 0xf5, op_cmc },  { 0xf8, op_clc },  { 0xf9, op_stc },
		{ 0xfc, op_cld },   { 0xfd, op_std },
	};
	struct emu_uop *u;

	for (u32 k = 0; k < sizeof(table) / sizeof(table[0]); k++) {
		if (table[k].op != op)
			continue;
		u = emit(d, table[k].fn);
		u->special = op == 0xd7 ? d->special : 0;
		u->base = op == 0xc9 ? EMU_RBP : EMU_RBX;
		u->x = stack_16(d);
	}
}

static void stops(struct decoder *d, u32 op)
{
	emit(d, op == 0xcc ? op_int3 : op_icebp);
	d->ends = true;
}

static void int_n(struct decoder *d, u32 op)
{
	emit(d, op_int)->imm = decode_byte(d);
	d->ends = true;
}

static void mov_offset(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	const u64 at = d->special & SPECIAL_A32 ? (u32)decode_imm(d, SIZE_32) : decode_imm64(d);
	struct emu_uop *u = emit(d, emu_int_64.mov_ri);

	u->reg = EMU_TMP2;
	u->imm = at;
	u = emit(d, op & 2 ? int_fns(size)->mov_mr : int_fns(size)->mov_rm);
	u->reg = decode_register(d, EMU_RAX, size);
	u->base = EMU_TMP2;
	u->special = d->special;
}

static void string(struct decoder *d, u32 op)
{
	const struct int_fns *fns = int_fns(decode_size(d, op));
	emu_fn *const by_op[] = { fns->movs, fns->cmps, NULL, fns->stos, fns->lods, fns->scas };
	struct emu_uop *u = emit(d, by_op[(op - 0xa4) >> 1]);

	u->base = EMU_RSI;
	u->special = d->special;
	u->x = d->rep;
}

static void mov_imm(struct decoder *d, u32 op)
{
	const u32 size = op & 8 ? decode_wide(d) : SIZE_8;
	struct emu_uop *u = emit(d, int_fns(size)->mov_ri);

	u->reg = decode_register(d, (op & 7) | (d->rex & 1) << 3, size);
	u->imm = size == SIZE_64 ? decode_imm64(d) : (u64)decode_imm(d, size);
}

/* C0, C1, D0..D3: the count is an immediate, one, or CL */
static void shift(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	const bool lock = d->lock;
	struct emu_uop *u;
	u8 rm;

	decode_modrm(d);
	d->lock = false;
	rm = rm_modify(d, size);
	u = emit(d, int_fns(size)->shift[d->reg & 7]);
	u->reg = rm;
	if (op < 0xd0)
		u->imm = decode_byte(d);
	else if (op < 0xd2)
		u->imm = 1;
	else
		u->x = 1;
	rm_commit(d, size);
	d->lock = lock; /* which it cannot be */
}

static void ret(struct decoder *d, u32 op)
{
	struct emu_uop *u = emit(d, op_ret);

	u->imm = op == 0xc2 ? (u16)decode_imm(d, SIZE_16) : 0;
	u->base = EMU_RSP;
	d->ends = true;
}

static void mov_rm_imm(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	struct emu_uop *u;

	decode_modrm(d);
	if (d->reg & 7) {
		emit_undefined(d);
		return;
	}
	if (d->is_memory) {
		u = emit_memory(d, int_fns(size)->mov_mi);
	} else {
		u = emit(d, int_fns(size)->mov_ri);
		u->reg = decode_register(d, d->rm, size);
	}
	u->imm = decode_imm(d, size);
}

static void enter(struct decoder *d, u32 op)
{
	struct emu_uop *u = emit(d, stack_16(d) ? op_enter16 : op_enter);

	u->imm = (u16)decode_imm(d, SIZE_16);
	u->x = decode_byte(d) & 31;
	u->base = EMU_RSP;
}

/* LOOPNE, LOOPE, LOOP, JRCXZ */
static void loop(struct decoder *d, u32 op)
{
	const i64 relative = decode_imm(d, SIZE_8);

	emit(d, op_loop_test)->x = (op & 3) | (d->special & SPECIAL_A32 ? 4 : 0);
	emit_branch(d, op_loop, relative);
	emit_branch(d, op_end, 0);
	d->ends = true;
}

static void call(struct decoder *d, u32 op)
{
	const i64 relative = decode_imm(d, SIZE_32);

	emit_branch(d, op_call, relative);
	d->uops[d->nuops - 1].base = EMU_RSP;
	d->ends = true;
}

static void jump(struct decoder *d, u32 op)
{
	const i64 relative = decode_imm(d, op == 0xeb ? SIZE_8 : SIZE_32);

	emit_branch(d, op_end, relative);
	d->ends = true;
}

/* F6, F7 */
static void group3(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	const struct int_fns *fns = int_fns(size);
	struct emu_uop *u;
	u32 kind;
	u8 rm;

	decode_modrm(d);
	kind = d->reg & 7;
	if (kind < 2) {
		u = d->is_memory ? emit_memory(d, emu_alu[size][ALU_TEST].mi)
				 : emit(d, emu_alu[size][ALU_TEST].ri);
		u->reg = decode_register(d, d->rm, size);
		u->imm = decode_imm(d, size);
	} else if (kind < 4) {
		rm = rm_modify(d, size);
		emit(d, kind == 2 ? fns->not : fns->neg)->reg = rm;
		rm_commit(d, size);
	} else {
		emu_fn *const by_kind[] = { fns->mul, fns->imul, fns->div, fns->idiv };

		rm = rm_read(d, size);
		emit(d, by_kind[kind - 4])->rm = rm;
	}
}

/* FE, FF */
static void group5(struct decoder *d, u32 op)
{
	const u32 size = decode_size(d, op);
	struct emu_uop *u;
	u32 kind;
	u8 rm;

	decode_modrm(d);
	kind = d->reg & 7;
	if (kind < 2) {
		rm = rm_modify(d, size);
		emit(d, kind ? int_fns(size)->dec : int_fns(size)->inc)->reg = rm;
		rm_commit(d, size);
		return;
	}
	if (op == 0xfe || kind == 3 || kind == 5 || kind == 7) {
		emit_undefined(d); /* far calls and jumps have nowhere to go */
		return;
	}
	if (kind == 6) {
		rm = rm_read(d, stack_16(d) ? SIZE_16 : SIZE_64);
		u = emit(d, stack_16(d) ? op_push16 : op_push);
	} else {
		rm = rm_read(d, SIZE_64);
		u = emit(d, kind == 2 ? op_call_register : op_jump_register);
		d->ends = true;
	}
	u->reg = rm;
	u->base = EMU_RSP;
}

static void iret(struct decoder *d, u32 op)
{
	emit(d, d->rex & 8 ? op_iret : op_protection)->base = EMU_RSP;
	d->ends = true;
}

#define ALU_ROW(n) [n... n + 5] = alu
decode_fn *const emu_one_byte[256] = {
	ALU_ROW(0x00),
	ALU_ROW(0x08),
	ALU_ROW(0x10),
	ALU_ROW(0x18),
	ALU_ROW(0x20),
	ALU_ROW(0x28),
	ALU_ROW(0x30),
	ALU_ROW(0x38),
	[0x06 ... 0x07] = undefined,
	[0x0e] = undefined,
	[0x0f] = decode_two,
	[0x16 ... 0x17] = undefined,
	[0x1e ... 0x1f] = undefined,
	[0x26 ... 0x27] = undefined,
	[0x2e ... 0x2f] = undefined,
	[0x36 ... 0x37] = undefined,
	[0x3e ... 0x4f] = undefined, /* prefixes among them, which do not come here */
	[0x50 ... 0x57] = push_register,
	[0x58 ... 0x5f] = pop_register,
	[0x60 ... 0x62] = undefined,
	[0x63] = movsxd,
	[0x64 ... 0x67] = undefined,
	[0x68] = push_imm,
	[0x69] = imul_imm,
	[0x6a] = push_imm,
	[0x6b] = imul_imm,
	[0x6c ... 0x6f] = privileged,
	[0x70 ... 0x7f] = jump_if,
	[0x80 ... 0x81] = alu_imm,
	[0x82] = undefined,
	[0x83] = alu_imm,
	[0x84 ... 0x85] = test,
	[0x86 ... 0x87] = xchg,
	[0x88 ... 0x8b] = mov,
	[0x8c] = mov_from_segment,
	[0x8d] = lea,
	[0x8e] = mov_to_segment,
	[0x8f] = pop_rm,
	[0x90 ... 0x97] = xchg_acc,
	[0x98 ... 0x99] = extend,
	[0x9a] = undefined,
	[0x9b] = simple,
	[0x9c] = flags_push,
	[0x9d] = flags_pop,
	[0x9e ... 0x9f] = simple,
	[0xa0 ... 0xa3] = mov_offset,
	[0xa4 ... 0xa7] = string,
	[0xa8 ... 0xa9] = test_acc,
	[0xaa ... 0xaf] = string,
	[0xb0 ... 0xbf] = mov_imm,
	[0xc0 ... 0xc1] = shift,
	[0xc2 ... 0xc3] = ret,
	[0xc4 ... 0xc5] = undefined, /* VEX */
	[0xc6 ... 0xc7] = mov_rm_imm,
	[0xc8] = enter,
	[0xc9] = simple,
	[0xca ... 0xcb] = privileged,
	[0xcc] = stops,
	[0xcd] = int_n,
	[0xce] = undefined,
	[0xcf] = iret,
	[0xd0 ... 0xd3] = shift,
	[0xd4 ... 0xd6] = undefined,
	[0xd7] = simple,
	[0xd8 ... 0xdf] = decode_x87,
	[0xe0 ... 0xe3] = loop,
	[0xe4 ... 0xe7] = privileged,
	[0xe8] = call,
	[0xe9] = jump,
	[0xea] = undefined,
	[0xeb] = jump,
	[0xec ... 0xef] = privileged,
	[0xf0] = undefined,
	[0xf1] = stops,
	[0xf2 ... 0xf3] = undefined,
	[0xf4] = privileged,
	[0xf5] = simple,
	[0xf6 ... 0xf7] = group3,
	[0xf8 ... 0xf9] = simple,
	[0xfa ... 0xfb] = privileged,
	[0xfc ... 0xfd] = simple,
	[0xfe ... 0xff] = group5,
};
