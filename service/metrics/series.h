/* SPDX-License-Identifier: GPL-2.0-only */
/* series.h - figures of a sandbox over time, in three rings: half seconds, half minutes, five
 * minutes */
#ifndef SERVICE_METRICS_SERIES_H
#define SERVICE_METRICS_SERIES_H

#include <stddef.h>
#include <stdint.h>

enum series_step { SERIES_FINE, SERIES_MIDDLE, SERIES_COARSE, SERIES_STEPS };

/**
 * struct figures - what was measured
 * @cpu_permille: of one CPU, so that two busy ones are 2000
 * @disk_bytes:   that are used; it is looked at twice a minute
 * @net_bytes:    that have gone in or out since the point before
 */
struct figures {
	int64_t at_ms;
	uint32_t cpu_permille;
	uint64_t mem_bytes, net_bytes, disk_bytes;
};

/**
 * struct series_rule - a ring
 * @ms:    from one point to the next
 * @count: points that it keeps
 * @every: points of the finer ring that make one of it
 */
struct series_rule {
	int64_t ms;
	unsigned count, every;
};
extern const struct series_rule series_rules[SERIES_STEPS];

struct series;

/** series_make() - Return: an empty series, which free() releases, or NULL */
struct series *series_make(int64_t now_ms);

/**
 * series_add() - One more measurement
 *
 * Return: bit per ring that got a new point.
 */
unsigned series_add(struct series *series, const struct figures *figures);

/**
 * series_read() - Points after a moment, in order
 * @out: room for @max
 */
size_t series_read(const struct series *series, enum series_step step, int64_t after_ms,
		   struct figures *out, size_t max);

#endif
