/* SPDX-License-Identifier: GPL-2.0-only */
/* stop.h - stopping guest threads in the stub */
#ifndef ENGINE_TIER_SECCOMP_STOP_H
#define ENGINE_TIER_SECCOMP_STOP_H

#include "stubproc.h"

/* Is this thread's last notification a stop in the stub, and no call of the guest's? */
bool stop_is_one(const struct vt_thread *thread);

/* Tell a thread to stop in the stub, as soon as it runs */
void stop_kick(const struct vt_thread *thread);

/**
 * stop_wait() - Wait for a thread that was told to stop
 *
 * A process that uses the CPU instead of stopping is killed.
 * Return: 0, or -ESRCH when it is dead.
 */
int stop_wait(struct vt_thread *thread);

/**
 * stop_in_stub() - Move a thread from its system call to the stub
 * @thread: in THREAD_PLAIN; in THREAD_STUB afterwards, its registers in its slot, unread
 *
 * Return: 0, or -ESRCH when it is dead, or pretends to be elsewhere.
 */
int stop_in_stub(struct vt_thread *thread);

/* Put right what the host made of the registers of a call that was moved to the stub */
void stop_repair(const struct vt_thread *thread, struct vt_regs *regs);

#endif
