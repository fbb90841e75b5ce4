// SPDX-License-Identifier: GPL-2.0-only
/* test_ring.c - events come out in order, whole, and with every loss told; nothing is believed */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fake_region.h"
#include "observe/region/ring.h"

#define RING 4096

static struct region region;
static struct vt_telemetry *t;
static struct event_reader reader;
static struct event event;

static int setup(void **state)
{
	t = fake_region_new(&region, RING);
	return 0;
}

static int teardown(void **state)
{
	fake_region_free(&region);
	return 0;
}

static void start(enum events_from from)
{
	struct error err;

	assert_int_equal(event_reader_init(&reader, &region, from, &err), 0);
}

static uint64_t put(enum vt_ring_kind ring, enum vt_event_kind kind, uint64_t a)
{
	struct vt_event head = { .kind = kind, .ring = ring, .pid = 7, .comm = "writer" };
	struct vt_event_plain plain = { .a = a };

	return fake_region_write(t, &head, &plain, sizeof(plain));
}

static void expect_event(uint64_t a)
{
	assert_int_equal(event_next(&reader, &event), EVENT_HERE);
	assert_int_equal(event_plain(&event)->a, a);
}

static void expect_nothing(void)
{
	assert_int_equal(event_next(&reader, &event), EVENT_NONE);
}

static void rings_are_merged_in_order(void **state)
{
	start(EVENTS_FROM_NOW);
	expect_nothing();
	put(VT_RING_ROUTINE, VT_EVENT_WAKEUP, 1);
	put(VT_RING_LIFE, VT_EVENT_FORK, 2);
	put(VT_RING_ROUTINE, VT_EVENT_WAKEUP, 3);
	put(VT_RING_ERRORS, VT_EVENT_FAULT, 4);
	put(VT_RING_LIFE, VT_EVENT_EXIT, 5);
	for (uint64_t a = 1; a <= 5; a++)
		expect_event(a);
	expect_nothing();
	put(VT_RING_LIFE, VT_EVENT_EXIT, 6);
	expect_event(6);
	assert_string_equal(event.head.comm, "writer");
}

static void from_now_or_from_the_oldest(void **state)
{
	put(VT_RING_LIFE, VT_EVENT_FORK, 1);
	start(EVENTS_FROM_NOW);
	expect_nothing();
	start(EVENTS_FROM_OLDEST);
	expect_event(1);
	expect_nothing();
}

/* A frequent ring that overflows takes nothing from a rare one */
static void a_loss_is_counted_and_only_in_its_ring(void **state)
{
	const uint64_t size = sizeof(struct vt_event) + sizeof(struct vt_event_plain);
	uint64_t kept = 0, a;

	start(EVENTS_FROM_NOW);
	put(VT_RING_LIFE, VT_EVENT_FORK, 1000);
	for (a = 1; a <= 200; a++)
		put(VT_RING_ROUTINE, VT_EVENT_WAKEUP, a);
	expect_event(1000);
	assert_int_equal(event_next(&reader, &event), EVENT_GAP);
	assert_int_equal(reader.gap.ring, VT_RING_ROUTINE);
	a = reader.gap.lost + 1;
	for (; a <= 200; a++, kept++)
		expect_event(a);
	expect_nothing();
	assert_in_range(kept, RING / size - 2, RING / size);
	/* The end of a full ring that nobody read is told by what comes next */
	put(VT_RING_ROUTINE, VT_EVENT_WAKEUP, 201);
	expect_event(201);
}

static void a_reader_from_now_misses_nothing_silently(void **state)
{
	start(EVENTS_FROM_NOW);
	for (uint64_t a = 1; a <= 100; a++)
		put(VT_RING_ROUTINE, VT_EVENT_WAKEUP, a);
	assert_int_equal(event_next(&reader, &event), EVENT_GAP);
	expect_event(reader.gap.lost + 1);
}

/* Overwrite what the reader would read next, and see that it survives; then that it recovers */
static void broken(const char *what)
{
	unsigned steps = 0;

	while (event_next(&reader, &event) != EVENT_NONE) {
		if (++steps > 4 * RING)
			fail_msg("%s: the reader does not come to an end", what);
	}
}

