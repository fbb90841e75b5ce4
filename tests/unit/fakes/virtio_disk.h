/* SPDX-License-Identifier: GPL-2.0-only */
/* virtio_disk.h - what tests of virtio devices begin and end with: a guest with one disk
 *
 * Include it behind cmocka.h. The disk's file has a letter for each of its first 16 blocks of 4
 * KiB, from 'a' on.
 */
#ifndef TESTS_VIRTIO_DISK_H
#define TESTS_VIRTIO_DISK_H

#include "engine/virtio/virtio.h"
#include "fake_guest.h"
#include "scratch.h"

#define DISK_SIZE (4UL << 20)
#define SECTORS (DISK_SIZE / 512)
#define DATA_PA (GUEST_DATA + 4096)
#define ALL_FEATURES (~0ULL)

extern struct guest guest;
extern const char *image; /* the disk's file */

/* Set-up and tear-down of a test */
int virtio_start(void **state);
int virtio_start_read_only(void **state);
int virtio_stop(void **state);

/* The device does its work */
void assert_alive(void);

/* The device has stopped, without a write anywhere, and a reset brings it back */
void assert_stopped_and_revivable(void);

#define DISK_TEST(f) cmocka_unit_test_setup_teardown(f, virtio_start, virtio_stop)

#endif
