// SPDX-License-Identifier: GPL-2.0-only
/* test_netcard.c - the network card's queues: buffers that are small, few, odd or too many
 *
 * The test is the guest's driver at one end and the network process at the other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <linux/virtio_net.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "engine/net/net.h"
#include "engine/virtio/net.h"
#include "engine/virtio/virtio.h"
#include "fake_guest.h"
#include "vitrine/util.h"

static struct link cable;
static struct link_end network;
static struct guest guest;

struct link *net_link(void)
{
	return &cable;
}

int net_alive(void)
{
	return -1;
}

static int begin(void **state)
{
	struct error err;

	if (link_create(&cable, &err) || net_add(&err))
		return -1;
	link_end_init(&network, cable.rings[1], cable.supervisor);
	guest_start(&guest, 0, 1ULL << VIRTIO_NET_F_MRG_RXBUF);
	return 0;
}

static int end(void **state)
{
	virtio_unregister_all();
	link_close(&cable);
	return 0;
}

/* A frame of @len bytes that count up */
static void send(size_t len)
{
	link_header *header;
	unsigned char *at = link_reserve(&network, len, &header);

	assert_non_null(at);
	memset(header, 0, sizeof(*header));
	for (size_t i = 0; i < len; i++)
		at[i] = (unsigned char)i;
	link_commit(&network, len);
	link_publish(&network);
}

/* @count buffers of @len bytes, from @first on */
static void offer(unsigned first, unsigned count, uint32_t len)
{
	for (unsigned i = first; i < first + count; i++) {
		guest_desc(&guest, i, GUEST_DATA + i * 4096UL, len, VRING_DESC_F_WRITE, 0);
		guest_offer(&guest, (uint16_t)i);
	}
	guest_kick(&guest);
}

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

/* What the driver finds: all buffers of a frame, the first of which says how many there are */
static void expect_frame(size_t len, unsigned buffers, uint32_t each)
{
	struct virtio_net_hdr_v1 header;
	struct vring_used_elem used;
	size_t at = 0;

	for (unsigned i = 0; i < buffers; i++) {
		const unsigned char *data;
		uint32_t skip = i ? 0 : sizeof(header);

		assert_true(guest_wait(&guest, &used));
		data = guest_ptr(GUEST_DATA + used.id * 4096UL);
		if (!i) {
			memcpy(&header, data, sizeof(header));
			assert_int_equal(header.num_buffers, buffers);
			/* Who looks when there is one looks at them all */
			assert_true((uint16_t)(guest.used->idx - guest.used_seen) >= buffers - 1);
		}
		assert_int_equal(used.len, i + 1 < buffers ? each : len - at + skip);
		for (uint32_t j = skip; j < used.len; j++, at++)
			assert_int_equal(data[j], (unsigned char)at);
	}
	assert_int_equal(at, len);
}

static void one_buffer_and_several(void **state)
{
	offer(0, 1, 2048);
	send(100);
	expect_frame(100, 1, 2048);
	for (unsigned i = 0; i < 50; i++) {
		offer(0, 8, 512);
		send(3900);
		expect_frame(3900, 8, 512);
	}
}

static void a_frame_waits_for_buffers(void **state)
{
	offer(0, 3, 512);
	send(3900);
	pause_ms(20);
	assert_int_equal(guest.used->idx, guest.used_seen);
	offer(3, 4, 512);
	pause_ms(20);
	assert_int_equal(guest.used->idx, guest.used_seen);
	offer(7, 1, 512);
	expect_frame(3900, 8, 512);
}

static void a_buffer_too_small_for_the_header_takes_nothing(void **state)
{
	offer(0, 1, 4);
	send(100);
	pause_ms(20);
	assert_int_equal(guest.used->idx, guest.used_seen);
	/* After a reset the card works again */
	guest_reset(&guest);
	guest_start(&guest, 0, 1ULL << VIRTIO_NET_F_MRG_RXBUF);
	offer(0, 1, 2048);
	send(60);
	expect_frame(60, 1, 2048);
}

static void a_reset_while_a_frame_waits(void **state)
{
	offer(0, 1, 512);
	send(3900);
	pause_ms(5);
	guest_reset(&guest); /* returns: nothing is held */
	guest_start(&guest, 0, 1ULL << VIRTIO_NET_F_MRG_RXBUF);
	offer(0, 8, 512);
	expect_frame(3900, 8, 512);
}

/* The rings are the transmit queue's from here on */
static void transmits(void)
{
	guest.ops.virtio_queue(0, 0, 0, 0, 0, 0);
	assert_int_equal(
	    guest.ops.virtio_queue(0, 1, GUEST_QUEUE_SIZE, GUEST_DESC, GUEST_AVAIL, GUEST_USED), 0);
	link_end_init(&network, cable.rings[0], cable.supervisor);
}

/* A chain of @count buffers of @len bytes each, the first of which begins with a header */
static void transmit(unsigned first, unsigned count, uint32_t len)
{
	memset(guest_ptr(GUEST_DATA + first * 131072UL), 0, sizeof(link_header));
	for (unsigned i = first; i < first + count; i++)
		guest_desc(&guest, i, GUEST_DATA + i * 131072UL, len,
			   i + 1 < first + count ? VRING_DESC_F_NEXT : 0, i + 1);
	guest_offer(&guest, (uint16_t)first);
	guest.ops.virtio_notify(0, 1);
}

