// SPDX-License-Identifier: GPL-2.0-only
/* json.c - a sandbox's telemetry as JSON
 *
 * Numbers are those of the region, not rates: programs subtract. Calls that were never made and
 * slots without a task are left out.
 */
#include "top.h"

#include <string.h>
#include "observe/region/names.h"
#include "observe/region/region.h"
#include "vitrine/util.h"

static json_t *integer(uint64_t value)
{
	return json_integer(value <= INT64_MAX ? (json_int_t)value : INT64_MAX);
}

/* { name: number }, one for each name of a set */
static json_t *named(enum name_set set, const vt_u64 *values)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < name_count(set); i++) {
		if (strcmp(name_of(set, i), "?"))
			json_object_set_new(object, name_of(set, i), integer(values[i]));
	}
	return object;
}

static json_t *histogram(const vt_u64 *buckets)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < VT_BUCKETS; i++)
		json_array_append_new(array, integer(buckets[i]));
	return array;
}

/* A name that a guest gave, which need not be UTF-8 */
static json_t *guest_name(const char *name)
{
	json_t *string = json_string(name);
	char clean[64];
	size_t i;

	if (string)
		return string;
	for (i = 0; i < sizeof(clean) - 1 && name[i]; i++)
		clean[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
	clean[i] = '\0';
	return json_string(clean);
}

static json_t *block_json(const struct vt_block_counters *block)
{
	json_t *object = json_object();

	for (unsigned op = 0; op < VT_NR_BLOCK; op++)
		json_object_set_new(
		    object, name_of(NAMES_BLOCK, op),
		    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "issued", integer(block[op].issued),
			      "completed", integer(block[op].completed), "errors",
			      integer(block[op].errors), "bytes", integer(block[op].bytes),
			      "time_ns", integer(block[op].time_ns), "latency",
			      histogram(block[op].latency)));
	return object;
}

/* Single words of struct vt_counters */
#define AT(member)                                                                                 \
	{                                                                                          \
#member, offsetof(struct vt_counters, member)                                      \
	}
static const struct {
	const char *name;
	size_t offset;
} words[] = {
	AT(wakeups),
	AT(migrations),
	AT(shootdowns),
	AT(run_delay_ns),
	AT(forks),
	AT(execs),
	AT(exits),
	AT(signals),
	AT(ooms),
	AT(oopses),
	AT(page_cache_added),
	AT(page_cache_removed),
	AT(pages_written_back),
	AT(packets_sent),
	AT(packets_received),
	AT(bytes_sent),
	AT(bytes_received),
	AT(tasks_lost),
};
#undef AT

static json_t *counters_json(const struct vt_counters *counters)
{
	json_t *object = json_pack("{s:o, s:o, s:o, s:o}", "dispositions",
				   named(NAMES_DISPOSITION, counters->dispositions), "faults",
				   named(NAMES_FAULT, counters->faults), "fault_ns",
				   named(NAMES_FAULT, counters->fault_ns), "switches",
				   named(NAMES_SWITCH, counters->switches));

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		json_object_set_new(
		    object, words[i].name,
		    integer(*(const vt_u64 *)((const char *)counters + words[i].offset)));
	json_object_set_new(object, "run_delay", histogram(counters->run_delay));
	json_object_set_new(object, "softirqs", named(NAMES_SOFTIRQ, counters->softirqs));
	json_object_set_new(object, "softirq_ns", named(NAMES_SOFTIRQ, counters->softirq_ns));
	json_object_set_new(object, "interrupts", named(NAMES_INTERRUPT, counters->interrupts));
	json_object_set_new(object, "block", block_json(counters->block));
	return object;
}

static json_t *call_json(unsigned nr, const struct vt_call_counters *call)
{
	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "nr", (int)nr, "family",
			 name_of(NAMES_FAMILY, call_family(nr)), "calls", integer(call->calls),
			 "errors", integer(call->errors), "enosys", integer(call->enosys),
			 "in_guest", integer(call->in_guest), "time_ns", integer(call->time_ns),
			 "latency", histogram(call->latency));
}

