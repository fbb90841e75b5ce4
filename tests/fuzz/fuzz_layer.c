// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_layer.c - two layers of a stranger, one over the other, and then a walk through both
 *
 * The first two bytes say how long the first one is.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/disk/disk.h"
#include "images/ext4.h"
#include "images/ext4_reader.h"
#include "images/oci/layer.h"

#define SIZE (16 << 20)

static void unpack(struct disk *disk, const uint8_t *data, size_t size)
{
	struct layer layer = { .whiteouts = true };
	struct error err = { 0 };
	struct ext4 *fs = ext4_open(disk, &err);

	layer.part.fd = memfd_create("layer", MFD_CLOEXEC);
	if (fs && layer.part.fd >= 0 && write(layer.part.fd, data, size) == (ssize_t)size) {
		lseek(layer.part.fd, 0, SEEK_SET);
		if (layer_unpack(fs, &layer, &err))
			ext4_abandon(fs);
		else
			ext4_close(fs, &err);
	} else {
		ext4_abandon(fs);
	}
	close(layer.part.fd);
}

static int visit(void *context, struct reader *reader, const struct reader_entry *entry,
		 struct error *err)
{
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char base[] = "/tmp/vitrine-fuzz-XXXXXX";
	static int fd = -1;
	struct sandbox_disk config = { .path = base, .ephemeral = true };
	struct error err = { 0 };
	struct reader reader;
	struct disk *disk;
	size_t first;

	if (fd < 0) {
		fd = mkstemp(base);
		if (fd < 0 || ext4_make(base, SIZE, "fuzz", &err))
			return 0;
	}
	if (size < 2 || disk_open(&config, "ext4", &disk, &err))
		return 0;
	first = data[0] | data[1] << 8;
	first = first > size - 2 ? size - 2 : first;
	unpack(disk, data + 2, first);
	unpack(disk, data + 2 + first, size - 2 - first);
	if (!reader_open(&reader, disk, &err)) {
		reader_walk(&reader, visit, NULL, &err);
		reader_close(&reader);
	}
	disk_close(disk);
	return 0;
}
