/* SPDX-License-Identifier: GPL-2.0-only */
/* state.c - what a host thread does, and what it may do next
 *
 * Theory of operation
 *
 *           first                   called                     answered
 *   NEW --notification--> REPORTED ---------> CALL ----------------------------> RUNNING
 *                          ^    |              |                                   ^
 *                          |    |              | told to stop, answered            |
 *              notification|    | stopped      v                                   |
 *     RUNNING, KICKED -----+    +--> STOPPED   KICKED --> REPORTED --> MOVED ------+
 *                                     |  ^ `----------------------------|-----------+
 *                               parked|  |notification         registers read: STOPPED
 *                                     v  |
 *                                    PARKED                   (PARKED_MOVED likewise)
 *
 * Whoever waits for a thread waits for one of these steps; DEAD can follow all of them, so all who
 * wait look for it. A service thread knows only NEW, REPORTED and RUNNING. A step that the table
 * does not have is a mistake of ours: nothing that we believe about that process is true then, so
 * it is killed, and the guest sees a process that died.
 *
 * The list of stopped threads is who is in CALL, STOPPED or MOVED, by the time of their stop.
 *
 * Host system calls: kill.
 */
#include "state.h"

#include <signal.h>
#include <stdio.h>

#include "vitrine/util.h"

#define TO(state) (1U << THREAD_##state)

static const unsigned follows[] = {
	[THREAD_NEW] = TO(REPORTED) | TO(DEAD),
	[THREAD_RUNNING] = TO(KICKED) | TO(REPORTED) | TO(DEAD),
	[THREAD_KICKED] = TO(REPORTED) | TO(DEAD),
	[THREAD_REPORTED] = TO(CALL) | TO(STOPPED) | TO(MOVED) | TO(RUNNING) | TO(DEAD),
	[THREAD_CALL] = TO(RUNNING) | TO(KICKED) | TO(DEAD),
	[THREAD_STOPPED] = TO(RUNNING) | TO(PARKED) | TO(DEAD),
	[THREAD_MOVED] = TO(STOPPED) | TO(RUNNING) | TO(PARKED_MOVED) | TO(DEAD),
	[THREAD_PARKED] = TO(STOPPED) | TO(DEAD),
	[THREAD_PARKED_MOVED] = TO(MOVED) | TO(DEAD),
	[THREAD_DEAD] = TO(DEAD),
};
static_assert(ARRAY_SIZE(follows) == THREAD_NSTATES, "follows[]");

static const char *const state_name[] = {
	[THREAD_NEW] = "new",
	[THREAD_RUNNING] = "running",
	[THREAD_KICKED] = "kicked",
	[THREAD_REPORTED] = "reported",
	[THREAD_CALL] = "in a call",
	[THREAD_STOPPED] = "stopped",
	[THREAD_MOVED] = "moved",
	[THREAD_PARKED] = "parked",
	[THREAD_PARKED_MOVED] = "parked, moved",
	[THREAD_DEAD] = "dead",
};
static_assert(ARRAY_SIZE(state_name) == THREAD_NSTATES, "state_name[]");

const char *thread_state_text(enum thread_state state)
{
	return state < THREAD_NSTATES ? state_name[state] : "?";
}

static bool is_listed(enum thread_state state)
{
	return state == THREAD_CALL || state == THREAD_STOPPED || state == THREAD_MOVED;
}

static void unlist(struct stub_thread *thread)
{
	struct stub_process *process = thread->process;

	*(thread->older ? &thread->older->newer : &process->oldest) = thread->newer;
	*(thread->newer ? &thread->newer->older : &process->newest) = thread->older;
	process->nstopped--;
}

static void list(struct stub_thread *thread)
{
	struct stub_process *process = thread->process;

	thread->stopped_at = process->turns;
	thread->older = process->newest;
	thread->newer = NULL;
	*(process->newest ? &process->newest->newer : &process->oldest) = thread;
	process->newest = thread;
	process->nstopped++;
}

void thread_becomes(struct stub_thread *thread, enum thread_state state)
{
	const bool was = is_listed(thread->state), is = is_listed(state);

	if (!(follows[thread->state] >> state & 1)) {
		fprintf(stderr, "vitrine: a thread that is %s cannot be %s; this is a bug\n",
			thread_state_text(thread->state), thread_state_text(state));
		if (thread->process->service.tid > 0 && !process_is_gone(thread->process))
			kill(thread->process->service.tid, SIGKILL);
	}
	thread->state = state;
	if (was && !is)
		unlist(thread);
	if (is && !was)
		list(thread);
}

enum thread_state thread_when_notified(const struct stub_thread *thread)
{
	switch (thread->state) {
	case THREAD_PARKED: /* it was wanted, or an old signal woke it */
		return THREAD_STOPPED;
	case THREAD_PARKED_MOVED:
		return THREAD_MOVED;
	default:
		return THREAD_REPORTED;
	}
}

void process_gone(struct stub_process *process)
{
	thread_becomes(&process->service, THREAD_DEAD);
	for (struct stub_thread *thread = process->threads; thread; thread = thread->sibling)
		thread_becomes(thread, THREAD_DEAD);
}
