// SPDX-License-Identifier: GPL-2.0-only
/* operand.c - how many bytes of memory an instruction accesses at once
 *
 * The CPU reports where an access begins. Whether it reaches what a debug register watches follows
 * from the instruction: its size of general registers, or its width of vectors, with those that
 * take a part of one as tables. What is not known here is as large as its kind usually is.
 *
 * Intel SDM volume 2, 2.1 (prefixes), 2.3 (VEX), 2.7 (EVEX), appendix A (opcodes).
 */
#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include "debug.h"

enum { MAP_ONE_BYTE, MAP_0F, MAP_0F38, MAP_0F3A };
enum { PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2 };

/**
 * struct instruction - what of one decides its size
 * @map, @opcode, @modrm: which it is
 * @prefix: PREFIX_*, @wide: 64 bits
 * @vector: bytes of a vector register, 0: none
 * @broadcast: one element is read for all
 */
struct instruction {
	u8 map, opcode, modrm, prefix;
	bool wide, broadcast;
	unsigned int vector;
};

/* Opcodes from @first to @last that access less than a whole vector: @bytes, or 1/@part of it */
struct part {
	u8 map, first, last, bytes, part;
};

static const struct part parts[] = {
	{ MAP_0F38, 0x18, 0x18, 4, 0 },	 { MAP_0F38, 0x19, 0x19, 8, 0 },
	{ MAP_0F38, 0x1a, 0x1a, 16, 0 }, { MAP_0F38, 0x20, 0x20, 0, 2 },
	{ MAP_0F38, 0x21, 0x21, 0, 4 },	 { MAP_0F38, 0x22, 0x22, 0, 8 },
	{ MAP_0F38, 0x23, 0x23, 0, 2 },	 { MAP_0F38, 0x24, 0x24, 0, 4 },
	{ MAP_0F38, 0x25, 0x25, 0, 2 },	 { MAP_0F38, 0x30, 0x30, 0, 2 },
	{ MAP_0F38, 0x31, 0x31, 0, 4 },	 { MAP_0F38, 0x32, 0x32, 0, 8 },
	{ MAP_0F38, 0x33, 0x33, 0, 2 },	 { MAP_0F38, 0x34, 0x34, 0, 4 },
	{ MAP_0F38, 0x35, 0x35, 0, 2 },	 { MAP_0F38, 0x58, 0x58, 4, 0 },
	{ MAP_0F38, 0x59, 0x59, 8, 0 },	 { MAP_0F38, 0x5a, 0x5a, 16, 0 },
	{ MAP_0F38, 0x78, 0x78, 1, 0 },	 { MAP_0F38, 0x79, 0x79, 2, 0 },
	{ MAP_0F3A, 0x0a, 0x0a, 4, 0 },	 { MAP_0F3A, 0x0b, 0x0b, 8, 0 },
	{ MAP_0F3A, 0x14, 0x14, 1, 0 },	 { MAP_0F3A, 0x15, 0x15, 2, 0 },
	{ MAP_0F3A, 0x17, 0x17, 4, 0 },	 { MAP_0F3A, 0x18, 0x19, 16, 0 },
	{ MAP_0F3A, 0x20, 0x20, 1, 0 },	 { MAP_0F3A, 0x21, 0x21, 4, 0 },
	{ MAP_0F3A, 0x38, 0x39, 16, 0 },
};

static unsigned int general_size(const struct instruction *i)
{
	return i->wide ? 8 : i->prefix == PREFIX_66 ? 2 : 4;
}

/* Vector instructions of one element */
static bool is_scalar(const struct instruction *i)
{
	if (i->map == MAP_0F && i->prefix >= PREFIX_F3)
		return i->opcode == 0x10 || i->opcode == 0x11 || i->opcode == 0xc2 ||
		       (i->opcode >= 0x2a && i->opcode <= 0x2d) ||
		       (i->opcode >= 0x51 && i->opcode <= 0x5f && i->opcode != 0x5b);
	/* fused multiplications */
	return i->map == MAP_0F38 && i->opcode >= 0x99 && i->opcode <= 0xbf && i->opcode & 1 &&
	       (i->opcode & 0xf) >= 9;
}

static unsigned int vector_size(const struct instruction *i)
{
	if (i->broadcast)
		return i->wide ? 8 : 4;
	if (is_scalar(i))
		return i->map == MAP_0F ? i->prefix == PREFIX_F3 ? 4 : 8 : i->wide ? 8 : 4;
	if (i->map == MAP_0F) {
		switch (i->opcode) {
		case 0x12: /* halves; with F3, and with F2 of a wide one, whole */
			if (i->prefix == PREFIX_F3 || (i->prefix == PREFIX_F2 && i->vector > 16))
				break;
			return 8;
		case 0x16:
			if (i->prefix == PREFIX_F3)
				break;
			return 8;
		case 0x13:
		case 0x17:
		case 0xd6:
			return 8;
		case 0x6e:
		case 0x7e:
			return i->prefix == PREFIX_F3 || i->wide ? 8 : 4;
		case 0xc4:
			return 2;
		}
		return i->vector;
	}
	if (i->map == MAP_0F3A && (i->opcode == 0x16 || i->opcode == 0x22))
		return i->wide ? 8 : 4;
	if (i->opcode >= 0xf0 && i->prefix != PREFIX_66) /* of general registers, by a VEX prefix */
		return i->wide ? 8 : 4;
	for (unsigned int k = 0; k < ARRAY_SIZE(parts); k++) {
		if (parts[k].map == i->map && i->opcode >= parts[k].first &&
		    i->opcode <= parts[k].last)
			return parts[k].bytes ?: i->vector / parts[k].part;
	}
	return i->vector;
}

