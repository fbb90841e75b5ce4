// SPDX-License-Identifier: GPL-2.0-only
/* snapshot.c - what vitrine top knows about a sandbox at one moment
 *
 * Theory of operation
 * Two sources: the region's table of tasks, whose counters are exact and of this instant, and the
 * sampler's list of processes, up to a second old, which knows who they are. A process that began
 * after the last sample has counters only; a thread that is gone has left its process' sums, so
 * that a sum can fall (rates then are 0).
 */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <jansson.h>
#include "observe/region/names.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define BIRTH_SLACK_NS 50000000U

static int by_pid(const void *a, const void *b)
{
	uint32_t x = ((const struct top_task *)a)->pid, y = ((const struct top_task *)b)->pid;

	return (x > y) - (x < y);
}

const struct top_task *top_snapshot_find(const struct top_snapshot *snapshot, uint32_t pid)
{
	const struct top_task key = { .pid = pid };

	return snapshot->ntasks
		   ? bsearch(&key, snapshot->tasks, snapshot->ntasks, sizeof(key), by_pid)
		   : NULL;
}

bool top_task_same(const struct top_task *a, const struct top_task *b)
{
	const uint64_t apart =
	    a->start_ns > b->start_ns ? a->start_ns - b->start_ns : b->start_ns - a->start_ns;

	return a->pid == b->pid && (!a->start_ns || !b->start_ns || apart < BIRTH_SLACK_NS);
}

/* ---- the sampler's list ---- */

static uint64_t number(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? value : 0;
}

static void text(const json_t *object, const char *key, char *to, size_t size)
{
	const char *value = json_string_value(json_object_get(object, key));

	snprintf(to, size, "%s", value ?: "");
}

