/* SPDX-License-Identifier: GPL-2.0-only */
/* wide.h - 128 bits out of 64, for compilers that have them and those that do not */
#ifndef EMU_WIDE_H
#define EMU_WIDE_H

#include <stdint.h>

struct wide {
	uint64_t hi, lo;
};

static inline struct wide wide_mul(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	const unsigned __int128 p = (unsigned __int128)a * b;

	return (struct wide){ (uint64_t)(p >> 64), (uint64_t)p };
#else
	const uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	const uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
	const uint64_t mid = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;

	return (struct wide){ hh + (lh >> 32) + (hl >> 32) + (mid >> 32),
			      mid << 32 | (uint32_t)ll };
#endif
}

static inline struct wide wide_neg(struct wide v)
{
	return (struct wide){ ~v.hi + !v.lo, -v.lo };
}

static inline struct wide wide_add(struct wide a, struct wide b)
{
	const uint64_t lo = a.lo + b.lo;

	return (struct wide){ a.hi + b.hi + (lo < a.lo), lo };
}

static inline struct wide wide_sub(struct wide a, struct wide b)
{
	return (struct wide){ a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo };
}

/* @n below 128 */
static inline struct wide wide_shl(struct wide v, unsigned n)
{
	if (!n)
		return v;
	if (n >= 64)
		return (struct wide){ v.lo << (n - 64), 0 };
	return (struct wide){ v.hi << n | v.lo >> (64 - n), v.lo << n };
}

/* @n: anything; bits that are lost stay visible as the lowest one */
static inline struct wide wide_shr_sticky(struct wide v, unsigned n)
{
	struct wide r;

	if (!n)
		return v;
	if (n >= 128)
		return (struct wide){ 0, v.hi || v.lo };
	if (n > 64)
		r = (struct wide){ 0, v.hi >> (n - 64) | !!(v.lo | v.hi << (128 - n)) };
	else if (n == 64)
		r = (struct wide){ 0, v.hi | !!v.lo };
	else
		r = (struct wide){ v.hi >> n,
				   (v.hi << (64 - n) | v.lo >> n) | !!(v.lo << (64 - n)) };
	return r;
}

/* @v / @by where v.hi < @by */
static inline uint64_t wide_div(struct wide v, uint64_t by, uint64_t *rest)
{
#ifdef __SIZEOF_INT128__
	const unsigned __int128 n = (unsigned __int128)v.hi << 64 | v.lo;

	*rest = (uint64_t)(n % by);
	return (uint64_t)(n / by);
#else
	uint64_t q = 0;

	for (int k = 0; k < 64; k++) {
		const uint64_t out = v.hi >> 63;

		v = wide_shl(v, 1);
		q <<= 1;
		if (out || v.hi >= by) {
			v.hi -= by;
			q |= 1;
		}
	}
	*rest = v.hi;
	return q;
#endif
}

#endif
