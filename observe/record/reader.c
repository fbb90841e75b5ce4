// SPDX-License-Identifier: GPL-2.0-only
/* reader.c - read a recorded session; the file may come from anybody
 *
 * Theory of operation
 * A record is read whole, in a buffer that grows up to RECORD_PAYLOAD_MAX as bytes really come: a
 * length that is a lie costs no memory. Each function below checks one kind; nothing outside of
 * this file looks at a payload. What a file can do is what a guest can do that has broken its
 * kernel: tell untrue numbers and texts.
 *
 * Host system calls: read, lseek.
 */
#include "reader.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "observe/region/region.h"
#include "vitrine/util.h"

#define STEP (256U << 10) /* a payload's memory grows by this much */

int record_open(struct record_reader *reader, FILE *file, struct error *err)
{
	struct record_file_head *head = &reader->head;

	*reader = (struct record_reader){ .file = file };
	if (fread(head, sizeof(*head), 1, file) != 1)
		return ferror(file) ? error_set(err, errno, "cannot read the recording")
				    : error_set(err, 0, "this is no recording: it is too short");
	if (memcmp(head->magic, RECORD_MAGIC, sizeof(head->magic)))
		return error_set(err, 0, "this is no recording of `vitrine observe --record`");
	if (head->version != RECORD_VERSION)
		return error_set(err, 0, "the recording has version %u, this program reads %u",
				 head->version, RECORD_VERSION);
	if (head->telemetry != VT_TELEMETRY_VERSION || head->region_size != RECORD_REGION_SIZE)
		return error_set(err, 0,
				 "the recording's telemetry is version %u, this program reads "
				 "version %u: use the vitrine that recorded it",
				 head->telemetry, VT_TELEMETRY_VERSION);
	if (head->began_ns > INT64_MAX / 2 || head->realtime_ns < 0 ||
	    head->realtime_ns > INT64_MAX / 2)
		return error_set(err, 0, "the recording begins at an impossible time");
	return 0;
}

/* So many bytes more, or as many as there are */
static bool fetch(struct record_reader *reader, size_t len)
{
	size_t have = 0;

	while (have < len) {
		size_t step = len - have < STEP ? len - have : STEP;

		if (have + step + 1 > reader->room) {
			uint8_t *larger = realloc(reader->payload, have + step + 1);

			if (!larger)
				return false;
			reader->payload = larger;
			reader->room = have + step + 1;
		}
		if (fread(reader->payload + have, 1, step, reader->file) != step)
			return false;
		have += step;
	}
	return true;
}

bool record_next(struct record_reader *reader, struct record *record)
{
	struct record_head head;
	size_t got = fread(&head, 1, sizeof(head), reader->file);

	if (got != sizeof(head)) {
		reader->cut = reader->cut || got;
		return false;
	}
	if (head.length > RECORD_PAYLOAD_MAX || !fetch(reader, ((size_t)head.length + 7) & ~7UL)) {
		reader->cut = true;
		return false;
	}
	if (!reader->payload && !(reader->payload = calloc(1, 1)))
		return false;
	reader->room = reader->room ? reader->room : 1;
	reader->payload[head.length] = '\0';
	*record = (struct record){ .kind = head.kind,
				   .time_ns = head.time_ns <= INT64_MAX / 2 ? head.time_ns : 0,
				   .payload = reader->payload,
				   .len = head.length };
	return true;
}

int record_rewind(struct record_reader *reader, struct error *err)
{
	reader->cut = false;
	if (fseek(reader->file, sizeof(reader->head), SEEK_SET))
		return error_set(err, errno, "cannot go back in the recording");
	return 0;
}

void record_close(struct record_reader *reader)
{
	free(steal_ptr(reader->payload));
	reader->room = 0;
}

bool record_patch(const struct record *record, uint8_t *memory, uint64_t *ticks)
{
	struct record_region head;
	size_t at = sizeof(head);

	if (record->kind != RECORD_REGION || record->len < sizeof(head))
		return false;
	memcpy(&head, record->payload, sizeof(head));
	*ticks = head.ticks;
	while (at < record->len) {
		struct record_block block;

		if (record->len - at < sizeof(block))
			return false;
		memcpy(&block, record->payload + at, sizeof(block));
		at += sizeof(block);
		if (block.length > record->len - at || block.offset > RECORD_REGION_SIZE ||
		    block.length > RECORD_REGION_SIZE - block.offset)
			return false;
		memcpy(memory + block.offset, record->payload + at, block.length);
		at += block.length;
	}
	return true;
}

bool record_event_next(const struct record *record, size_t *at, struct event *event)
{
	struct vt_event *head = &event->head;

	if (record->kind != RECORD_EVENTS || *at > record->len || record->len - *at < sizeof(*head))
		return false;
	memcpy(head, record->payload + *at, sizeof(*head));
	if (head->size < sizeof(*head) || head->size > sizeof(event->bytes) || head->size % 8 ||
	    head->size > record->len - *at || head->kind >= VT_NR_EVENT_KINDS ||
	    head->kind == VT_EVENT_PAD || head->ring >= VT_NR_RINGS ||
	    head->time_ns > INT64_MAX / 2)
		return false;
	memcpy(event->bytes, record->payload + *at, head->size);
	head->comm[sizeof(head->comm) - 1] = '\0';
	*at += head->size;
	return true;
}

bool record_values(const struct record *record, float *values, size_t most, bool *coarse)
{
	struct record_row head;
	size_t count;

	if (record->kind != RECORD_ROW || record->len < sizeof(head))
		return false;
	memcpy(&head, record->payload, sizeof(head));
	count = (record->len - sizeof(head)) / sizeof(*values);
	if (head.count < count)
		count = head.count;
	*coarse = head.coarse;
	for (size_t i = 0; i < most; i++) {
		values[i] = NAN;
		if (i < count)
			memcpy(&values[i], record->payload + sizeof(head) + i * sizeof(*values),
			       sizeof(*values));
	}
	return true;
}

bool record_loss(const struct record *record, struct record_lost *lost)
{
	if (record->kind != RECORD_LOST || record->len < sizeof(*lost))
		return false;
	memcpy(lost, record->payload, sizeof(*lost));
	return lost->ring < VT_NR_RINGS && lost->from <= lost->to && lost->to <= INT64_MAX &&
	       lost->lost <= INT64_MAX;
}

bool record_answer(const struct record *record, struct record_view *view, char *path,
		   const char **text, size_t *len)
{
	if (record->kind != RECORD_VIEW || record->len < sizeof(*view))
		return false;
	memcpy(view, record->payload, sizeof(*view));
	if (view->path_len > RECORD_PATH_MAX || view->path_len > record->len - sizeof(*view))
		return false;
	memcpy(path, record->payload + sizeof(*view), view->path_len);
	path[view->path_len] = '\0';
	*text = (const char *)record->payload + sizeof(*view) + view->path_len;
	*len = record->len - sizeof(*view) - view->path_len;
	return true;
}
