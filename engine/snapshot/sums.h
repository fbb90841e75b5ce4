/* SPDX-License-Identifier: GPL-2.0-only */
/* sums.h - checksums of layers of memory, which are made when nobody waits for them */
#ifndef ENGINE_SNAPSHOT_SUMS_H
#define ENGINE_SNAPSHOT_SUMS_H

#include <stdint.h>
#include "vitrine/error.h"

#define SUMS_SUFFIX ".sums"
#define SUMS_MAGIC "VTSUMS\r\n"
#define SUMS_VERSION 1
#define SUMS_BLOCK 65536U

/**
 * struct sums_head - the first bytes of the file; a CRC-32 for each block of the layer follows,
 * which is 0 when the block is zeros
 * @length: of the layer
 * @crc:    CRC-32 of what is above, and of what follows
 */
struct sums_head {
	char magic[8];
	uint32_t version, block;
	uint64_t length;
	uint32_t crc, pad;
};

/**
 * sums_make() - Write the checksums of a layer, if it has none yet
 * @dir:  where it is
 * @name: of its file
 *
 * They are there as a whole, or not at all.
 *
 * Return: 0, or -1 with @err.
 */
int sums_make(int dir, const char *name, struct error *err);

enum sums { SUMS_GOOD, SUMS_MISSING, SUMS_BAD };

/**
 * sums_check() - Compare a layer with its checksums
 *
 * Return: SUMS_MISSING when there are none, SUMS_BAD with @err, which says where, when it differs
 * or one of both cannot be read.
 */
enum sums sums_check(int dir, const char *name, struct error *err);

#endif
