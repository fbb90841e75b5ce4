/* SPDX-License-Identifier: GPL-2.0-only */
/* flags.h - arithmetic flags that are worked out when somebody looks
 *
 * Theory of operation
 * An operation leaves its result, extended with its sign to 64 bits, and the carries out of each
 * bit, shifted so that the operand's highest is bit 63. Everything follows without a look at which
 * operation it was:
 *
 *   ZF  result == 0               CF  bit 63 of carries
 *   SF  sign of result ^ delta    OF  bit 63 ^ bit 62 of carries
 *   PF  parity of the low byte of result ^ delta
 *   AF  bit 4 of aux
 *
 * delta is zero but for flags that were loaded, which need not go together.
 */
#ifndef EMU_FLAGS_H
#define EMU_FLAGS_H

#include "engine/tier/emulate/cpu/uop.h"

static inline u32 flag_c(const struct emu_cpu *c)
{
	return c->carries >> 63;
}

static inline u32 flag_o(const struct emu_cpu *c)
{
	return (c->carries ^ c->carries << 1) >> 63;
}

static inline u32 flag_z(const struct emu_cpu *c)
{
	return !c->result;
}

static inline u32 flag_s(const struct emu_cpu *c)
{
	return (c->result ^ c->delta) >> 63;
}

static inline u32 flag_p(const struct emu_cpu *c)
{
	u32 v = (u8)(c->result ^ c->delta);

	v ^= v >> 4;
	return ~(0x6996u >> (v & 15)) & 1;
}

static inline u32 flag_a(const struct emu_cpu *c)
{
	return c->aux >> 4 & 1;
}

/* carries for given CF and OF */
static inline u64 carries_of(u64 cf, u64 of)
{
	return cf << 63 | (cf ^ of) << 62;
}

static inline void set_c(struct emu_cpu *c, u32 cf)
{
	c->carries = carries_of(cf, flag_o(c));
}

static inline void set_co(struct emu_cpu *c, u32 cf, u32 of)
{
	c->carries = carries_of(cf, of);
}

/* SF, ZF and PF of @result, no carries */
static inline void set_logic(struct emu_cpu *c, u64 result)
{
	c->result = result;
	c->carries = 0;
	c->aux = 0;
	c->delta = 0;
}

static inline void set_z(struct emu_cpu *c, u32 zf)
{
	const u32 s = flag_s(c), p = flag_p(c);

	c->result = !zf;
	c->delta = (u64)s << 63 | (p == !!zf ? 0 : 1);
}

/* For an instruction that may have to start again */
static inline void flags_keep(struct emu_cpu *c)
{
	c->saved[0] = c->result;
	c->saved[1] = c->carries;
	c->saved[2] = c->aux;
	c->saved[3] = c->delta;
}

static inline void flags_back(struct emu_cpu *c)
{
	c->result = c->saved[0];
	c->carries = c->saved[1];
	c->aux = c->saved[2];
	c->delta = c->saved[3];
}

static inline void cut(struct emu_cpu *c, u32 registers)
{
	c->r[EMU_RCX] = (u32)c->r[EMU_RCX];
	if (registers & 1u << EMU_RSI)
		c->r[EMU_RSI] = (u32)c->r[EMU_RSI];
	if (registers & 1u << EMU_RDI)
		c->r[EMU_RDI] = (u32)c->r[EMU_RDI];
}

/* Is condition @n of Jcc, SETcc, CMOVcc true? A constant @n leaves one line. */
static inline __attribute__((always_inline)) u32 condition(const struct emu_cpu *c, u32 n)
{
	u32 v;

	switch (n >> 1) {
	case 0:
		v = flag_o(c);
		break;
	case 1:
		v = flag_c(c);
		break;
	case 2:
		v = flag_z(c);
		break;
	case 3:
		v = flag_c(c) | flag_z(c);
		break;
	case 4:
		v = flag_s(c);
		break;
	case 5:
		v = flag_p(c);
		break;
	case 6:
		v = flag_s(c) ^ flag_o(c);
		break;
	default:
		v = (flag_s(c) ^ flag_o(c)) | flag_z(c);
		break;
	}
	return v ^ (n & 1);
}

#endif
