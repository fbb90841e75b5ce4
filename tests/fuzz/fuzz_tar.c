// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_tar.c - unpack hostile archives into an image, then look at the image as a hostile one */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/image/store.h"
#include "images/tar.h"

#define SIZE (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char image[64];
	static int image_fd = -1;
	int tar = memfd_create("tar", MFD_CLOEXEC);
	struct image_facts facts;
	const struct tar_rules rules = { .whiteouts = size % 2, .entries = 10000 };
	struct error err = { 0 };
	struct ext4 *fs;

	if (image_fd < 0) {
		image_fd = memfd_create("image", 0);
		snprintf(image, sizeof(image), "/proc/%d/fd/%d", getpid(), image_fd);
	}
	if (tar < 0 || write(tar, data, size) < 0 || ftruncate(image_fd, 0))
		return 0;
	lseek(tar, 0, SEEK_SET);
	fs = ext4_create(image, SIZE, "fuzz", &err);
	if (fs && !tar_unpack(fs, tar, &rules, &err))
		ext4_close(fs, &err);
	else
		ext4_abandon(fs);
	close(tar);

	/* A superblock of the fuzzer's choice */
	if (size > 1024 && pwrite(image_fd, data, 1024, 1024) == 1024)
		image_inspect(image, &facts, NULL);
	return 0;
}
