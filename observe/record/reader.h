/* SPDX-License-Identifier: GPL-2.0-only */
/* reader.h - read a recorded session; the file may come from anybody
 *
 *	struct record_reader reader;
 *	struct record record;
 *
 *	record_open(&reader, file, &err);
 *	while (record_next(&reader, &record))
 *		switch (record.kind) ...
 *	record_close(&reader);
 */
#ifndef OBSERVE_RECORD_READER_H
#define OBSERVE_RECORD_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "format.h"
#include "observe/region/event.h"
#include "vitrine/error.h"

/**
 * struct record_reader - a place in a file
 * @payload: of the newest record
 * @cut:     the file ended inside of a record
 */
struct record_reader {
	FILE *file;
	struct record_file_head head;
	uint8_t *payload;
	size_t room;
	bool cut;
};

/**
 * struct record - one record
 * @kind:    enum record_kind, or one that nobody here knows
 * @payload: @len bytes and a NUL, until the next one is read
 */
struct record {
	uint32_t kind;
	uint64_t time_ns;
	const uint8_t *payload;
	size_t len;
};

/**
 * record_open() - Begin to read
 * @file: at its beginning; stays the caller's
 *
 * Return: 0, or -1 with @err filled: no recording, or one of another version.
 */
int record_open(struct record_reader *reader, FILE *file, struct error *err);

/** record_next() - The next record; false at the end */
bool record_next(struct record_reader *reader, struct record *record);

/** record_rewind() - Go back to the first record. Return: 0, or -1 with @err filled */
int record_rewind(struct record_reader *reader, struct error *err);

void record_close(struct record_reader *reader);

/**
 * record_patch() - Apply a RECORD_REGION
 * @memory: RECORD_REGION_SIZE bytes
 * @ticks:  set to the CPU's counter at the record's time
 *
 * Return: false when it is none, or says something impossible; what came before that is applied.
 */
bool record_patch(const struct record *record, uint8_t *memory, uint64_t *ticks);

/**
 * record_event_next() - The events of a RECORD_EVENTS, one after the other
 * @at: 0 before the first call
 *
 * Return: false when there is none left. The event is as ring.c makes them.
 */
bool record_event_next(const struct record *record, size_t *at, struct event *event);

/**
 * record_values() - The row of a RECORD_ROW
 * @values: @most of them; those that the record does not have are NAN
 */
bool record_values(const struct record *record, float *values, size_t most, bool *coarse);

/** record_loss() - What a RECORD_LOST says */
bool record_loss(const struct record *record, struct record_lost *lost);

/**
 * record_answer() - What a RECORD_VIEW says
 * @path: RECORD_PATH_MAX + 1 bytes, set to the path, empty for none
 * @text: set to the answer, @len bytes
 */
#define RECORD_PATH_MAX 4096
bool record_answer(const struct record *record, struct record_view *view, char *path,
		   const char **text, size_t *len);

#endif
