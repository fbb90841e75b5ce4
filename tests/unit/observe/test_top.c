// SPDX-License-Identifier: GPL-2.0-only
/* test_top.c - vitrine top's frames let nothing of a guest through, and its table is true */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include "cli/top/frame.h"
#include "cli/top/rows.h"
#include "fake_region.h"

static struct frame frame;

static const char *made(void)
{
	static char text[4096];

	snprintf(text, sizeof(text), "%.*s", (int)frame.len, frame.text);
	return text;
}

static int clear(void **state)
{
	frame_free(&frame);
	return 0;
}

static void guest_bytes_do_not_reach_the_terminal(void **state)
{
	static const struct {
		const char *hostile, *shown;
	} names[] = {
		{ "plain", "plain" },
		{ "\033[31mred\a", "?[31mred?" },
		{ "a\nb\rc\td", "a?b?c?d" },
		{ "\x7f\x80\xff", "???" },
		{ "\xc2\x9b"
		  "2J",
		  "?2J" },			  /* C1, as UTF-8 */
		{ "caf\xc3\xa9", "caf\xc3\xa9" }, /* an e with an accent */
		{ "a\xe2\x80\x8b"
		  "b",
		  "a?b" }, /* no width */
		{ "cut\xe2\x82", "cut??" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		frame_begin(&frame, 0, 0);
		frame_text(&frame, names[i].hostile);
		assert_string_equal(made(), names[i].shown);
	}
}

static void lines_are_cut_at_the_width(void **state)
{
	frame_begin(&frame, 3, 8);
	frame_text(&frame, "123456789");
	frame_line(&frame);
	frame_text(&frame, "1234567\xe4\xb8\xad"); /* two columns wide */
	frame_line(&frame);
	frame_cell(&frame, -4, "7");
	frame_cell(&frame, 3, "abcd");
	frame_cell(&frame, 3, "xyz");
	frame_line(&frame);
	frame_text(&frame, "below the screen");
	frame_line(&frame);
	assert_string_equal(made(), "12345678\n1234567\n   7abcx\n");
	assert_int_equal(frame.lines, 4);
	assert_int_equal(frame.row, 3);
}

static void lines_are_scrolled_away(void **state)
{
	frame_begin(&frame, 2, 8);
	frame.skip = 2;
	for (int i = 0; i < 9; i++) {
		frame_printf(&frame, "%d", i);
		frame_line(&frame);
	}
	assert_string_equal(made(), "2\n3\n");
	assert_int_equal(frame.lines, 9);
}

static void quantities_are_short(void **state)
{
	static const struct {
		double value;
		const char *shown, *bytes;
	} values[] = {
		{ 0, "0", "0B" },
		{ 7, "7", "7B" },
		{ 999, "999", "999B" },
		{ 1000, "1.00k", "0.98K" },
		{ 12345, "12.3k", "12.1K" },
		{ 999999, "1.00M", "977K" },
		{ 1 << 30, "1.07G", "1.00G" },
		{ -5, "0", "0B" },
	};
	char text[QUANTITY_MAX];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_string_equal(quantity(values[i].value, text), values[i].shown);
		assert_string_equal(quantity_bytes(values[i].value, text), values[i].bytes);
	}
}

static void times_are_short(void **state)
{
	char text[QUANTITY_MAX];

	assert_string_equal(quantity_time(0, text), "0ns");
	assert_string_equal(quantity_time(987, text), "987ns");
	assert_string_equal(quantity_time(12345, text), "12.3us");
	assert_string_equal(quantity_time(4560000000.0, text), "4.56s");
	assert_string_equal(quantity_time(1e14, text), "100000s");
}

/* ---- the table ---- */

static struct region region;
static struct vt_telemetry *t;
static struct top_snapshot now, before;
static struct top_rows rows;

static int setup(void **state)
{
	t = fake_region_new(&region, 4096);
	return 0;
}

static int teardown(void **state)
{
	top_snapshot_free(&now);
	top_snapshot_free(&before);
	top_rows_free(&rows);
	fake_region_free(&region);
	return 0;
}

static void put_processes(const char *json, uint64_t time_ns)
{
	struct vt_sample *sample = &t->sampler.samples[0];

	strcpy(sample->name, "tasks");
	sample->length = strlen(json);
	sample->time_ns = time_ns;
	sample->taken++;
	memcpy((char *)t + VT_TELEMETRY_SAMPLES, json, strlen(json));
}

static void put_task(unsigned slot, unsigned pid, unsigned tgid, const char *comm, uint64_t calls)
{
	t->tasks[slot] = (struct vt_task_counters){
		.pid = pid, .tgid = tgid, .born_ns = 1, .call = -1, .calls = calls
	};
	strncpy(t->tasks[slot].comm, comm, sizeof(t->tasks[slot].comm) - 1);
}

