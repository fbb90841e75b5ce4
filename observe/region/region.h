/* SPDX-License-Identifier: GPL-2.0-only */
/* region.h - read a sandbox's telemetry
 *
 * Everything is copied out: what lies in the region changes while one looks, and a guest that had
 * broken its kernel could write anything there. Numbers are what the writer says; structure
 * (offsets, lengths, names) is checked here and in ring.c and samples.c, and nowhere else.
 */
#ifndef OBSERVE_REGION_REGION_H
#define OBSERVE_REGION_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vitrine/error.h"
#include "vitrine/telemetry.h"

/**
 * struct region - a mapped region
 * @memory: @size bytes, read-only; at least sizeof(struct vt_telemetry)
 * @then_ns: when it was as it is, CLOCK_MONOTONIC, with the CPU's counter at @then_ticks; 0 while
 *it is somebody's who still writes
 */
struct region {
	const uint8_t *memory;
	size_t size;
	uint64_t then_ns, then_ticks;
};

/**
 * struct region_head - how things are
 * @state:   enum vt_telemetry_state; @enabled: VT_OBSERVE_*
 * @kinds, @boot_ns, @enabled_ns, @realtime_offset_ns, @mem_size, @cpus, @events: see telemetry.h
 */
struct region_head {
	uint32_t state, enabled;
	uint64_t kinds, boot_ns, enabled_ns, realtime_offset_ns, mem_size, cpus, events;
};

/**
 * region_map() - Map a region and check that it is one
 * @fd:  of the memory file; stays the caller's
 * @err: filled on failure: no region, another version, a file that could shrink under us
 *
 * Return: 0 or -1; region_unmap() releases it.
 */
int region_map(struct region *region, int fd, struct error *err);
void region_unmap(struct region *region);

/**
 * region_check() - Check @memory's head: for regions that were not mapped from a descriptor
 */
int region_check(const struct region *region, struct error *err);

void region_head(const struct region *region, struct region_head *head);
void region_counters(const struct region *region, struct vt_counters *counters);
void region_host(const struct region *region, uint64_t host[VT_NR_HOST]);

/**
 * region_call() - Counters of system call @nr; VT_TELEMETRY_CALLS - 1 are those that are none
 *
 * Return: false when @nr is out of range; @counters is zero then.
 */
bool region_call(const struct region *region, unsigned nr, struct vt_call_counters *counters);

/**
 * region_task() - Counters of a task
 * @slot: 0 to VT_TELEMETRY_TASKS - 1
 * @task: filled; the name ends with a NUL
 *
 * Return: false when the slot is free, or changes hands at this moment.
 */
bool region_task(const struct region *region, unsigned slot, struct vt_task_counters *task);

/**
 * region_time() - When the CPU's counter was @ticks, a moment that has passed
 *
 * Return: CLOCK_MONOTONIC in nanoseconds.
 */
uint64_t region_time(const struct region *region, uint64_t ticks);

/** region_sampler() - How the sampler does; its samples' texts are in samples.h */
void region_sampler(const struct region *region, struct vt_sampler *sampler);

/** region_at() - @len bytes at @offset, or NULL when they are not all inside */
const void *region_at(const struct region *region, uint64_t offset, uint64_t len);

/**
 * histogram_percentile() - Estimate a percentile from logarithmic buckets
 * @buckets: VT_BUCKETS counts, see VT_BUCKETS
 * @share:   0 to 1
 *
 * Return: nanoseconds, linear inside a bucket; 0 when all are empty.
 */
double histogram_percentile(const uint64_t buckets[VT_BUCKETS], double share);

#endif