/* As ps(1) has it, from the kernel's words for it */
static char state_letter(const char *state)
{
	static const struct {
		const char *name;
		char letter;
	} states[] = {
		{ "running", 'R' }, { "sleeping", 'S' },     { "disk sleep", 'D' },
		{ "stopped", 'T' }, { "tracing stop", 't' }, { "zombie", 'Z' },
		{ "dead", 'X' },    { "idle", 'I' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (!strcmp(states[i].name, state))
			return states[i].letter;
	}
	return '?';
}

static struct top_task task_of(const json_t *process)
{
	struct top_task task = {
		.pid = number(process, "pid"),
		.ppid = number(process, "ppid"),
		.uid = number(process, "uid"),
		.known = true,
		.kernel = json_is_true(json_object_get(process, "kernel")),
		.nice = (int)json_integer_value(json_object_get(process, "nice")),
		.threads = number(process, "threads"),
		.rss = number(process, "rss_bytes"),
		.descriptors = number(process, "descriptors_count"),
		.descriptors_limit = number(process, "descriptors_limit"),
		.cpu_ns = number(process, "utime_ns") + number(process, "stime_ns"),
		.start_ns = number(process, "start_ns"),
	};
	const char *call = json_string_value(json_object_get(process, "call"));
	char state[16];

	text(process, "state", state, sizeof(state));
	task.state = state_letter(state);
	task.call = call ? call_find(call) : -1;
	text(process, "comm", task.comm, sizeof(task.comm));
	text(process, "wchan", task.wchan, sizeof(task.wchan));
	return task;
}

static void processes_take(struct top_snapshot *snapshot, const struct region *region)
{
	struct sample sample = { 0 };
	const json_t *list;
	json_t *json = NULL;
	size_t count;

	if (sample_read(region, "tasks", &sample))
		json = json_loadb(sample.text, sample.len, 0, NULL);
	snapshot->tasks_ns = sample.info.time_ns;
	list = json_object_get(json, "processes");
	count = json_array_size(list);
	/* Room for those, too, that only have counters */
	snapshot->tasks = calloc(count + VT_TELEMETRY_TASKS, sizeof(*snapshot->tasks));
	for (size_t i = 0; snapshot->tasks && i < count; i++)
		snapshot->tasks[snapshot->ntasks++] = task_of(json_array_get(list, i));
	if (snapshot->tasks)
		qsort(snapshot->tasks, snapshot->ntasks, sizeof(*snapshot->tasks), by_pid);
	json_decref(json);
	sample_free(&sample);
}

/* ---- the region's table ---- */

static void counters_add(struct top_task *task, const struct vt_task_counters *counters)
{
	task->live++;
	task->calls += counters->calls;
	task->errors += counters->errors;
	for (unsigned i = 0; i < VT_NR_FAULTS; i++)
		task->faults += counters->faults[i];
	task->switches += counters->switches_voluntary + counters->switches_preempted;
	task->delay_ns += counters->run_delay_ns;
	if (counters->pid != task->pid)
		return;
	task->call = counters->call;
	snprintf(task->comm, sizeof(task->comm), "%s", counters->comm);
}

/* Merge the table into the list; @sorted of its elements are in order, newer ones behind them */
static void counters_take(struct top_snapshot *snapshot, const struct region *region)
{
	const size_t sorted = snapshot->ntasks;
	struct vt_task_counters counters;

	for (unsigned slot = 0; snapshot->tasks && slot < VT_TELEMETRY_TASKS; slot++) {
		struct top_task key = { 0 }, *task = NULL;

		if (!region_task(region, slot, &counters))
			continue;
		key.pid = counters.tgid;
		if (sorted)
			task = bsearch(&key, snapshot->tasks, sorted, sizeof(key), by_pid);
		for (size_t i = sorted; !task && i < snapshot->ntasks; i++) {
			if (snapshot->tasks[i].pid == counters.tgid)
				task = &snapshot->tasks[i];
		}
		if (!task) {
			task = &snapshot->tasks[snapshot->ntasks++];
			*task = (struct top_task){ .pid = counters.tgid, .state = '?', .call = -1 };
		}
		counters_add(task, &counters);
	}
	if (snapshot->ntasks > sorted)
		qsort(snapshot->tasks, snapshot->ntasks, sizeof(*snapshot->tasks), by_pid);
}

static void calls_take(struct top_snapshot *snapshot, const struct region *region)
{
	struct vt_call_counters counters;

	snapshot->table = calloc(VT_TELEMETRY_CALLS, sizeof(*snapshot->table));
	for (unsigned nr = 0; region_call(region, nr, &counters); nr++) {
		if (snapshot->table)
			snapshot->table[nr] = counters;
		snapshot->family_calls[call_family(nr)] += counters.calls;
		snapshot->calls += counters.calls;
		snapshot->errors += counters.errors;
		snapshot->enosys += counters.enosys;
	}
}

static void files_take(struct top_snapshot *snapshot, const struct region *region)
{
	struct sample sample = { 0 };

	snapshot->sampled = sample_read(region, "stat", &sample);
	if (snapshot->sampled)
		proc_stat(sample.text, &snapshot->stat);
	if (sample_read(region, "meminfo", &sample))
		proc_meminfo(sample.text, &snapshot->memory);
	if (sample_read(region, "loadavg", &sample))
		proc_loadavg(sample.text, &snapshot->load);
	sample_free(&sample);
}

/*
 * What share of a CPU each process had between the two newest samples; since its birth, if the
 * older one did not have it
 */
static void shares_take(struct top_snapshot *snapshot, const struct top_snapshot *before)
{
	for (size_t i = 0; i < snapshot->ntasks; i++) {
		struct top_task *task = &snapshot->tasks[i];
		const struct top_task *old = top_snapshot_find(before, task->pid);
		uint64_t since = before->tasks_ns, used = 0;

		if (!task->known)
			continue;
		if (!old || !old->known || !top_task_same(task, old))
			since = task->start_ns;
		else
			used = old->cpu_ns;
		if (snapshot->tasks_ns <= before->tasks_ns)
			task->cpu_share = old ? old->cpu_share : 0;
		else if (task->cpu_ns > used && snapshot->tasks_ns > since)
			task->cpu_share =
			    (double)(task->cpu_ns - used) / (double)(snapshot->tasks_ns - since);
	}
}

void top_snapshot_take(struct top_snapshot *snapshot, const struct top_snapshot *before,
		       const struct region *region)
{
	top_snapshot_free(snapshot);
	snapshot->time_ns = clock_now_ns();
	region_head(region, &snapshot->head);
	region_counters(region, &snapshot->counters);
	region_host(region, snapshot->host);
	calls_take(snapshot, region);
	files_take(snapshot, region);
	processes_take(snapshot, region);
	counters_take(snapshot, region);
	if (before)
		shares_take(snapshot, before);
}

void top_snapshot_free(struct top_snapshot *snapshot)
{
	free(snapshot->tasks);
	free(snapshot->table);
	*snapshot = (struct top_snapshot){ 0 };
}