static void expect_pids(const struct top_order *order, const uint32_t *pids, size_t count)
{
	top_rows_make(&rows, &now, &before, order);
	assert_int_equal(rows.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(rows.rows[i].task->pid, pids[i]);
}

static void threads_are_added_to_their_process(void **state)
{
	const struct top_task *task;

	put_processes("{\"processes\":[{\"pid\":5,\"ppid\":1,\"uid\":33,\"comm\":\"httpd\","
		      "\"state\":\"disk sleep\",\"rss_bytes\":4096}]}",
		      1);
	put_task(0, 5, 5, "httpd", 10);
	put_task(9, 6, 5, "worker", 7);
	put_task(3, 8, 8, "new", 1);
	top_snapshot_take(&now, NULL, &region);
	assert_int_equal(now.ntasks, 2);
	task = top_snapshot_find(&now, 5);
	assert_int_equal(task->calls, 17);
	assert_int_equal(task->live, 2);
	assert_int_equal(task->state, 'D');
	assert_string_equal(task->comm, "httpd");
	task = top_snapshot_find(&now, 8);
	assert_false(task->known);
	assert_string_equal(task->comm, "new");
	assert_null(top_snapshot_find(&now, 7));
}

static void shares_are_over_the_samples_times(void **state)
{
	put_processes("{\"processes\":[{\"pid\":5,\"utime_ns\":100,\"start_ns\":7}]}", 1000);
	top_snapshot_take(&before, NULL, &region);
	put_processes(
	    "{\"processes\":[{\"pid\":5,\"utime_ns\":400,\"stime_ns\":200,\"start_ns\":9}]}", 2000);
	top_snapshot_take(&now, &before, &region);
	assert_true(top_snapshot_find(&now, 5)->cpu_share == 0.5);
}

static void rows_are_sorted_and_filtered(void **state)
{
	struct top_order order = { .by = COLUMN_CALLS };

	put_processes("{\"processes\":[{\"pid\":1,\"comm\":\"init\"},"
		      "{\"pid\":2,\"comm\":\"kthreadd\",\"kernel\":true},"
		      "{\"pid\":30,\"comm\":\"sh\"},{\"pid\":31,\"comm\":\"Sheep\"}]}",
		      1);
	top_snapshot_take(&before, NULL, &region);
	put_task(0, 30, 30, "sh", 10);
	put_task(1, 31, 31, "Sheep", 20);
	top_snapshot_take(&now, &before, &region);
	now.time_ns = before.time_ns + 2000000000;

	expect_pids(&order, (uint32_t[]){ 31, 30, 1 }, 3);
	assert_true(rows.rows[0].calls == 10);
	order.reversed = true;
	expect_pids(&order, (uint32_t[]){ 1, 30, 31 }, 3);
	order.by = COLUMN_PID;
	order.reversed = false;
	order.kernel = true;
	expect_pids(&order, (uint32_t[]){ 1, 2, 30, 31 }, 4);
	strcpy(order.filter, "she");
	expect_pids(&order, (uint32_t[]){ 31 }, 1);
	strcpy(order.filter, "30");
	expect_pids(&order, (uint32_t[]){ 30 }, 1);
}

static void a_tree_ends_even_if_parents_go_round(void **state)
{
	const struct top_order order = { .by = COLUMN_PID, .tree = true };

	put_processes("{\"processes\":[{\"pid\":1,\"ppid\":0},{\"pid\":2,\"ppid\":1},"
		      "{\"pid\":3,\"ppid\":2},{\"pid\":4,\"ppid\":1},{\"pid\":7,\"ppid\":8},"
		      "{\"pid\":8,\"ppid\":7},{\"pid\":9,\"ppid\":9}]}",
		      1);
	top_snapshot_take(&now, NULL, &region);
	expect_pids(&order, (uint32_t[]){ 1, 2, 3, 4, 7, 8, 9 }, 7);
	assert_int_equal(rows.rows[2].depth, 2);
	assert_int_equal(rows.rows[3].depth, 1);
}

static void a_hostile_list_is_no_list(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{\"processes\":7}",
		"{\"processes\":[7,null]}",
		"{\"processes\":[{\"pid\":-1,\"comm\":7,\"state\":null,\"rss_bytes\":\"x\"}]}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put_processes(texts[i], i);
		top_snapshot_take(&now, NULL, &region);
		top_rows_make(&rows, &now, NULL, &(struct top_order){ 0 });
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(guest_bytes_do_not_reach_the_terminal, clear),
		cmocka_unit_test_teardown(lines_are_cut_at_the_width, clear),
		cmocka_unit_test_teardown(lines_are_scrolled_away, clear),
		cmocka_unit_test_teardown(quantities_are_short, clear),
		cmocka_unit_test(times_are_short),
		TEST(threads_are_added_to_their_process),
		TEST(shares_are_over_the_samples_times),
		TEST(rows_are_sorted_and_filtered),
		TEST(a_tree_ends_even_if_parents_go_round),
		TEST(a_hostile_list_is_no_list),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
