/* SPDX-License-Identifier: GPL-2.0-only */
/* state.h - what a host thread does, and what it may do next */
#ifndef ENGINE_TIER_SECCOMP_STATE_H
#define ENGINE_TIER_SECCOMP_STATE_H

#include "stub.h"

/**
 * thread_becomes() - Move a thread to its next state
 * @thread: any
 * @state:  one that may follow; another one is our mistake, and costs the process its life
 */
void thread_becomes(struct stub_thread *thread, enum thread_state state);

/* It executes guest code, or commands */
static inline bool thread_runs(const struct stub_thread *thread)
{
	return thread->state == THREAD_RUNNING || thread->state == THREAD_KICKED;
}

/* It waits in a notification, for our answer */
static inline bool thread_waits(const struct stub_thread *thread)
{
	return thread->state >= THREAD_REPORTED && thread->state <= THREAD_MOVED;
}

/* It is in the stub, with its registers in its slot */
static inline bool thread_in_stub(const struct stub_thread *thread)
{
	return thread->state == THREAD_STOPPED || thread->state == THREAD_MOVED;
}

/* Whoever waits for a thread of @process waits no longer; it is dead, or will be at once */
static inline void process_gone(struct stub_process *process)
{
	process->gone = true;
}

static inline bool process_is_gone(const struct stub_process *process)
{
	return process->gone;
}

/* Nobody need wait for it: what it was told to do it will not do any more */
static inline bool thread_is_dead(const struct stub_thread *thread)
{
	return thread->state == THREAD_DEAD || process_is_gone(thread->process);
}

const char *thread_state_text(enum thread_state state);

#endif
