// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_partition.c - images with hostile partition tables and superblocks
 *
 * The first byte is the partition to look for, the second says whether the checksums of a GPT are
 * made right (a fuzzer does not find CRCs), the rest is the image.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/disk/partition.h"
#include "engine/disk/sniff.h"
#include "partition_table.h"

#define IMAGE_MAX (256 * 1024)

static void seal(unsigned char *image, size_t size)
{
	unsigned char *header = image + 512;
	uint64_t bytes, lba;
	uint32_t entries, entry_size;

	if (size < 1024)
		return;
	memcpy(header, "EFI PART", 8);
	put_le(header + 12, 92, 4);
	put_le(header + 24, 1, 8);
	memcpy(&lba, header + 72, 8);
	memcpy(&entries, header + 80, 4);
	memcpy(&entry_size, header + 84, 4);
	bytes = (uint64_t)entries * entry_size;
	if (lba < size / 512 && bytes <= size - lba * 512)
		gpt_seal(header, image + lba * 512, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char image[IMAGE_MAX];
	struct partition part = { 0 };
	struct file_range file;
	struct error err;
	size_t len;
	int fd;

	if (size < 3)
		return 0;
	len = size - 2 < IMAGE_MAX ? size - 2 : IMAGE_MAX;
	memcpy(image, data + 2, len);
	if (data[1] & 1)
		seal(image, len);

	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, image, len) != (ssize_t)len)
		abort();
	if (!partition_find(fd, "fuzz", len, data[0], &part, &err) &&
	    (!part.size || part.start >= len || part.size > len - part.start))
		abort();
	file_range_init(&file, fd, 0);
	sniff_check(&file, "fuzz", len, data[1] & 2 ? "ext4" : "xfs", data[1] & 4, &err);
	close(fd);
	return 0;
}
