/* SPDX-License-Identifier: GPL-2.0-only */
/* generate.c - instructions of every form, with edge values
 *
 * Opcodes are described by a table: what follows them, and what they leave undefined. Operands in
 * memory mostly lie in the data pages: their base register is set after the fact. What one
 * processor has and the emulator has not is left out: extensions, system calls, far jumps.
 */
#include "generate.h"

#include <string.h>

#define CF 1u
#define PF 4u
#define AF 0x10u
#define ZF 0x40u
#define SF 0x80u
#define OF 0x800u
#define C0123 0x4700u

#define M 1u  /* ModRM */
#define I8 2u /* immediates */
#define IZ 4u /* 16 or 32 bits */
#define IV 8u /* 64 with REX.W */
#define I16 16u
#define I64 32u
#define BRANCH 64u /* no operand size */
#define YES 128u   /* nothing follows */
#define REL 256u   /* 32 bits */

static const uint16_t one_byte[256] = {
	[0x06 ... 0x07] = YES,
	[0x50 ... 0x5f] = YES,
	[0x60 ... 0x61] = YES,
	[0x63] = M,
	[0x68] = IZ,
	[0x69] = M | IZ,
	[0x6a] = I8,
	[0x6b] = M | I8,
	[0x6c ... 0x6f] = YES,
	[0x70 ... 0x7f] = I8 | BRANCH,
	[0x80] = M | I8,
	[0x81] = M | IZ,
	[0x83] = M | I8,
	[0x84 ... 0x8d] = M,
	[0x8f] = M,
	[0x90 ... 0x99] = YES,
	[0x9b ... 0x9f] = YES,
	[0xa0 ... 0xa3] = I64,
	[0xa4 ... 0xa7] = YES,
	[0xa8] = I8,
	[0xa9] = IZ,
	[0xaa ... 0xaf] = YES,
	[0xb0 ... 0xb7] = I8,
	[0xb8 ... 0xbf] = IV,
	[0xc0 ... 0xc1] = M | I8,
	[0xc2] = I16 | BRANCH,
	[0xc3] = BRANCH | YES,
	[0xc6] = M | I8,
	[0xc7] = M | IZ,
	[0xc8] = I16 | I8,
	[0xc9] = YES,
	[0xcc] = YES,
	[0xd0 ... 0xd3] = M,
	[0xd7] = YES,
	[0xd8 ... 0xdf] = M,
	[0xe0 ... 0xe3] = I8 | BRANCH,
	[0xe4 ... 0xe7] = I8,
	[0xe8 ... 0xe9] = REL | BRANCH,
	[0xeb] = I8 | BRANCH,
	[0xec ... 0xef] = YES,
	[0xf1] = YES,
	[0xf4 ... 0xf5] = YES,
	[0xf6 ... 0xf7] = M,
	[0xf8 ... 0xfd] = YES,
	[0xfe ... 0xff] = M,
};

static const uint16_t two_bytes[256] = {
	[0x06] = YES,	     [0x08 ... 0x09] = YES,
	[0x0b] = YES,	     [0x0d] = M,
	[0x10 ... 0x17] = M, [0x18 ... 0x1d] = M,
	[0x1f] = M,	     [0x28 ... 0x2f] = M,
	[0x30] = YES,	     [0x32 ... 0x33] = YES,
	[0x40 ... 0x4f] = M, [0x50 ... 0x51] = M,
	[0x54 ... 0x6f] = M, [0x70 ... 0x73] = M | I8,
	[0x74 ... 0x76] = M, [0x77] = YES,
	[0x7e ... 0x7f] = M, [0x80 ... 0x8f] = REL | BRANCH,
	[0x90 ... 0x9f] = M, [0xa0] = YES,
	[0xa3] = M,	     [0xa4] = M | I8,
	[0xa5] = M,	     [0xa8] = YES,
	[0xab] = M,	     [0xac] = M | I8,
	[0xad] = M,	     [0xae] = M,
	[0xaf] = M,	     [0xb0 ... 0xb1] = M,
	[0xb3] = M,	     [0xb6 ... 0xb8] = M,
	[0xba] = M | I8,     [0xbb ... 0xbf] = M,
	[0xc0 ... 0xc1] = M, [0xc2] = M | I8,
	[0xc3] = M,	     [0xc4 ... 0xc6] = M | I8,
	[0xc7] = M,	     [0xc8 ... 0xcf] = YES,
	[0xd1 ... 0xef] = M, [0xf1 ... 0xfe] = M,
};

static uint64_t code_at;

static uint64_t data_address(void)
{
	uint64_t at = DATA + random_below(DATA_PAGES * PAGE + 64);

	if (one_in(8))
		at = DATA + PAGE * (1 + random_below(3)) - random_below(20);
	return one_in(3) ? at : at & ~15UL;
}

