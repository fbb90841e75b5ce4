// SPDX-License-Identifier: GPL-2.0-only
/* test_record.c - what is recorded is what is read, and a file that was cut off is good up to there
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "observe/api/album.h"
#include "observe/record/reader.h"
#include "observe/record/writer.h"
#include "scratch.h"
#include "vitrine/util.h"

static const char *path;
static struct vt_telemetry *live;
static struct region region;

static int setup(void **state)
{
	live = calloc(1, RECORD_REGION_SIZE);
	region = (struct region){ (const uint8_t *)live, RECORD_REGION_SIZE };
	live->magic = VT_TELEMETRY_MAGIC;
	live->version = VT_TELEMETRY_VERSION;
	path = scratch_path("session");
	unlink(path);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	free(live);
	return 0;
}

static struct event event_of(unsigned ring, uint64_t seq)
{
	struct event event = { .head = { .size = sizeof(struct vt_event) +
						 sizeof(struct vt_event_plain),
					 .kind = VT_EVENT_FORK,
					 .ring = (uint8_t)ring,
					 .seq = seq,
					 .time_ns = 1000 + seq } };

	return event;
}

static char *sample_text(struct vt_telemetry *t)
{
	return (char *)t + VT_TELEMETRY_SAMPLES;
}

static void sample_set(const char *text, uint32_t sequence)
{
	struct vt_sample *slot = &live->sampler.samples[0];

	strcpy(slot->name, "stat");
	slot->sequence = sequence;
	slot->length = (uint32_t)strlen(text);
	strcpy(sample_text(live), text);
}

/* Everything once: twice a region with a change between them */
static void write_all(struct record_writer *writer)
{
	const float row[] = { 1, 2.5f };
	struct event event = event_of(VT_RING_LIFE, 7);

	record_begin(writer, 5, 100);
	record_text(writer, RECORD_SANDBOX, "{\"name\":\"x\"}", 101);
	live->events = 1;
	sample_set("one", 2);
	record_region(writer, &region, 102);
	live->events = 2;
	sample_set("half", 3); /* it is being written */
	record_region(writer, &region, 103);
	record_row(writer, row, 2, true, 104);
	record_event(writer, &event);
	record_lost(writer, VT_RING_ERRORS, 8, 9, 2, 105);
	record_view(writer, 3, 42, "/etc/x", "{}", 2, 106);
}

static void test_roundtrip(void **state)
{
	struct record_writer writer = { 0 };
	struct record_reader reader;
	struct record record;
	struct error err = { 0 };
	struct event event;
	cleanup_free uint8_t *memory = calloc(1, RECORD_REGION_SIZE);
	struct vt_telemetry *t = (struct vt_telemetry *)memory;
	unsigned kinds[RECORD_END + 1] = { 0 };
	FILE *file;

	assert_int_equal(record_create(&writer, path, &err), 0);
	record_flush(&writer, 0);
	write_all(&writer);
	assert_int_equal(record_finish(&writer, true, 107, &err), 0);

	file = fopen(path, "r");
	assert_int_equal(record_open(&reader, file, &err), 0);
	assert_int_equal(reader.head.realtime_ns, 5);
	assert_int_equal(reader.head.began_ns, 100);
	while (record_next(&reader, &record)) {
		char where[RECORD_PATH_MAX + 1];
		struct record_view view;
		struct record_lost lost;
		float values[3];
		const char *text;
		uint64_t ticks;
		size_t len, at = 0;
		bool coarse;

		assert_in_range(record.kind, RECORD_SANDBOX, RECORD_END);
		kinds[record.kind]++;
		if (record_patch(&record, memory, &ticks)) {
			assert_int_equal(t->events, kinds[RECORD_REGION]);
			assert_string_equal(sample_text(t), "one");
			assert_int_equal(t->sampler.samples[0].sequence, 2);
		}
		if (record_values(&record, values, 3, &coarse)) {
			assert_true(coarse && values[1] == 2.5f && values[2] != values[2]);
		}
		if (record_event_next(&record, &at, &event)) {
			assert_int_equal(event.head.seq, 7);
			assert_int_equal(record.time_ns, 1007);
			assert_false(record_event_next(&record, &at, &event));
		}
		if (record_loss(&record, &lost))
			assert_int_equal(lost.to, 9);
		if (record_answer(&record, &view, where, &text, &len)) {
			assert_int_equal(view.pid, 42);
			assert_string_equal(where, "/etc/x");
			assert_memory_equal(text, "{}", len);
		}
	}
	assert_false(reader.cut);
	assert_int_equal(kinds[RECORD_REGION], 2);
	assert_int_equal(kinds[RECORD_VIEW], 1);
	assert_int_equal(kinds[RECORD_END], 1);
	record_close(&reader);
	fclose(file);
}

