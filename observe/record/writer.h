/* SPDX-License-Identifier: GPL-2.0-only */
/* writer.h - record a session into a file */
#ifndef OBSERVE_RECORD_WRITER_H
#define OBSERVE_RECORD_WRITER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "format.h"
#include "observe/region/event.h"
#include "observe/region/region.h"
#include "vitrine/error.h"

#define RECORD_EVENTS_A_SECOND                                                                     \
	4000 /* more are counted, not kept; those of VT_RING_LIFE are kept                         \
	      */

/**
 * struct record_writer - a file that is written; zeroed: none, and every function does nothing
 * @shadow: the region as the file has it
 * @begun:  the head has been written
 * @failed: errno of what went wrong, after which nothing is written any more
 * @room:   events that may still be kept in the second that began at @second_ns
 * @missed: events of a ring that were not, with their first and last seq
 */
struct record_writer {
	pthread_mutex_t lock;
	FILE *file;
	const char *path;
	uint8_t *shadow, *now;
	bool begun;
	int failed;
	uint64_t second_ns;
	unsigned room;
	struct record_lost missed[VT_NR_RINGS];
};

/**
 * record_create() - Make a new file to record into
 * @path: must not exist; stays the caller's
 *
 * Return: 0, or -1 with @err filled.
 */
int record_create(struct record_writer *writer, const char *path, struct error *err);

/** record_begin() - Write the head; what comes before it is dropped */
void record_begin(struct record_writer *writer, int64_t realtime_ns, uint64_t now_ns);

/** record_text() - Write a record of JSON: RECORD_SANDBOX, RECORD_COLUMNS or RECORD_STATE */
void record_text(struct record_writer *writer, enum record_kind kind, const char *text,
		 uint64_t now_ns);

/** record_region() - Write what has changed in the region since the last time */
void record_region(struct record_writer *writer, const struct region *region, uint64_t now_ns);

/** record_row() - Write a row of the history: @count values, NAN where there is none */
void record_row(struct record_writer *writer, const float *row, size_t count, bool coarse,
		uint64_t now_ns);

/** record_event() - Write an event, or count it when there are too many */
void record_event(struct record_writer *writer, const struct event *event);

/** record_lost() - Events were overwritten before they were read */
void record_lost(struct record_writer *writer, unsigned ring, uint64_t from, uint64_t to,
		 uint64_t lost, uint64_t now_ns);

/** record_view() - Write the kernel's answer: @len bytes of @text; @path: NULL for none */
void record_view(struct record_writer *writer, uint32_t view, uint32_t pid, const char *path,
		 const char *text, size_t len, uint64_t now_ns);

/** record_flush() - Give to the host what has been written; a killed recorder loses no more than
 * what came since
 */
void record_flush(struct record_writer *writer, uint64_t now_ns);

/**
 * record_finish() - Write the end, and close
 * @over: the sandbox has ended, and not only who recorded it
 *
 * Return: 0; -1 with @err filled when the file is not all that it should be.
 */
int record_finish(struct record_writer *writer, bool over, uint64_t now_ns, struct error *err);

#endif
