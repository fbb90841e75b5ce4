/* SPDX-License-Identifier: GPL-2.0-only */
/* areas.h - a budget for the host's areas of guest processes */
#ifndef ENGINE_TIER_SECCOMP_AREAS_H
#define ENGINE_TIER_SECCOMP_AREAS_H

#include "stub.h"

/**
 * areas_add() - A process's mappings are about to be changed
 * @process: any that is alive
 * @changes: how many there will be
 *
 * Return: NULL, or the process to unmap first (process_unmap()), after which this is asked again.
 */
struct stub_process *areas_add(struct stub_process *process, unsigned changes);

/* Nothing is mapped in @process any more */
void areas_forget(struct stub_process *process);

#endif
