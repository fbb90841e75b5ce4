// SPDX-License-Identifier: GPL-2.0-only
/* test_virtio.c - virtio devices against a well-behaved driver
 *
 * Runs the real rings, block device, entropy source and I/O threads on image files. Hostile drivers
 * are test_virtio_attacks.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "virtio_disk.h"

#define NO_EVENT_IDX (~(1ULL << VIRTIO_RING_F_EVENT_IDX))

static void device_describes_itself(void **state)
{
	struct virtio_blk_config blk;
	struct vt_virtio_info info;

	assert_int_equal(guest.info.device_id, VIRTIO_ID_BLOCK);
	assert_int_equal(guest.info.nqueues, 1);
	assert_true(guest.info.features & 1ULL << VIRTIO_F_VERSION_1);
	assert_true(guest.info.features & 1ULL << VIRTIO_BLK_F_FLUSH);
	assert_false(guest.info.features & 1ULL << VIRTIO_BLK_F_RO);
	guest.ops.virtio_config(0, 0, &blk, sizeof(blk), 0);
	assert_int_equal(blk.capacity, SECTORS);

	assert_int_equal(guest.ops.virtio_info(1, &info), 0);
	assert_int_equal(info.device_id, VIRTIO_ID_RNG);
	assert_int_not_equal(guest.ops.virtio_info(2, &info), 0);
}

static void read_gives_the_file(void **state)
{
	unsigned char *data = guest_ptr(DATA_PA);
	unsigned i;

	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_IN, 8, 8192), VIRTIO_BLK_S_OK);
	for (i = 0; i < 8192; i++)
		assert_int_equal(data[i], i < 4096 ? 'b' : 'c');
	assert_int_equal(guest_interrupts(0), 1);
}

static void read_may_be_scattered(void **state)
{
	struct virtio_blk_outhdr *header = guest_ptr(GUEST_DATA);
	struct vring_used_elem elem;
	unsigned char *data = guest_ptr(DATA_PA);

	/* The header in two parts, data in three, the status byte in the last of them */
	*header = (struct virtio_blk_outhdr){ .type = VIRTIO_BLK_T_IN, .sector = 7 };
	guest_desc(&guest, 0, GUEST_DATA, 5, VRING_DESC_F_NEXT, 1);
	guest_desc(&guest, 1, GUEST_DATA + 5, 11, VRING_DESC_F_NEXT, 2);
	guest_desc(&guest, 2, DATA_PA, 100, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 3);
	guest_desc(&guest, 3, DATA_PA + 100, 0, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 4);
	guest_desc(&guest, 4, DATA_PA + 100, 925, VRING_DESC_F_WRITE, 0);
	data[1024] = 0xff;
	guest_offer(&guest, 0);
	guest_kick(&guest);

	assert_true(guest_wait(&guest, &elem));
	assert_int_equal(elem.len, 1025);
	assert_int_equal(data[0], 'a');
	assert_int_equal(data[511], 'a');
	assert_int_equal(data[512], 'b');
	assert_int_equal(data[1023], 'b');
	assert_int_equal(data[1024], VIRTIO_BLK_S_OK);
}

static void write_reaches_the_file(void **state)
{
	unsigned char back[4096];
	unsigned i;

	memset(guest_ptr(DATA_PA), 'X', 4096);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_OUT, 12, 4096), VIRTIO_BLK_S_OK);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
	scratch_read(image, 12 * 512, back, sizeof(back));
	for (i = 0; i < sizeof(back); i++)
		assert_int_equal(back[i], 'X');
}

static void identify_gives_the_name(void **state)
{
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_GET_ID, 0, VIRTIO_BLK_ID_BYTES),
			 VIRTIO_BLK_S_OK);
	assert_string_equal(guest_ptr(DATA_PA), "disk");
}

