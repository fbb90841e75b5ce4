/* SPDX-License-Identifier: GPL-2.0-only */
/* handover.h - host threads that the next guest process gets */
#ifndef ENGINE_TIER_SECCOMP_HANDOVER_H
#define ENGINE_TIER_SECCOMP_HANDOVER_H

#include "stub.h"

/**
 * handover_begin() - Have the idle threads of a process forget whom they belonged to
 * @process: process that nobody uses
 *
 * Return: 0, or -ESRCH when it cannot be used again.
 */
int handover_begin(struct stub_process *process);

/* Wait until they have; returns likewise */
int handover_end(struct stub_process *process);

#endif
