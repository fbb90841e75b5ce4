/* SPDX-License-Identifier: GPL-2.0-only */
/* park.c - threads that have been stopped for long wait where they cost nobody time
 *
 * Theory of operation
 * The host keeps the notifications of a process in a list, and walks it whenever one is received or
 * answered: a thousand threads that sleep in system calls would make each call of the one that does
 * not thirty times as slow. So a thread that has been stopped while the others went on many times
 * is parked: it is moved to the stub, if it is not there, and told to wait for a signal in
 * rt_sigtimedwait(), which the host executes. That signal, when the thread is wanted, makes it
 * stop in a notification again.
 *
 *   stopped --(park_one)--> parked --(stop_recall: signal)--> stopped in the stub --> runs
 *
 * The guest gains nothing by the one system call more: the filter allows it at one address, for one
 * signal, and behind it lies the notification. Whoever jumps there waits until it is kicked.
 *
 * A process lists its stopped threads by the time of their stop (state.c), so the next to park is
 * the first.
 * Few stopped threads are not worth the signals, nor are those that take turns: parking and waking
 * costs as much as walking past a hundred.
 *
 * Host system calls: those of stop.c.
 */
#include "park.h"

#include <signal.h>

#include "notify.h"
#include "stop.h"
#include "engine/telemetry/telemetry.h"

#define STOPPED_MIN 8 /* so many may always stay */
#define TURNS_MIN 128 /* of the process, since a thread has stopped */

static void park(struct stub_thread *thread)
{
	if (thread->state == THREAD_CALL && stop_in_stub(thread)) {
		/* it cannot be stopped in order; its process will not be missed */
		if (thread->state != THREAD_DEAD)
			kill(thread->process->service.tid, SIGKILL);
		return;
	}
	telemetry_count(VT_HOST_PARKS, 1);
	notify_reply(thread, STUB_PARK,
		     thread->state == THREAD_MOVED ? THREAD_PARKED_MOVED : THREAD_PARKED);
}

void park_one(struct stub_process *process)
{
	process->turns++;
	if (process->nstopped > STOPPED_MIN &&
	    process->turns - process->oldest->stopped_at >= TURNS_MIN)
		park(process->oldest);
}
