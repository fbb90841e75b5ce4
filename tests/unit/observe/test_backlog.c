// SPDX-License-Identifier: GPL-2.0-only
/* test_backlog.c - what readers get of many events: memory, filters, limits, text */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include "lib/plain.h"
#include "observe/events/backlog.h"
#include "observe/events/event_json.h"
#include "observe/events/filter.h"
#include "observe/text/guest_text.h"
#include "observe/events/select.h"
#include "vitrine/util.h"

#define STANDARD (~0ULL)

static struct backlog backlog;

static int setup(void **state)
{
	struct error err;

	return backlog_init(&backlog, &err);
}

static int teardown(void **state)
{
	backlog_free(&backlog);
	return 0;
}

static struct event call_event(uint64_t seq, unsigned ring, int nr, int64_t result)
{
	struct event event = { .head = { .kind = VT_EVENT_SYSCALL,
					 .ring = (uint8_t)ring,
					 .seq = seq,
					 .pid = 7,
					 .tgid = 5,
					 .comm = "worker" } };
	const struct vt_event_syscall call = { .nr = nr, .result = result, .duration_ns = 1500 };

	event.head.size = sizeof(event.head) + sizeof(call);
	memcpy(event.bytes + sizeof(event.head), &call, sizeof(call));
	return event;
}

static struct event plain_event(uint64_t seq, unsigned ring, unsigned kind, const char *text)
{
	struct event event = { .head = {
				   .kind = (uint16_t)kind, .ring = (uint8_t)ring, .seq = seq } };
	const struct vt_event_plain plain = { .text_len = (uint32_t)strlen(text) };

	event.head.size = (sizeof(event.head) + sizeof(plain) + plain.text_len + 7) & ~7U;
	memcpy(event.bytes + sizeof(event.head), &plain, sizeof(plain));
	memcpy(event.bytes + sizeof(event.head) + sizeof(plain), text, plain.text_len);
	return event;
}

static void add_calls(uint64_t from, uint64_t count)
{
	for (uint64_t seq = from; seq < from + count; seq++) {
		struct event event = call_event(seq, VT_RING_ROUTINE, 39, 0);

		backlog_add(&backlog, &event);
	}
}

static void test_order_over_rings(void **state)
{
	struct backlog_walk walk;
	const struct event *event;
	uint64_t seq = 10;

	for (uint64_t i = 1; i <= 30; i++) {
		struct event one = call_event(i, i % 7 ? VT_RING_ROUTINE : VT_RING_ERRORS, 39, 0);

		backlog_add(&backlog, &one);
	}
	walk = backlog_begin(&backlog, 10);
	while ((event = backlog_next(&walk)))
		assert_int_equal(event->head.seq, ++seq);
	assert_int_equal(seq, 30);
	assert_int_equal(backlog_missing(&backlog, 0, BACKLOG_ALL), 0);
	assert_int_equal(backlog_oldest(&backlog), 1);
}

static void test_rare_events_stay(void **state)
{
	struct event first = plain_event(1, VT_RING_LIFE, VT_EVENT_EXEC, "/bin/true");
	struct backlog_walk walk;
	uint64_t missing;

	backlog_add(&backlog, &first);
	add_calls(2, 300000);
	walk = backlog_begin(&backlog, 0);
	assert_int_equal(backlog_next(&walk)->head.seq, 1);
	missing = backlog_missing(&backlog, 1, BACKLOG_ALL);
	assert_true(missing > 200000 && missing < 300000);
	assert_int_equal(backlog_next(&walk)->head.seq, missing + 1);
	assert_int_equal(backlog_missing(&backlog, missing, BACKLOG_ALL), 0);
	backlog_lose(&backlog, VT_RING_ERRORS, 400000);
	assert_int_equal(backlog_missing(&backlog, 1, BACKLOG_ALL), 400000);
}

static const char *lookup(const void *context, const char *name)
{
	const char *const *pairs = context;

	for (; *pairs; pairs += 2) {
		if (!strcmp(pairs[0], name))
			return pairs[1];
	}
	return NULL;
}

#define PARSE(filter, err, ...)                                                                    \
	filter_parse(filter, lookup, (const char *const[]){ __VA_ARGS__, NULL }, err)

