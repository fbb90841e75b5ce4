/* SPDX-License-Identifier: GPL-2.0-only */
/* partition_table.h - build partition tables for tests */
#ifndef TESTS_PARTITION_TABLE_H
#define TESTS_PARTITION_TABLE_H

#include <stdint.h>
#include <string.h>

#include "engine/disk/crc32.h"

/* Partitions 1 and 3 are good, 2 does not exist, 4 is behind the end */
#define GPT_ENTRIES 128U
#define GPT_FIRST(number) (256U + (number)*512U)
#define GPT_COUNT 400U
#define GPT_HEAD_MAX (4096 + GPT_ENTRIES * 128)

static inline void put_le(unsigned char *p, uint64_t value, unsigned bytes)
{
	for (; bytes--; value >>= 8)
		*p++ = (unsigned char)value;
}

static inline void gpt_seal(unsigned char *header, const unsigned char *table, size_t bytes)
{
	put_le(header + 88, crc32_ieee(table, bytes), 4);
	put_le(header + 16, 0, 4);
	put_le(header + 16, crc32_ieee(header, 92), 4);
}

/* Header in the first sector, entries behind it; the copy at the end has its entries in front */
static inline size_t gpt_build(unsigned char *buf, unsigned sector, uint64_t lba, uint64_t sectors)
{
	unsigned char *table = buf + sector, *entry;
	size_t bytes = GPT_ENTRIES * 128;
	unsigned number;

	memset(buf, 0, sector + bytes);
	memcpy(buf, "EFI PART", 8);
	put_le(buf + 8, 0x10000, 4);
	put_le(buf + 12, 92, 4);
	put_le(buf + 24, lba, 8);
	put_le(buf + 72, lba == 1 ? 2 : lba - bytes / sector, 8);
	put_le(buf + 80, GPT_ENTRIES, 4);
	put_le(buf + 84, 128, 4);
	for (number = 1; number <= 4; number++) {
		if (number == 2)
			continue;
		entry = table + (number - 1) * 128;
		memset(entry, 0xab, 32);
		put_le(entry + 32, number == 4 ? sectors - 1 : GPT_FIRST(number), 8);
		put_le(entry + 40, number == 4 ? sectors : GPT_FIRST(number) + GPT_COUNT - 1, 8);
	}
	gpt_seal(buf, table, bytes);
	return sector + bytes;
}

struct mbr_part {
	uint8_t type;
	uint32_t first, count;
};

static inline void mbr_build(unsigned char *sector, const struct mbr_part *parts)
{
	unsigned i;

	memset(sector, 0, 512);
	for (i = 0; i < 4; i++) {
		sector[446 + i * 16 + 4] = parts[i].type;
		put_le(sector + 446 + i * 16 + 8, parts[i].first, 4);
		put_le(sector + 446 + i * 16 + 12, parts[i].count, 4);
	}
	sector[510] = 0x55;
	sector[511] = 0xaa;
}

#endif
