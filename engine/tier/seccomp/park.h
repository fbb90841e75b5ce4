/* SPDX-License-Identifier: GPL-2.0-only */
/* park.h - threads that have been stopped for long wait where they cost nobody time */
#ifndef ENGINE_TIER_SECCOMP_PARK_H
#define ENGINE_TIER_SECCOMP_PARK_H

#include "stub.h"

/* A thread of @process goes on: time to park another that has been stopped for long */
void park_one(struct stub_process *process);

#endif