static void test_filter_words(void **state)
{
	static const char *const wrong[][2] = {
		{ "kind", "" },
		{ "kind", "exec," },
		{ "kind", "pad" },
		{ "kind", "EXEC" },
		{ "call", "nosuch" },
		{ "call", ",read" },
		{ "family", "disk" },
		{ "pid", "-1" },
		{ "pid", "1x" },
		{ "pid", "99999999999" },
		{ "errors", "2" },
		{ "errors", "" },
		{ "slow_us", "1e9" },
		{ "limit", "20001" },
		{ "samples", "all" },
		{ "comm", "0123456789012345678901234567890123456789012345678901234567890123" },
	};
	struct filter filter;
	struct error err;

	assert_int_equal(PARSE(&filter, &err, "kind", "exec,exit", "call", "read,openat", "pid",
			       "7", "comm", "work", "errors", "1", "slow_us", "3", "limit", "0",
			       "samples", "coarse"),
			 0);
	assert_int_equal(filter.kinds, 1 << VT_EVENT_EXEC | 1 << VT_EVENT_EXIT);
	assert_int_equal(filter.slow_ns, 3000);
	assert_int_equal(filter.limit, 0);
	assert_int_equal(filter.samples, SAMPLES_COARSE);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(PARSE(&filter, &err, wrong[i][0], wrong[i][1]), -1);
		assert_memory_equal(err.text, wrong[i][0], strlen(wrong[i][0]));
	}
}

static bool fits(const struct event *event, const char *name, const char *value)
{
	struct filter filter;
	struct error err;

	assert_int_equal(PARSE(&filter, &err, name, value), 0);
	return filter_fits(&filter, event, STANDARD);
}

static void test_filter_fits(void **state)
{
	const struct event good = call_event(1, VT_RING_ROUTINE, 0, 17);
	const struct event bad = call_event(2, VT_RING_ERRORS, 39, -ENOENT);
	const struct event exec = plain_event(3, VT_RING_LIFE, VT_EVENT_EXEC, "/bin/true");
	struct event torn = good;

	assert_true(fits(&good, "call", "read") && !fits(&bad, "call", "read"));
	assert_true(fits(&exec, "call", "read"));
	assert_true(fits(&bad, "family", "identity") && !fits(&good, "family", "identity"));
	assert_true(fits(&bad, "errors", "1") && !fits(&good, "errors", "1"));
	assert_true(fits(&good, "pid", "5") && fits(&good, "pid", "7") && !fits(&good, "pid", "6"));
	assert_true(fits(&good, "comm", "ork") && !fits(&good, "comm", "workers"));
	assert_true(fits(&good, "slow_us", "1") && !fits(&good, "slow_us", "2"));
	assert_false(fits(&exec, "slow_us", "1"));
	assert_true(fits(&exec, "kind", "exec") && !fits(&good, "kind", "exec"));
	torn.head.size = sizeof(torn.head) + 8;
	assert_false(fits(&torn, "errors", "0"));
}

static json_t *choose(unsigned room, unsigned *chosen, uint64_t *newest)
{
	struct filter filter;
	struct error err;
	struct selection what = { .filter = &filter,
				  .standard = STANDARD,
				  .until = UINT64_MAX,
				  .room = room,
				  .limit = room };

	assert_int_equal(PARSE(&filter, &err, "limit", "100"), 0);
	return select_events(&backlog, &what, chosen, newest);
}

static json_int_t total(const json_t *events)
{
	return json_integer_value(json_object_get(json_object_get(events, "omitted"), "total"));
}

static void test_select(void **state)
{
	unsigned chosen, previous = 0, widest = 0;
	uint64_t newest;
	json_t *events, *list, *event;
	size_t i;

	assert_null(choose(10, &chosen, &newest));
	add_calls(1, 5000);
	for (uint64_t seq = 5001; seq <= 5005; seq++) {
		struct event life = plain_event(seq, VT_RING_LIFE, VT_EVENT_OOPS, "BUG");

		backlog_add(&backlog, &life);
	}
	events = choose(100, &chosen, &newest);
	list = json_object_get(events, "events");
	assert_int_equal(chosen, 100);
	assert_int_equal(newest, 5005);
	assert_int_equal(total(events), 4905);
	/* The five rare ones, and every 52nd or 53rd of the others */
	json_array_foreach(list, i, event)
	{
		unsigned seq = (unsigned)json_integer_value(json_object_get(event, "seq"));

		if (i < 95 && i && seq - previous > widest)
			widest = seq - previous;
		previous = seq;
	}
	assert_int_equal(previous, 5005);
	assert_in_range(widest, 52, 53);
	json_decref(events);
	events = choose(3, &chosen, &newest);
	assert_int_equal(chosen, 3);
	assert_int_equal(total(events), 5002);
	json_decref(events);
	events = choose(0, &chosen, &newest);
	assert_int_equal(total(events), 5005);
	json_decref(events);
	events = choose(10000, &chosen, &newest);
	assert_true(json_is_null(json_object_get(events, "omitted")));
	json_decref(events);
}