static unsigned int one_byte_size(const struct instruction *i)
{
	static const u8 x87[] = { 4, 4, 4, 4, 8, 8, 2, 2 };
	const u8 op = i->opcode, reg = i->modrm >> 3 & 7;

	if (op >= 0xd8 && op <= 0xdf)
		return op == 0xdb && reg >= 5 ? 10 : op == 0xdf && reg >= 4 ? 10 : x87[op & 7];
	if ((op >= 0x50 && op <= 0x5f) || op == 0x68 || op == 0x6a || op == 0x8f || op == 0xc2 ||
	    op == 0xc3 || op == 0xc9 || op == 0xe8 || (op == 0xff && reg >= 2))
		return 8; /* the stack, and where branches lead */
	if (op == 0x63)
		return 4;
	if (op < 0x40 ? !(op & 1) && (op & 7) < 6
		      : (op >= 0x80 && op <= 0x8a && !(op & 1)) ||
			    (op >= 0xa0 && op <= 0xae && !(op & 1)) || op == 0xc0 || op == 0xc6 ||
			    op == 0xd0 || op == 0xd2 || op == 0xf6 || op == 0xfe)
		return 1;
	return general_size(i);
}

/* Those behind 0F that are not of vectors */
static unsigned int two_byte_size(const struct instruction *i)
{
	switch (i->opcode) {
	case 0x90 ... 0x9f:
	case 0xb0:
	case 0xb6:
	case 0xbe:
	case 0xc0:
		return 1;
	case 0xb7:
	case 0xbf:
		return 2;
	case 0xc7:
		return i->wide ? 16 : 8;
	}
	return general_size(i);
}

static bool is_vector_opcode(const struct instruction *i)
{
	if (i->map != MAP_0F)
		return i->opcode < 0xf0;
	return (i->opcode >= 0x10 && i->opcode <= 0x17) ||
	       (i->opcode >= 0x28 && i->opcode <= 0x2f) ||
	       (i->opcode >= 0x50 && i->opcode <= 0x7f) || i->opcode == 0xc2 ||
	       (i->opcode >= 0xc4 && i->opcode <= 0xc6) || i->opcode >= 0xd0;
}

static void decode_legacy(struct instruction *i, const u8 *code)
{
	i->map = MAP_ONE_BYTE;
	if (*code == 0x0f) {
		code++;
		i->map = *code == 0x38 ? MAP_0F38 : *code == 0x3a ? MAP_0F3A : MAP_0F;
		code += i->map != MAP_0F;
	}
	i->opcode = code[0];
	i->modrm = code[1];
	/* without a prefix the integer ones are of the old, small registers */
	if (i->map && is_vector_opcode(i))
		i->vector = i->prefix || (i->map == MAP_0F && i->opcode < 0x60) ||
				    (i->map == MAP_0F && i->opcode == 0xc6)
				? 16
				: 8;
}

static void decode_vex(struct instruction *i, const u8 *code)
{
	const bool is_short = code[0] == 0xc5;
	const u8 last = code[is_short ? 1 : 2];

	i->map = is_short ? MAP_0F : code[1] & 0x1f;
	i->wide = !is_short && code[2] & 0x80;
	i->prefix = last & 3;
	i->vector = last & 4 ? 32 : 16;
	i->opcode = code[is_short ? 2 : 3];
}

static void decode_evex(struct instruction *i, const u8 *code)
{
	i->map = code[1] & 7;
	i->wide = code[2] & 0x80;
	i->prefix = code[2] & 3;
	i->broadcast = code[3] & 0x10;
	i->vector = 16 << min(code[3] >> 5 & 3, 2);
	i->opcode = code[4];
}

/**
 * vitrine_operand_size() - Bytes of memory that the instruction at current's address accesses
 * @regs: current's registers
 *
 * Return: 1 to 64; 1 for code that cannot be read, or of 32 bits.
 */
unsigned int vitrine_operand_size(const struct pt_regs *regs)
{
	struct instruction i = { .prefix = PREFIX_NONE };
	u8 bytes[16 + 6] = { 0 };
	unsigned int at = 0;

	if (regs->cs != VT_USER_CS ||
	    (copy_from_user(bytes, (void __user *)regs->ip, 15) &&
	     copy_from_user(bytes, (void __user *)regs->ip,
			    min(15UL, PAGE_SIZE - offset_in_page(regs->ip)))))
		return 1;
	for (; at < 14 && vitrine_is_prefix(bytes[at]); at++) {
		if (bytes[at] == 0xf2 || bytes[at] == 0xf3)
			i.prefix = bytes[at] == 0xf2 ? PREFIX_F2 : PREFIX_F3;
		else if (bytes[at] == 0x66 && i.prefix == PREFIX_NONE)
			i.prefix = PREFIX_66;
		i.wide = (bytes[at] & 0xf8) == 0x48; /* REX.W, and nothing after it */
	}
	if (bytes[at] == 0xc4 || bytes[at] == 0xc5)
		decode_vex(&i, bytes + at);
	else if (bytes[at] == 0x62)
		decode_evex(&i, bytes + at);
	else
		decode_legacy(&i, bytes + at);
	if (i.vector)
		return vector_size(&i);
	return i.map == MAP_ONE_BYTE ? one_byte_size(&i) : two_byte_size(&i);
}
