/* SPDX-License-Identifier: GPL-2.0-only */
/* fake_region.h - a telemetry region and its writer, as the guest kernel does it */
#ifndef FAKE_REGION_H
#define FAKE_REGION_H

#include "observe/region/region.h"

/**
 * fake_region_new() - A region with empty rings
 * @ring_size: of each ring, a power of two from 4096 on
 */
struct vt_telemetry *fake_region_new(struct region *region, uint64_t ring_size);
void fake_region_free(struct region *region);

/**
 * fake_region_write() - Append an event to a ring
 * @head: kind, ring, pid, comm ... ; size and numbers are filled in
 * @body: @len bytes behind the head
 *
 * Return: the event's seq.
 */
uint64_t fake_region_write(struct vt_telemetry *t, const struct vt_event *head, const void *body,
			   size_t len);

#endif
