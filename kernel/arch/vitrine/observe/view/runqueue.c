// SPDX-License-Identifier: GPL-2.0-only
/* runqueue.c - copy a run queue, and find out who is next
 *
 * Theory of operation
 * The copy is made with the run queue locked and shown afterwards. The task that asks has the CPU,
 * but only to answer; so who is next is decided as if it slept already, by the rule of
 * kernel/sched/fair.c: in each queue, from the root down to a task, of the entities that are
 * eligible the one with the earliest deadline. An entity is eligible when it is not ahead of the
 * load-weighted average of its queue, which the queue keeps as a sum over those that wait. (What
 * fair.c adds to it for the running one falls away here, and so does run-to-parity, which protects
 * only that one.) One that was just woken and is eligible goes first (PICK_BUDDY); one whose
 * dequeueing was delayed is not picked.
 */
#include <linux/mmu_context.h>
#include <linux/cgroup.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "../../../../kernel/sched/sched.h"
#include "../../../../kernel/sched/autogroup.h"
#include "runqueue.h"

/**
 * vt_base_slice() - Slice of a task that asked for none, in nanoseconds
 */
u64 vt_base_slice(void)
{
	return sysctl_sched_base_slice;
}

/**
 * vt_run_to_parity() - Does a task that was picked keep the CPU to the end of its slice?
 */
bool vt_run_to_parity(void)
{
	return sched_feat(RUN_TO_PARITY);
}

static void name_group(struct vt_entity *entity, struct task_group *group)
{
	if (!autogroup_path(group, entity->name, sizeof(entity->name)))
		cgroup_path(group->css.cgroup, entity->name, sizeof(entity->name));
}

static struct vt_entity *add(struct vt_runqueue *copy, enum vt_entity_kind kind)
{
	struct vt_entity *entity = &copy->entities[copy->nr_entities];

	if (copy->nr_entities == VT_RUNQUEUE_ENTITIES) {
		copy->lost++;
		return NULL;
	}
	copy->nr_entities++;
	memset(entity, 0, sizeof(*entity));
	entity->kind = kind;
	return entity;
}

static struct vt_entity *add_task(struct vt_runqueue *copy, enum vt_entity_kind kind,
				  const struct task_struct *task)
{
	struct vt_entity *entity = add(copy, kind);

	if (!entity)
		return NULL;
	entity->pid = task->pid;
	strscpy(entity->name, task->comm, sizeof(entity->name));
	entity->nice = task_nice(task);
	entity->policy = task->policy;
	entity->priority = task->rt_priority;
	return entity;
}

static void copy_queue(struct vt_runqueue *copy, struct cfs_rq *cfs, u32 depth);

static void copy_entity(struct vt_runqueue *copy, u32 queue, struct cfs_rq *cfs,
			struct sched_entity *se, u32 depth)
{
	bool is_group = !entity_is_task(se);
	struct vt_entity *entity =
	    is_group ? add(copy, VT_ENTITY_GROUP) : add_task(copy, VT_ENTITY_TASK, task_of(se));

	if (!entity)
		return;
	entity->queue = queue;
	entity->vruntime = se->vruntime;
	entity->deadline = se->deadline;
	entity->vlag = se->vlag;
	entity->slice = se->slice;
	entity->weight = scale_load_down(se->load.weight);
	entity->sum_exec = se->sum_exec_runtime;
	entity->running = cfs->curr == se;
	entity->delayed = se->sched_delayed;
	entity->eligible = entity_eligible(cfs, se);
	if (!is_group)
		return;
	name_group(entity, se->my_q->tg);
	if (depth < VT_RUNQUEUE_DEPTH && copy->nr_queues < VT_RUNQUEUE_ENTITIES) {
		entity->own = copy->nr_queues;
		copy_queue(copy, se->my_q, depth + 1);
	}
}