/* ---- instructions ---- */
struct writer {
	struct test_case *test;
	uint8_t rex;
	bool op16;
};

static void put(struct test_case *t, uint64_t v, unsigned bytes)
{
	memcpy(t->code + t->length, &v, bytes);
	t->length += bytes;
}

/* The operand's place in memory becomes one in the data, most of the time */
static void aim(struct test_case *t, unsigned base, unsigned index, unsigned scale, int32_t disp)
{
	uint64_t v = data_address() - (int64_t)disp;

	if (one_in(10) || base > 15)
		return;
	if (index == base)
		return;
	if (index < 16) {
		if (!one_in(4))
			t->state.r[index] = random_below(64);
		v -= t->state.r[index] << scale;
	}
	t->state.r[base] = v;
}

static void put_modrm(struct writer *w, uint8_t reg, bool memory)
{
	struct test_case *t = w->test;
	const unsigned at = t->length;
	unsigned mod = memory ? random_below(3) : 3, rm = random_below(8);
	unsigned base = rm | (w->rex & 1) << 3, index = 16, scale = 0;
	int32_t disp = 0;

	put(t, mod << 6 | reg << 3 | rm, 1);
	if (mod == 3)
		return;
	if (rm == 4) {
		const uint8_t sib = (uint8_t)random_bits();

		put(t, sib, 1);
		scale = sib >> 6;
		index = (sib >> 3 & 7) | (w->rex & 2) << 2;
		if (index == 4)
			index = 16;
		base = (sib & 7) | (w->rex & 1) << 3;
		if ((sib & 7) == 5 && !mod)
			base = 16;
	} else if (rm == 5 && !mod) {
		base = 17;
	}
	if (mod == 1) {
		disp = (int8_t)random_bits();
		put(t, (uint8_t)disp, 1);
	} else if (mod == 2 || base > 15) {
		disp = one_in(3) ? (int32_t)random_bits() : (int32_t)random_below(512) - 256;
		if (base == 16)
			disp = (int32_t)data_address();
		else if (base == 17)
			disp = (int32_t)(data_address() - CODE - at);
		put(t, (uint32_t)disp, 4);
	}
	aim(t, base, index, scale, disp);
}

/* What the architecture leaves open */
static void undefined(struct test_case *t, unsigned map, uint8_t op, uint8_t modrm, unsigned count,
		      unsigned bits)
{
	const unsigned reg = modrm >> 3 & 7;
	const unsigned n = count & (bits == 64 ? 63 : 31);

	t->undefined = 0;
	t->x87_undefined = 0;
	if (!map) {
		const unsigned row = op >> 3;

		if ((op < 0x40 && (row == 1 || row == 4 || row == 6)) ||
		    (op >= 0x84 && op <= 0x85) || (op >= 0xa8 && op <= 0xa9) ||
		    (op >= 0x80 && op <= 0x83 && (reg == 1 || reg == 4 || reg == 6)) ||
		    ((op == 0xf6 || op == 0xf7) && reg < 2))
			t->undefined = AF;
		if (op == 0x69 || op == 0x6b)
			t->undefined = SF | ZF | AF | PF;
		if ((op == 0xf6 || op == 0xf7) && (reg == 4 || reg == 5))
			t->undefined = SF | ZF | AF | PF;
		if ((op == 0xf6 || op == 0xf7) && reg > 5)
			t->undefined = CF | OF | SF | ZF | AF | PF;
		if ((op >= 0xd0 && op <= 0xd3) || op == 0xc0 || op == 0xc1) {
			if (n != 1)
				t->undefined |= OF;
			if (reg >= 4 && n)
				t->undefined |= AF;
			if (reg >= 4 && reg != 7 && n >= bits)
				t->undefined |= CF;
		}
		return;
	}
	if (op == 0xa3 || op == 0xab || op == 0xb3 || op == 0xbb || op == 0xba)
		t->undefined = OF | SF | AF | PF;
	if (op == 0xbc || op == 0xbd)
		t->undefined = CF | OF | SF | AF | PF;
	if (op == 0xaf)
		t->undefined = SF | ZF | AF | PF;
	if (op == 0xa4 || op == 0xa5 || op == 0xac || op == 0xad) {
		t->undefined = AF | (n == 1 ? 0 : OF);
		if (n > bits)
			t->loose = true;
		if (n >= bits)
			t->undefined |= CF;
	}
	if (op >= 0xc8 && op <= 0xcf && bits == 16)
		t->loose = true;
}

