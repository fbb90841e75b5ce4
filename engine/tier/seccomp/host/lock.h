/* SPDX-License-Identifier: GPL-2.0-only */
/* lock.h - the lock of all that the vCPUs share in the tier */
#ifndef ENGINE_TIER_SECCOMP_HOST_LOCK_H
#define ENGINE_TIER_SECCOMP_HOST_LOCK_H

#include <pthread.h>

/*
 * Which processes there are, the pool, the budgets, the children and whoever waits for their death.
 * Who has it may take it again, and may wait for guest threads. A process's own lock, of its
 * control page and its channel, is inside it: who has that one never takes this one, nor takes note
 * of deaths.
 */
extern pthread_mutex_t tier_lock;

static inline void tier_unlock(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

static inline pthread_mutex_t *tier_locked(pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	return lock;
}

/* Hold a lock until the end of the block */
#define WITH_LOCK(lock)                                                                            \
	pthread_mutex_t *held_lock __attribute__((cleanup(tier_unlock), unused)) = tier_locked(lock)

#endif
