/* SPDX-License-Identifier: GPL-2.0-only */
/* stop.h - stopping guest threads in the stub */
#ifndef ENGINE_TIER_SECCOMP_STOP_H
#define ENGINE_TIER_SECCOMP_STOP_H

#include "stub.h"
#include "vitrine/abi.h"

/* Is this thread's last notification a stop in the stub, and no call of the guest's? */
bool stop_is_one(const struct stub_thread *thread);

/* Tell a running thread to stop in the stub */
void stop_kick(struct stub_thread *thread);

/**
 * stop_wait() - Wait for a thread that was told to stop
 *
 * A process that uses the CPU instead of stopping is killed.
 * Return: 0, or -ESRCH when it is dead.
 */
int stop_wait(struct stub_thread *thread);

/**
 * stop_in_stub() - Move a thread from its system call to the stub
 * @thread: in THREAD_CALL; in THREAD_MOVED afterwards
 *
 * Return: 0, or -ESRCH when it is dead, or pretends to be elsewhere.
 */
int stop_in_stub(struct stub_thread *thread);

/**
 * stop_for_next() - Stop a thread that its guest task left wherever it was
 * @thread: in the stub afterwards
 *
 * It may run guest code until it stops.
 * Return: 0, or -ESRCH: its process is dead.
 */
int stop_for_next(struct stub_thread *thread);

/* Put right what the host made of the registers of a call that was moved to the stub */
void stop_repair(const struct stub_thread *thread, struct vt_regs *regs);

#endif
