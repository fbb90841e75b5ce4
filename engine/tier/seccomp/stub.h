/* SPDX-License-Identifier: GPL-2.0-only */
/* stub.h - the host processes and threads that guests run in, as data
 *
 * Types only: who may change what is in state.h, process.h and thread.h.
 */
#ifndef ENGINE_TIER_SECCOMP_STUB_H
#define ENGINE_TIER_SECCOMP_STUB_H

#include <assert.h>
#include <linux/seccomp.h>
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
	THREAD_PARKED,	 /* stopped, and not in the list of the host's notifications: park.c */
	THREAD_PARKED_MOVED, /* moved, likewise */
	THREAD_DEAD,	     /* executes nothing any more */
	THREAD_NSTATES,
};

struct stub_process;

/**
 * struct stub_thread - a host thread of a stub process
 * @tid:     its id on the host, 0 until its first notification
 * @state:   changed by thread_becomes() alone
 * @event:   the notification that it waits in; its last one otherwise
 * @sibling: the next guest thread of its process
 * @next:    the next one that is idle
 * @older, @newer, @stopped_at: in its process's list of stopped threads, since that turn
 *
 * Guest threads only:
 * @slot:    index of its slot
 * @memory:  the slot, as the supervisor sees it; the guest can write it at any time
 * @uc:      offset of its ucontext in the slot, from THREAD_STOPPED on
 * @call_ip: where the call was made that it was moved from
 * @limit:   see stuck_check()
 * @no_tsc:  reading the time stamp counter is a fault
 */
struct stub_thread {
	pid_t tid;
	enum thread_state state;
	struct stub_process *process;
	struct seccomp_notif event;
	struct stub_thread *sibling, *next;
	struct stub_thread *older, *newer;
	uint64_t stopped_at;
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
 * @service:  its service thread, whose tid is the process's pid; dead when no thread of the process
 *            executes anything any more
 * @child:    until the host has told of its death
 * @listener: the descriptor that its notifications come from, or -1
 * @page:     index of its control page
 * @threads:  its guest threads, of which @idle and @nidle are used by nobody, and @nused are
 * @next:     in the pool
 * @oldest, @newest, @nstopped: its stopped threads that are not parked
 * @turns:    how often one of its threads went on
 * @areas:    changes of its mappings since nothing was mapped: areas.c
 * @cputime:  what it took of the CPU
 * @mapped:   bytes that were mapped in it for its guest; some of them are not any more
 */
struct stub_process {
	struct stub_thread service;
	struct child child;
	int listener;
	enum process_use use;
	unsigned page;
	struct stub_thread *threads, *idle;
	unsigned nused, nidle;
	struct stub_process *next;
	struct stub_thread *oldest, *newest;
	unsigned nstopped;
	uint64_t turns;
	unsigned areas;
	struct cputime_process cputime;
	uint64_t mapped;
};

static_assert(offsetof(struct stub_thread, tid) == 0 && offsetof(struct stub_process, service) == 0,
	      "tools/gdb finds host threads without debugging information");

#endif
