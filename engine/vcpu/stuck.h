/* SPDX-License-Identifier: GPL-2.0-only */
/* stuck.h - guest threads that do not stop when they are told to */
#ifndef ENGINE_VCPU_STUCK_H
#define ENGINE_VCPU_STUCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "vitrine/error.h"

/* Called on the vCPU thread, whose waits stuck_begin() interrupts */
int stuck_init(struct error *err);

/**
 * stuck_check() - Has a process run on for too long?
 * @limit: 0 when the process was told to stop; kept for the next call
 * @pid:   process
 *
 * Return: true when it has used more CPU time since the first call than any stop takes.
 */
bool stuck_check(uint64_t *limit, pid_t pid);

/* Between these two a signal interrupts the vCPU thread's waits now and then */
void stuck_begin(void);
void stuck_end(void);

#endif
