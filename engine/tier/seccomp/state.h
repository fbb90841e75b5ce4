/* SPDX-License-Identifier: GPL-2.0-only */
/* state.h - what a host thread does, and what it may do next */
#ifndef ENGINE_TIER_SECCOMP_STATE_H
#define ENGINE_TIER_SECCOMP_STATE_H

#include "stub.h"

/**
 * thread_becomes() - Move a thread to its next state
 * @thread: any
 * @state:  one that may follow; another one is our mistake, and costs the process its life
 *
 * Keeps the process's list of stopped threads.
 */
void thread_becomes(struct stub_thread *thread, enum thread_state state);

/* A notification of @thread has come: where does that bring it? */
enum thread_state thread_when_notified(const struct stub_thread *thread);

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
	return thread->state >= THREAD_STOPPED && thread->state <= THREAD_PARKED_MOVED;
}

/* No thread of @process will execute anything any more */
void process_gone(struct stub_process *process);

static inline bool process_is_gone(const struct stub_process *process)
{
	return process->service.state == THREAD_DEAD;
}

const char *thread_state_text(enum thread_state state);

#endif
