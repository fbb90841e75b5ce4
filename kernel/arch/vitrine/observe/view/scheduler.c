// SPDX-License-Identifier: GPL-2.0-only
/* scheduler.c - VT_VIEW_SCHEDULER: run queues as EEVDF sees them
 *
 * runqueue.c and picks.c see, this tells; docs/observatory.md has the shape.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include "runqueue.h"
#include "view.h"

static const char *const end_name[] = {
	[VT_PICK_RUNS] = NULL,	   [VT_PICK_SLEEP] = "sleep", [VT_PICK_PREEMPTED] = "preempted",
	[VT_PICK_YIELD] = "yield", [VT_PICK_EXIT] = "exit",   [VT_PICK_IDLE] = "idle",
};
static_assert(ARRAY_SIZE(end_name) == VT_NR_PICK_ENDS, "end_name[]");

static void write_queue(struct vt_json *json, const struct vt_runqueue *copy, u32 number);

static void write_entity(struct vt_json *json, const struct vt_runqueue *copy,
			 const struct vt_entity *entity)
{
	bool is_group = entity->kind == VT_ENTITY_GROUP;

	vt_json_object(json, NULL);
	if (is_group) {
		vt_json_null(json, "pid");
		vt_json_null(json, "comm");
		vt_json_null(json, "nice");
		vt_json_null(json, "policy");
		vt_json_string(json, "group", entity->name);
	} else {
		vt_json_int(json, "pid", entity->pid);
		vt_json_string(json, "comm", entity->name);
		vt_json_int(json, "nice", entity->nice);
		vt_json_string(json, "policy", vt_policy_name(entity->policy));
		vt_json_null(json, "group");
	}
	vt_json_int(json, "vruntime_ns", entity->vruntime);
	vt_json_int(json, "deadline_ns", entity->deadline);
	vt_json_int(json, "lag_ns", copy->queues[entity->queue].average - entity->vruntime);
	/* of the running one fair.c keeps something else in it */
	if (entity->running)
		vt_json_null(json, "vlag_ns");
	else
		vt_json_int(json, "vlag_ns", entity->vlag);
	vt_json_u64(json, "slice_ns", entity->slice);
	vt_json_u64(json, "weight", entity->weight);
	vt_json_u64(json, "sum_exec_ns", entity->sum_exec);
	vt_json_bool(json, "eligible", entity->eligible);
	vt_json_bool(json, "running", entity->running);
	vt_json_bool(json, "delayed", entity->delayed);
	vt_json_bool(json, "picked", entity->picked);
	if (is_group && entity->own)
		write_queue(json, copy, entity->own);
	vt_json_end(json);
}

static void write_queue(struct vt_json *json, const struct vt_runqueue *copy, u32 number)
{
	const struct vt_queue *queue = &copy->queues[number];
	u32 i;

	vt_json_object(json, number ? "queue" : "fair");
	vt_json_int(json, "avg_vruntime_ns", queue->average);
	vt_json_u64(json, "weight", queue->weight);
	vt_json_u64(json, "queued", queue->entities);
	vt_json_u64(json, "tasks", queue->tasks);
	vt_json_array(json, "entities");
	for (i = 0; i < copy->nr_entities; i++) {
		const struct vt_entity *entity = &copy->entities[i];

		if (entity->queue == number && entity->kind <= VT_ENTITY_GROUP)
			write_entity(json, copy, entity);
	}
	vt_json_end(json);
	vt_json_end(json);
}

static void write_others(struct vt_json *json, const struct vt_runqueue *copy,
			 enum vt_entity_kind kind, const char *key)
{
	u32 i;

