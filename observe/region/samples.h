/* SPDX-License-Identifier: GPL-2.0-only */
/* samples.h - the guest kernel's own files, as the sampler saw them last
 *
 * sample_read() copies one file's text; the parsers below take such a text apart. The text is the
 * guest's: parsers accept anything, fill what they recognise and leave the rest 0. Those of tables
 * are called until they return false, with a cursor that starts at the text.
 *
 *	struct sample sample = { 0 };
 *	struct proc_disk disk;
 *
 *	if (sample_read(region, "diskstats", &sample)) {
 *		const char *at = sample.text;
 *		while (proc_diskstats(&at, &disk))
 *			...
 *	}
 *	sample_free(&sample);
 *
 * Sizes are bytes, times nanoseconds. See proc(5) and Documentation/filesystems/proc.rst.
 */
#ifndef OBSERVE_REGION_SAMPLES_H
#define OBSERVE_REGION_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "region.h"

/**
 * struct sample - a file's newest text
 * @text: @len bytes and a NUL; no other NUL is in it. Owned: sample_free()
 * @info: as in the region, but for sequence and length; the name ends with a NUL
 *
 * Zero-initialise it, and use it again: the memory is kept.
 */
struct sample {
	char *text;
	size_t len;
	struct vt_sample info;
};

/**
 * sample_read() - Copy the newest text of a file
 * @name: as under /proc ("net/dev"), or "tasks"
 *
 * Return: false when there is none yet, or no good copy could be made; try again later.
 */
bool sample_read(const struct region *region, const char *name, struct sample *sample);
void sample_free(struct sample *sample);
#define cleanup_sample __attribute__((cleanup(sample_free)))

#define PROC_NAME_MAX 48
#define PROC_CPUS_MAX 64

struct proc_cpu {
	uint64_t user_ns, nice_ns, system_ns, idle_ns, iowait_ns, irq_ns, softirq_ns, steal_ns;
};

struct proc_stat {
	struct proc_cpu all, cpu[PROC_CPUS_MAX];
	unsigned cpus;
	uint64_t interrupts, switches, forks, running, blocked, boot_s;
};
void proc_stat(const char *text, struct proc_stat *stat);

struct proc_meminfo {
	uint64_t total, free, available, buffers, cached, swap_cached, active, inactive;
	uint64_t active_anon, inactive_anon, active_file, inactive_file, unevictable, mlocked;
	uint64_t swap_total, swap_free, dirty, writeback, anon, mapped, shmem, reclaimable;
	uint64_t slab, slab_reclaimable, slab_unreclaimable, kernel_stack, page_tables;
	uint64_t commit_limit, committed, vmalloc_used, percpu, anon_huge, file_huge;
};
void proc_meminfo(const char *text, struct proc_meminfo *info);

struct proc_loadavg {
	double load[3]; /* of 1, 5 and 15 minutes */
	uint64_t running, total, last_pid;
};
void proc_loadavg(const char *text, struct proc_loadavg *load);

/** proc_vmstat() - One "name value" line (also of other files that look so) */
struct proc_value {
	char name[PROC_NAME_MAX];
	uint64_t value;
};
bool proc_vmstat(const char **at, struct proc_value *value);

struct proc_disk {
	char name[PROC_NAME_MAX];
	unsigned major, minor;
	uint64_t reads, reads_merged, read_bytes, read_ns;
	uint64_t writes, writes_merged, write_bytes, write_ns;
	uint64_t in_flight, busy_ns, weighted_ns;
	uint64_t discards, discards_merged, discard_bytes, discard_ns;
	uint64_t flushes, flush_ns;
};
bool proc_diskstats(const char **at, struct proc_disk *disk);

struct proc_netdev {
	char name[PROC_NAME_MAX];
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};
bool proc_net_dev(const char **at, struct proc_netdev *dev);

struct proc_pressure_line {
	bool present;
	double avg10, avg60, avg300; /* percent */
	uint64_t total_ns;
};
struct proc_pressure {
	struct proc_pressure_line some, full;
};
void proc_pressure(const char *text, struct proc_pressure *pressure);

struct proc_sched_cpu {
	unsigned cpu;
	uint64_t run_ns, wait_ns, slices;
};
bool proc_schedstat(const char **at, struct proc_sched_cpu *cpu);

struct proc_slab {
	char name[PROC_NAME_MAX];
	uint64_t active, objects, object_bytes, per_slab, pages_per_slab, active_slabs, slabs;
};
bool proc_slabinfo(const char **at, struct proc_slab *slab);

#define PROC_ORDERS 16
struct proc_buddy {
	unsigned node, orders;
	char zone[PROC_NAME_MAX];
	uint64_t free[PROC_ORDERS]; /* blocks of 2^n pages */
};
bool proc_buddyinfo(const char **at, struct proc_buddy *buddy);

/**
 * struct proc_interrupt - one line of interrupts or softirqs
 * @count: of all CPUs; @what: the rest of the line, for people
 */
struct proc_interrupt {
	char name[PROC_NAME_MAX], what[PROC_NAME_MAX];
	uint64_t count;
};
bool proc_interrupts(const char **at, struct proc_interrupt *interrupt);

#endif