static void zeroes_and_discards(void **state)
{
	struct virtio_blk_discard_write_zeroes *range = guest_ptr(DATA_PA);
	unsigned char back[8192];
	struct stat before, after;
	unsigned i;

	stat(image, &before);
	*range = (struct virtio_blk_discard_write_zeroes){ .sector = 8, .num_sectors = 8 };
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_WRITE_ZEROES, 0, sizeof(*range)),
			 VIRTIO_BLK_S_OK);
	scratch_read(image, 4096, back, sizeof(back));
	for (i = 0; i < sizeof(back); i++)
		assert_int_equal(back[i], i < 4096 ? 0 : 'c');

	range->sector = 16;
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_DISCARD, 0, sizeof(*range)),
			 VIRTIO_BLK_S_OK);
	stat(image, &after);
	assert_true(after.st_blocks <= before.st_blocks);

	range->flags = VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP;
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_DISCARD, 0, sizeof(*range)),
			 VIRTIO_BLK_S_UNSUPP);
	range->flags = 0;
	range->num_sectors = SECTORS;
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_DISCARD, 0, sizeof(*range)),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_DISCARD, 0, 15), VIRTIO_BLK_S_IOERR);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_DISCARD, 0, 17 * 16), VIRTIO_BLK_S_IOERR);
}

static void requests_outside_the_disk_fail(void **state)
{
	static const struct {
		uint64_t sector;
		uint32_t len;
	} bad[] = {
		{ SECTORS, 512 },    { SECTORS - 1, 1024 },
		{ UINT64_MAX, 512 }, { UINT64_MAX / 512, 512 },
		{ 1ULL << 55, 512 }, { 0, 513 },
		{ 0, 511 },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_IN, bad[i].sector, bad[i].len),
				 VIRTIO_BLK_S_IOERR);
		assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_OUT, bad[i].sector, bad[i].len),
				 VIRTIO_BLK_S_IOERR);
	}
	assert_int_equal(guest_blk(&guest, 77, 0, 512), VIRTIO_BLK_S_UNSUPP);
	assert_alive();
}

static void read_only_disk_refuses_changes(void **state)
{
	struct virtio_blk_discard_write_zeroes *range = guest_ptr(DATA_PA);

	assert_true(guest.info.features & 1ULL << VIRTIO_BLK_F_RO);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	*range = (struct virtio_blk_discard_write_zeroes){ .num_sectors = 8 };
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_WRITE_ZEROES, 0, sizeof(*range)),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_DISCARD, 0, sizeof(*range)),
			 VIRTIO_BLK_S_IOERR);
}

/* A host that refuses to write (here: a file size limit) is an I/O error, not the end */
static void host_error_is_an_io_error(void **state)
{
	struct rlimit limit, old;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = DISK_SIZE / 2;
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_OUT, SECTORS - 8, 4096),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_OUT, SECTORS - 8, 4096),
			 VIRTIO_BLK_S_IOERR);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_OUT, SECTORS - 8, 4096), VIRTIO_BLK_S_OK);
	assert_alive();
}

/* Somebody else cuts the file while it is in use */
static void truncated_file_is_an_io_error(void **state)
{
	assert_int_equal(truncate(image, 64 * 1024), 0);
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_IN, 256, 512), VIRTIO_BLK_S_IOERR);
	assert_alive();
}

static void many_requests_at_once(void **state)
{
	struct vring_used_elem elem;
	unsigned round, slot;

	for (round = 0; round < 200; round++) {
		for (slot = 0; slot < 5; slot++) {
			memset(guest_ptr(DATA_PA + slot * 4096), round + slot, 4096);
			guest_blk_offer(&guest, slot, VIRTIO_BLK_T_OUT, 100 + slot * 8,
					DATA_PA + slot * 4096, 4096);
		}
		guest_kick(&guest);
		for (slot = 0; slot < 5; slot++)
			assert_true(guest_wait(&guest, &elem));
		assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_IN, 100 + (round % 5) * 8, 4096),
				 VIRTIO_BLK_S_OK);
		assert_int_equal(*(unsigned char *)guest_ptr(DATA_PA),
				 (unsigned char)(round + round % 5));
	}
}

/* After a reset the guest may use its buffers for something else */
static void reset_waits_for_requests(void **state)
{
	unsigned char back[4096];
	unsigned slot, round;

	for (round = 0; round < 50; round++) {
		memset(guest_ptr(DATA_PA), 'A' + round % 26, 4096);
		for (slot = 0; slot < 5; slot++)
			guest_blk_offer(&guest, slot, VIRTIO_BLK_T_OUT, slot * 8, DATA_PA, 4096);
		guest_kick(&guest);
		guest_reset(&guest);
		memset(guest_ptr(DATA_PA), 0, 4096);
		for (slot = 0; slot < 5; slot++) {
			scratch_read(image, slot * 4096, back, sizeof(back));
			assert_int_equal(back[0], 'A' + round % 26);
			assert_int_equal(back[4095], 'A' + round % 26);
		}
		guest_start(&guest, 0, ALL_FEATURES);
	}
}

