// SPDX-License-Identifier: GPL-2.0-only
/* test_virtio.c - virtio devices against well-behaved and hostile drivers
 *
 * Runs the real rings, block device, entropy source and I/O threads on image files. Tests of
 * hostile drivers are named after the attack; each ends by showing that a reset revives the device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/virtio.h"
#include "fake_guest.h"
#include "scratch.h"

#define DISK_SIZE (4UL << 20)
#define SECTORS (DISK_SIZE / 512)
#define DATA_PA (GUEST_DATA + 4096)
#define ALL_FEATURES (~0ULL)
#define NO_EVENT_IDX (~(1ULL << VIRTIO_RING_F_EVENT_IDX))

static struct sandbox_config config;
static struct guest guest;
static const char *image;

static int start(void **state)
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

static int stop(void **state)
{
	virtio_shutdown();
	return 0;
}

static int start_read_only(void **state)
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

/* The device does its work */
static void assert_alive(void)
{
	char *data = guest_ptr(DATA_PA);

	data[0] = 0;
	assert_int_equal(guest_blk(&guest, VIRTIO_BLK_T_IN, 8, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(data[0], 'b');
}

/* The device has stopped, without a write anywhere, and a reset brings it back */
static void assert_stopped_and_revivable(void)
{
	assert_int_equal(guest.used->idx, 0);
	assert_int_equal(guest_interrupts(0), 0);
	guest_start(&guest, 0, ALL_FEATURES);
	assert_alive();
}

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

/* ---- hostile drivers ---- */

struct attack {
	const char *name;
	struct vring_desc chain[3];
	struct vring_desc table[2];
	uint16_t head;
};

#define FILLED 64 /* bytes of indirect table that are there */

static const struct attack attacks[] = {
	{ .name = "head-out-of-range", .head = GUEST_QUEUE_SIZE },
	{ .name = "head-far-out-of-range", .head = 0xffff },
	{ .name = "next-out-of-range", .chain = { { GOOD_OUT, GUEST_QUEUE_SIZE } } },
	{ .name = "chain-that-loops-on-itself", .chain = { { GOOD_OUT, 0 } } },
	{ .name = "chain-that-loops-in-a-pair", .chain = { { GOOD_OUT, 1 }, { GOOD_OUT, 0 } } },
	{ .name = "chain-of-empty-buffers-that-loops",
	  .chain = { { GUEST_DATA, 0, VRING_DESC_F_NEXT, 1 },
		     { GUEST_DATA, 0, VRING_DESC_F_NEXT } } },
	{ .name = "buffer-below-memory", .chain = { { 0, 16, 0, 0 } } },
	{ .name = "buffer-behind-memory", .chain = { { GUEST_BASE + GUEST_MEMORY, 1, 0, 0 } } },
	{ .name = "buffer-across-the-end",
	  .chain = { { GUEST_BASE + GUEST_MEMORY - 8, 16, 0, 0 } } },
	{ .name = "address-that-wraps", .chain = { { UINT64_MAX - 7, 16, 0, 0 } } },
	{ .name = "length-that-wraps", .chain = { { GUEST_DATA, UINT32_MAX, 0, 0 } } },
	{ .name = "readable-behind-writable",
	  .chain = { { GUEST_DATA, 16, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1 },
		     { GUEST_DATA, 16, 0, 0 } } },
	{ .name = "indirect-with-next",
	  .chain = { { GUEST_TABLE, 16, VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT, 1 } } },
	{ .name = "indirect-in-indirect",
	  .chain = { { GUEST_TABLE, 32, VRING_DESC_F_INDIRECT, 0 } },
	  .table = { { GUEST_TABLE, 32, VRING_DESC_F_INDIRECT, 0 } } },
	{ .name = "indirect-of-odd-size",
	  .chain = { { GUEST_TABLE, 17, VRING_DESC_F_INDIRECT, 0 } } },
	{ .name = "indirect-empty", .chain = { { GUEST_TABLE, 0, VRING_DESC_F_INDIRECT, 0 } } },
	{ .name = "indirect-huge",
	  .chain = { { GUEST_TABLE, 0xfffffff0, VRING_DESC_F_INDIRECT, 0 } } },
	{ .name = "indirect-outside-memory",
	  .chain = { { GUEST_BASE + GUEST_MEMORY - 16, 32, VRING_DESC_F_INDIRECT, 0 } } },
	{ .name = "indirect-next-out-of-range",
	  .chain = { { GUEST_TABLE, 32, VRING_DESC_F_INDIRECT, 0 } },
	  .table = { { GOOD_OUT, 2 } } },
	{ .name = "indirect-that-loops",
	  .chain = { { GUEST_TABLE, 32, VRING_DESC_F_INDIRECT, 0 } },
	  .table = { { GOOD_OUT, 1 }, { GOOD_OUT, 0 } } },
};

static void malformed_chains_stop_the_queue(void **state)
{
	const struct attack *a;

	for (a = attacks; a < attacks + sizeof(attacks) / sizeof(attacks[0]); a++) {
		print_message("    %s\n", a->name);
		guest_start(&guest, 0, ALL_FEATURES);
		memcpy(guest.desc, a->chain, sizeof(a->chain));
		memcpy(guest_ptr(GUEST_TABLE), a->table, sizeof(a->table));
		guest_offer(&guest, a->head);
		guest_kick(&guest);
		guest_kick(&guest);
		assert_stopped_and_revivable();
	}
}

static void available_index_that_runs_ahead(void **state)
{
	guest_start(&guest, 0, ALL_FEATURES);
	guest.avail->idx = GUEST_QUEUE_SIZE + 1;
	guest_kick(&guest);
	assert_stopped_and_revivable();
}

static void more_buffers_than_a_request_may_have(void **state)
{
	struct vring_desc *table = guest_ptr(GUEST_TABLE);
	unsigned i;

	for (i = 0; i < 200; i++)
		table[i] = (struct vring_desc){ DATA_PA, 16, VRING_DESC_F_NEXT, i + 1 };
	guest_desc(&guest, 0, GUEST_TABLE, 200 * 16, VRING_DESC_F_INDIRECT, 0);
	guest_offer(&guest, 0);
	guest_kick(&guest);
	assert_stopped_and_revivable();
}

/* Two owners of one request: the second one must not get it */
static void same_chain_twice(void **state)
{
	struct vring_used_elem elem;
	unsigned i, got;

	for (i = 0; i < 20; i++) {
		guest_start(&guest, 0, ALL_FEATURES);
		guest_blk_offer(&guest, 0, VIRTIO_BLK_T_OUT, 0, DATA_PA, 65536);
		guest_offer(&guest, 0);
		guest_kick(&guest);
		/* The first may have been done already when the second is looked at */
		assert_true(guest_wait(&guest, &elem));
		guest_reset(&guest);
		got = guest.used->idx;
		assert_true(got == 1 || got == 2);
	}
}

static void requests_without_room_for_an_answer(void **state)
{
	struct vring_used_elem elem;

	guest_desc(&guest, 0, GUEST_DATA, 16, 0, 0);
	guest_offer(&guest, 0);
	guest_desc(&guest, 1, GUEST_DATA, 15, VRING_DESC_F_NEXT, 2);
	guest_desc(&guest, 2, GUEST_DATA + 64, 1, VRING_DESC_F_WRITE, 0);
	guest_offer(&guest, 1);
	guest_desc(&guest, 3, GUEST_DATA, 0, 0, 0);
	guest_offer(&guest, 3);
	guest_kick(&guest);
	assert_true(guest_wait(&guest, &elem));
	assert_int_equal(elem.len, 0);
	assert_true(guest_wait(&guest, &elem));
	assert_true(guest_wait(&guest, &elem));
	assert_int_equal(elem.len, 0);
	assert_alive();
}

static void rings_in_bad_places(void **state)
{
	static const struct {
		uint32_t size;
		uint64_t desc, avail, used;
	} bad[] = {
		{ 3, GUEST_DESC, GUEST_AVAIL, GUEST_USED },
		{ 512, GUEST_DESC, GUEST_AVAIL, GUEST_USED },
		{ 0x80000000, GUEST_DESC, GUEST_AVAIL, GUEST_USED },
		{ 16, GUEST_DESC + 8, GUEST_AVAIL, GUEST_USED },
		{ 16, GUEST_DESC, GUEST_AVAIL + 1, GUEST_USED },
		{ 16, GUEST_DESC, GUEST_AVAIL, GUEST_USED + 2 },
		{ 16, 0, GUEST_AVAIL, GUEST_USED },
		{ 16, GUEST_DESC, GUEST_BASE + GUEST_MEMORY - 16, GUEST_USED },
		{ 16, GUEST_DESC, GUEST_AVAIL, UINT64_MAX - 15 },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(guest.ops.virtio_queue(0, 0, bad[i].size, bad[i].desc, bad[i].avail,
						   bad[i].used) < 0);
		/* And the queue that was there is gone */
		guest_offer(&guest, 0);
		guest_kick(&guest);
		assert_int_equal(guest.used->idx, 0);
	}
	assert_true(guest.ops.virtio_queue(0, 1, 16, GUEST_DESC, GUEST_AVAIL, GUEST_USED) < 0);
	assert_true(guest.ops.virtio_queue(99, 0, 16, GUEST_DESC, GUEST_AVAIL, GUEST_USED) < 0);
	guest_start(&guest, 0, ALL_FEATURES);
	assert_alive();
}

static void operations_on_devices_that_do_not_exist(void **state)
{
	unsigned char buf[8];

	guest.ops.virtio_notify(99, 0);
	guest.ops.virtio_notify(UINT32_MAX, 0);
	guest.ops.virtio_notify(0, 99);
	guest.ops.virtio_status(99, 0);
	guest.ops.virtio_features(99, ~0ULL);
	memset(buf, 0xff, sizeof(buf));
	guest.ops.virtio_config(99, 0, buf, sizeof(buf), 0);
	assert_int_equal(buf[0], 0);
	memset(buf, 0xff, sizeof(buf));
	guest.ops.virtio_config(0, UINT32_MAX, buf, sizeof(buf), 0);
	assert_int_equal(buf[7], 0);
	guest.ops.virtio_config(0, sizeof(struct virtio_blk_config) - 1, buf, sizeof(buf), 0);
	guest.ops.virtio_config(0, 0, buf, sizeof(buf), 1);
	assert_alive();
}

static void doorbell_before_the_driver_is_ready(void **state)
{
	guest_reset(&guest);
	guest_kick(&guest);
	guest.ops.virtio_status(0, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	guest_kick(&guest);
	guest.ops.virtio_status(0, VIRTIO_CONFIG_S_DRIVER_OK);
	guest_kick(&guest);
	guest_start(&guest, 0, ALL_FEATURES);
	assert_alive();
}

#define DISK_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

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
		cmocka_unit_test_setup_teardown(read_only_disk_refuses_changes, start_read_only,
						stop),
		DISK_TEST(host_error_is_an_io_error),
		DISK_TEST(truncated_file_is_an_io_error),
		DISK_TEST(many_requests_at_once),
		DISK_TEST(reset_waits_for_requests),
		DISK_TEST(event_index_suppresses_interrupts),
		DISK_TEST(flags_suppress_interrupts),
		DISK_TEST(indirect_table_works),
		DISK_TEST(entropy_source_fills_buffers),
		DISK_TEST(malformed_chains_stop_the_queue),
		DISK_TEST(available_index_that_runs_ahead),
		DISK_TEST(more_buffers_than_a_request_may_have),
		DISK_TEST(same_chain_twice),
		DISK_TEST(requests_without_room_for_an_answer),
		DISK_TEST(rings_in_bad_places),
		DISK_TEST(operations_on_devices_that_do_not_exist),
		DISK_TEST(doorbell_before_the_driver_is_ready),
	};

	return cmocka_run_group_tests_name("virtio", tests, scratch_setup, scratch_teardown);
}
