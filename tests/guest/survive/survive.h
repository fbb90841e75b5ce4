/* SPDX-License-Identifier: GPL-2.0-only */
/* survive.h - states that are set up, held while the sandbox is paused or copied, and looked at
 *
 * A case is one function in a process of its own. It sets its state up, calls hold(), which comes
 * back when whoever tests has paused and resumed the sandbox, and looks at everything then. It
 * returns NULL, or what was wrong. survive.c says how it is told. The programs of
 * tests/guest/snapshot go round instead, and are caught wherever they happen to be.
 */
#ifndef SURVIVE_H
#define SURVIVE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define WANT(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			return wrong(__FILE__ ":" TEXT(__LINE__) ": " #x);                         \
	} while (0)

#define MS 1000000ULL
#define SECOND 1000000000ULL

/* Adds errno to what is wrong */
const char *wrong(const char *what);

/* Everything is set up; returns when it is to be looked at. Not from two threads of a case */
void hold(void);

/* A thread or process that is in a call for the whole of the pause */
struct caller {
	long (*call)(void *arg); /* returns the result, or -errno */
	void *arg;
	pthread_t thread;
	volatile pid_t tid;
	volatile long result;
	volatile int done;
};

/* Start it, and wait until it sleeps */
void enter(struct caller *caller, long (*call)(void *arg), void *arg);

/* Wait for its end. Return: what the call did; -ETIME: nothing, for half a minute */
long left(struct caller *caller);

/* Wait until a thread, maybe of another process, has that state: S sleeps (so that signals are
 * heard or not), D hears none, T stopped, Z zombie */
int await_state(pid_t tid, char state);

uint64_t now_of(clockid_t clock);
void sleep_ms(long ms);

/* One byte after the other, from a seed: to fill something with, and to look at it again */
void fill(void *at, size_t size, unsigned seed);
int filled(const void *at, size_t size, unsigned seed);

/* A shell's command line. Return: its exit status */
int shell(const char *command);

/* Return: 0, or -1 */
int write_text(const char *path, const char *text);

/* A file's first line, without its end */
const char *line_of(const char *path);

typedef const char *survive_case(void);

/* calls.c: in a system call */
survive_case nanosleep_case, poll_case, select_case, epoll_wait_case, futex_case, futex_pi_case,
    read_pipe_case, write_pipe_case, read_tty_case, read_socket_case, accept_case, wait4_case,
    sigsuspend_case, pause_case, sigtimedwait_case, vfork_case, msgrcv_case, semop_case,
    open_fifo_case, flock_wait_case, signalfd_case, fault_case, restart_case;
/* processes.c, registers.c */
survive_case stopped_case, zombie_case, leader_case, traced_case, queued_case, order_case,
    namespaces_case, cgroup_case, frozen_case, seccomp_case, credentials_case, robust_case;
survive_case vectors_case, vectors_in_call_case, x87_case, segments_case, breakpoint_case;
/* timers.c */
survive_case itimers_case, posix_timer_case, monotonic_case, realtime_case, boottime_case,
    timerfd_case, cancel_case, cpu_timer_case;
/* streams.c, ipc.c */
survive_case pipe_case, packets_case, unix_case, passed_case, tcp_case, half_closed_case,
    backlog_case, udp_case, netlink_case, pty_case, raw_pty_case, session_case;
survive_case sysv_sem_case, sysv_msg_case, sysv_shm_case, mqueue_case, eventfd_case, epoll_case,
    inotify_case, fanotify_case, uring_case, aio_case, pidfd_case;
/* files.c, memory.c */
survive_case posix_lock_case, ofd_lock_case, flock_case, lease_case, deleted_case, tmpfile_case,
    dirty_case, tmpfs_case, overlay_case, loop_case, splice_case, offset_case;
survive_case memfd_case, secret_case, swap_case, huge_case, hugetlb_case, mapping_case,
    private_case, protection_case, mlock_case, shared_case;

#endif
