/* SPDX-License-Identifier: GPL-2.0-only */
/* scrape.h - writing OpenMetrics: samples of the family in turn */
#ifndef OBSERVE_API_SCRAPE_H
#define OBSERVE_API_SCRAPE_H

#include <stdint.h>
#include <stdio.h>
#include "observe/region/names.h"
#include "observe/region/samples.h"
#include "session.h"

/**
 * struct scrape - one page being printed
 * @name: of the family in turn
 */
struct scrape {
	FILE *out;
	struct session *session;
	const char *name;
	struct vt_counters counters;
	uint64_t host[VT_NR_HOST];
	struct vt_call_counters calls[VT_TELEMETRY_CALLS];
	struct sample sample;
};

/**
 * struct counts - counters of the region of which each has a name
 * @label:  what the names are of
 * @offset: in struct scrape, of the first one; the others follow at a distance of @stride
 * @count:  how many
 * @put:    how one is written
 */
struct counts {
	const char *label;
	enum name_set names;
	size_t offset, stride;
	unsigned count;
	void (*put)(struct scrape *s, const char *label, const char *value, uint64_t count);
};

/** print_label() - A label's value: backslash, quote and newline escaped, the rest is clean already
 */
void print_label(FILE *out, const char *value);

/* One sample each, of the family s->name; @label and @value may be NULL */
void put_count(struct scrape *s, const char *label, const char *value, uint64_t count);
void put_seconds(struct scrape *s, const char *label, const char *value, uint64_t ns);
void put_gauge(struct scrape *s, const char *label, const char *value, double level);

/** put_histogram() - Buckets of nanoseconds, as seconds; @sum_ns: of all that was counted */
void put_histogram(struct scrape *s, const char *label, const char *value,
		   const uint64_t buckets[VT_BUCKETS], uint64_t sum_ns);

/** put_counts() - As many samples as there are names */
void put_counts(struct scrape *s, const struct counts *counts);

#endif
