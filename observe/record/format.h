/* SPDX-License-Identifier: GPL-2.0-only */
/* format.h - a recorded session as a file; docs/observatory.md describes it for others
 *
 * A head, then records, all little-endian and aligned to 8 bytes. A record that a reader does not
 * know is skipped by its length: new kinds need no new version. A file may end anywhere, since who
 * recorded may have been killed: what is whole counts.
 */
#ifndef OBSERVE_RECORD_FORMAT_H
#define OBSERVE_RECORD_FORMAT_H

#include <stdint.h>
#include "vitrine/telemetry.h"

#define RECORD_MAGIC "VTRECORD"
#define RECORD_VERSION 1
#define RECORD_PAYLOAD_MAX (32U << 20)
#define RECORD_BLOCK 64 /* bytes of the region that are told anew when one of them changes */

/* What of the region is recorded: all but its rings, whose events are records of their own */
#define RECORD_REGION_SIZE VT_TELEMETRY_RINGS

/**
 * struct record_file_head - the first bytes of the file
 * @telemetry:   VT_TELEMETRY_VERSION of the region in it
 * @region_size: RECORD_REGION_SIZE of that version
 * @realtime_ns: wall clock minus monotonic
 * @began_ns:    CLOCK_MONOTONIC when recording began, like all times in the file
 */
struct record_file_head {
	char magic[8];
	uint32_t version, telemetry;
	uint64_t region_size;
	int64_t realtime_ns;
	uint64_t began_ns;
};

enum record_kind {
	RECORD_SANDBOX = 1, /* JSON: openapi.yaml's Sandbox */
	RECORD_COLUMNS,	    /* JSON: an array of its Column, those of the rows behind it */
	RECORD_STATE,	    /* JSON: its StreamState */
	RECORD_REGION,	    /* struct record_region, then struct record_block with their bytes */
	RECORD_ROW,    /* struct record_row, then floats, one a column; NAN where there is none */
	RECORD_EVENTS, /* struct vt_event with all that belongs to it, one behind the other */
	RECORD_LOST,   /* struct record_lost */
	RECORD_VIEW,   /* struct record_view, then the path and the kernel's answer */
	RECORD_END,    /* the sandbox is over */
};

/**
 * struct record_head - of every record
 * @length: bytes behind it; the next record begins at the next multiple of 8
 */
struct record_head {
	uint32_t kind, length;
	uint64_t time_ns;
};

/** struct record_region - @ticks: the CPU's counter at the record's time, see tick_mult */
struct record_region {
	uint64_t ticks;
};

/** struct record_block - @length bytes at @offset of the region have changed, and follow */
struct record_block {
	uint32_t offset, length;
};

/** struct record_row - @coarse: it is also one of those that are taken once a second */
struct record_row {
	uint32_t coarse, count;
};

/** struct record_lost - up to @lost events of a ring, of seq @from to @to, are not in the file */
struct record_lost {
	uint64_t ring, from, to, lost;
};

/** struct record_view - @view: enum vt_view; @path_len: bytes of path; the rest is the answer */
struct record_view {
	uint32_t view, pid, path_len, reserved;
};

#endif
