/* SPDX-License-Identifier: GPL-2.0-only */
/* decode.h - from bytes to operations */
#ifndef EMU_DECODE_H
#define EMU_DECODE_H

#include "engine/tier/emulate/cpu/uop.h"

#define INSN_MAX 15

enum { SIZE_8, SIZE_16, SIZE_32, SIZE_64, NSIZES };

#define PREFIX_NONE 0
#define PREFIX_66 1
#define PREFIX_F3 2
#define PREFIX_F2 3

/**
 * struct decoder - a block that is being decoded
 * @bytes, @limit: of the instruction; @n: how many of them were used
 * @uops, @nuops, @off, @page_offset: the block: what there is, the instruction's offset in it, the
 *        block's in its page
 * @ends: the last operation leaves the block
 * the rest: of the instruction; see decode.c
 */
struct decoder {
	const u8 *bytes;
	u32 limit, n;
	struct emu_uop *uops;
	u32 nuops, off, page_offset;
	bool ends;

	bool short_of_bytes, lock, op16, is_memory;
	u8 rex, rep, special;
	u8 mod, reg, rm; /* with REX; rm without, when it is memory */
	u8 base, index, scale;
	i32 disp;
};

/* Decode one instruction; false: there are not enough bytes */
bool emu_decode(struct decoder *d);

/* End a block that does not end with a branch */
void emu_decode_end(struct decoder *d);

/* ---- for the tables of opcodes ---- */
typedef void decode_fn(struct decoder *d, u32 op);

u32 decode_byte(struct decoder *d);
i64 decode_imm(struct decoder *d, u32 size); /* of at most 32 bits, with its sign */
u64 decode_imm64(struct decoder *d);
void decode_modrm(struct decoder *d);
u32 decode_peek(const struct decoder *d);
u32 decode_size(const struct decoder *d, u32 op); /* bit 0 of @op clear: 8 bits */
u32 decode_wide(const struct decoder *d);	  /* the same for what has no 8 bits */
u32 decode_prefix(const struct decoder *d);

/* Does the stack move by words? It never does by 32 bits */
static inline bool stack_16(const struct decoder *d)
{
	return d->op16 && !(d->rex & 8);
}

struct emu_uop *emit(struct decoder *d, emu_fn *fn);
struct emu_uop *emit_memory(struct decoder *d, emu_fn *fn);
void emit_undefined(struct decoder *d);
void emit_protection(struct decoder *d); /* a privileged instruction */
void emit_branch(struct decoder *d, emu_fn *fn, i64 relative);

/* A general register's number as operations want it */
u8 decode_register(const struct decoder *d, u32 n, u32 size);
/* The operand that ModRM names: a register, or memory that is loaded to EMU_TMP */
u8 rm_read(struct decoder *d, u32 size);
u8 rm_modify(struct decoder *d, u32 size); /* and emit rm_commit() behind what changes it */
void rm_commit(struct decoder *d, u32 size);

decode_fn decode_two, decode_sse, decode_x87, decode_three;

/* ---- what the tables refer to: functions by size ---- */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP, ALU_TEST, ALU_NOPS };
struct alu_fns {
	emu_fn *rr, *ri, *rm, *mr, *mi;
};
extern const struct alu_fns *const emu_alu[NSIZES];

struct int_fns {
	emu_fn *mov_rr, *mov_ri, *mov_rm, *mov_mr, *mov_mi;
	emu_fn *load, *modify, *commit, *modify_locked, *commit_locked;
	emu_fn *inc, *dec, *not, *neg;
	emu_fn *xchg_rr, *xchg_mr, *xadd_rr, *xadd_mr, *cmpxchg_rr, *cmpxchg_mr;
	emu_fn *mul, *imul, *div, *idiv, *imul2, *imul3;
	emu_fn *shift[8], *shld, *shrd;
	emu_fn *bt, *bts, *btr, *btc, *bt_memory;
	emu_fn *bsf, *bsr, *popcnt, *bswap;
	emu_fn *movzx8, *movsx8, *movzx16, *movsx16, *movsx32, *cmov, *lea;
	emu_fn *movs, *stos, *lods, *scas, *cmps;
};
extern const struct int_fns emu_int_8, emu_int_16, emu_int_32, emu_int_64;
extern const struct alu_fns emu_alu_8[], emu_alu_16[], emu_alu_32[], emu_alu_64[];
const struct int_fns *int_fns(u32 size);

#endif