/* Instructions that the processor has and the emulator has not, or that differ among processors */
static bool left_out(unsigned map, uint8_t op, uint8_t modrm, uint8_t rep, bool op16)
{
	const unsigned reg = modrm >> 3 & 7;
	const bool memory = modrm < 0xc0;

	if (!map) {
		switch (op) {
		case 0x8f:
			return reg;
		case 0x8e:
			return true;
		case 0xc6:
		case 0xc7:
			return !memory && reg == 7;
		case 0xff:
			return reg == 3 || reg == 5 || (op16 && (reg == 2 || reg == 4));
		case 0x9c: /* the trap flag of the test shows */
			return false;
		case 0xd9:
			return (modrm >= 0xd8 && modrm < 0xe0) ||
			       (modrm >= 0xf0 &&
				(modrm <= 0xf3 || modrm == 0xf9 || modrm == 0xfb || modrm >= 0xfe));
		case 0xdb:
		case 0xdd:
		case 0xdf:
			return memory && reg == 1;
		}
		return false;
	}
	switch (op) {
	case 0x12:
	case 0x16:
		return rep;
	case 0xb8:
		return rep != 0xf3;
	case 0xbc:
	case 0xbd:
		return rep == 0xf3;
	case 0xae:
		return !memory || reg > 3 || rep || op16;
	case 0xc7:
		return !memory || reg != 1;
	case 0x1c:
	case 0x1d:
	case 0x0d:
		return op16 || rep;
	}
	return false;
}

/* To the next instruction, or where there are breakpoints or nothing */
static int branch(void)
{
	switch (random_below(3)) {
	case 0:
		return 0;
	case 1:
		return (int)(CASE_MAX + random_below(60));
	default:
		return -(int)(CASE_MAX + random_below(60)) - 4;
	}
}

static unsigned generate_one(struct test_case *t)
{
	struct writer w = { .test = t };
	const unsigned start = t->length, map = random_below(5) < 2 ? 0 : one_in(2);
	const uint8_t op = (uint8_t)random_bits();
	const unsigned alu = !map && op < 0x40 && (op & 7) < 6;
	const unsigned what = alu   ? (op & 7) < 4    ? M
				      : (op & 7) == 4 ? I8
						      : IZ
			      : map ? two_bytes[op]
				    : one_byte[op];
	const bool string = !map && ((op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf));
	const bool x87 = !map && op >= 0xd8 && op <= 0xdf;
	uint8_t modrm = (uint8_t)random_bits(), rep = 0;
	unsigned at, imm_at, bits;
	bool memory;

	if (!what)
		return 0;
	if (one_in(map ? 4 : 8) && !(what & BRANCH)) {
		put(t, 0x66, 1);
		w.op16 = true;
	}
	if (one_in(12))
		put(t, 0x65, 1);
	if (one_in(20))
		put(t, 0x67, 1);
	if (what & M && one_in(12) && !x87)
		put(t, 0xf0, 1);
	if (string ? one_in(2) : map && one_in(3)) {
		rep = one_in(2) ? 0xf2 : 0xf3;
		put(t, rep, 1);
	}
	if (!one_in(3)) {
		w.rex = 0x40 | (random_bits() & 15);
		put(t, w.rex, 1);
	}
	if (map)
		put(t, 0x0f, 1);
	put(t, op, 1);
	at = t->length;
	if (what & M) {
		memory = modrm < 0xc0;
		if (left_out(map, op, modrm, rep, w.op16)) {
			t->length = start;
			return 0;
		}
		if (memory) {
			put_modrm(&w, modrm >> 3 & 7, true);
			modrm = t->code[at];
		} else {
			put(t, modrm, 1);
		}
	}
	imm_at = t->length;
	if (what & I16)
		put(t, random_below(64), 2);
	if (what & I8)
		put(t, what & BRANCH ? branch() : (int)random_bits(), 1);
	if (what & IZ || (!map && op == 0xf7 && (modrm >> 3 & 7) < 2))
		put(t, edge_integer(), w.op16 && !(w.rex & 8) ? 2 : 4);
	if (!map && op == 0xf6 && (modrm >> 3 & 7) < 2)
		put(t, random_bits(), 1);
	if (what & IV)
		put(t, edge_integer(), w.rex & 8 ? 8 : w.op16 ? 2 : 4);
	if (what & I64)
		put(t, data_address(), 8);
	if (what & REL)
		put(t, one_in(3) ? (uint32_t)branch() : (uint32_t)random_bits(), 4);
	bits = op & 1 || map ? w.rex & 8 ? 64 : w.op16 ? 16 : 32 : 8;
	undefined(t, map, op, modrm,
		  op >= 0xd2 && !map   ? (unsigned)t->state.r[1] & 0xff
		  : op >= 0xd0 && !map ? 1
		  : what & I8	       ? t->code[imm_at]
				       : (unsigned)t->state.r[1] & 0xff,
		  bits);
	t->far = map ? op == 0xae || op == 0xf7
		     : (op == 0xd9 || op == 0xdd) && (modrm >> 3 & 7) >= 4 && modrm < 0xc0;
	if (map && op == 0xf7)
		t->loose = true;
	if (!map && (op == 0xda || op == 0xdb || op == 0xdf) && modrm >= 0xc0)
		t->x87_undefined = 0x200;
	/* what is written of an operand in two pages, before the second faults */
	t->pieces =
	    !map && modrm < 0xc0 &&
	    ((op == 0xdb && (modrm >> 3 & 7) == 7) || (op == 0xdf && (modrm >> 3 & 7) == 6) ||
	     (op == 0xdd && (modrm >> 3 & 7) == 6) || (op == 0xd9 && (modrm >> 3 & 7) == 6));
	if (start && (map ? op == 0xa5 || op == 0xad : op == 0xd2 || op == 0xd3))
		t->undefined |= CF | OF | AF | SF | ZF | PF; /* CL may be another one by now */
	/* where earlier instructions of the x87 were is told by some processors */
	if (!map && (op == 0xd9 || op == 0xdd) && (modrm >> 3 & 7) == 6 && modrm < 0xc0 && start)
		t->loose = true;
	if (map && op == 0xae && (modrm >> 3 & 7) == 0 && start)
		t->loose = true;
	/* which of two traps comes for a wrong alignment is the processor's choice */
	if (map && op == 0xae && (modrm >> 3 & 7) < 2)
		t->state.flags &= ~0x40000UL;
	t->last = (map && (op == 0xa5 || op == 0xad)) || (!map && (op == 0xd2 || op == 0xd3)) ||
		  (!map && op == 0x9d); /* POPF: for the lines above */
	return t->length - start;
}