/* A queue and those below it: control groups may be nested as deep as a guest likes, we are not */
static void copy_queue(struct vt_runqueue *copy, struct cfs_rq *cfs, u32 depth)
{
	u32 number = copy->nr_queues++;
	struct vt_queue *queue = &copy->queues[number];
	struct rb_node *node;

	*queue = (struct vt_queue){
		.average = avg_vruntime(cfs),
		.weight = cfs->avg_load,
		.entities = cfs->nr_running,
		.tasks = cfs->h_nr_queued,
	};
	if (cfs->curr && cfs->curr->on_rq) {
		queue->weight += scale_load_down(cfs->curr->load.weight);
		copy_entity(copy, number, cfs, cfs->curr, depth);
	}
	for (node = rb_first_cached(&cfs->tasks_timeline); node; node = rb_next(node))
		copy_entity(copy, number, cfs, rb_entry(node, struct sched_entity, run_node),
			    depth);
}

static void copy_realtime(struct vt_runqueue *copy, struct rt_rq *rt)
{
	struct sched_rt_entity *se;
	unsigned int priority;

	for_each_set_bit(priority, rt->active.bitmap, MAX_RT_PRIO)
	{
		list_for_each_entry (se, &rt->active.queue[priority], run_list)
			add_task(copy, VT_ENTITY_REALTIME,
				 container_of(se, struct task_struct, rt));
	}
}

static void copy_deadline(struct vt_runqueue *copy, struct dl_rq *dl)
{
	struct rb_node *node;

	for (node = rb_first_cached(&dl->root); node; node = rb_next(node)) {
		struct sched_dl_entity *se = rb_entry(node, struct sched_dl_entity, rb_node);
		struct vt_entity *entity;

		if (se->dl_server)
			continue;
		entity =
		    add_task(copy, VT_ENTITY_DEADLINE, container_of(se, struct task_struct, dl));
		if (!entity)
			return;
		entity->deadline = se->deadline;
		entity->runtime = se->runtime;
	}
}

/* What fair.c's vruntime_eligible() compares with, without the running entity */
struct average {
	s64 sum; /* of vruntime times weight, relative to zero_vruntime */
	s64 load;
};

static bool is_eligible(const struct cfs_rq *cfs, struct average average,
			const struct sched_entity *se)
{
	return average.sum >= (s64)(se->vruntime - cfs->zero_vruntime) * average.load;
}

static struct sched_entity *earliest(struct cfs_rq *cfs, struct average average, bool delayed_too,
				     struct vt_queue *queue)
{
	struct sched_entity *best = NULL;
	struct rb_node *node;

	queue->waiting = 0;
	queue->eligible = 0;
	for (node = rb_first_cached(&cfs->tasks_timeline); node; node = rb_next(node)) {
		struct sched_entity *se = rb_entry(node, struct sched_entity, run_node);
		bool eligible = is_eligible(cfs, average, se);

		queue->waiting += !se->sched_delayed;
		queue->eligible += eligible && !se->sched_delayed;
		if (!eligible || (se->sched_delayed && !delayed_too))
			continue;
		if (!best || (s64)(se->deadline - best->deadline) < 0)
			best = se;
	}
	return best;
}

static struct average without_delayed(struct cfs_rq *cfs, struct average average)
{
	struct rb_node *node;

	for (node = rb_first_cached(&cfs->tasks_timeline); node; node = rb_next(node)) {
		struct sched_entity *se = rb_entry(node, struct sched_entity, run_node);
		s64 weight = scale_load_down(se->load.weight);

		if (!se->sched_delayed)
			continue;
		average.sum -= (s64)(se->vruntime - cfs->zero_vruntime) * weight;
		average.load -= weight;
	}
	return average;
}

static struct sched_entity *pick_in(struct cfs_rq *cfs, struct vt_queue *queue)
{
	struct average average = { cfs->avg_vruntime, cfs->avg_load };
	struct sched_entity *best = earliest(cfs, average, true, queue), *buddy = cfs->next;

	/* picking a delayed one takes it out of the queue, and the average moves */
	if (best && best->sched_delayed) {
		average = without_delayed(cfs, average);
		best = earliest(cfs, average, false, queue);
	}
	if (best && buddy && buddy != best && buddy != cfs->curr && sched_feat(PICK_BUDDY) &&
	    !buddy->sched_delayed && is_eligible(cfs, average, buddy)) {
		queue->buddy = true;
		best = buddy;
	}
	return best;
}

