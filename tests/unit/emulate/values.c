/* SPDX-License-Identifier: GPL-2.0-only */
/* values.c - numbers on which instructions differ: edges of integers and of floating point */
#include "generate.h"

#include <string.h>

static uint64_t random_state;

void random_seed(uint64_t seed)
{
	random_state = seed * 2 + 1;
}

uint64_t random_bits(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

unsigned random_below(unsigned n)
{
	return (unsigned)(random_bits() >> 33) % n;
}

bool one_in(unsigned n)
{
	return !random_below(n);
}

/* ---- values ---- */
uint64_t edge_integer(void)
{
	static const uint64_t edges[] = { 0,
					  1,
					  2,
					  0x7f,
					  0x80,
					  0xff,
					  0x7fff,
					  0x8000,
					  0xffff,
					  0x7fffffff,
					  0x80000000,
					  0xffffffff,
					  0x100000000,
					  0x7fffffffffffffff,
					  0x8000000000000000,
					  ~0UL,
					  ~1UL };

	switch (random_below(4)) {
	case 0:
		return edges[random_below(sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return random_bits() >> random_below(64);
	case 2:
		return (uint64_t)((int64_t)random_bits() >> random_below(64));
	default:
		return random_bits();
	}
}

static uint64_t edge_double(void)
{
	static const uint64_t edges[] = {
		0,
		0x3ff0000000000000,
		0x7ff0000000000000,
		0x7ff8000000000000,
		0x7ff0000000000001,
		1,
		0xfffffffffffff,
		0x10000000000000,
		0x7fefffffffffffff,
		0x4330000000000000,
		0x41e0000000000000,
		0x43e0000000000000,
		0x3fe0000000000000,
		0x7ff4000000000123,
		0x41dfffffffc00000,
		0x3fefffffffffffff,
		0x36a0000000000000,
		0x47efffffe0000000,
	};
	uint64_t v;

	if (one_in(3))
		v = edges[random_below(sizeof(edges) / sizeof(edges[0]))];
	else if (one_in(4))
		v = (random_bits() & 0xfffffffffffff) | (uint64_t)random_below(2048) << 52;
	else
		v = (random_bits() & ~0UL << random_below(52)) % (1UL << 52) |
		    (uint64_t)(1023 - 40 + random_below(80)) << 52;
	return v | random_bits() << 63;
}

static uint32_t edge_float(void)
{
	static const uint32_t edges[] = { 0,	      0x3f800000, 0x7f800000, 0x7fc00000,
					  0x7f800001, 1,	  0x7fffff,   0x800000,
					  0x7f7fffff, 0x4b000000, 0x4f000000, 0x3f000000,
					  0x7fa00123, 0x5f000000, 0x3f7fffff };
	uint32_t v;

	if (one_in(3))
		v = edges[random_below(sizeof(edges) / sizeof(edges[0]))];
	else if (one_in(4))
		v = (uint32_t)random_bits() & 0x7fffffff;
	else
		v = ((uint32_t)random_bits() & ~0U << random_below(23)) % (1U << 23) |
		    (127 - 30 + random_below(60)) << 23;
	return v | (uint32_t)random_bits() << 31;
}

static void edge_extended(uint64_t v[2])
{
	static const uint16_t exponents[] = {
		0, 1, 0x3fff, 0x7ffe, 0x7fff, 0x403e, 0x3ffe, 0x4000
	};

	v[0] = one_in(3) ? (random_bits() & ~0UL << random_below(64)) : random_bits();
	v[0] |= 1UL << 63;
	if (one_in(2))
		v[1] = 0x3fff - 40 + random_below(80);
	else if (one_in(2))
		v[1] = exponents[random_below(8)];
	else
		v[1] = random_below(0x8000);
	if (!v[1] && one_in(2))
		v[0] >>= random_below(64);
	if (!v[1] && one_in(3))
		v[0] = 0;
	if (v[1] == 0x7fff && one_in(2))
		v[0] = one_in(2) ? 1UL << 63 : 3UL << 62;
	if (one_in(40))
		v[0] &= ~(1UL << 63); /* unsupported ones among them */
	v[1] |= (uint64_t)random_below(2) << 15;
}

void fill(uint8_t *to, unsigned n)
{
	for (unsigned k = 0; k + 16 <= n; k += 16) {
		uint64_t v[2];
		uint32_t f[4];

		switch (random_below(4)) {
		case 0:
			v[0] = edge_integer();
			v[1] = edge_integer();
			break;
		case 1:
			v[0] = edge_double();
			v[1] = edge_double();
			break;
		case 2:
			for (unsigned j = 0; j < 4; j++)
				f[j] = edge_float();
			memcpy(v, f, sizeof(v));
			break;
		default:
			edge_extended(v);
			break;
		}
		memcpy(to + k, v, 16);
	}
}

void random_fpu(struct fx *fx)
{
	memset(fx, 0, sizeof(*fx));
	fx->fcw = 0x37f;
	fx->mxcsr = 0x1f80;
	fx->full = one_in(3) ? (uint8_t)random_bits() : 0xff;
	fx->fsw = random_below(8) << 11;
	if (one_in(3))
		fx->fcw = 0x40 | (random_bits() & 0xf3f);
	if (one_in(3))
		fx->fcw |= 0x3f;
	if ((fx->fcw & 0x300) == 0x100)
		fx->fcw |= 0x300;
	if (one_in(4))
		fx->fsw |= random_bits() & 0x4700;
	if (one_in(8))
		fx->fsw |= random_bits() & 0x7f;
	if (fx->fsw & ~fx->fcw & 0x3f)
		fx->fsw |= 0x8080;
	if (one_in(2))
		fx->mxcsr |= random_bits() & 0xe07f;
	if (one_in(4))
		fx->mxcsr &= ~(random_bits() & 0x1f80);
	for (unsigned n = 0; n < 8; n++)
		edge_extended(fx->st[n]);
	fill((uint8_t *)fx->xmm, sizeof(fx->xmm));
}
