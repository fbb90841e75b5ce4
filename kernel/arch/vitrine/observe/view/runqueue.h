/* SPDX-License-Identifier: GPL-2.0-only */
/* runqueue.h - the scheduler's state, copied
 *
 * Private to arch/vitrine/observe: scheduler.c shows what runqueue.c and picks.c have seen.
 */
#ifndef VITRINE_OBSERVE_RUNQUEUE_H
#define VITRINE_OBSERVE_RUNQUEUE_H

#include <linux/sched.h>
#include <linux/types.h>

#define VT_RUNQUEUE_ENTITIES 512
#define VT_RUNQUEUE_DEPTH 5 /* of groups that are looked into */
#define VT_GROUP_NAME 64

enum vt_entity_kind { VT_ENTITY_TASK, VT_ENTITY_GROUP, VT_ENTITY_REALTIME, VT_ENTITY_DEADLINE };

/**
 * struct vt_entity - a task or a group of tasks in a run queue
 * @queue:   the queue that it is in, an index of vt_runqueue.queues
 * @own:     a group's own queue, or 0: it is too deep
 * @name:    the task's or the group's
 * @picked:  of the choice without the asking task, see runqueue.c
 */
struct vt_entity {
	enum vt_entity_kind kind;
	u16 queue, own;
	pid_t pid;
	char name[VT_GROUP_NAME];
	int nice, policy, priority;
	s64 vruntime, deadline, vlag, runtime;
	u64 slice, weight, sum_exec;
	bool eligible, running, delayed, picked;
};

/**
 * struct vt_queue - a cfs_rq
 * @average:  avg_vruntime()
 * @weight:   of all entities, the running one included
 * @entities: how many these are; @tasks: in it and below
 * @waiting:  of them not running, and not on their way out; @eligible: of these
 * @buddy:    the one that is picked was woken last, its deadline is not the earliest
 */
struct vt_queue {
	s64 average;
	u64 weight;
	u32 entities, tasks, waiting, eligible;
	bool buddy;
};

/**
 * struct vt_runqueue - a CPU's, at one moment
 * @next_pid, @next_comm: the task that is next; 0: none
 * @why:    it is next
 * @lost:   entities that found no room
 */
struct vt_runqueue {
	u64 clock, switches;
	u32 running;
	pid_t next_pid;
	char next_comm[TASK_COMM_LEN];
	char why[512];
	u32 nr_entities, nr_queues, lost;
	struct vt_queue queues[VT_RUNQUEUE_ENTITIES];
	struct vt_entity entities[VT_RUNQUEUE_ENTITIES];
};

#define VT_PICKS 64

/**
 * struct vt_pick - a task got the CPU
 * @ran_ns:  until it lost it; meaningless while @stopped is VT_PICK_RUNS
 * @fair:    it is of the fair class: @lag, @deadline_in are valid
 */
enum vt_pick_end {
	VT_PICK_RUNS,
	VT_PICK_SLEEP,
	VT_PICK_PREEMPTED,
	VT_PICK_YIELD,
	VT_PICK_EXIT,
	VT_PICK_IDLE,
	VT_NR_PICK_ENDS,
};

struct vt_pick {
	u64 time_ns, delay_ns, ran_ns;
	s64 lag, deadline_in;
	pid_t pid;
	u32 queued;
	char comm[TASK_COMM_LEN];
	u8 stopped;
	bool fair;
};

/* runqueue.c */
void vt_runqueue_copy(struct vt_runqueue *copy, int cpu);
u64 vt_base_slice(void);
bool vt_run_to_parity(void);

/* picks.c */
u64 vt_picks_copy(int cpu, struct vt_pick picks[VT_PICKS], u32 *count);

#endif
