/* SPDX-License-Identifier: GPL-2.0-only */
/* decode_sse.c - opcodes of SSE, SSE2 and MMX behind 0F
 *
 * Theory of operation
 * Most instructions are a line of a table: what they do to the destination, and how many bytes of
 * memory the source has. Memory is loaded to a register that no program has, and MMX registers are
 * copied to such registers and back, so each operation exists once.
 */
#include "engine/tier/emulate/cpu/decode.h"
#include "engine/tier/emulate/cpu/ops.h"
#include "engine/tier/emulate/cpu/sse/sse.h"

#define IMM 1u	     /* a byte follows */
#define UNALIGNED 2u /* 16 bytes need not be aligned */
#define MM_OK 4u     /* without prefix: MMX */
#define MM_PACK 8u
#define MM_HIGH 16u /* of a wide unpack, its upper half */

struct sse_op {
	emu_fn *fn;
	u8 bytes, flags;
};

#define PACKED(op, name)                                                                           \
	[op] = { [PREFIX_NONE] = { name, 8, MM_OK }, [PREFIX_66] = { name, 16, 0 } }
#define PACKER(op, name)                                                                           \
	[op] = { [PREFIX_NONE] = { name, 8, MM_OK | MM_PACK }, [PREFIX_66] = { name, 16, 0 } }
#define UNPACK_HIGH(op, low, high)                                                                 \
	[op] = { [PREFIX_NONE] = { low, 8, MM_OK | MM_HIGH }, [PREFIX_66] = { high, 16, 0 } }