/* A guest decides how many events there are: what is too much is counted */
static void test_flood(void **state)
{
	struct record_writer writer = { 0 };
	struct record_reader reader;
	struct record record;
	struct error err = { 0 };
	uint64_t lost = 0, kept = 0, life = 0;
	FILE *file;

	assert_int_equal(record_create(&writer, path, &err), 0);
	record_begin(&writer, 0, 0);
	record_flush(&writer, 2000000000);
	for (uint64_t seq = 1; seq <= 2 * RECORD_EVENTS_A_SECOND; seq++) {
		struct event event = event_of(seq % 100 ? VT_RING_ROUTINE : VT_RING_LIFE, seq);

		record_event(&writer, &event);
	}
	assert_int_equal(record_finish(&writer, false, 3, &err), 0);
	file = fopen(path, "r");
	assert_int_equal(record_open(&reader, file, &err), 0);
	while (record_next(&reader, &record)) {
		struct record_lost loss;
		struct event event;
		size_t at = 0;

		if (record_loss(&record, &loss))
			lost += loss.lost;
		if (record_event_next(&record, &at, &event)) {
			kept++;
			life += event.head.ring == VT_RING_LIFE;
		}
	}
	assert_int_equal(life, 2 * RECORD_EVENTS_A_SECOND / 100);
	assert_int_equal(kept - life, RECORD_EVENTS_A_SECOND);
	assert_int_equal(lost + kept, 2 * RECORD_EVENTS_A_SECOND);
	record_close(&reader);
	fclose(file);
}

/* Who recorded was killed: at every length the file is readable, and never more than it was */
static void test_cut(void **state)
{
	struct record_writer writer = { 0 };
	struct error err = { 0 };
	cleanup_free char *all = NULL;
	unsigned most = 0, before = 0;
	long size;
	FILE *file;

	assert_int_equal(record_create(&writer, path, &err), 0);
	write_all(&writer);
	assert_int_equal(record_finish(&writer, true, 107, &err), 0);
	file = fopen(path, "r");
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	all = malloc(size);
	assert_int_equal(fread(all, 1, size, file), size);
	fclose(file);
	for (long len = 1; len <= size; len++) {
		struct record_reader reader;
		struct record record;
		unsigned count = 0;

		file = fmemopen(all, len, "r");
		if (record_open(&reader, file, &err) == 0) {
			while (record_next(&reader, &record))
				count++;
			assert_true(len < size || !reader.cut);
			assert_true(count >= before);
			before = count;
		}
		most = count;
		record_close(&reader);
		fclose(file);
	}
	assert_int_equal(most, 8);
}

static void test_new_file_only(void **state)
{
	struct record_writer writer = { 0 };
	struct error err = { 0 };

	assert_int_equal(record_create(&writer, path, &err), 0);
	assert_int_equal(record_finish(&writer, false, 0, &err), 0);
	writer = (struct record_writer){ 0 };
	assert_int_equal(record_create(&writer, path, &err), -1);
	assert_non_null(strstr(err.text, "exists"));
	/* and one that is not recorded into takes everything */
	write_all(&writer);
	assert_int_equal(record_finish(&writer, true, 0, &err), 0);
}

static void test_full_disk(void **state)
{
	struct record_writer writer = { 0 };
	struct error err = { 0 };

	assert_int_equal(record_create(&writer, path, &err), 0);
	writer.file = freopen("/dev/full", "w", writer.file);
	write_all(&writer);
	assert_int_equal(record_finish(&writer, true, 107, &err), -1);
	assert_non_null(strstr(err.text, "No space left"));
}

static void test_album(void **state)
{
	struct album *album = malloc(sizeof(*album));
	cleanup_free char *text = NULL;
	char path_of[32];
	uint64_t time;
	size_t len;

	album_init(album);
	album_put(album, 1, 0, NULL, "first", 5, 10);
	album_put(album, 1, 0, NULL, "second", 6, 20);
	for (unsigned i = 0; i < 3 * ALBUM_PAGES; i++) {
		snprintf(path_of, sizeof(path_of), "/%u", i);
		album_put(album, 2, 0, path_of, "x", 1, 30 + i);
	}
	text = album_get(album, 1, 0, NULL, &len, &time);
	assert_string_equal(text, "second");
	assert_int_equal(time, 20);
	assert_null(album_get(album, 2, 0, "/0", &len, &time));
	assert_null(album_get(album, 1, 1, NULL, &len, &time));
	free(album_get(album, 2, 0, path_of, &len, &time));
	assert_int_equal(len, 1);
	album_clear(album);
	assert_int_equal(album->bytes, 0);
	assert_null(album_get(album, 1, 0, NULL, &len, &time));
	free(album);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_roundtrip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_file_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
		cmocka_unit_test(test_album),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
