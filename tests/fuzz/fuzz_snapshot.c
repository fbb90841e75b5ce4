// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_snapshot.c - hostile states of paused sandboxes
 *
 * The first byte says whether checksums are made right; the rest is the file. What is accepted is
 * then read section by section, to the last byte, and its extents must be what they promise.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/disk/crc32.h"
#include "engine/snapshot/format.h"

#define FILE_MAX (64 * 1024)
#define MEMORY (1UL << 30)

static void make_right(uint8_t *data, size_t len)
{
	struct snapshot_head *head = (struct snapshot_head *)data;

	for (unsigned i = 0; i < SNAPSHOT_SECTIONS_MAX; i++) {
		struct snapshot_entry *entry = &head->sections[i];

		if (entry->offset <= len && entry->length <= len - entry->offset)
			entry->crc = crc32_ieee(data + entry->offset, entry->length);
	}
	head->length = len;
	head->crc = crc32_ieee(head, offsetof(struct snapshot_head, crc));
}

static void read_extents(const struct snapshot_file *file)
{
	struct error err;
	uint64_t end = 0;
	size_t count, layers;
	const struct snapshot_extent *extents = snapshot_extents(file, MEMORY, &count, &err);

	if (extents && (!snapshot_layers(file, &layers, &err) || layers > SNAPSHOT_LAYERS_MAX))
		abort();
	for (size_t i = 0; extents && i < count; i++) {
		if (extents[i].offset < end || extents[i].offset + extents[i].length > MEMORY ||
		    !extents[i].length || extents[i].layer >= layers)
			abort();
		end = extents[i].offset + extents[i].length;
	}
}

static unsigned read_rest(const struct snapshot_file *file)
{
	static uint8_t region[FILE_MAX];
	struct error err;
	size_t count;
	const struct snapshot_disk_layer *disks = snapshot_disk_layers(file, &count, &err);
	unsigned sum = 0;

	for (size_t i = 0; disks && i < count; i++)
		sum += disks[i].disk + disks[i].generation;
	return sum + (unsigned)snapshot_region(file, region, sizeof(region), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot_file file;
	struct error err;
	volatile unsigned sum = 0;
	size_t len = size ? size - 1 : 0;
	uint8_t *copy;

	if (!size || len > FILE_MAX)
		return 0;
	copy = malloc(len + 1); /* of this size, so that the sanitizer sees one byte more */
	memcpy(copy, data + 1, len);
	if (data[0] & 1 && len >= sizeof(struct snapshot_head))
		make_right(copy, len);
	if (!snapshot_parse(copy, len, &file, &err)) {
		for (int kind = 0; kind < SNAPSHOT_NKINDS; kind++) {
			size_t length;
			const uint8_t *at = snapshot_section(&file, kind, &length);

			for (size_t i = 0; at && i < length; i++)
				sum += at[i];
		}
		read_extents(&file);
		sum += read_rest(&file);
	}
	free(copy);
	return 0;
}