#define FLOATS(op, name)                                                                           \
	[op] = { { name##ps, 16, 0 }, { name##pd, 16, 0 }, { name##ss, 4, 0 }, { name##sd, 8, 0 } }

static const struct sse_op sse_ops[256][4] = {
	[0x14] = { { op_punpckldq, 16, 0 }, { op_punpcklqdq, 16, 0 } },
	[0x15] = { { op_punpckhdq, 16, 0 }, { op_punpckhqdq, 16, 0 } },
	[0x2e] = { { op_ucomiss, 4, 0 }, { op_ucomisd, 8, 0 } },
	[0x2f] = { { op_comiss, 4, 0 }, { op_comisd, 8, 0 } },
	FLOATS(0x51, op_sqrt),
	[0x52] = { { op_rsqrtps, 16, 0 }, { 0 }, { op_rsqrtss, 4, 0 } },
	[0x53] = { { op_rcpps, 16, 0 }, { 0 }, { op_rcpss, 4, 0 } },
	[0x54] = { { op_pand, 16, 0 }, { op_pand, 16, 0 } },
	[0x55] = { { op_pandn, 16, 0 }, { op_pandn, 16, 0 } },
	[0x56] = { { op_por, 16, 0 }, { op_por, 16, 0 } },
	[0x57] = { { op_pxor, 16, 0 }, { op_pxor, 16, 0 } },
	FLOATS(0x58, op_add),
	FLOATS(0x59, op_mul),
	[0x5a] = { { op_cvtps2pd, 8, 0 },
		   { op_cvtpd2ps, 16, 0 },
		   { op_cvtss2sd, 4, 0 },
		   { op_cvtsd2ss, 8, 0 } },
	[0x5b] = { { op_cvtdq2ps, 16, 0 }, { op_cvtps2dq, 16, 0 }, { op_cvttps2dq, 16, 0 } },
	FLOATS(0x5c, op_sub),
	FLOATS(0x5d, op_min),
	FLOATS(0x5e, op_div),
	FLOATS(0x5f, op_max),
	[0x60] = { { op_punpcklbw, 4, MM_OK }, { op_punpcklbw, 16, 0 } },
	[0x61] = { { op_punpcklwd, 4, MM_OK }, { op_punpcklwd, 16, 0 } },
	[0x62] = { { op_punpckldq, 4, MM_OK }, { op_punpckldq, 16, 0 } },
	PACKER(0x63, op_packsswb),
	PACKED(0x64, op_pcmpgtb),
	PACKED(0x65, op_pcmpgtw),
	PACKED(0x66, op_pcmpgtd),
	PACKER(0x67, op_packuswb),
	UNPACK_HIGH(0x68, op_punpcklbw, op_punpckhbw),
	UNPACK_HIGH(0x69, op_punpcklwd, op_punpckhwd),
	UNPACK_HIGH(0x6a, op_punpckldq, op_punpckhdq),
	PACKER(0x6b, op_packssdw),
	[0x6c] = { { 0 }, { op_punpcklqdq, 16, 0 } },
	[0x6d] = { { 0 }, { op_punpckhqdq, 16, 0 } },
	[0x70] = { { op_pshuflw, 8, MM_OK | IMM },
		   { op_pshufd, 16, IMM },
		   { op_pshufhw, 16, IMM },
		   { op_pshuflw, 16, IMM } },
	PACKED(0x74, op_pcmpeqb),
	PACKED(0x75, op_pcmpeqw),
	PACKED(0x76, op_pcmpeqd),
	[0xc2] = { { op_cmpps, 16, IMM },
		   { op_cmppd, 16, IMM },
		   { op_cmpss, 4, IMM },
		   { op_cmpsd, 8, IMM } },
	[0xc6] = { { op_shufps, 16, IMM }, { op_shufpd, 16, IMM } },
	PACKED(0xd1, op_psrlw),
	PACKED(0xd2, op_psrld),
	PACKED(0xd3, op_psrlq),
	PACKED(0xd4, op_paddq),
	PACKED(0xd5, op_pmullw),
	PACKED(0xd8, op_psubusb),
	PACKED(0xd9, op_psubusw),
	PACKED(0xda, op_pminub),
	PACKED(0xdb, op_pand),
	PACKED(0xdc, op_paddusb),
	PACKED(0xdd, op_paddusw),
	PACKED(0xde, op_pmaxub),
	PACKED(0xdf, op_pandn),
	PACKED(0xe0, op_pavgb),
	PACKED(0xe1, op_psraw),
	PACKED(0xe2, op_psrad),
	PACKED(0xe3, op_pavgw),
	PACKED(0xe4, op_pmulhuw),
	PACKED(0xe5, op_pmulhw),
	[0xe6] = { { 0 }, { op_cvttpd2dq, 16, 0 }, { op_cvtdq2pd, 8, 0 }, { op_cvtpd2dq, 16, 0 } },
	PACKED(0xe8, op_psubsb),
	PACKED(0xe9, op_psubsw),
	PACKED(0xea, op_pminsw),
	PACKED(0xeb, op_por),
	PACKED(0xec, op_paddsb),
	PACKED(0xed, op_paddsw),
	PACKED(0xee, op_pmaxsw),
	PACKED(0xef, op_pxor),
	PACKED(0xf1, op_psllw),
	PACKED(0xf2, op_pslld),
	PACKED(0xf3, op_psllq),
	PACKED(0xf4, op_pmuludq),
	PACKED(0xf5, op_pmaddwd),
	PACKED(0xf6, op_psadbw),
	PACKED(0xf8, op_psubb),
	PACKED(0xf9, op_psubw),
	PACKED(0xfa, op_psubd),
	PACKED(0xfb, op_psubq),
	PACKED(0xfc, op_paddb),
	PACKED(0xfd, op_paddw),
	PACKED(0xfe, op_paddd),
};

static emu_fn *loader(const struct sse_op *op)
{
	switch (op->bytes) {
	case 4:
		return op_load_x4;
	case 8:
		return op_load_x8;
	default:
		return op->flags & UNALIGNED ? op_load_x16 : op_load_x16_aligned;
	}
}

/* An MMX register, or memory that a register stands for */
static void mm_operands(struct decoder *d, u8 bytes)
{
	struct emu_uop *u;

	if (d->is_memory) {
		u = emit_memory(d, op_mm_enter_memory);
		u->x = bytes;
	} else {
		u = emit(d, op_mm_enter);
		u->rm = d->rm & 7;
	}
	u->reg = d->reg & 7;
}

static void mm_result(struct decoder *d, emu_fn *fn, u32 reg)
{
	emit(d, fn)->reg = reg & 7;
}

/* A source of SSE: a register, or memory in EMU_XMM_TMP */
static u8 sse_source(struct decoder *d, emu_fn *load)
{
	if (!d->is_memory)
		return d->rm;
	emit_memory(d, load)->reg = EMU_XMM_TMP;
	return EMU_XMM_TMP;
}

static void by_table(struct decoder *d, const struct sse_op *op)
{
	struct emu_uop *u;
	u8 rm;

	if (!op->fn) {
		emit_undefined(d);
		return;
	}
	if (op->flags & MM_OK) {
		mm_operands(d, op->bytes);
		if (op->flags & MM_PACK)
			emit(d, op_mm_pack);
		u = emit(d, op->fn);
		u->reg = EMU_XMM_MM;
		u->rm = EMU_XMM_TMP;
		u->imm = op->flags & IMM ? decode_byte(d) : 0;
		mm_result(d, op->flags & MM_HIGH ? op_mm_leave_high : op_mm_leave, d->reg);
		return;
	}
	rm = sse_source(d, loader(op));
	u = emit(d, op->fn);
	u->reg = d->reg;
	u->rm = rm;
	u->imm = op->flags & IMM ? decode_byte(d) : 0;
}

static void load_or_move(struct decoder *d, emu_fn *load, emu_fn *move)
{
	struct emu_uop *u = d->is_memory ? emit_memory(d, load) : emit(d, move);

	u->reg = d->reg;
	u->rm = d->rm;
}

static void store_or_move(struct decoder *d, emu_fn *store, emu_fn *move)
{
	struct emu_uop *u = d->is_memory ? emit_memory(d, store) : emit(d, move);

	u->reg = d->is_memory ? d->reg : d->rm;
	u->rm = d->reg;
}

/* 10, 11: MOVUPS, MOVUPD, MOVSS, MOVSD */
static void mov_unaligned(struct decoder *d, u32 op, u32 prefix)
{
	static emu_fn *const load[] = { op_load_x16, op_load_x16, op_load_x4, op_load_x8 };
	static emu_fn *const store[] = { op_store_x16, op_store_x16, op_store_x4, op_store_x8 };
	static emu_fn *const move[] = { op_movaps, op_movaps, op_movss, op_movsd };

	if (op & 1)
		store_or_move(d, store[prefix], move[prefix]);
	else
		load_or_move(d, load[prefix], move[prefix]);
}

/* 12, 13, 16, 17: halves */
static void mov_half(struct decoder *d, u32 op, u32 prefix)
{
	const bool high = op & 4;
	struct emu_uop *u;

	if (prefix > PREFIX_66 || (!d->is_memory && (op & 1 || prefix))) {
		emit_undefined(d);
		return;
	}
	if (op & 1) {
		emit_memory(d, high ? op_store_high : op_store_x8)->reg = d->reg;
		return;
	}
	if (d->is_memory) {
		const u8 rm = sse_source(d, op_load_x8);

		u = emit(d, high ? op_movhps : op_movlps);
		u->rm = rm;
	} else {
		u = emit(d, high ? op_movlhps : op_movhlps);
		u->rm = d->rm;
	}
	u->reg = d->reg;
}

/* 2A, 2C, 2D: to and from integers, those of MMX too */
static void convert(struct decoder *d, u32 op, u32 prefix)
{
	static emu_fn *const fns[3][4] = {
		{ op_cvtpi2ps, op_cvtpi2pd, op_cvtsi2ss, op_cvtsi2sd },
		{ op_cvttps2pi, op_cvttpd2pi, op_cvttss2si, op_cvttsd2si },
		{ op_cvtps2pi, op_cvtpd2pi, op_cvtss2si, op_cvtsd2si },
	};
	emu_fn *const fn = fns[op == 0x2a ? 0 : op - 0x2b][prefix];
	const u32 size = d->rex & 8 ? SIZE_64 : SIZE_32;
	struct emu_uop *u;
	u8 rm;

	if (op == 0x2a && prefix >= PREFIX_F3) {
		rm = rm_read(d, size);
		u = emit(d, fn);
		u->reg = d->reg;
		u->rm = rm;
		u->imm = size == SIZE_64 ? 8 : 4;
	} else if (op == 0x2a) {
		if (d->is_memory) {
			rm = sse_source(d, op_load_x8);
		} else {
			mm_operands(d, 8);
			rm = EMU_XMM_TMP;
		}
		u = emit(d, fn);
		u->reg = d->reg;
		u->rm = rm;
	} else {
		if (prefix < PREFIX_F3)
			emit(d, op_mm_check);
		rm = sse_source(d, prefix == PREFIX_66	 ? op_load_x16_aligned
				   : prefix == PREFIX_F3 ? op_load_x4
							 : op_load_x8);
		if (prefix < PREFIX_F3)
			emit(d, op_mm_start);
		u = emit(d, fn);
		u->reg = prefix < PREFIX_F3 ? EMU_XMM_MM : d->reg;
		u->rm = rm;
		u->imm = size == SIZE_64 ? 8 : 4;
		if (prefix < PREFIX_F3)
			mm_result(d, op_mm_leave, d->reg);
	}
}

/* 6E, 7E without F3 */
static void mov_general(struct decoder *d, u32 op, u32 prefix)
{
	const bool wide = d->rex & 8;
	const bool mm = prefix == PREFIX_NONE;
	struct emu_uop *u;

	if (prefix > PREFIX_66) {
		emit_undefined(d);
		return;
	}
	if (op == 0x6e) {
		u8 rm;

		if (mm)
			emit(d, op_mm_check);
		rm = rm_read(d, wide ? SIZE_64 : SIZE_32);
		if (mm)
			emit(d, op_mm_start);
		u = emit(d, wide ? op_movq_to : op_movd_to);
		u->reg = mm ? EMU_XMM_MM : d->reg;
		u->rm = rm;
		if (mm)
			mm_result(d, op_mm_leave, d->reg);
		return;
	}
	if (mm) {
		u = emit(d, op_mm_enter);
		u->reg = d->reg & 7;
		u->rm = d->reg & 7;
		u->x = d->is_memory;
	}
	if (d->is_memory)
		u = emit_memory(d, wide ? op_store_x8 : op_store_x4);
	else
		u = emit(d, wide ? op_movq_from : op_movd_from);
	u->reg = mm ? EMU_XMM_MM : d->reg;
	u->rm = d->rm;
	if (mm && d->is_memory)
		emit(d, op_mm_start);
}

/* 6F, 7F: MOVQ of MMX, MOVDQA, MOVDQU */
static void mov_packed(struct decoder *d, u32 op, u32 prefix)
{
	const bool store = op == 0x7f;

	switch (prefix) {
	case PREFIX_66:
		if (store)
			store_or_move(d, op_store_x16_aligned, op_movaps);
		else
			load_or_move(d, op_load_x16_aligned, op_movaps);
		break;
	case PREFIX_F3:
		if (store)
			store_or_move(d, op_store_x16, op_movaps);
		else
			load_or_move(d, op_load_x16, op_movaps);
		break;
	case PREFIX_NONE:
		if (store && d->is_memory) {
			emit_memory(d, op_mm_store)->reg = d->reg & 7;
		} else {
			struct emu_uop *u;

			mm_operands(d, 8);
			u = emit(d, op_movq);
			u->reg = EMU_XMM_MM;
			u->rm = store ? EMU_XMM_MM : EMU_XMM_TMP;
			mm_result(d, op_mm_leave, store ? d->rm : d->reg);
		}
		break;
	default:
		emit_undefined(d);
		break;
	}
}

/* 71 to 73: shifts by an immediate */
static void shift_imm(struct decoder *d, u32 op, u32 prefix)
{
	const u32 kind = d->reg & 7;
	const bool bytes = op == 0x73 && (kind == 3 || kind == 7);
	const bool known = kind == 2 || kind == 6 || (kind == 4 && op != 0x73);
	struct emu_uop *u;

	if (d->is_memory || prefix > PREFIX_66 || !(known || (bytes && prefix == PREFIX_66))) {
		emit_undefined(d);
		return;
	}
	if (prefix == PREFIX_NONE) {
		u = emit(d, op_mm_enter);
		u->reg = d->rm & 7;
		u->rm = d->rm & 7;
	}
	u = emit(d, bytes ? kind == 3 ? op_psrldq : op_pslldq : op_shift_imm);
	u->reg = prefix ? d->rm : EMU_XMM_MM;
	u->x = (op & 3) << 3 | kind;
	u->imm = decode_byte(d);
	if (prefix == PREFIX_NONE)
		mm_result(d, op_mm_leave, d->rm);
}

/* C4, C5, D7: words and masks between general registers and vectors */
static void insert(struct decoder *d, u32 op, u32 prefix)
{
	const bool mm = prefix == PREFIX_NONE;
	struct emu_uop *u;
	u8 rm = d->rm;

	if (prefix > PREFIX_66 || (op != 0xc4 && d->is_memory)) {
		emit_undefined(d);
		return;
	}
	if (mm)
		emit(d, op_mm_check);
	if (op == 0xc4)
		rm = rm_read(d, d->is_memory ? SIZE_16 : SIZE_32);
	if (mm) {
		u = emit(d, op_mm_enter);
		u->reg = d->reg & 7;
		u->rm = d->rm & 7;
	}
	u = emit(d, op == 0xc4 ? op_pinsrw : op == 0xc5 ? op_pextrw : op_pmovmskb);
	if (op == 0xc4) {
		u->reg = mm ? EMU_XMM_MM : d->reg;
		u->rm = rm;
	} else {
		u->reg = d->reg;
		u->rm = mm ? EMU_XMM_TMP : d->rm;
	}
	if (op != 0xd7)
		u->imm = decode_byte(d) & (mm ? 3 : 7);
	if (op == 0xc4 && mm)
		mm_result(d, op_mm_leave, d->reg);
}

/* D6: MOVQ to memory or a register, MOVQ2DQ, MOVDQ2Q */
static void mov_q(struct decoder *d, u32 prefix)
{
	struct emu_uop *u;

	if (prefix == PREFIX_66) {
		store_or_move(d, op_store_x8, op_movq);
	} else if (prefix == PREFIX_NONE || d->is_memory) {
		emit_undefined(d);
	} else if (prefix == PREFIX_F3) {
		mm_operands(d, 8);
		u = emit(d, op_movq);
		u->reg = d->reg;
		u->rm = EMU_XMM_TMP;
	} else {
		emit(d, op_mm_start);
		u = emit(d, op_movq);
		u->reg = EMU_XMM_MM;
		u->rm = d->rm;
		mm_result(d, op_mm_leave, d->reg);
	}
}

/* E7, F7: around the cache */
static void mov_around(struct decoder *d, u32 op, u32 prefix)
{
	const bool mm = prefix == PREFIX_NONE;
	struct emu_uop *u;

	if (prefix > PREFIX_66 || d->is_memory != (op == 0xe7)) {
		emit_undefined(d);
	} else if (op == 0xe7) {
		u = emit_memory(d, mm ? op_mm_store : op_store_x16_aligned);
		u->reg = mm ? d->reg & 7 : d->reg;
	} else {
		if (mm)
			mm_operands(d, 8);
		u = emit(d, op_maskmov);
		u->reg = mm ? EMU_XMM_MM : d->reg;
		u->rm = mm ? EMU_XMM_TMP : d->rm;
		u->x = mm ? 8 : 16;
		u->special = d->special;
	}
}

void decode_sse(struct decoder *d, u32 op)
{
	const u32 prefix = decode_prefix(d);
	struct emu_uop *u;

	if (op == 0x77) {
		emit(d, prefix ? emu_undefined : op_emms);
		d->ends = prefix;
		return;
	}
	decode_modrm(d);
	switch (op) {
	case 0x10:
	case 0x11:
		mov_unaligned(d, op, prefix);
		break;
	case 0x12:
	case 0x13:
	case 0x16:
	case 0x17:
		mov_half(d, op, prefix);
		break;
	case 0x28:
		if (prefix > PREFIX_66)
			emit_undefined(d);
		else
			load_or_move(d, op_load_x16_aligned, op_movaps);
		break;
	case 0x29:
	case 0x2b:
		if (prefix > PREFIX_66 || (op == 0x2b && !d->is_memory))
			emit_undefined(d);
		else
			store_or_move(d, op_store_x16_aligned, op_movaps);
		break;
	case 0x2a:
	case 0x2c:
	case 0x2d:
		convert(d, op, prefix);
		break;
	case 0x50:
		if (d->is_memory || prefix > PREFIX_66) {
			emit_undefined(d);
			break;
		}
		u = emit(d, prefix ? op_movmskpd : op_movmskps);
		u->reg = d->reg;
		u->rm = d->rm;
		break;
	case 0x6e:
	case 0x7e:
		if (op == 0x7e && prefix == PREFIX_F3)
			load_or_move(d, op_load_x8, op_movq);
		else
			mov_general(d, op, prefix);
		break;
	case 0x6f:
	case 0x7f:
		mov_packed(d, op, prefix);
		break;
	case 0x71:
	case 0x72:
	case 0x73:
		shift_imm(d, op, prefix);
		break;
	case 0xc4:
	case 0xc5:
	case 0xd7:
		insert(d, op, prefix);
		break;
	case 0xd6:
		mov_q(d, prefix);
		break;
	case 0xe7:
	case 0xf7:
		mov_around(d, op, prefix);
		break;
	default:
		by_table(d, &sse_ops[op][prefix]);
		break;
	}
}
