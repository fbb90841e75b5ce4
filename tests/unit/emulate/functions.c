/* SPDX-License-Identifier: GPL-2.0-only */
/* functions.c - sines, logarithms, estimates: compared with what they may differ by
 *
 * Processors promise less than one unit in the last place for the x87's functions, so two of them
 * may be one apart, and 1.5 * 2^-12 of the value for RCP and RSQRT.
 */
#include "functions.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "generate.h"

#define C1 0x200

static const uint8_t codes[][3] = {
	{ 0xd9, 0xf0, 0xcc }, { 0xd9, 0xf1, 0xcc }, { 0xd9, 0xf2, 0xcc }, { 0xd9, 0xf3, 0xcc },
	{ 0xd9, 0xf9, 0xcc }, { 0xd9, 0xfb, 0xcc }, { 0xd9, 0xfe, 0xcc }, { 0xd9, 0xff, 0xcc },
	{ 0x0f, 0x52, 0xc1 }, { 0x0f, 0x53, 0xc1 },
};

static bool extended_agree(const uint64_t a[2], const uint64_t b[2])
{
	const uint64_t apart = a[0] > b[0] ? a[0] - b[0] : b[0] - a[0];

	if ((uint16_t)a[1] == (uint16_t)b[1])
		return apart <= 1;
	/* two sides of a power of two */
	return (uint16_t)(a[1] ^ b[1]) < 0x8000 && apart >= (UINT64_MAX >> 1) - 1;
}

static bool estimate_agrees(uint32_t a, uint32_t b)
{
	float x, y;

	if (a == b)
		return true;
	memcpy(&x, &a, sizeof(x));
	memcpy(&y, &b, sizeof(y));
	return fabsf(x - y) <= fabsf(x) * 2 * 1.5f / 4096 || fabsf(x - y) <= 0x1p-126f;
}

static void in_domain(struct state *s, uint8_t function)
{
	for (unsigned n = 0; n < 2; n++) {
		const uint16_t exponent = s->fx.st[n][1] & 0x7fff;

		if (function == 0xf0 && exponent >= 0x3fff && exponent < 0x7fff)
			s->fx.st[n][1] = 0x3ffe - random_below(40);
		if (function == 0xf9 && !n && exponent >= 0x3ffd)
			s->fx.st[n][1] = 0x3ffc - random_below(40);
		if (!(s->fx.st[n][0] >> 63) && s->fx.st[n][1] & 0x7fff)
			s->fx.st[n][0] |= 1UL << 63;
	}
}

bool functions_agree(uint64_t seed)
{
	struct state begin = { .ip = CODE, .flags = 0x202, .r[4] = DATA + PAGE }, n, e;
	const uint8_t *code;
	bool same = true;

	random_seed(seed);
	code = codes[random_below(sizeof(codes) / sizeof(codes[0]))];
	random_fpu(&begin.fx);
	begin.fx.fsw = (begin.fx.fsw & 0x3800);
	begin.fx.fcw = 0x37f | (begin.fx.fcw & 0xc00);
	in_domain(&begin, code[1]);
	memset((void *)CODE, 0xcc, 256);
	memcpy((void *)CODE, code, 3);
	memcpy(emulated_memory(), (void *)CODE, 256);
	n = e = begin;
	native_run(&n);
	emulated_run(&e);
	for (int k = 0; k < 8; k++)
		same &= extended_agree(n.fx.st[k], e.fx.st[k]);
	for (int k = 0; k < 4; k++)
		same &= estimate_agrees(((uint32_t *)n.fx.xmm)[k], ((uint32_t *)e.fx.xmm)[k]);
	same &= n.trap == e.trap && n.ip == e.ip && n.fx.full == e.fx.full &&
		n.fx.mxcsr == e.fx.mxcsr && !((n.fx.fsw ^ e.fx.fsw) & ~C1);
	if (same)
		return true;
	printf("function %02x %02x, seed %" PRIu64 ": control %x\n", code[0], code[1], seed,
	       begin.fx.fcw);
	for (int k = 0; k < 2; k++)
		printf("  of %04x:%016lx: %04x:%016lx, not %04x:%016lx\n",
		       (uint16_t)begin.fx.st[k][1], begin.fx.st[k][0], (uint16_t)e.fx.st[k][1],
		       e.fx.st[k][0], (uint16_t)n.fx.st[k][1], n.fx.st[k][0]);
	printf("  of %016lx: %016lx, not %016lx; status %x, not %x; tags %x, not %x; trap %d %d\n",
	       begin.fx.xmm[1][0], e.fx.xmm[0][0], n.fx.xmm[0][0], e.fx.fsw, n.fx.fsw, e.fx.full,
	       n.fx.full, e.trap, n.trap);
	return false;
}