/* Return: the length of the frame that arrives, -1 for none */
static long arrives(void)
{
	link_header header;
	size_t len;

	if (!link_peek(&network, &len, &header))
		return -1;
	link_take(&network);
	link_taken(&network);
	return (long)len;
}

static void frames_of_every_form_leave(void **state)
{
	struct vring_used_elem used;

	transmits();
	transmit(0, 1, 12 + 60);
	assert_int_equal(arrives(), 60);
	transmit(1, 3, 1000);
	assert_int_equal(arrives(), 3000 - 12);
	/* A header in pieces */
	transmit(4, 8, 5);
	assert_int_equal(arrives(), 40 - 12);
	transmit(12, 1, 12);
	assert_int_equal(arrives(), 0);
	/* No whole header, and more than a packet can be: given back, and nowhere else */
	transmit(13, 1, 11);
	transmit(14, 1, 12 + LINK_FRAME_MAX + 1);
	assert_int_equal(arrives(), -1);
	for (unsigned i = 0; i < 6; i++)
		assert_true(guest_wait(&guest, &used));
}

static void what_finds_no_room_waits_in_the_guest(void **state)
{
	unsigned sent = 0, arrived = 0;
	struct vring_used_elem used;
	uint16_t before;
	long len;

	transmits();
	do {
		before = guest.used->idx;
		transmit(sent++ % 8, 1, 12 + 65000);
	} while (guest.used->idx != before && sent < 100);
	assert_in_range(sent, 16, 99); /* the doorbell came back, and the last one is still there */
	while (arrived < sent) {
		len = arrives();
		if (len < 0) {
			pause_ms(1);
			continue;
		}
		assert_int_equal(len, 65000);
		arrived++;
	}
	for (unsigned i = 0; i < sent; i++)
		assert_true(guest_wait(&guest, &used));
}

/* Another CPU of the guest's, which writes whatever it likes into rings that are being read */
static atomic_bool scribbling;
static atomic_uint scribbled;

static void *scribble(void *arg)
{
	static const uint32_t lengths[] = { 0, 1, 11, 12, 64, 2048, 65600, 1U << 31, UINT32_MAX };
	uint64_t random = 88172645463325252ULL;

	volatile struct vring_desc *all = guest_ptr(GUEST_DESC);
	volatile struct vring_avail *avail = guest_ptr(GUEST_AVAIL);
	const volatile struct vring_used *used = guest_ptr(GUEST_USED);

	while (atomic_load(&scribbling)) {
		volatile struct vring_desc *desc = &all[random % GUEST_QUEUE_SIZE];

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		desc->addr = random & 64 ? random : GUEST_BASE + random % GUEST_MEMORY;
		desc->len = lengths[(random >> 20) % ARRAY_SIZE(lengths)];
		desc->flags = (random >> 30) & 7; /* next, write, indirect */
		desc->next = (random >> 33) & 31;
		avail->ring[(random >> 40) % GUEST_QUEUE_SIZE] = (random >> 44) & 31;
		atomic_fetch_add(&scribbled, 1);
		avail->idx = (uint16_t)(used->idx + (random >> 50) % (GUEST_QUEUE_SIZE + 1));
	}
	return NULL;
}

static void rings_change_while_they_are_read(void **state)
{
	struct link_end to, from;
	link_header *header;
	pthread_t thread;
	size_t len;

	link_end_init(&to, cable.rings[1], cable.supervisor);
	link_end_init(&from, cable.rings[0], cable.supervisor);
	atomic_store(&scribbling, true);
	assert_int_equal(pthread_create(&thread, NULL, scribble, NULL), 0);
	for (unsigned round = 0; round < 300; round++) {
		/* What is found broken stays so until it is reset */
		guest_reset(&guest);
		guest_start(&guest, 0, round % 2 ? 1ULL << VIRTIO_NET_F_MRG_RXBUF : 0);
		guest.ops.virtio_queue(0, 1, GUEST_QUEUE_SIZE, GUEST_DESC, GUEST_AVAIL, GUEST_USED);
		/* However busy the machine is, both have their turns */
		for (unsigned i = 0, before = scribbled; i < 50 || scribbled - before < 500; i++) {
			if (link_reserve(&to, 1 + i % 60 * 1000, &header)) {
				memset(header, 0, sizeof(*header));
				link_commit(&to, 1 + i % 60 * 1000);
				link_publish(&to);
			}
			guest.ops.virtio_notify(0, i % 2);
			while (link_peek(&from, &len, header = &(link_header){ 0 })) {
				assert_in_range(len, 0, LINK_FRAME_MAX);
				link_take(&from);
				link_taken(&from);
			}
			assert_false(from.broken);
		}
	}
	atomic_store(&scribbling, false);
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_buffer_and_several, begin, end),
		cmocka_unit_test_setup_teardown(a_frame_waits_for_buffers, begin, end),
		cmocka_unit_test_setup_teardown(a_buffer_too_small_for_the_header_takes_nothing,
						begin, end),
		cmocka_unit_test_setup_teardown(a_reset_while_a_frame_waits, begin, end),
		cmocka_unit_test_setup_teardown(frames_of_every_form_leave, begin, end),
		cmocka_unit_test_setup_teardown(what_finds_no_room_waits_in_the_guest, begin, end),
		cmocka_unit_test_setup_teardown(rings_change_while_they_are_read, begin, end),
	};

	return cmocka_run_group_tests_name("netcard", tests, NULL, NULL);
}