static void hostile_records_cost_only_themselves(void **state)
{
	static const uint32_t sizes[] = {
		0,	  1,	    4,	       8, 12, 40, 48, 4095, VT_EVENT_MAX, VT_EVENT_MAX + 8,
		RING + 8, 1U << 31, UINT32_MAX
	};

	start(EVENTS_FROM_NOW);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct vt_ring *ring = &t->rings[VT_RING_LIFE];
		uint8_t *at = (uint8_t *)t + ring->offset + (ring->head & (RING - 1));
		struct vt_event torn = { .size = sizes[i], .kind = VT_EVENT_FORK };

		if (RING - (ring->head & (RING - 1)) < sizeof(torn))
			put(VT_RING_LIFE, VT_EVENT_FORK, 1);
		put(VT_RING_LIFE, VT_EVENT_FORK, 2);
		memcpy(at, &torn, sizeof(torn));
		broken("size");
		put(VT_RING_LIFE, VT_EVENT_FORK, 3 + i);
		for (enum event_result r; (r = event_next(&reader, &event)) != EVENT_HERE;)
			assert_int_equal(r, EVENT_GAP);
		assert_int_equal(event_plain(&event)->a, 3 + i);
	}
}

static void hostile_heads_and_tails_end(void **state)
{
	static const uint64_t values[] = { 0,	     1,	       7,	   8,
					   RING,     RING + 1, UINT64_MAX, UINT64_MAX - 7,
					   1UL << 63 };
	const size_t n = sizeof(values) / sizeof(values[0]);

	for (size_t i = 0; i < n * n; i++) {
		start(EVENTS_FROM_NOW);
		put(VT_RING_LIFE, VT_EVENT_FORK, 1);
		t->rings[VT_RING_LIFE].head = values[i / n];
		t->rings[VT_RING_LIFE].tail = values[i % n];
		broken("head and tail");
		start(EVENTS_FROM_OLDEST);
		broken("head and tail");
		t->rings[VT_RING_LIFE].head = t->rings[VT_RING_LIFE].tail = 0;
	}
}

static void a_ring_outside_the_region_is_refused(void **state)
{
	static const struct {
		uint64_t offset, size;
	} rings[] = { { 0, 0 },
		      { VT_TELEMETRY_RINGS, RING - 1 },
		      { VT_TELEMETRY_RINGS, 3 * RING },
		      { VT_TELEMETRY_RINGS + 1, RING },
		      { VT_TELEMETRY_RINGS, 1UL << 63 },
		      { UINT64_MAX - 7, RING },
		      { VT_TELEMETRY_RINGS + 3 * RING, RING } };
	struct error err;

	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
		t->rings[VT_RING_LIFE].offset = rings[i].offset;
		t->rings[VT_RING_LIFE].size = rings[i].size;
		assert_int_equal(event_reader_init(&reader, &region, EVENTS_FROM_NOW, &err), -1);
		assert_string_equal(err.text, "the sandbox has no ring for life events");
	}
}

static void regions_of_another_kind_are_refused(void **state)
{
	char versions[64];
	struct error err;

	assert_int_equal(region_check(&region, &err), 0);
	t->version++;
	assert_int_equal(region_check(&region, &err), -1);
	snprintf(versions, sizeof(versions), "version %d, this program reads version %d",
		 VT_TELEMETRY_VERSION + 1, VT_TELEMETRY_VERSION);
	assert_non_null(strstr(err.text, versions));
	t->version--;
	t->size += 4096;
	assert_int_equal(region_check(&region, &err), -1);
	t->size -= 4096;
	t->magic = 0;
	assert_int_equal(region_check(&region, &err), -1);
}

