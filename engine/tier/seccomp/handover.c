/* SPDX-License-Identifier: GPL-2.0-only */
/* handover.c - host threads that the next guest process gets
 *
 * Theory of operation
 * That a thread has stopped in the stub says where it goes on. It does not say how it came there:
 * guest code can jump to the stop with a signal mask and a signal stack that it chose by a
 * sigreturn of its own, and a signal may wait for it. For the process that did so this is its own
 * business (stuck.c), but not for the one that uses its host threads next. So before a process
 * changes hands, its threads go through a sigreturn and a sigaltstack that restore all of it, to
 * the stub's second stop:
 *
 *   stopped --(handover_begin)--> sigreturn, mark of the clean --(handover_end)--> stopped
 *
 * No guest code runs on the way, and the memory that it was in is gone. A signal that comes first
 * ends in the stub's handler, under which all are blocked; then it is tried once more. The first
 * half is done when a process is put into the pool, the second when it is taken out, so that nobody
 * waits.
 *
 * Host system calls: those of notify.c and stop.c.
 */
#include "handover.h"

#include <errno.h>
#include <signal.h>

#include "frame.h"
#include "notify.h"
#include "state.h"
#include "stop.h"

#define TRIES 4 /* a stop of ours that was on its way, and one that the guest had in store */

static void go(struct stub_thread *thread)
{
	notify_reply(thread, frame_clean(thread), THREAD_RUNNING);
}

int handover_begin(struct stub_process *process)
{
	for (struct stub_thread *thread = process->idle; thread; thread = thread->next) {
		if (thread_is_dead(thread) || !stop_is_one(thread))
			return -ESRCH;
		go(thread);
	}
	return 0;
}

static int arrive(struct stub_thread *thread)
{
	for (unsigned i = 0; i < TRIES; i++) {
		if (notify_wait(thread) || !stop_is_one(thread))
			return -ESRCH;
		if (thread->event.data.args[0] == STUB_CLEAN) {
			if (thread->event.data.args[1])
				return -ESRCH;
			thread_becomes(thread, THREAD_STOPPED);
			return 0;
		}
		go(thread);
	}
	return -ESRCH;
}

int handover_end(struct stub_process *process)
{
	for (struct stub_thread *thread = process->idle; thread; thread = thread->next) {
		if (arrive(thread))
			return -ESRCH;
	}
	return 0;
}
