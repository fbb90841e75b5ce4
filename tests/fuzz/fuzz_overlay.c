// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_overlay.c - hostile overlay files
 *
 * The first byte says whether the header's checksum is made right; the rest is the start of the
 * file. An overlay that is accepted is then read, written, flushed and opened again.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/disk/crc32.h"
#include "engine/disk/overlay.h"

#define DISK_SIZE (64 * 1024 + 512)
#define FILE_MAX (128 * 1024)

static char base_path[] = "/tmp/vitrine-fuzz-base-XXXXXX";
static char overlay_path[] = "/tmp/vitrine-fuzz-overlay-XXXXXX";
static int overlay_fd;

static void remove_files(void)
{
	unlink(base_path);
	unlink(overlay_path);
}

static void make_files(void)
{
	int fd = mkstemp(base_path);

	overlay_fd = mkstemp(overlay_path);
	if (fd < 0 || overlay_fd < 0 || ftruncate(fd, DISK_SIZE))
		abort();
	close(fd);
	atexit(remove_files);
}

static void use(struct disk *disk)
{
	static unsigned char buf[DISK_SIZE];
	struct iovec iov = { buf, sizeof(buf) };

	if (disk_read(disk, &iov, 0, DISK_SIZE, 0))
		abort();
	iov.iov_len = 5 * 512;
	if (disk_write(disk, &iov, 3 * 512, 5 * 512, 0) || disk_zero(disk, 32768, 8192, true) ||
	    disk_discard(disk, 0, 4096) || disk_flush(disk, 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char file[FILE_MAX];
	struct overlay_header header;
	struct sandbox_disk config = { .path = base_path, .overlay = overlay_path };
	struct disk *disk;
	struct error err;
	size_t len;

	if (!overlay_fd)
		make_files();
	if (!size)
		return 0;
	len = size - 1 < FILE_MAX ? size - 1 : FILE_MAX;
	memcpy(file, data + 1, len);
	if (data[0] & 1 && len >= sizeof(header)) {
		memcpy(&header, file, sizeof(header));
		header.crc = crc32_ieee(&header, offsetof(struct overlay_header, crc));
		memcpy(file, &header, sizeof(header));
	}
	if (ftruncate(overlay_fd, 0) || pwrite(overlay_fd, file, len, 0) != (ssize_t)len)
		abort();

	if (disk_open(&config, NULL, &disk, &err))
		return 0;
	use(disk);
	if (disk_close(disk) || disk_open(&config, NULL, &disk, &err))
		abort();
	disk_close(disk);
	return 0;
}
