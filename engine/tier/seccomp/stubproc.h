/* SPDX-License-Identifier: GPL-2.0-only */
/* stubproc.h - the host processes and threads that guests run in */
#ifndef ENGINE_TIER_SECCOMP_STUBPROC_H
#define ENGINE_TIER_SECCOMP_STUBPROC_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "notify.h"
#include "engine/tier/seccomp/stub/layout.h"
#include "vitrine/abi.h"
#include "vitrine/error.h"

enum thread_state {
	THREAD_RUNNING, /* executes guest code */
	THREAD_PLAIN,	/* stopped at a plain system call */
	THREAD_STUB,	/* stopped in the stub, all registers in its slot */
	THREAD_PARKED,	/* likewise, and not in the list of the host's notifications: park.c */
	THREAD_NSTATES,
};

/**
 * struct vt_mm - a stub process
 * @service:  its service thread; its tid is the process's pid
 * @commands: its command page
 * @index:    of the command page in its memory file
 * @idle:     guest threads that nobody uses, stopped in the stub
 * @nused:    guest threads that are in use
 * @released: the address space is gone, the process waits for its last thread
 * @next:     in the pool of unused processes
 * @oldest, @newest: its stopped threads that are not parked, @nstopped of them
 * @turns:    how often one of its threads went on
 */
struct vt_mm {
	struct host_thread service;
	struct stub_command *commands;
	unsigned index;
	struct vt_thread *idle;
	unsigned nused, nidle;
	bool released;
	struct vt_mm *next;
	struct vt_thread *oldest, *newest;
	unsigned nstopped;
	uint64_t turns;
};

/**
 * struct vt_thread - a guest thread of a stub process
 * @slot:   index of its slot
 * @memory: the slot, as the supervisor sees it; the guest can write it at any time
 * @uc:     offset of its ucontext in the slot while it is in THREAD_STUB or THREAD_PARKED
 * @unread: it was moved there from a system call at @call_ip, and the kernel has not seen the
 *          registers
 * @kicked: it was told to stop and has not stopped since
 * @limit:  see stuck_check()
 * @listed: in its process's list of stopped threads, since @stopped_at of its turns
 */
struct vt_thread {
	struct host_thread host;
	struct vt_mm *mm;
	enum thread_state state;
	unsigned slot;
	uint8_t *memory;
	uint32_t uc;
	bool unread;
	uint64_t call_ip;
	bool kicked;
	uint64_t limit;
	struct vt_thread *next;
	struct vt_thread *older, *newer;
	uint64_t stopped_at;
	bool listed;
};

/* Start the zygote; fills the host vDSO clock's address in guest processes */
int stub_init(uint64_t *vdso_clock, struct error *err);

/* Execute @count commands in a process; 0 or the first failing call's negative errno value */
int stub_execute(struct vt_mm *mm, unsigned count);

/* Get an empty process; 0 or a negative errno value */
int stub_process_get(struct vt_mm **mm);

/* Give a process back; it is used again once its guest threads are idle */
void stub_process_put(struct vt_mm *mm);

/* Get a guest thread of @mm, stopped in the stub; 0 or a negative errno value */
int stub_thread_get(struct vt_mm *mm, struct vt_thread **thread);

/* Give a guest thread back, stopped in the stub or dead */
void stub_thread_put(struct vt_thread *thread);

/* Append a command to a process's page */
void stub_command(struct vt_mm *mm, unsigned at, const struct stub_command *command);

/* Take note of processes that have died */
void stub_reap(void);

/* Kill everything */
void stub_stop(void);

static_assert(offsetof(struct vt_thread, host.tid) == 0 && offsetof(struct vt_mm, service.tid) == 0,
	      "tools/gdb finds host threads without debugging information");

#endif
