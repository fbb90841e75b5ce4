// SPDX-License-Identifier: GPL-2.0-only
/* virtio_disk.c - a guest with one disk; see virtio_disk.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/virtio_blk.h>
#include <string.h>

#include "virtio_disk.h"

static struct sandbox_config config;
struct guest guest;
const char *image;

int virtio_start(void **state)
{
	struct error err;
	unsigned char block[4096];
	unsigned i;

	image = scratch_file("disk", DISK_SIZE);
	for (i = 0; i < 16; i++) {
		memset(block, 'a' + i, sizeof(block));
		scratch_write(image, i * sizeof(block), block, sizeof(block));
	}
	config = (struct sandbox_config){ .ndisks = 1 };
	config.disks[0].path = image;
	if (virtio_init(&config, &err)) {
		print_error("%s\n", err.text);
		return -1;
	}
	guest_start(&guest, 0, ALL_FEATURES);
	return 0;
}

int virtio_stop(void **state)
{
	virtio_shutdown();
	return 0;
}

int virtio_start_read_only(void **state)
{
	struct error err;

	image = scratch_file("disk", DISK_SIZE);
	config = (struct sandbox_config){ .ndisks = 1 };
	config.disks[0] = (struct sandbox_disk){ .path = image, .read_only = true };
	if (virtio_init(&config, &err))
		return -1;
	guest_start(&guest, 0, ALL_FEATURES);
	return 0;
}

void assert_alive(void)
{
	char *data = guest_ptr(DATA_PA);

	data[0] = 0;
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_IN, 8, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(data[0], 'b');
}

void assert_stopped_and_revivable(void)
{
	assert_int_equal(guest.used->idx, 0);
	assert_int_equal(guest_interrupts(0), 0);
	guest_start(&guest, 0, ALL_FEATURES);
	assert_alive();
}