static json_t *calls_json(const struct region *region)
{
	json_t *object = json_object();
	struct vt_call_counters call;
	char unnamed[24];

	for (unsigned nr = 0; region_call(region, nr, &call); nr++) {
		const char *name = call_name(nr);

		if (!call.calls && !call.time_ns)
			continue;
		snprintf(unnamed, sizeof(unnamed), "syscall_%u", nr);
		json_object_set_new(object, nr == VT_TELEMETRY_CALLS - 1 ? "other" : name ?: unnamed,
				    call_json(nr, &call));
	}
	return object;
}

static json_t *task_json(const struct vt_task_counters *task)
{
	return json_pack("{s:i, s:i, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "pid",
			 (int)task->pid, "tgid", (int)task->tgid, "comm", guest_name(task->comm),
			 "born_ns", integer(task->born_ns), "call", (int)task->call, "call_name",
			 task->call < 0 ? json_null() : json_string(call_name(task->call) ?: "?"),
			 "calls", integer(task->calls), "errors", integer(task->errors), "call_ns",
			 integer(task->call_ns), "faults", named(NAMES_FAULT, task->faults),
			 "switches_voluntary", integer(task->switches_voluntary),
			 "switches_preempted", integer(task->switches_preempted), "run_delay_ns",
			 integer(task->run_delay_ns));
}

static json_t *tasks_json(const struct region *region)
{
	json_t *array = json_array();
	struct vt_task_counters task;

	for (unsigned slot = 0; slot < VT_TELEMETRY_TASKS; slot++) {
		if (region_task(region, slot, &task))
			json_array_append_new(array, task_json(&task));
	}
	return array;
}

static json_t *sampler_json(const struct region *region)
{
	json_t *samples = json_object();
	struct vt_sampler sampler;

	region_sampler(region, &sampler);
	for (unsigned i = 0; i < VT_SAMPLES_MAX; i++) {
		const struct vt_sample *sample = &sampler.samples[i];

		if (!sample->name[0])
			continue;
		json_object_set_new(
		    samples, sample->name,
		    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "taken",
			      integer(sample->taken), "time_ns", integer(sample->time_ns),
			      "cost_ns", integer(sample->cost_ns), "interval_ns",
			      integer(sample->interval_ns), "length", integer(sample->length),
			      "deferred", integer(sample->deferred), "truncated",
			      integer(sample->truncated)));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "ticks", integer(sampler.ticks), "overruns",
			 integer(sampler.overruns), "fast_interval_ns",
			 integer(sampler.fast_interval_ns), "samples", samples);
}

static json_t *rings_json(const struct region *region)
{
	const struct vt_telemetry *t = region_at(region, 0, sizeof(*t));
	json_t *object = json_object();

	for (unsigned i = 0; i < VT_NR_RINGS; i++)
		json_object_set_new(
		    object, name_of(NAMES_RING, i),
		    json_pack("{s:o, s:o, s:o}", "written", integer(t->rings[i].written), "head",
			      integer(t->rings[i].head), "tail", integer(t->rings[i].tail)));
	return object;
}

json_t *top_json(const char *name, const struct region *region)
{
	struct vt_counters counters;
	uint64_t host[VT_NR_HOST];
	struct region_head head;
	json_t *object;

	region_head(region, &head);
	region_counters(region, &counters);
	region_host(region, host);
	object = json_pack(
	    "{s:s, s:s, s:{s:b, s:b, s:b}, s:o, s:o, s:o, s:o, s:o}", "name", name, "state",
	    name_of(NAMES_STATE, head.state), "enabled", "counters",
	    !!(head.enabled & VT_OBSERVE_COUNTERS), "events", !!(head.enabled & VT_OBSERVE_EVENTS),
	    "sampler", !!(head.enabled & VT_OBSERVE_SAMPLER), "boot_ns", integer(head.boot_ns),
	    "enabled_ns", integer(head.enabled_ns), "mem_size", integer(head.mem_size), "cpus",
	    integer(head.cpus), "events", integer(head.events));
	json_object_set_new(object, "rings", rings_json(region));
	json_object_set_new(object, "host", named(NAMES_HOST, (const vt_u64 *)host));
	json_object_set_new(object, "counters", counters_json(&counters));
	json_object_set_new(object, "calls", calls_json(region));
	json_object_set_new(object, "tasks", tasks_json(region));
	json_object_set_new(object, "sampler", sampler_json(region));
	return object;
}
