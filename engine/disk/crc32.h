/* SPDX-License-Identifier: GPL-2.0-only */
/* crc32.h - the CRC of IEEE 802.3 (GPT, overlay files) */
#ifndef ENGINE_DISK_CRC32_H
#define ENGINE_DISK_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Bit by bit: what it is used on is a few kilobytes, once for each start */
static inline uint32_t crc32_ieee(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t crc = ~0U;
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

#endif
