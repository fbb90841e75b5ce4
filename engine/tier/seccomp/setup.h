/* SPDX-License-Identifier: GPL-2.0-only */
/* setup.h - the beginning and the end of all stub processes */
#ifndef ENGINE_TIER_SECCOMP_SETUP_H
#define ENGINE_TIER_SECCOMP_SETUP_H

#include <stdint.h>
#include "vitrine/error.h"

/**
 * setup_start() - Start the zygote, and a first process, which shows whether the host lets us
 * @memory:     bytes of the sandbox
 * @vdso_clock: receives the address of the host vDSO's clock in guest processes, or 0
 * @err:        filled on failure
 *
 * Return: 0 or as tier.start().
 */
int setup_start(uint64_t memory, uint64_t *vdso_clock, struct error *err);

/* As struct tier.memory_changed */
int setup_memory_changed(void);

/* Kill everything, and wait for it */
void setup_stop(void);

#endif
