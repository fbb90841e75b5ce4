/* SPDX-License-Identifier: GPL-2.0-only */
/* stub.h - the host processes and threads that guests run in, as data
 *
 * Types only: who may change what is in state.h, process.h and thread.h.
 */
#ifndef ENGINE_TIER_SECCOMP_STUB_H
#define ENGINE_TIER_SECCOMP_STUB_H

#include <assert.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "engine/tier/seccomp/host/children.h"
#include "engine/tier/seccomp/stub/layout.h"
#include "engine/vcpu/cputime.h"

/* What a host thread does; state.c has what may follow what */
enum thread_state {
	THREAD_NEW,	 /* being made: it has not introduced itself */
	THREAD_RUNNING,	 /* executes guest code; a service thread: commands */
	THREAD_KICKED,	 /* likewise, and was told to stop */
	THREAD_REPORTED, /* waits in a notification that nobody has looked at */
	THREAD_CALL,	 /* waits in the notification of a system call */
	THREAD_STOPPED,	 /* waits in the stub, all registers in its slot */
	THREAD_MOVED,	 /* likewise; it was moved there from a call, and the kernel has not seen
			    the registers */
	THREAD_DEAD,	 /* executes nothing any more */
	THREAD_NSTATES,
};

struct stub_process;

/**
 * struct stub_thread - a host thread of a stub process
 * @tid:      its id on the host, 0 until its first notification
 * @listener: the descriptor that its notifications come from, or -1
 * @state:    changed by thread_becomes() alone, by whoever uses the thread
 * @event:    the notification that it waits in; its last one otherwise
 * @sibling:  the next guest thread of its process
 * @next:     the next one that is idle
 * @slot:    index of its slot
 * @memory:  the slot, as the supervisor sees it; the guest can write it at any time
 * @uc:      offset of its ucontext in the slot, from THREAD_STOPPED on
 * @call_ip: where the call was made that it was moved from
 * @limit:   see stuck_check()
 * @no_tsc:  reading the time stamp counter is a fault
 */
struct stub_thread {
	pid_t tid;
	int listener;
	enum thread_state state;
	struct stub_process *process;
	struct seccomp_notif event;
	struct stub_thread *sibling, *next;
	int slot;
	uint8_t *memory;
	uint32_t uc;
	uint64_t call_ip;
	uint64_t limit;
	bool no_tsc;
};

enum process_use {
	PROCESS_USED,	  /* a guest's address space */
	PROCESS_RELEASED, /* the guest is done with it, but for a thread */
	PROCESS_POOLED,	  /* waits for the next guest */
	PROCESS_ENDING,	  /* killed, or dead: freed when the host says so */
};

/**
 * struct stub_process - a stub process
 * @pid:      its id, which is that of its first thread, the mother of the others
 * @service:  the thread that changes its mappings
 * @socket:   the channel to the mother, or -1
 * @reply:    the pipe that it answers through, or -1
 * @lock:     of @page, @socket, @reply and what they are used for; the tier's lock is of all the
 * rest
 * @gone:     killed, or dead: whoever waits for one of its threads waits no longer
 * @left:     commands that were not executed last time
 * @child:    until the host has told of its death
 * @page:     index of its control page
 * @threads:  its guest threads, of which @idle and @nidle are used by nobody, and @nused are
 * @next:     in the pool
 * @areas:    changes of its mappings since nothing was mapped: areas.c
 * @cputime:  what it took of the CPU
 * @mapped:   bytes that were mapped in it for its guest; some of them are not any more
 */
struct stub_process {
	pid_t pid;
	struct stub_thread service;
	int socket, reply;
	pthread_mutex_t lock;
	volatile bool gone;
	unsigned left;
	struct child child;
	enum process_use use;
	unsigned page;
	struct stub_thread *threads, *idle;
	unsigned nused, nidle;
	struct stub_process *next;
	unsigned areas;
	struct cputime_process cputime;
	uint64_t mapped;
};

static_assert(offsetof(struct stub_thread, tid) == 0 && offsetof(struct stub_process, pid) == 0,
	      "tools/gdb finds host threads without debugging information");

#endif
