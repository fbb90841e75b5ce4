/* SPDX-License-Identifier: GPL-2.0-only */
/* sse_int.c - packed integers */
#include "engine/tier/emulate/cpu/sse/sse.h"

#define D (&c->x[i->reg])
#define S (&c->x[i->rm])

/* Each lane of both */
#define LANES(name, lane, count, expression)                                                       \
	UOP(op_##name)                                                                             \
	{                                                                                          \
		union emu_xmm *const d = D, s = *S;                                                \
		for (u32 k = 0; k < (count); k++) {                                                \
			const __typeof__(d->lane[0]) a = d->lane[k], b = s.lane[k];                \
			d->lane[k] = (__typeof__(a))(expression);                                  \
		}                                                                                  \
		NEXT;                                                                              \
	}

static inline i32 clamp(i32 v, i32 low, i32 high)
{
	return v < low ? low : v > high ? high : v;
}

LANES(paddb, b, 16, a + b)
LANES(paddw, w, 8, a + b)
LANES(paddd, d, 4, a + b)
LANES(paddq, q, 2, a + b)
LANES(psubb, b, 16, a - b)
LANES(psubw, w, 8, a - b)
LANES(psubd, d, 4, a - b)
LANES(psubq, q, 2, a - b)
LANES(paddsb, sb, 16, clamp(a + b, -128, 127))
LANES(paddsw, sw, 8, clamp(a + b, -32768, 32767))
LANES(paddusb, b, 16, clamp(a + b, 0, 255))
LANES(paddusw, w, 8, clamp(a + b, 0, 65535))
LANES(psubsb, sb, 16, clamp(a - b, -128, 127))
LANES(psubsw, sw, 8, clamp(a - b, -32768, 32767))
LANES(psubusb, b, 16, clamp(a - b, 0, 255))
LANES(psubusw, w, 8, clamp(a - b, 0, 65535))
LANES(pcmpeqb, b, 16, a == b ? 0xff : 0)
LANES(pcmpeqw, w, 8, a == b ? 0xffff : 0)
LANES(pcmpeqd, d, 4, a == b ? 0xffffffff : 0)
LANES(pcmpgtb, sb, 16, a > b ? -1 : 0)
LANES(pcmpgtw, sw, 8, a > b ? -1 : 0)
LANES(pcmpgtd, sd, 4, a > b ? -1 : 0)
LANES(pminub, b, 16, a < b ? a : b)
LANES(pmaxub, b, 16, a > b ? a : b)
LANES(pminsw, sw, 8, a < b ? a : b)
LANES(pmaxsw, sw, 8, a > b ? a : b)
LANES(pavgb, b, 16, (a + b + 1) >> 1)
LANES(pavgw, w, 8, (a + b + 1) >> 1)
LANES(pmullw, sw, 8, (i32)a *b)
LANES(pmulhw, sw, 8, ((i32)a * b) >> 16)
LANES(pmulhuw, w, 8, ((u32)a * b) >> 16)
LANES(pmuludq, q, 2, (u64)(u32)a *(u32)b)
LANES(pand, q, 2, a &b)
LANES(pandn, q, 2, ~a &b)
LANES(por, q, 2, a | b)
LANES(pxor, q, 2, a ^ b)

UOP(op_pmaddwd)
{
	union emu_xmm *const d = D, s = *S;

	for (u32 k = 0; k < 4; k++)
		d->d[k] = (u32)((i32)d->sw[2 * k] * s.sw[2 * k]) +
			  (u32)((i32)d->sw[2 * k + 1] * s.sw[2 * k + 1]);
	NEXT;
}

UOP(op_psadbw)
{
	union emu_xmm *const d = D, s = *S;

	for (u32 half = 0; half < 2; half++) {
		u32 sum = 0;

		for (u32 k = half * 8; k < half * 8 + 8; k++)
			sum += d->b[k] > s.b[k] ? d->b[k] - s.b[k] : s.b[k] - d->b[k];
		d->q[half] = sum;
	}
	NEXT;
}

/* ---- shifts: one count for all lanes ---- */
#define SHIFT(name, lane, count, bits, shifted, all)                                               \
	static void name(union emu_xmm *d, u64 n)                                                  \
	{                                                                                          \
		for (u32 k = 0; k < (count); k++) {                                                \
			const __typeof__(d->lane[0]) a = d->lane[k];                               \
			d->lane[k] = (__typeof__(a))(n < (bits) ? (shifted) : (all));              \
		}                                                                                  \
	}                                                                                          \
	UOP(op_##name)                                                                             \
	{                                                                                          \
		name(D, S->q[0]);                                                                  \
		NEXT;                                                                              \
	}

SHIFT(psllw, w, 8, 16, a << n, 0)
SHIFT(pslld, d, 4, 32, a << n, 0)
SHIFT(psllq, q, 2, 64, a << n, 0)
SHIFT(psrlw, w, 8, 16, a >> n, 0)
SHIFT(psrld, d, 4, 32, a >> n, 0)
SHIFT(psrlq, q, 2, 64, a >> n, 0)
SHIFT(psraw, sw, 8, 16, a >> n, a >> 15)
SHIFT(psrad, sd, 4, 32, a >> n, a >> 31)

/* @x: the opcode's low two bits and the ModRM's three: 71 to 73 */
UOP(op_shift_imm)
{
	union emu_xmm *const d = D;
	const u64 n = i->imm;

	switch (i->x) {
	case 1 << 3 | 2:
		psrlw(d, n);
		break;
	case 1 << 3 | 4:
		psraw(d, n);
		break;
	case 1 << 3 | 6:
		psllw(d, n);
		break;
	case 2 << 3 | 2:
		psrld(d, n);
		break;
	case 2 << 3 | 4:
		psrad(d, n);
		break;
	case 2 << 3 | 6:
		pslld(d, n);
		break;
	case 3 << 3 | 2:
		psrlq(d, n);
		break;
	default:
		psllq(d, n);
		break;
	}
	NEXT;
}

UOP(op_pslldq)
{
	union emu_xmm r = { .q = { 0 } };

	for (u64 k = i->imm; k < 16; k++)
		r.b[k] = D->b[k - i->imm];
	*D = r;
	NEXT;
}

UOP(op_psrldq)
{
	union emu_xmm r = { .q = { 0 } };

	for (u64 k = i->imm; k < 16; k++)
		r.b[k - i->imm] = D->b[k];
	*D = r;
	NEXT;
}

/* ---- packs and unpacks ---- */
#define PACK(name, to, from, count, low, high)                                                     \
	UOP(op_##name)                                                                             \
	{                                                                                          \
		const union emu_xmm a = *D, b = *S;                                                \
		for (u32 k = 0; k < (count); k++) {                                                \
			D->to[k] = (__typeof__(a.to[0]))clamp(a.from[k], low, high);               \
			D->to[k + (count)] = (__typeof__(a.to[0]))clamp(b.from[k], low, high);     \
		}                                                                                  \
		NEXT;                                                                              \
	}

PACK(packsswb, sb, sw, 8, -128, 127)
PACK(packuswb, b, sw, 8, 0, 255)
PACK(packssdw, sw, sd, 4, -32768, 32767)

#define UNPACK(name, lane, count, from)                                                            \
	UOP(op_##name)                                                                             \
	{                                                                                          \
		const union emu_xmm a = *D, b = *S;                                                \
		for (u32 k = 0; k < (count); k++) {                                                \
			D->lane[2 * k] = a.lane[(from) + k];                                       \
			D->lane[2 * k + 1] = b.lane[(from) + k];                                   \
		}                                                                                  \
		NEXT;                                                                              \
	}

UNPACK(punpcklbw, b, 8, 0)
UNPACK(punpcklwd, w, 4, 0)
UNPACK(punpckldq, d, 2, 0)
UNPACK(punpcklqdq, q, 1, 0)
UNPACK(punpckhbw, b, 8, 8)
UNPACK(punpckhwd, w, 4, 4)
UNPACK(punpckhdq, d, 2, 2)
UNPACK(punpckhqdq, q, 1, 1)

/* ---- shuffles ---- */
UOP(op_pshufd)
{
	const union emu_xmm s = *S;

	for (u32 k = 0; k < 4; k++)
		D->d[k] = s.d[i->imm >> 2 * k & 3];
	NEXT;
}

static void shuffle_words(union emu_xmm *d, const union emu_xmm *from, u64 imm, u32 first)
{
	const union emu_xmm s = *from;

	*d = s;
	for (u32 k = 0; k < 4; k++)
		d->w[first + k] = s.w[first + (imm >> 2 * k & 3)];
}

UOP(op_pshuflw)
{
	shuffle_words(D, S, i->imm, 0);
	NEXT;
}

UOP(op_pshufhw)
{
	shuffle_words(D, S, i->imm, 4);
	NEXT;
}

UOP(op_shufps)
{
	const union emu_xmm a = *D, b = *S;

	for (u32 k = 0; k < 4; k++)
		D->d[k] = (k < 2 ? &a : &b)->d[i->imm >> 2 * k & 3];
	NEXT;
}

UOP(op_shufpd)
{
	const union emu_xmm a = *D, b = *S;

	D->q[0] = a.q[i->imm & 1];
	D->q[1] = b.q[i->imm >> 1 & 1];
	NEXT;
}
