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
 *                                       `-------------------------------|----------+
 *                                                        registers read: STOPPED
 *
 * Whoever uses a thread, one vCPU at a time, waits for one of these steps; DEAD can follow all of
 * them, so all who wait look for it. A step that the table does not have is a mistake of ours:
 * nothing that we believe about that process is true then, so it is killed, and the guest sees a
 * process that died.
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
	[THREAD_STOPPED] = TO(RUNNING) | TO(DEAD),
	[THREAD_MOVED] = TO(STOPPED) | TO(RUNNING) | TO(DEAD),
	[THREAD_DEAD] = TO(DEAD),
};
static_assert(ARRAY_SIZE(follows) == THREAD_NSTATES, "follows[]");

static const char *const state_name[] = {
	[THREAD_NEW] = "new",		[THREAD_RUNNING] = "running", [THREAD_KICKED] = "kicked",
	[THREAD_REPORTED] = "reported", [THREAD_CALL] = "in a call",  [THREAD_STOPPED] = "stopped",
	[THREAD_MOVED] = "moved",	[THREAD_DEAD] = "dead",
};
static_assert(ARRAY_SIZE(state_name) == THREAD_NSTATES, "state_name[]");

const char *thread_state_text(enum thread_state state)
{
	return state < THREAD_NSTATES ? state_name[state] : "?";
}

void thread_becomes(struct stub_thread *thread, enum thread_state state)
{
	if (!(follows[thread->state] >> state & 1)) {
		fprintf(stderr, "vitrine: a thread that is %s cannot be %s; this is a bug\n",
			thread_state_text(thread->state), thread_state_text(state));
		if (thread->process->pid > 0 && !process_is_gone(thread->process))
			kill(thread->process->pid, SIGKILL);
	}
	thread->state = state;
}