/* The copy of @se, or NULL when there was no room for it */
static struct vt_entity *find_copy(struct vt_runqueue *copy, u32 queue, struct sched_entity *se)
{
	pid_t pid = entity_is_task(se) ? task_of(se)->pid : 0;
	u32 i;

	for (i = 0; i < copy->nr_entities; i++) {
		struct vt_entity *entity = &copy->entities[i];

		if (entity->queue == queue && entity->kind <= VT_ENTITY_GROUP &&
		    entity->pid == pid && entity->vruntime == (s64)se->vruntime &&
		    entity->deadline == (s64)se->deadline)
			return entity;
	}
	return NULL;
}

static void say_why(struct vt_runqueue *copy, const struct vt_queue *queue, const char *name)
{
	size_t length = strlen(copy->why);
	char *end = copy->why + length;
	size_t room = sizeof(copy->why) - length;
	const char *again = length ? "; in it " : "";

	if (queue->waiting == 1)
		scnprintf(end, room, "%sonly %s waits", again, name);
	else if (queue->buddy)
		scnprintf(end, room, "%s%s was just woken and is one of %u eligible of %u", again,
			  name, queue->eligible, queue->waiting);
	else if (queue->eligible == 1)
		scnprintf(end, room, "%s%s is the only one eligible of %u", again, name,
			  queue->waiting);
	else
		scnprintf(end, room, "%s%s has the earliest deadline of %u eligible of %u", again,
			  name, queue->eligible, queue->waiting);
}

static void next_is(struct vt_runqueue *copy, const struct task_struct *task)
{
	copy->next_pid = task->pid;
	memcpy(copy->next_comm, task->comm, sizeof(copy->next_comm));
}

static void pick_fair(struct vt_runqueue *copy, struct cfs_rq *cfs)
{
	struct vt_queue *queue = &copy->queues[0], below;

	while (cfs) {
		struct sched_entity *se = pick_in(cfs, queue);
		struct vt_entity *entity;

		if (!se)
			return;
		entity = find_copy(copy, queue - copy->queues, se);
		if (entity)
			entity->picked = true;
		if (entity_is_task(se)) {
			say_why(copy, queue, task_of(se)->comm);
			next_is(copy, task_of(se));
			return;
		}
		say_why(copy, queue, entity ? entity->name : "a group");
		cfs = se->my_q;
		below = (struct vt_queue){};
		queue = entity && entity->own ? &copy->queues[entity->own] : &below;
	}
}

/* The other classes come first; true when one of them has somebody */
static bool pick_before_fair(struct vt_runqueue *copy, enum vt_entity_kind kind, const char *why)
{
	u32 i;

	for (i = 0; i < copy->nr_entities; i++) {
		struct vt_entity *entity = &copy->entities[i];

		if (entity->kind != kind || entity->running)
			continue;
		entity->picked = true;
		copy->next_pid = entity->pid;
		memcpy(copy->next_comm, entity->name, sizeof(copy->next_comm));
		strscpy(copy->why, why, sizeof(copy->why));
		return true;
	}
	return false;
}

/**
 * vt_runqueue_copy() - Copy a CPU's run queue
 * @copy: large: not on a stack
 *
 * Context: any but the scheduler's.
 */
void vt_runqueue_copy(struct vt_runqueue *copy, int cpu)
{
	struct rq *rq = cpu_rq(cpu);
	unsigned long flags;

	copy->nr_entities = 0;
	copy->nr_queues = 0;
	copy->lost = 0;
	copy->next_pid = 0;
	copy->why[0] = '\0';
	raw_spin_rq_lock_irqsave(rq, flags);
	update_rq_clock(rq);
	copy->clock = rq_clock(rq);
	copy->switches = rq->nr_switches;
	copy->running = rq->nr_running;
	copy_deadline(copy, &rq->dl);
	copy_realtime(copy, &rq->rt);
	copy_queue(copy, &rq->cfs, 0);
	if (!pick_before_fair(copy, VT_ENTITY_DEADLINE, "its deadline is the earliest") &&
	    !pick_before_fair(copy, VT_ENTITY_REALTIME, "its real-time priority is the highest"))
		pick_fair(copy, &rq->cfs);
	raw_spin_rq_unlock_irqrestore(rq, flags);
}
