// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_record.c - recordings that anybody may have made
 *
 * What `vitrine observe --replay` does with each record before anybody asks for it: the region is
 * patched and read, events are kept and encoded, rows and columns restored, answers put away.
 * A first byte of 'h' gives the input a good head, so that what lies behind it is reached.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "observe/api/album.h"
#include "observe/api/history.h"
#include "observe/events/backlog.h"
#include "observe/events/event_json.h"
#include "observe/record/reader.h"
#include "observe/region/region.h"
#include "observe/region/samples.h"
#include "vitrine/util.h"

static struct backlog backlog;
static struct album album;
static uint8_t *memory;
static uint64_t seen[VT_NR_RINGS];

static void take_events(const struct record *record)
{
	struct event event;
	size_t at = 0, before;

	for (before = at; record_event_next(record, &at, &event); before = at) {
		json_t *json = event_json(&event, 0);

		if (at <= before || at > record->len)
			abort();
		json_decref(json);
		if (event.head.seq <= seen[event.head.ring])
			continue;
		seen[event.head.ring] = event.head.seq;
		backlog_add(&backlog, &event);
	}
}

static void take_region(const struct record *record)
{
	struct region region = { memory, VT_TELEMETRY_SIZE };
	struct sample sample = { 0 };
	struct error err = { 0 };
	uint64_t ticks;

	if (!record_patch(record, memory, &ticks) || region_check(&region, &err) < 0)
		return;
	region.then_ns = record->time_ns;
	region.then_ticks = ticks;
	region_time(&region, 1);
	sample_read(&region, "stat", &sample);
	sample_free(&sample);
}

static void take(struct history *history, const struct record *record)
{
	char path[RECORD_PATH_MAX + 1];
	struct record_view view;
	struct record_lost lost;
	float values[FIGURES_MAX];
	const char *text;
	bool coarse;
	size_t len;

	if (record->payload[record->len])
		abort();
	take_events(record);
	take_region(record);
	if (record_values(record, values, FIGURES_MAX, &coarse))
		history_restore(history, values, record->time_ns, coarse);
	if (record_loss(record, &lost))
		backlog_lose(&backlog, (unsigned)lost.ring, lost.to);
	if (record_answer(record, &view, path, &text, &len))
		album_put(&album, view.view, view.pid, *path ? path : NULL, text, len,
			  record->time_ns);
	if (record->kind == RECORD_COLUMNS) {
		json_t *columns = json_loadb((const char *)record->payload, record->len, 0, NULL);

		history_restore_columns(history, columns);
		json_decref(columns);
	}
}

static void prepare(struct history *history)
{
	struct error err = { 0 };

	if (!memory) {
		memory = calloc(1, VT_TELEMETRY_SIZE);
		album_init(&album);
		if (!memory || backlog_init(&backlog, &err) < 0)
			abort();
	}
	album_clear(&album);
	backlog_clear(&backlog);
	memset(seen, 0, sizeof(seen));
	if (history_init(history, 16, &err) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct record_file_head good = { .magic = { 'V', 'T', 'R', 'E', 'C', 'O', 'R', 'D' },
					       .version = RECORD_VERSION,
					       .telemetry = VT_TELEMETRY_VERSION,
					       .region_size = RECORD_REGION_SIZE };
	cleanup_free uint8_t *file = malloc(sizeof(good) + size);
	struct history_query query = { 0 };
	struct record_reader reader;
	struct history history;
	struct record record;
	struct error err = { 0 };
	cleanup_free char *text = NULL;
	size_t head = size && *data == 'h' ? sizeof(good) : 0, len;
	FILE *stream;

	if (!file || !size)
		return 0;
	memcpy(file, &good, head);
	memcpy(file + head, data + 1, size - 1);
	stream = head + size > 1 ? fmemopen(file, head + size - 1, "r") : NULL;
	if (!stream)
		return 0;
	prepare(&history);
	if (record_open(&reader, stream, &err) == 0) {
		while (record_next(&reader, &record))
			take(&history, &record);
		text = history_json(&history, &query, "ended", 100, 0, &len, &err);
	}
	record_close(&reader);
	history_free(&history);
	fclose(stream);
	return 0;
}
