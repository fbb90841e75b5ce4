// SPDX-License-Identifier: GPL-2.0-only
/* partition.c - where a partition lies on an image
 *
 * Theory of operation
 * A GPT (UEFI specification 2.10, section 5.3) is looked for first, at the sector sizes that exist,
 * and accepted only with both of its checksums right; a damaged one has a second copy at the end of
 * the disk. Then an MBR, whose logical partitions are a chain of boot records inside the extended
 * one. An image can come from anywhere, so each number is checked against the image's size before
 * it is used, and the chain has a length limit that no real disk reaches.
 *
 * Host system calls: pread64.
 */
#include "partition.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "crc32.h"
#include "vitrine/util.h"

#define MBR_SECTOR 512
#define MBR_LOGICAL_MAX 256
#define MBR_GPT_PROTECTIVE 0xee
#define GPT_ENTRIES_MAX 1024
#define GPT_ENTRY_MAX 4096

struct gpt_header {
	char signature[8];
	uint32_t revision, header_size, crc, reserved;
	uint64_t my_lba, alternate_lba, first_usable, last_usable;
	uint8_t disk_guid[16];
	uint64_t entries_lba;
	uint32_t entries, entry_size, entries_crc;
} __attribute__((packed));
static_assert(sizeof(struct gpt_header) == 92, "GPT header");

struct gpt_entry {
	uint8_t type[16], guid[16];
	uint64_t first, last;
} __attribute__((packed));

struct mbr_entry {
	uint8_t status, chs_first[3], type, chs_last[3];
	uint32_t first, count;
} __attribute__((packed));

struct mbr {
	uint8_t code[446];
	struct mbr_entry entries[4];
	uint8_t magic[2];
} __attribute__((packed));
static_assert(sizeof(struct mbr) == MBR_SECTOR, "MBR");

/* What the lookup works on */
struct image {
	int fd;
	uint64_t size;
};

enum lookup {
	LOOKUP_FOUND,
	LOOKUP_ABSENT,	/* there is such a table, but no such partition in it */
	LOOKUP_NOTABLE, /* there is no such table */
	LOOKUP_OUTSIDE, /* the partition does not lie inside the image */
};

static bool read_at(const struct image *image, uint64_t off, void *buf, size_t len)
{
	if (off > image->size || len > image->size - off)
		return false;
	return pread(image->fd, buf, len, (off_t)off) == (ssize_t)len;
}

/* Sectors first..first+count-1 as a byte range, if the image has them */
static enum lookup set_range(const struct image *image, uint64_t first, uint64_t count,
			     unsigned sector, struct partition *part)
{
	uint64_t sectors = image->size / sector;

	if (!first || !count || first >= sectors || count > sectors - first)
		return LOOKUP_OUTSIDE;
	part->start = first * sector;
	part->size = count * sector;
	return LOOKUP_FOUND;
}

static bool gpt_header_valid(const struct gpt_header *h, uint64_t lba)
{
	struct gpt_header copy = *h;

	if (memcmp(h->signature, "EFI PART", 8) || le64toh(h->my_lba) != lba)
		return false;
	/* Every writer uses the size of revision 1.0, so that nothing else needs reading */
	if (le32toh(h->header_size) != sizeof(*h))
		return false;
	copy.crc = 0;
	if (crc32_ieee(&copy, sizeof(copy)) != le32toh(h->crc))
		return false;
	return le32toh(h->entries) && le32toh(h->entries) <= GPT_ENTRIES_MAX &&
	       le32toh(h->entry_size) >= 128 && le32toh(h->entry_size) <= GPT_ENTRY_MAX;
}

static enum lookup gpt_find_at(const struct image *image, uint64_t lba, unsigned sector,
			       unsigned number, struct partition *part)
{
	static const uint8_t unused[16];
	cleanup_free uint8_t *table = NULL;
	uint64_t first, last, entries_lba;
	struct gpt_header header;
	struct gpt_entry entry;
	size_t bytes;

	if (!read_at(image, lba * sector, &header, sizeof(header)) ||
	    !gpt_header_valid(&header, lba))
		return LOOKUP_NOTABLE;

	entries_lba = le64toh(header.entries_lba);
	bytes = (size_t)le32toh(header.entries) * le32toh(header.entry_size);
	table = malloc(bytes);
	if (!table || entries_lba > image->size / sector ||
	    !read_at(image, entries_lba * sector, table, bytes) ||
	    crc32_ieee(table, bytes) != le32toh(header.entries_crc))
		return LOOKUP_NOTABLE;

	if (number > le32toh(header.entries))
		return LOOKUP_ABSENT;
	memcpy(&entry, table + (size_t)(number - 1) * le32toh(header.entry_size), sizeof(entry));
	if (!memcmp(entry.type, unused, sizeof(unused)))
		return LOOKUP_ABSENT;

	first = le64toh(entry.first);
	last = le64toh(entry.last);
	if (last < first || last == UINT64_MAX)
		return LOOKUP_OUTSIDE;
	return set_range(image, first, last - first + 1, sector, part);
}

