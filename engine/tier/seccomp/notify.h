/* SPDX-License-Identifier: GPL-2.0-only */
/* notify.h - seccomp notifications: who stopped, and how to let it go on */
#ifndef ENGINE_TIER_SECCOMP_NOTIFY_H
#define ENGINE_TIER_SECCOMP_NOTIFY_H

#include "stub.h"

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

/* A new thread's listener: set it up; the thread owns it */
void notify_listen(struct stub_thread *thread, int listener);

/**
 * notify_receive() - Take a notification of a thread's
 * @thread: running; THREAD_REPORTED when there was one
 * @flag:   see vcpu_wait()
 *
 * Return: 0 when there may have been one, -EINTR when @flag is set or a signal came, -ESRCH when it
 * executes nothing any more; it is dead then.
 */
int notify_receive(struct stub_thread *thread, volatile uint32_t *flag);

/**
 * notify_wait() - Wait until a thread has stopped, without letting the kernel do anything else
 *
 * Return: 0, or -ESRCH when it has died.
 */
int notify_wait(struct stub_thread *thread);

/**
 * notify_reply() - Answer a waiting thread's notification
 * @value: the call's result; negative errno values are errors
 * @state: what it does then
 */
void notify_reply(struct stub_thread *thread, int64_t value, enum thread_state state);

/* Kill a thread's process, and wait until the thread executes nothing any more */
void notify_kill(struct stub_thread *thread);

/* The thread is dead, or was never there: close its listener */
void notify_close(struct stub_thread *thread);

#endif