static void event_index_suppresses_interrupts(void **state)
{
	struct vring_used_elem elem;
	unsigned slot;

	/* "Tell me when you pass entry 3": four reads, one interrupt */
	guest.avail->ring[GUEST_QUEUE_SIZE] = 3;
	for (slot = 0; slot < 4; slot++) {
		guest_blk_offer(&guest, slot, VIRTIO_BLK_T_IN, 0, DATA_PA, 512);
		guest_kick(&guest);
		assert_true(guest_wait(&guest, &elem));
		assert_int_equal(guest_interrupts(0), slot == 3);
	}
}

static void flags_suppress_interrupts(void **state)
{
	guest_start(&guest, 0, NO_EVENT_IDX);
	guest.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	assert_alive();
	assert_int_equal(guest_interrupts(0), 0);
	guest.avail->flags = 0;
	assert_alive();
	assert_int_equal(guest_interrupts(0), 1);
}

static void indirect_table_works(void **state)
{
	struct virtio_blk_outhdr *header = guest_ptr(GUEST_DATA);
	struct vring_desc *table = guest_ptr(GUEST_TABLE);
	struct vring_used_elem elem;

	*header = (struct virtio_blk_outhdr){ .type = VIRTIO_BLK_T_IN, .sector = 16 };
	table[0] = (struct vring_desc){ GUEST_DATA, 16, VRING_DESC_F_NEXT, 2 };
	table[1] = (struct vring_desc){ GUEST_DATA + 32, 1, VRING_DESC_F_WRITE, 0 };
	table[2] = (struct vring_desc){ DATA_PA, 512, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1 };
	guest_desc(&guest, 5, GUEST_TABLE, 48, VRING_DESC_F_INDIRECT, 0);
	guest_offer(&guest, 5);
	guest_kick(&guest);
	assert_true(guest_wait(&guest, &elem));
	assert_int_equal(elem.id, 5);
	assert_int_equal(*(char *)guest_ptr(DATA_PA), 'c');
}

static void entropy_source_fills_buffers(void **state)
{
	static const unsigned char zero[64];
	struct vring_used_elem elem;

	guest_start(&guest, 1, ALL_FEATURES);
	memset(guest_ptr(DATA_PA), 0, 64);
	guest_desc(&guest, 0, DATA_PA, 64, VRING_DESC_F_WRITE, 0);
	guest_offer(&guest, 0);
	guest_kick(&guest);
	assert_true(guest_wait(&guest, &elem));
	assert_int_equal(elem.len, 64);
	assert_memory_not_equal(guest_ptr(DATA_PA), zero, 64);

	/* A buffer that it cannot write to gets nothing */
	guest_desc(&guest, 0, DATA_PA, 64, 0, 0);
	guest_offer(&guest, 0);
	guest_kick(&guest);
	assert_true(guest_wait(&guest, &elem));
	assert_int_equal(elem.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DISK_TEST(device_describes_itself),
		DISK_TEST(read_gives_the_file),
		DISK_TEST(read_may_be_scattered),
		DISK_TEST(write_reaches_the_file),
		DISK_TEST(identify_gives_the_name),
		DISK_TEST(zeroes_and_discards),
		DISK_TEST(requests_outside_the_disk_fail),
		cmocka_unit_test_setup_teardown(read_only_disk_refuses_changes,
						virtio_start_read_only, virtio_stop),
		DISK_TEST(host_error_is_an_io_error),
		DISK_TEST(truncated_file_is_an_io_error),
		DISK_TEST(many_requests_at_once),
		DISK_TEST(reset_waits_for_requests),
		DISK_TEST(event_index_suppresses_interrupts),
		DISK_TEST(flags_suppress_interrupts),
		DISK_TEST(indirect_table_works),
		DISK_TEST(entropy_source_fills_buffers),
	};

	return cmocka_run_group_tests_name("virtio", tests, scratch_setup, scratch_teardown);
}
