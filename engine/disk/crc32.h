/* SPDX-License-Identifier: GPL-2.0-only */
/* crc32.h - the CRC of IEEE 802.3 (GPT, overlay files)
 *
 * Each layer of an image is known to what lies on it by the CRC of 64 KiB, so that a start of fifty
 * layers takes fifty of them: eight bytes at a time for what is long enough to be worth the tables.
 */
#ifndef ENGINE_DISK_CRC32_H
#define ENGINE_DISK_CRC32_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CRC32_TABLES_FROM 4096

static inline uint32_t crc32_bits(uint32_t crc, const unsigned char *p, size_t len)
{
	while (len--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return crc;
}

/* M. Kounavis and F. Berry, "A systematic approach to building high performance CRC generators" */
static inline uint32_t crc32_tables(uint32_t crc, const unsigned char *p, size_t words)
{
	uint32_t table[8][256], low, high;

	for (unsigned i = 0; i < 256; i++) {
		unsigned char byte = i;

		table[0][i] = crc32_bits(0, &byte, 1);
	}
	for (unsigned i = 0; i < 256; i++) {
		for (unsigned k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
	}
	for (; words--; p += 8) {
		memcpy(&low, p, 4);
		memcpy(&high, p + 4, 4);
		low ^= crc;
		crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^
		      table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^ table[3][high & 0xff] ^
		      table[2][high >> 8 & 0xff] ^ table[1][high >> 16 & 0xff] ^
		      table[0][high >> 24];
	}
	return crc;
}

static inline uint32_t crc32_ieee(const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t words = len >= CRC32_TABLES_FROM ? len / 8 : 0;
	uint32_t crc = ~0U;

	if (words)
		crc = crc32_tables(crc, p, words);
	return ~crc32_bits(crc, p + words * 8, len - words * 8);
}

#endif
