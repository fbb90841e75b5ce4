/* SPDX-License-Identifier: GPL-2.0-only */
/* follow.h - what the parts of the call follower share
 *
 * Private to arch/vitrine/observe; follow.c has the theory of operation.
 */
#ifndef VITRINE_OBSERVE_FOLLOW_H
#define VITRINE_OBSERVE_FOLLOW_H

#include <linux/sched.h>
#include <linux/types.h>
#include <asm/sections.h>
#include <asm/vitrine.h>
#include "layers.h"

#define VT_FOLLOW_FUNCTIONS 8192
#define VT_FOLLOW_FRAMES 160
#define VT_FOLLOW_PAUSES 512
#define VT_FOLLOW_BLOCKS 128

enum vt_follow_state {
	VT_FOLLOW_IDLE,
	VT_FOLLOW_ARMED,
	VT_FOLLOW_FOLLOWING,
	VT_FOLLOW_DONE,
	VT_NR_FOLLOW_STATES,
};

/**
 * struct vt_follow_function - one function that the call went through, in the order of entry
 * @function: offset of its address from the beginning of the kernel's text
 * @depth:    functions that it is inside of
 * @begin, @ticks: on the record's clock; @ticks is ~0 until it returns
 */
struct vt_follow_function {
	u32 function;
	u16 depth;
	u8 layer;
	u64 begin, ticks;
};

/**
 * struct vt_follow_pause - an interval without the CPU
 * @reason:    offset of the function that gave it up
 * @preempted: it could have gone on
 */
struct vt_follow_pause {
	u64 begin, ticks;
	u32 reason;
	bool preempted;
};

/**
 * struct vt_follow_block - a block request that was issued for the call
 * @request: to know it again; NULL when it is complete
 * @own:     the task issued it itself
 */
struct vt_follow_block {
	const void *request;
	u64 begin, end, sector;
	u32 bytes;
	int error;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	u8 op;
	bool own;
};

/**
 * struct vt_follow_record - what is known about the call
 * @begin_ns: host's CLOCK_MONOTONIC; all other times are ticks since then, without @overhead
 * @layers:   time in each layer's own functions
 * @answered: there is a @result
 * @lost:     functions that were not recorded
 * @nr_pauses, @nr_blocks: as many as there were; the arrays have the first ones
 */
struct vt_follow_record {
	long nr, result;
	unsigned long args[6];
	pid_t pid, tgid;
	char comm[TASK_COMM_LEN];
	bool answered;
	u64 begin_ns, ticks, off_cpu, overhead;
	u64 layers[VT_NR_LAYERS];
	u32 nr_functions, lost, nr_pauses, nr_blocks;
	struct vt_follow_pause pauses[VT_FOLLOW_PAUSES];
	struct vt_follow_block blocks[VT_FOLLOW_BLOCKS];
	struct vt_follow_function functions[VT_FOLLOW_FUNCTIONS];
};

/**
 * struct vt_follow_wish - what is to be followed
 * @nr:       number of the call, or VT_FOLLOW_ANY
 * @pid:      a thread's or a process's number, or 0 for all
 * @least_ns: calls that are shorter are dropped
 */
struct vt_follow_wish {
	long nr;
	pid_t pid;
	u64 least_ns;
};

/**
 * struct vt_follow_frame - a function that has not returned yet
 * @slot:   where its return address is; NULL for the call itself
 * @real:   that address
 * @inside: ticks in callees and off the CPU
 * @record: its index in the record
 * @hides:  what it calls is not shown
 */
struct vt_follow_frame {
	unsigned long *slot, real;
	u64 begin, inside;
	u32 record, function;
	u8 layer;
	bool hides;
};

/**
 * struct vt_follow_shadow - the shadow stack, see record.c
 * @hidden: nested reasons not to look
 * @depth:  frames in use, the call itself included
 * @mult:   ns of a tick, times 2^32; 0: ticks are ns
 * @origin: tick of the beginning, plus the overhead so far
 * @paused_at: since when it is off the CPU; ~0: it is not
 */
struct vt_follow_shadow {
	struct task_struct *task;
	bool recording;
	unsigned int hidden, depth;
	u64 mult, origin, paused_at;
	struct vt_follow_frame frames[VT_FOLLOW_FRAMES];
};

/* follow.c */
enum vt_follow_state vt_follow_lock(struct vt_follow_wish *wish, u64 *too_short);
void vt_follow_unlock(void);
const char *vt_follow_state_name(enum vt_follow_state state);
void vt_follow_dead(const struct task_struct *task);

/* Whether what a task does is for the followed call */
enum vt_follow_part {
	VT_FOLLOW_NO_PART,
	VT_FOLLOW_ITSELF,
	VT_FOLLOW_FOR_IT, /* a kernel thread, while the call waits */
};

/* record.c: one record at a time */
int vt_follow_record_init(void);
struct vt_follow_record *vt_follow_record(void);
void vt_follow_record_start(struct task_struct *task);
void vt_follow_record_stop(void);
void vt_follow_record_forget(void);
const struct task_struct *vt_follow_task(void);
bool vt_follow_recording(void);
enum vt_follow_part vt_follow_part(const struct task_struct *task);
void vt_follow_switch(struct task_struct *prev, struct task_struct *next, bool runnable);
u64 vt_follow_now(void);
u64 vt_follow_ns(u64 ticks);

/* record.c, for entry.S */
extern struct task_struct *vitrine_followed;
void vitrine_follow_entry(void);
void vitrine_follow_enter(unsigned long ip, unsigned long *slot);
unsigned long vitrine_follow_leave(unsigned long *slot);

/* sites.c */
int vt_follow_sites_init(void);
void vt_follow_sites_patch(void);
void vt_follow_sites_restore(void);

/* probes.c */
int vt_follow_probes_attach(void);
void vt_follow_probes_detach(void);

#endif
