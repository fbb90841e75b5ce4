/* SPDX-License-Identifier: GPL-2.0-only */
/* notify.h - seccomp notifications: who stopped, and how to let it go on */
#ifndef ENGINE_TIER_SECCOMP_NOTIFY_H
#define ENGINE_TIER_SECCOMP_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/seccomp.h>
#include "vitrine/error.h"

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

/**
 * struct host_thread - a thread of a stub process
 * @tid:     its id on the host, 0 until its first notification
 * @listener: of its process: the descriptor that its notifications come from
 * @stopped: it waits in notification @event, which has not been answered
 * @dead:    its process has died
 */
struct host_thread {
	pid_t tid;
	int listener;
	bool stopped, dead;
	struct seccomp_notif event;
};

/* A notification from a thread that nobody knows yet: whose it is, or NULL to refuse it */
typedef struct host_thread *(*notify_unknown_fn)(int listener, const struct seccomp_notif *event);

/* @unknown: called for the first notification of each thread */
int notify_init(notify_unknown_fn unknown, struct error *err);

/* A new process's listener: set it up */
void notify_listen(int listener);

/**
 * notify_receive() - Take one notification of a process and file it with its thread
 * @listener: of the process
 * @flag: see vcpu_wait()
 *
 * Return: 0, or -EINTR when @flag is set or a signal came.
 */
int notify_receive(int listener, volatile uint32_t *flag);

/**
 * notify_wait() - Wait until a thread has stopped, without letting the kernel do anything else
 *
 * Return: 0, or -ESRCH when it has died.
 */
int notify_wait(struct host_thread *thread);

/* Answer a stopped thread's notification with @value; negative errno values are errors there */
void notify_reply(struct host_thread *thread, int64_t value);

/* Forget a thread whose process is gone */
void notify_forget(struct host_thread *thread);

#endif
