/* SPDX-License-Identifier: GPL-2.0-only */
/* limits.h - what of the host a sandbox may take that --memory does not count */
#ifndef ENGINE_TIER_SECCOMP_HOST_LIMITS_H
#define ENGINE_TIER_SECCOMP_HOST_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct limits - budgets of one sandbox
 * @tasks:       host processes and threads, @pid_max is what the host has of them
 * @processes:   host processes
 * @descriptors: that the supervisor may have, three for each process, one for each thread, and
 *               @reserved of them for everything else
 * @threads:     guest threads, each with @slot_bytes of host memory
 * @areas:       host areas of all guest processes' mappings, each with @area_bytes
 */
struct limits {
	unsigned tasks, pid_max;
	unsigned processes, descriptors, reserved;
	unsigned threads, slot_bytes;
	unsigned areas, area_bytes;
};

/* Budgets for a sandbox with @memory bytes, on this host and for this user */
void limits_find(uint64_t memory, struct limits *limits);

/* The same, and apply them: the limit of descriptors is raised as far as it goes */
void limits_init(uint64_t memory);

const struct limits *limits_used(void);

/*
 * Account for a process or thread that is to be made; false when the budget is spent. The last few
 * are for those that may be @spare.
 */
bool limits_take_process(bool spare);
bool limits_take_thread(bool spare);
void limits_give_process(void);
void limits_give_thread(void);

#endif