static void data_of_calls_is_bounded(void **state)
{
	struct {
		struct vt_event_syscall call;
		struct vt_event_data first;
		char path[8];
		struct vt_event_data second;
		char buffer[8];
	} body = { .call = { .nr = 257, .data_len = 32 },
		   .first = { .arg = 1, .len = 5, .full = 5 },
		   .path = "/etc/",
		   .second = { .arg = 2, .len = 4, .full = 100 },
		   .buffer = "data" };
	struct vt_event head = { .kind = VT_EVENT_SYSCALL, .ring = VT_RING_ROUTINE };
	struct event_data data;
	size_t at = 0;

	start(EVENTS_FROM_NOW);
	fake_region_write(t, &head, &body, sizeof(body));
	assert_int_equal(event_next(&reader, &event), EVENT_HERE);
	assert_null(event_plain(&event));
	assert_int_equal(event_syscall(&event)->nr, 257);
	assert_true(event_data(&event, &at, &data));
	assert_int_equal(data.arg, 1);
	assert_memory_equal(data.bytes, "/etc/", 5);
	assert_true(event_data(&event, &at, &data));
	assert_int_equal(data.full, 100);
	assert_memory_equal(data.bytes, "data", 4);
	assert_false(event_data(&event, &at, &data));

	body.second.len = 5000; /* longer than the record */
	body.call.data_len = UINT16_MAX;
	fake_region_write(t, &head, &body, sizeof(body));
	assert_int_equal(event_next(&reader, &event), EVENT_HERE);
	at = 0;
	assert_true(event_data(&event, &at, &data));
	assert_false(event_data(&event, &at, &data));

	fake_region_write(t, &head, &body, 8); /* cut before the call is complete */
	assert_int_equal(event_next(&reader, &event), EVENT_HERE);
	assert_null(event_syscall(&event));
}

static void percentiles_are_inside_their_bucket(void **state)
{
	uint64_t buckets[VT_BUCKETS] = { 0 };

	assert_true(histogram_percentile(buckets, 0.5) == 0);
	buckets[10] = 90;
	buckets[20] = 10;
	assert_in_range(histogram_percentile(buckets, 0.5), 1024, 2048);
	assert_in_range(histogram_percentile(buckets, 0.99), 1 << 20, 2 << 20);
}

/* ---- a writer that does not wait ---- */

#define WRITES 300000

static void *writer(void *arg)
{
	for (uint64_t i = 1; i <= WRITES; i++) {
		struct vt_event head = { .kind = VT_EVENT_PACKET,
					 .ring = i % 64 ? VT_RING_ROUTINE : VT_RING_LIFE };
		uint64_t body[40];
		size_t words = sizeof(struct vt_event_plain) / 8 + i % 30;

		for (size_t w = 0; w < words; w++)
			body[w] = i;
		fake_region_write(t, &head, body, words * 8);
	}
	return NULL;
}

/* Every word of a record says which one it is: a torn one would be noticed */
static void check_whole(uint64_t number)
{
	const uint64_t *body = (const uint64_t *)(event.bytes + sizeof(event.head));

	for (size_t w = 0; w < (event.head.size - sizeof(event.head)) / 8; w++)
		assert_int_equal(body[w], number);
}

static void no_event_is_torn_or_missed_in_silence(void **state)
{
	uint64_t seen = 0, lost = 0, number;
	pthread_t thread;
	bool done = false;

	start(EVENTS_FROM_NOW);
	assert_int_equal(pthread_create(&thread, NULL, writer, NULL), 0);
	while (!done) {
		done = __atomic_load_n(&t->events, __ATOMIC_ACQUIRE) == WRITES;
		for (enum event_result r; (r = event_next(&reader, &event)) != EVENT_NONE;) {
			if (r == EVENT_GAP) {
				lost += reader.gap.lost;
				continue;
			}
			number = event.head.seq;
			check_whole(number);
			seen++;
		}
	}
	pthread_join(thread, NULL);
	while (event_next(&reader, &event) == EVENT_HERE)
		seen++;
	assert_int_equal(seen + lost, WRITES);
	assert_true(seen > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rings_are_merged_in_order),
		TEST(from_now_or_from_the_oldest),
		TEST(a_loss_is_counted_and_only_in_its_ring),
		TEST(a_reader_from_now_misses_nothing_silently),
		TEST(hostile_records_cost_only_themselves),
		TEST(hostile_heads_and_tails_end),
		TEST(a_ring_outside_the_region_is_refused),
		TEST(regions_of_another_kind_are_refused),
		TEST(data_of_calls_is_bounded),
		TEST(percentiles_are_inside_their_bucket),
		TEST(no_event_is_torn_or_missed_in_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