static enum lookup gpt_find(const struct image *image, unsigned number, struct partition *part)
{
	static const unsigned sectors[] = { 512, 4096 };
	enum lookup found;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(sectors); i++) {
		if (image->size < 2ULL * sectors[i])
			continue;
		found = gpt_find_at(image, 1, sectors[i], number, part);
		if (found == LOOKUP_NOTABLE)
			found = gpt_find_at(image, image->size / sectors[i] - 1, sectors[i], number,
					    part);
		if (found != LOOKUP_NOTABLE)
			return found;
	}
	return LOOKUP_NOTABLE;
}

static bool mbr_read(const struct image *image, uint64_t lba, struct mbr *mbr)
{
	unsigned i;

	if (!read_at(image, lba * MBR_SECTOR, mbr, sizeof(*mbr)))
		return false;
	if (mbr->magic[0] != 0x55 || mbr->magic[1] != 0xaa)
		return false;
	/* The magic number alone is in every FAT file system, and in front of every GPT, too */
	for (i = 0; i < ARRAY_SIZE(mbr->entries); i++)
		if (mbr->entries[i].status & 0x7f || mbr->entries[i].type == MBR_GPT_PROTECTIVE)
			return false;
	return true;
}

static bool mbr_is_extended(const struct mbr_entry *entry)
{
	return entry->type == 0x05 || entry->type == 0x0f || entry->type == 0x85;
}

/* Entry 0 of each record in the chain is a partition, entry 1 leads to the next record */
static enum lookup mbr_find_logical(const struct image *image, uint64_t extended, unsigned number,
				    struct partition *part)
{
	uint64_t lba = extended;
	struct mbr mbr;
	unsigned i;

	for (i = 5; i < 5 + MBR_LOGICAL_MAX; i++) {
		if (!mbr_read(image, lba, &mbr) || !mbr.entries[0].type)
			return LOOKUP_ABSENT;
		if (i == number)
			return set_range(image, lba + le32toh(mbr.entries[0].first),
					 le32toh(mbr.entries[0].count), MBR_SECTOR, part);
		if (!mbr_is_extended(&mbr.entries[1]))
			return LOOKUP_ABSENT;
		lba = extended + le32toh(mbr.entries[1].first);
	}
	return LOOKUP_ABSENT;
}

static enum lookup mbr_find(const struct image *image, unsigned number, struct partition *part)
{
	const struct mbr_entry *entry;
	struct mbr mbr;
	unsigned i;

	if (!mbr_read(image, 0, &mbr))
		return LOOKUP_NOTABLE;

	if (number <= 4) {
		entry = &mbr.entries[number - 1];
		if (!entry->type || mbr_is_extended(entry))
			return LOOKUP_ABSENT;
		return set_range(image, le32toh(entry->first), le32toh(entry->count), MBR_SECTOR,
				 part);
	}
	for (i = 0; i < ARRAY_SIZE(mbr.entries); i++)
		if (mbr_is_extended(&mbr.entries[i]))
			return mbr_find_logical(image, le32toh(mbr.entries[i].first), number, part);
	return LOOKUP_ABSENT;
}

int partition_find(int fd, const char *path, uint64_t size, unsigned number, struct partition *part,
		   struct error *err)
{
	static const char *const reason[] = {
		[LOOKUP_FOUND] = "",
		[LOOKUP_ABSENT] = "there is no such partition",
		[LOOKUP_NOTABLE] = "the image has no partition table",
		[LOOKUP_OUTSIDE] = "the image is truncated, the partition ends behind its end",
	};
	const struct image image = { .fd = fd, .size = size };
	enum lookup found;

	if (!number)
		return error_set(err, 0, "partitions are numbered from 1");
	found = gpt_find(&image, number, part);
	if (found == LOOKUP_NOTABLE)
		found = mbr_find(&image, number, part);
	if (found == LOOKUP_FOUND)
		return 0;
	return error_set(err, 0, "cannot use partition %u of image %s: %s", number, path,
			 reason[found]);
}
