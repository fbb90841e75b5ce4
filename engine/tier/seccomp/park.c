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
 *   stopped --(park_one)--> parked --(park_leave: signal)--> stopped in the stub --> runs
 *
 * The guest gains nothing by the one system call more: the filter allows it at one address, for one
 * signal, and behind it lies the notification. Whoever jumps there waits until it is kicked.
 *
 * A process lists its stopped threads by the time of their stop, so the next to park is the first.
 * Few stopped threads are not worth the signals, nor are those that take turns: parking and waking
 * costs as much as walking past a hundred.
 *
 * Host system calls: those of stop.c.
 */
#include "park.h"

#include <errno.h>
#include <signal.h>

#include "stop.h"
#include "engine/telemetry/telemetry.h"

#define STOPPED_MIN 8 /* so many may always stay */
#define TURNS_MIN 128 /* of the process, since a thread has stopped */

static void unlink_stopped(struct vt_thread *thread)
{
	struct vt_mm *mm = thread->mm;

	if (!thread->listed)
		return;
	*(thread->older ? &thread->older->newer : &mm->oldest) = thread->newer;
	*(thread->newer ? &thread->newer->older : &mm->newest) = thread->older;
	thread->listed = false;
	mm->nstopped--;
}

void park_enter(struct vt_thread *thread)
{
	struct vt_mm *mm = thread->mm;

	unlink_stopped(thread);
	thread->stopped_at = mm->turns;
	thread->older = mm->newest;
	thread->newer = NULL;
	*(mm->newest ? &mm->newest->newer : &mm->oldest) = thread;
	mm->newest = thread;
	mm->nstopped++;
	thread->listed = true;
}

static void park(struct vt_thread *thread)
{
	if (thread->host.dead)
		return;
	if (thread->state == THREAD_PLAIN && stop_in_stub(thread)) {
		/* it cannot be stopped in order; its process will not be missed */
		if (!thread->host.dead)
			kill(thread->mm->service.tid, SIGKILL);
		return;
	}
	telemetry_count(VT_HOST_PARKS, 1);
	thread->state = THREAD_PARKED;
	notify_reply(&thread->host, STUB_PARK);
}

void park_one(struct vt_mm *mm)
{
	struct vt_thread *thread = mm->oldest;

	mm->turns++;
	if (mm->nstopped <= STOPPED_MIN || mm->turns - thread->stopped_at < TURNS_MIN)
		return;
	unlink_stopped(thread);
	park(thread);
}

int park_leave(struct vt_thread *thread)
{
	unlink_stopped(thread);
	if (thread->state != THREAD_PARKED)
		return 0;
	thread->state = THREAD_STUB;
	if (thread->host.dead)
		return -ESRCH;
	if (thread->host.stopped) /* an old signal woke it */
		return 0;
	stop_kick(thread);
	return stop_wait(thread);
}
