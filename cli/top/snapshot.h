/* SPDX-License-Identifier: GPL-2.0-only */
/* snapshot.h - what vitrine top knows about a sandbox at one moment */
#ifndef CLI_TOP_SNAPSHOT_H
#define CLI_TOP_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "observe/region/region.h"
#include "observe/region/samples.h"
#include "vitrine/syscalls.h"

/**
 * struct top_task - a process, its threads' counters added up
 * @pid:      in the initial namespace
 * @known:    the sampler has told who it is; without, there are only counters
 * @state:    one letter as ps shows it, '?' when not known
 * @call:     number of the system call that its first thread is in, -1 for none
 * @comm:     bytes of the guest: clean them before they go to a terminal
 * @cpu_share: of one CPU, between the last two samples
 * @live:     threads that were counted; the counters start when observing began
 */
struct top_task {
	uint32_t pid, ppid, uid;
	bool known, kernel;
	char state, comm[64], wchan[48];
	int call, nice;
	unsigned threads, live;
	uint64_t rss, cpu_ns, start_ns, descriptors, descriptors_limit;
	uint64_t calls, errors, faults, switches, delay_ns;
	double cpu_share;
};

/**
 * struct top_snapshot - the state of a sandbox
 * @time_ns: when it was taken
 * @table:   counters of each system call, VT_TELEMETRY_CALLS of them, owned
 * @tasks_ns: when the sampler took its list of processes
 * @sampled: the kernel's files have been read: @stat, @memory, @load are good
 * @tasks:   @ntasks of them by ascending pid, owned
 */
struct top_snapshot {
	uint64_t time_ns;
	struct region_head head;
	struct vt_counters counters;
	uint64_t host[VT_NR_HOST];
	uint64_t family_calls[VT_NR_FAMILIES], calls, errors, enosys;
	struct vt_call_counters *table;
	bool sampled;
	struct proc_stat stat;
	struct proc_meminfo memory;
	struct proc_loadavg load;
	uint64_t tasks_ns;
	struct top_task *tasks;
	size_t ntasks;
};

/**
 * top_snapshot_take() - Look at a sandbox now
 * @snapshot: zero, or one that was taken before and is replaced
 * @before:   the last one, or NULL
 */
void top_snapshot_take(struct top_snapshot *snapshot, const struct top_snapshot *before,
		       const struct region *region);
void top_snapshot_free(struct top_snapshot *snapshot);

/** top_snapshot_find() - The process with this number, or NULL */
const struct top_task *top_snapshot_find(const struct top_snapshot *snapshot, uint32_t pid);

/**
 * top_task_same() - Are these the same process, in two snapshots?
 *
 * Its number is; its time of birth is the kernel's, converted to the host's clock each time, and
 * may differ by as much as a clock is set right meanwhile.
 */
bool top_task_same(const struct top_task *a, const struct top_task *b);

#endif