/* Code that changes what comes next, or what was executed before */
static void changing_code(struct test_case *t)
{
	static const uint8_t next[] = { 0x48, 0x89, 0x05, 0, 0, 0, 0 }; /* mov %rax, 0(%rip) */
	static const uint8_t loop[] = {
		0x48, 0xff, 0xc3,		    /* inc %rbx: dec from the second time on */
		0x88, 0x05, 0xf9, 0xff, 0xff, 0xff, /* mov %al, -7(%rip) */
		0xff, 0xc9,			    /* dec %ecx */
		0x75, 0xf3,			    /* jnz to the start */
	};
	static const uint64_t instructions[] = {
		0x90909090c3ff4890,			/* nop; inc %rbx */
		0x909090909090c031,			/* xor %eax, %eax */
		0xcccccccccccccccc, 0xc3ff48d8014890f9, /* stc; nop; add %rbx, %rax; inc %rbx */
		0x00000000000000b8,			/* mov $0, %eax */
	};

	t->undefined = t->x87_undefined = 0;
	t->state.r[1] = 1 + random_below(5);
	if (one_in(2)) {
		t->state.r[0] = 0xcb;
		memcpy(t->code, loop, sizeof(loop));
		t->length = sizeof(loop) + 1;
		return;
	}
	t->state.r[0] = instructions[random_below(sizeof(instructions) / sizeof(instructions[0]))];
	memcpy(t->code, next, sizeof(next));
	memset(t->code + sizeof(next), 0x90, 8);
	t->length = sizeof(next) + 8 + 1;
	t->undefined = AF;
}

void generate(struct test_case *t)
{
	struct state *s = &t->state;
	unsigned instructions = 1 + random_below(3);

	memset(s, 0, sizeof(*s));
	memset(t->code, 0xcc, sizeof(t->code));
	t->length = 0;
	code_at = CODE + CODE_MARGIN + random_below(64);
	if (one_in(6))
		code_at = CODE + PAGE - random_below(40);
	t->loose = t->last = t->far = t->pieces = false;
	for (unsigned n = 0; n < 16; n++)
		s->r[n] = one_in(4) ? data_address() : edge_integer();
	if (!one_in(4))
		s->r[1] = random_below(one_in(4) ? 300 : 40);
	s->r[4] = DATA + PAGE + 1024 + random_below(4096);
	if (!one_in(4))
		s->r[4] &= ~7UL;
	if (!one_in(3))
		s->r[6] = data_address();
	if (!one_in(3))
		s->r[7] = data_address();
	s->gs_base = one_in(2) ? 0 : random_below(256);
	s->ip = code_at;
	s->flags = 0x202 | (random_bits() & 0xcd5);
	if (one_in(3))
		s->flags |= 0x100;
	if (one_in(16))
		s->flags |= 0x40000;
	random_fpu(&s->fx);
	fill(t->data, sizeof(t->data));
	if (one_in(20)) {
		changing_code(t);
		return;
	}
	while (instructions && t->length < CASE_MAX - 20) {
		if (!generate_one(t))
			continue;
		if (t->undefined || t->x87_undefined || t->loose || t->last || t->far || t->pieces)
			break;
		instructions--;
	}
	t->length++; /* the breakpoint */
}
