/* SPDX-License-Identifier: GPL-2.0-only */
/* park.h - threads that have been stopped for long wait where they cost nobody time */
#ifndef ENGINE_TIER_SECCOMP_PARK_H
#define ENGINE_TIER_SECCOMP_PARK_H

#include "stubproc.h"

/* @thread has stopped, and will not go on before park_leave() */
void park_enter(struct vt_thread *thread);

/**
 * park_leave() - A stopped thread is wanted
 * @thread: in THREAD_PLAIN or THREAD_STUB afterwards
 *
 * Return: 0, or -ESRCH when it is dead.
 */
int park_leave(struct vt_thread *thread);

/* A thread of @mm goes on: time to park another that has been stopped for long */
void park_one(struct vt_mm *mm);

#endif