static unsigned of_ring(const json_t *events, const char *ring)
{
	unsigned count = 0;
	const json_t *event;
	size_t i;

	json_array_foreach(json_object_get(events, "events"), i, event) count +=
	    !strcmp(json_string_value(json_object_get(event, "ring")), ring);
	return count;
}

/* Among errors one still sees what they are among, and each takes what the other leaves */
static void test_shares(void **state)
{
	unsigned chosen;
	uint64_t newest;
	json_t *events;

	for (uint64_t seq = 1; seq <= 1000; seq++) {
		struct event event = seq % 20 ? call_event(seq, VT_RING_ERRORS, 0, -ENOENT)
					      : call_event(seq, VT_RING_ROUTINE, 0, 1);

		backlog_add(&backlog, &event);
	}
	events = choose(40, &chosen, &newest);
	assert_int_equal(chosen, 40);
	assert_int_equal(of_ring(events, "errors"), 20);
	assert_int_equal(of_ring(events, "routine"), 20);
	json_decref(events);
	events = choose(400, &chosen, &newest);
	assert_int_equal(of_ring(events, "errors"), 350);
	assert_int_equal(of_ring(events, "routine"), 50);
	json_decref(events);
}

static void test_text(void **state)
{
	static const struct {
		const char *guest, *clean;
	} cases[] = {
		{ "plain", "plain" },
		{ "\x1b[2J\a\n", "\\x1b[2J\\x07\\x0a" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xff\xc3", "\\xff\\xc3" },
		{ "\xc0\xaf", "\\xc0\\xaf" },			/* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* a surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond Unicode */
		{ "\xc2\x9b"
		  "1m",
		  "\\xc2\\x9b"
		  "1m" },				 /* CSI in one character */
		{ "\xe2\x80\xaex", "\\xe2\\x80\\xaex" }, /* to the left */
		{ "<img onerror=\"x\">", "<img onerror=\"x\">" },
	};
	char out[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(plain_copy(out, sizeof(out), cases[i].guest, 100),
				 strlen(cases[i].clean));
		assert_string_equal(out, cases[i].clean);
	}
	/* Cut between characters, never in one */
	assert_int_equal(plain_copy(out, 4, "ab\xc3\xbc", 100), 2);
	assert_int_equal(plain_copy(out, 4, "\x01\x02", 100), 0);
}

/* What jansson lets through and a terminal would obey is escaped, and means the same */
static void test_dumps(void **state)
{
	static const char text[] = "a\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81 gr\xc3\xbc\xc3\x9f\n";
	json_t *json = json_pack("{s:s}", text, text), *again;
	cleanup_free char *plain = guest_dumps(json, JSON_INDENT(1));
	cleanup_free char *untouched = NULL;

	assert_string_equal(plain,
			    "{\n \"a\\u007f\\u009b\\u202e\\udb40\\udc01 gr\xc3\xbc\xc3\x9f\\n\": "
			    "\"a\\u007f\\u009b\\u202e\\udb40\\udc01 gr\xc3\xbc\xc3\x9f\\n\"\n}");
	again = json_loads(plain, 0, NULL);
	assert_true(json_equal(json, again));
	json_decref(json);
	json_decref(again);
	json = json_pack("{s:s}", "gr\xc3\xbc\xc3\x9f", "x");
	untouched = guest_dumps(json, JSON_COMPACT);
	assert_string_equal(untouched, "{\"gr\xc3\xbc\xc3\x9f\":\"x\"}");
	json_decref(json);
	assert_null(guest_dumps(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order_over_rings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rare_events_stay, setup, teardown),
		cmocka_unit_test(test_filter_words),
		cmocka_unit_test(test_filter_fits),
		cmocka_unit_test_setup_teardown(test_select, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shares, setup, teardown),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
