/* SPDX-License-Identifier: GPL-2.0-only */
/* figures.h - what the charts show, as one row of numbers */
#ifndef OBSERVE_API_FIGURES_H
#define OBSERVE_API_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "observe/region/region.h"
#include "observe/region/samples.h"

#define FIGURES_MAX 112
#define FIGURE_NAME_MAX 32

enum figure_kind { FIGURE_RATE, FIGURE_LEVEL };

/**
 * struct figure - a column
 * @unit: of openapi.yaml's Column
 */
struct figure {
	char name[FIGURE_NAME_MAX];
	const char *unit;
	enum figure_kind kind;
};

/**
 * struct figures - all that is counted, at one moment
 * @time_ns: CLOCK_MONOTONIC
 * @raw:     a level, or what grows; NAN when it is not known
 * @over:    what a rate is divided by, growing too: seconds, waits, time of all modes
 */
struct figures {
	uint64_t time_ns;
	double raw[FIGURES_MAX], over[FIGURES_MAX];
	uint64_t run_delay[VT_BUCKETS];
};

/**
 * struct figure_set - the columns, and memory for gathering
 * @figures: @count of them, filled by the first figures_gather()
 */
struct figure_set {
	struct figure figures[FIGURES_MAX];
	size_t count;
	struct sample sample;
};

/**
 * figures_gather() - Read all figures
 * @set:    zeroed before the first time
 * @now_ns: CLOCK_MONOTONIC
 */
void figures_gather(struct figure_set *set, const struct region *region, uint64_t now_ns,
		    struct figures *figures);

/**
 * figures_row() - What happened between two moments
 * @row: @set->count values; NAN where there is none
 */
void figures_row(const struct figure_set *set, const struct figures *before,
		 const struct figures *after, float *row);

#endif