	vt_json_array(json, key);
	for (i = 0; i < copy->nr_entities; i++) {
		const struct vt_entity *entity = &copy->entities[i];

		if (entity->kind != kind)
			continue;
		vt_json_object(json, NULL);
		vt_json_int(json, "pid", entity->pid);
		vt_json_string(json, "comm", entity->name);
		vt_json_string(json, "policy", vt_policy_name(entity->policy));
		vt_json_int(json, "priority", entity->priority);
		if (kind == VT_ENTITY_DEADLINE) {
			vt_json_int(json, "deadline_ns", entity->deadline);
			vt_json_int(json, "runtime_ns", entity->runtime);
		}
		vt_json_bool(json, "picked", entity->picked);
		vt_json_end(json);
	}
	vt_json_end(json);
}

static void write_next(struct vt_json *json, const struct vt_runqueue *copy)
{
	if (!copy->next_pid) {
		vt_json_null(json, "next");
		return;
	}
	vt_json_object(json, "next");
	vt_json_int(json, "pid", copy->next_pid);
	vt_json_string(json, "comm", copy->next_comm);
	vt_json_string(json, "why", copy->why);
	vt_json_end(json);
}

static void write_pick(struct vt_json *json, const struct vt_pick *pick, int cpu)
{
	vt_json_object(json, NULL);
	vt_json_int(json, "cpu", cpu);
	vt_json_u64(json, "time_ns", pick->time_ns);
	vt_json_int(json, "pid", pick->pid);
	vt_json_string(json, "comm", pick->comm);
	vt_json_u64(json, "delay_ns", pick->delay_ns);
	if (pick->stopped == VT_PICK_RUNS)
		vt_json_null(json, "ran_ns");
	else
		vt_json_u64(json, "ran_ns", pick->ran_ns);
	vt_json_string(json, "stopped", end_name[pick->stopped]);
	vt_json_int(json, "queued", pick->queued);
	if (pick->fair) {
		vt_json_int(json, "lag_ns", pick->lag);
		vt_json_int(json, "deadline_in_ns", pick->deadline_in);
	} else {
		vt_json_null(json, "lag_ns");
		vt_json_null(json, "deadline_in_ns");
	}
	vt_json_end(json);
}

static int write_picks(struct vt_json *json, int cpu)
{
	struct vt_pick *picks = kvmalloc_array(VT_PICKS, sizeof(*picks), GFP_KERNEL);
	u32 i, count;

	if (!picks)
		return -ENOMEM;
	vt_json_u64(json, "picks_lost", vt_picks_copy(cpu, picks, &count));
	vt_json_array(json, "picks");
	for (i = 0; i < count; i++)
		write_pick(json, &picks[i], cpu);
	vt_json_end(json);
	kvfree(picks);
	return 0;
}

static int write_cpu(struct vt_json *json, struct vt_runqueue *copy, int cpu)
{
	int ret;

	vt_runqueue_copy(copy, cpu);
	vt_json_object(json, NULL);
	vt_json_int(json, "cpu", cpu);
	vt_json_u64(json, "clock_ns", copy->clock);
	vt_json_u64(json, "running", copy->running);
	vt_json_u64(json, "switches", copy->switches);
	write_next(json, copy);
	write_queue(json, copy, 0);
	write_others(json, copy, VT_ENTITY_REALTIME, "realtime");
	write_others(json, copy, VT_ENTITY_DEADLINE, "deadline");
	ret = write_picks(json, cpu);
	if (copy->lost)
		json->truncated = true;
	vt_json_end(json);
	return ret;
}

int vt_view_scheduler(struct vt_json *json, const struct vt_view_args *args)
{
	struct vt_runqueue *copy = kvmalloc(sizeof(*copy), GFP_KERNEL);
	int cpu, ret = 0;

	if (!copy)
		return -ENOMEM;
	vt_json_bool(json, "run_to_parity", vt_run_to_parity());
	vt_json_u64(json, "base_slice_ns", vt_base_slice());
	vt_json_array(json, "cpus");
	for_each_online_cpu(cpu)
	{
		ret = write_cpu(json, copy, cpu);
		if (ret)
			break;
	}
	vt_json_end(json);
	kvfree(copy);
	return ret;
}
