// SPDX-License-Identifier: GPL-2.0-only
/* test_virtio_attacks.c - virtio devices against hostile drivers
 *
 * Tests are named after the attack; each ends by showing that a reset revives the device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <string.h>

#include "virtio_disk.h"

struct attack {
	const char *name;
	struct vring_desc chain[3];
	struct vring_desc table[2];
	uint16_t head;
};

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		DISK_TEST(malformed_chains_stop_the_queue),
		DISK_TEST(available_index_that_runs_ahead),
		DISK_TEST(more_buffers_than_a_request_may_have),
		DISK_TEST(same_chain_twice),
		DISK_TEST(requests_without_room_for_an_answer),
		DISK_TEST(rings_in_bad_places),
		DISK_TEST(operations_on_devices_that_do_not_exist),
		DISK_TEST(doorbell_before_the_driver_is_ready),
	};

	return cmocka_run_group_tests_name("virtio-attacks", tests, scratch_setup,
					   scratch_teardown);
}
