// SPDX-License-Identifier: GPL-2.0-only
/* series.c - figures of a sandbox over time, in three rings
 *
 * A thousand sandboxes have a series each, so a point is 16 bytes: its moment in milliseconds since
 * the series began, KiB in place of bytes, of the disk MiB.
 */
#include "series.h"

#include <stdlib.h>
#include <string.h>

#include "vitrine/util.h"

#define FINE 1200  /* 10 minutes */
#define MIDDLE 240 /* 2 hours */
#define COARSE 288 /* 24 hours */

const struct series_rule series_rules[] = {
	[SERIES_FINE] = { 500, FINE, 1 },
	[SERIES_MIDDLE] = { 30000, MIDDLE, 60 },
	[SERIES_COARSE] = { 300000, COARSE, 10 },
};

struct small {
	uint32_t at, mem_kib, net_kib;
	uint16_t cpu, disk_mib;
};
static_assert(sizeof(struct small) == 16, "see above");

/* Sums of points that are not yet one of the next ring */
struct sum {
	uint64_t mem, net, cpu;
	unsigned count;
};

struct series {
	int64_t begin_ms;
	unsigned heads[SERIES_STEPS]; /* points ever added */
	struct sum sums[SERIES_STEPS];
	struct small fine[FINE], middle[MIDDLE], coarse[COARSE];
};

struct series *series_make(int64_t now_ms)
{
	struct series *series = calloc(1, sizeof(*series));

	if (series)
		series->begin_ms = now_ms;
	return series;
}

static struct small *ring_of(struct series *series, enum series_step step)
{
	return step == SERIES_FINE     ? series->fine
	       : step == SERIES_MIDDLE ? series->middle
				       : series->coarse;
}

static uint32_t bounded(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static uint16_t bounded16(uint64_t value)
{
	return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

static unsigned put(struct series *series, enum series_step step, const struct small *point)
{
	ring_of(series, step)[series->heads[step]++ % series_rules[step].count] = *point;
	return 1U << step;
}

/* Return: rings that got a point from this one on */
static unsigned carry(struct series *series, enum series_step step, const struct small *point)
{
	unsigned done = put(series, step, point);
	struct sum *sum;
	struct small mean;

	if (step + 1 == SERIES_STEPS)
		return done;
	sum = &series->sums[step + 1];
	sum->mem += point->mem_kib;
	sum->net += point->net_kib;
	sum->cpu += point->cpu;
	if (++sum->count < series_rules[step + 1].every)
		return done;
	mean = (struct small){ point->at, bounded(sum->mem / sum->count), bounded(sum->net),
			       bounded16(sum->cpu / sum->count), point->disk_mib };
	*sum = (struct sum){ 0 };
	return done | carry(series, step + 1, &mean);
}

unsigned series_add(struct series *series, const struct figures *figures)
{
	const int64_t at = figures->at_ms - series->begin_ms;
	const struct small point = { bounded(at < 0 ? 0 : (uint64_t)at),
				     bounded(figures->mem_bytes / 1024),
				     bounded(figures->net_bytes / 1024),
				     bounded16(figures->cpu_permille),
				     bounded16(figures->disk_bytes >> 20) };

	return carry(series, SERIES_FINE, &point);
}

size_t series_read(const struct series *series, enum series_step step, int64_t after_ms,
		   struct figures *out, size_t max)
{
	const unsigned head = series->heads[step], size = series_rules[step].count;
	const struct small *ring = ring_of((struct series *)series, step);
	size_t count = 0;

	for (unsigned i = head > size ? head - size : 0; i < head && count < max; i++) {
		const struct small *p = &ring[i % size];
		const int64_t at = series->begin_ms + p->at;

		if (at > after_ms)
			out[count++] = (struct figures){ at, p->cpu, (uint64_t)p->mem_kib * 1024,
							 (uint64_t)p->net_kib * 1024,
							 (uint64_t)p->disk_mib << 20 };
	}
	return count;
}
