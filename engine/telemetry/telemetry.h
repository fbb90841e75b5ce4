/* SPDX-License-Identifier: GPL-2.0-only */
/* telemetry.h - the region in which the guest kernel and the supervisor show what they do */
#ifndef ENGINE_TELEMETRY_TELEMETRY_H
#define ENGINE_TELEMETRY_TELEMETRY_H

#include <stdint.h>
#include "vitrine/abi.h"
#include "vitrine/error.h"
#include "vitrine/telemetry.h"

/* The region, from telemetry_init() on; what the guest kernel writes there is never believed */
extern struct vt_telemetry *telemetry;

/**
 * telemetry_init() - Make the region and note the time-stamp counter
 * @boot: gets the region's address
 * @err:  filled on failure
 *
 * Call it before the first notification, and before the supervisor gives up its rights.
 *
 * Return: 0 or -1.
 */
int telemetry_init(struct vt_boot *boot, struct error *err);

/* Tell observers how many vCPUs there are, before there is something to observe */
void telemetry_set_cpus(unsigned cpus);

/**
 * telemetry_calibrate() - Set @boot's tsc_mult, from the time since telemetry_init()
 *
 * The longer that is ago the better: call it last, right before the kernel is entered.
 */
void telemetry_calibrate(struct vt_boot *boot);

/**
 * telemetry_fd() - A descriptor for observers
 *
 * It can be read and mapped for reading, by whatever way it is opened again. It stays ours.
 */
int telemetry_fd(void);

/**
 * telemetry_end() - Tell those who look that the guest is over
 */
void telemetry_end(void);

/**
 * telemetry_count() - Count host operations; on any vCPU's thread
 */
static inline void telemetry_count(enum vt_host_counter which, uint64_t n)
{
	__atomic_fetch_add(&telemetry->host[which], n, __ATOMIC_RELAXED);
}

#endif
