/* SPDX-License-Identifier: GPL-2.0-only */
/* history.h - the last minutes and the last hour, in bounded memory */
#ifndef OBSERVE_API_HISTORY_H
#define OBSERVE_API_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "figures.h"
#include "vitrine/error.h"

#define HISTORY_COARSE_NS 1000000000ULL
#define HISTORY_FINE_ROWS 1200	 /* two minutes at 100 ms */
#define HISTORY_COARSE_ROWS 3600 /* an hour */

enum resolution { RESOLUTION_ALL, RESOLUTION_FINE, RESOLUTION_COARSE, RESOLUTION_COUNT };

/**
 * struct history_rows - a ring of rows
 * @last:  figures at the newest row, @started: there are some
 * @end:   number of rows that there ever were
 * @times: CLOCK_MONOTONIC
 */
struct history_rows {
	struct figures last;
	bool started;
	uint64_t size, end;
	uint64_t *times;
	float *values; /* FIGURES_MAX for each row */
};

struct history {
	struct figure_set set;
	struct history_rows fine, coarse;
};

/**
 * struct history_query - what of it is wanted
 * @since_ns: newer rows only, CLOCK_MONOTONIC
 * @columns:  names, or beginnings of names that end in '.', separated by commas; NULL for all
 */
struct history_query {
	uint64_t since_ns;
	enum resolution resolution;
	const char *columns;
};

/**
 * history_init() - Get memory
 * @coarse_rows: how many there is to be room for
 *
 * Return: 0, or -1 with @err filled; history_free() releases it in any case.
 */
int history_init(struct history *history, unsigned coarse_rows, struct error *err);
void history_free(struct history *history);

/**
 * history_take() - Add a row, and once a second a coarse one
 * @coarse: set to whether one was added
 *
 * Return: the fine row's values, history.set.count of them; NULL when it is the first, from which
 * nothing has grown yet.
 */
const float *history_take(struct history *history, const struct region *region, uint64_t now_ns,
			  bool *coarse);

/**
 * history_restore_columns() - The columns of rows that were taken elsewhere
 * @columns: an array of Column; what is none is left out, with its values
 *
 * Only the first time.
 */
void history_restore_columns(struct history *history, const json_t *columns);

/**
 * history_restore() - Add a row that was taken elsewhere
 * @values: FIGURES_MAX, of which as many count as there are columns
 *
 * One that is not newer than those that are here is not added.
 */
void history_restore(struct history *history, const float *values, uint64_t time_ns, bool coarse);

/**
 * history_break() - What comes next does not continue what there is: the observation was paused
 */
void history_break(struct history *history);

/**
 * history_json() - The History of openapi.yaml, as text
 * @state, @interval_ms: its members
 * @realtime_ns: wall clock minus monotonic
 * @len: set
 *
 * Return: text that the caller frees, or NULL with @err filled when a column does not exist.
 */
char *history_json(const struct history *history, const struct history_query *query,
		   const char *state, unsigned interval_ms, int64_t realtime_ns, size_t *len,
		   struct error *err);

/**
 * history_columns() - All columns, as an array of Column
 */
json_t *history_columns(const struct history *history);

/**
 * history_latest() - The newest coarse row's value of a column, NAN when there is none
 */
double history_latest(const struct history *history, const char *name);

#endif
