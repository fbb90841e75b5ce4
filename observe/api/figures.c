// SPDX-License-Identifier: GPL-2.0-only
/* figures.c - what the charts show, as one row of numbers
 *
 * Theory of operation
 * Name, unit and source of a column stand in one line of a gather function, so they cannot get out
 * of step: the line puts the value in the next place, and the first time the name as well.
 *
 * Every rate is the growth of one number over the growth of another one: of seconds, or of what it
 * is a part or the mean of. A share of no time and a mean of no waits are NAN, not 0.
 */
#include "figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "observe/region/names.h"
#include "vitrine/abi.h"
#include "vitrine/syscalls.h"
#include "vitrine/util.h"

#define PER_SECOND "1/s"
#define BYTES "bytes"

/**
 * struct pen - where the next figure goes
 */
struct pen {
	struct figure_set *set;
	struct figures *figures;
	const struct region *region;
	size_t at;
	double seconds;
};

static void put(struct pen *pen, const char *prefix, const char *name, const char *unit,
		enum figure_kind kind, double raw, double over)
{
	struct figure *figure = &pen->set->figures[pen->at];

	assert(pen->at < FIGURES_MAX);
	if (!figure->unit) {
		snprintf(figure->name, sizeof(figure->name), "%s%s", prefix, name);
		figure->unit = unit;
		figure->kind = kind;
	}
	pen->figures->raw[pen->at] = raw;
	pen->figures->over[pen->at] = over;
	pen->at++;
}

static void put_rate(struct pen *pen, const char *prefix, const char *name, const char *unit,
		     uint64_t value)
{
	put(pen, prefix, name, unit, FIGURE_RATE, (double)value, pen->seconds);
}

static void put_part(struct pen *pen, const char *name, const char *unit, double value, double of)
{
	put(pen, "", name, unit, FIGURE_RATE, value, of);
}

static void put_level(struct pen *pen, const char *name, const char *unit, double value)
{
	put(pen, "", name, unit, FIGURE_LEVEL, value, 0);
}

static void gather_calls(struct pen *pen)
{
	struct vt_call_counters call, all = { 0 };
	uint64_t families[VT_NR_FAMILIES] = { 0 };

	for (unsigned nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		region_call(pen->region, nr, &call);
		families[call_family(nr)] += call.calls;
		all.calls += call.calls;
		all.errors += call.errors;
		all.enosys += call.enosys;
	}
	put_rate(pen, "", "syscalls.total", PER_SECOND, all.calls);
	for (unsigned i = 0; i < VT_NR_FAMILIES; i++)
		put_rate(pen, "syscalls.", name_of(NAMES_FAMILY, i), PER_SECOND, families[i]);
	put_rate(pen, "", "syscalls.errors", PER_SECOND, all.errors);
	put_rate(pen, "", "syscalls.enosys", PER_SECOND, all.enosys);
}

static void gather_scheduler(struct pen *pen, const struct vt_counters *c)
{
	uint64_t waits = 0;

	for (unsigned i = 0; i < VT_NR_SWITCHES; i++)
		put_rate(pen, "switches.", name_of(NAMES_SWITCH, i), PER_SECOND, c->switches[i]);
	for (unsigned i = 0; i < VT_BUCKETS; i++)
		waits += c->run_delay[i];
	memcpy(pen->figures->run_delay, c->run_delay, sizeof(c->run_delay));
	put_rate(pen, "", "wakeups", PER_SECOND, c->wakeups);
	put_rate(pen, "", "forks", PER_SECOND, c->forks);
	put_rate(pen, "", "execs", PER_SECOND, c->execs);
	put_rate(pen, "", "exits", PER_SECOND, c->exits);
	put_rate(pen, "", "signals", PER_SECOND, c->signals);
	put_part(pen, "run_delay.mean", "ns", (double)c->run_delay_ns, (double)waits);
	/* From the histogram's growth, in figures_row() */
	put_part(pen, "run_delay.p99", "ns", NAN, NAN);
}

static void gather_load(struct pen *pen)
{
	const bool here = sample_read(pen->region, "loadavg", &pen->set->sample);
	struct proc_loadavg load = { 0 };

	if (here)
		proc_loadavg(pen->set->sample.text, &load);
	put_level(pen, "load.1", "count", here ? load.load[0] : NAN);
	put_level(pen, "running", "count", here ? (double)load.running : NAN);
}

static void gather_cpu(struct pen *pen)
{
	const bool here = sample_read(pen->region, "stat", &pen->set->sample);
	struct proc_stat stat = { 0 };
	const struct proc_cpu *all = &stat.all;
	double total;

	if (here)
		proc_stat(pen->set->sample.text, &stat);
	total = here ? (double)all->user_ns + all->nice_ns + all->system_ns + all->idle_ns +
			   all->iowait_ns + all->irq_ns + all->softirq_ns + all->steal_ns
		     : NAN;
	put_part(pen, "cpu.user", "ratio", (double)(all->user_ns + all->nice_ns), total);
	put_part(pen, "cpu.system", "ratio", (double)all->system_ns, total);
	put_part(pen, "cpu.iowait", "ratio", (double)all->iowait_ns, total);
	put_part(pen, "cpu.irq", "ratio", (double)(all->irq_ns + all->softirq_ns), total);
	put_part(pen, "cpu.steal", "ratio", (double)all->steal_ns, total);
	put_part(pen, "cpu.idle", "ratio", (double)all->idle_ns, total);
}

static void gather_memory(struct pen *pen)
{
	const bool here = sample_read(pen->region, "meminfo", &pen->set->sample);
	struct proc_meminfo m = { 0 };
	double other;

	if (here)
		proc_meminfo(pen->set->sample.text, &m);
	other = (double)m.total - (double)m.anon - (double)m.cached - (double)m.buffers -
		(double)m.slab - (double)m.page_tables - (double)m.kernel_stack - (double)m.free;
	put_level(pen, "memory.anonymous", BYTES, here ? (double)m.anon : NAN);
	put_level(pen, "memory.cached", BYTES, here ? (double)m.cached : NAN);
	put_level(pen, "memory.buffers", BYTES, here ? (double)m.buffers : NAN);
	put_level(pen, "memory.slab", BYTES, here ? (double)m.slab : NAN);
	put_level(pen, "memory.page_tables", BYTES, here ? (double)m.page_tables : NAN);
	put_level(pen, "memory.kernel_stack", BYTES, here ? (double)m.kernel_stack : NAN);
	put_level(pen, "memory.other", BYTES, here ? fmax(other, 0) : NAN);
	put_level(pen, "memory.free", BYTES, here ? (double)m.free : NAN);
	put_level(pen, "memory.available", BYTES, here ? (double)m.available : NAN);
	put_level(pen, "memory.dirty", BYTES, here ? (double)m.dirty : NAN);
	put_level(pen, "memory.writeback", BYTES, here ? (double)m.writeback : NAN);
}

static void gather_interrupts(struct pen *pen, const struct vt_counters *c)
{
	uint64_t virtio = 0;

	for (unsigned i = VT_IRQ_VIRTIO; i < ARRAY_SIZE(c->interrupts); i++)
		virtio += c->interrupts[i];
	put_rate(pen, "", "interrupts.timer", PER_SECOND, c->interrupts[VT_IRQ_TIMER]);
	put_rate(pen, "", "interrupts.stream", PER_SECOND, c->interrupts[VT_IRQ_STREAM]);
	put_rate(pen, "", "interrupts.request", PER_SECOND, c->interrupts[VT_IRQ_REQUEST]);
	put_rate(pen, "", "interrupts.virtio", PER_SECOND, virtio);
	for (unsigned i = 0; i < VT_NR_SOFTIRQS; i++)
		put_rate(pen, "softirqs.", name_of(NAMES_SOFTIRQ, i), PER_SECOND, c->softirqs[i]);
}

static void gather_block(struct pen *pen, const struct vt_counters *c)
{
	const struct vt_block_counters *read = &c->block[VT_BLOCK_READ];
	const struct vt_block_counters *write = &c->block[VT_BLOCK_WRITE];
	double time = 0, completed = 0, issued = 0;

	for (unsigned i = 0; i < VT_NR_BLOCK; i++) {
		time += (double)c->block[i].time_ns;
		completed += (double)c->block[i].completed;
		issued += (double)c->block[i].issued;
	}
	put_rate(pen, "", "block.read_bytes", "bytes/s", read->bytes);
	put_rate(pen, "", "block.write_bytes", "bytes/s", write->bytes);
	put_rate(pen, "", "block.reads", PER_SECOND, read->completed);
	put_rate(pen, "", "block.writes", PER_SECOND, write->completed);
	put_rate(pen, "", "block.flushes", PER_SECOND, c->block[VT_BLOCK_FLUSH].completed);
	put_part(pen, "block.latency", "ns", time, completed);
	put_level(pen, "block.in_flight", "count", fmax(issued - completed, 0));
}

static void gather_pressure(struct pen *pen, const char *file, const char *name)
{
	const bool here = sample_read(pen->region, file, &pen->set->sample);
	struct proc_pressure pressure = { 0 };

	if (here)
		proc_pressure(pen->set->sample.text, &pressure);
	put_level(pen, name, "percent", here && pressure.some.present ? pressure.some.avg10 : NAN);
}

static void gather_tasks(struct pen *pen)
{
	struct vt_task_counters task;
	unsigned count = 0;

	for (unsigned i = 0; i < VT_TELEMETRY_TASKS; i++)
		count += region_task(pen->region, i, &task);
	put_level(pen, "tasks", "count", count);
}

void figures_gather(struct figure_set *set, const struct region *region, uint64_t now_ns,
		    struct figures *figures)
{
	struct pen pen = {
		.set = set, .figures = figures, .region = region, .seconds = (double)now_ns / 1e9
	};
	struct vt_counters c;
	struct region_head head;
	uint64_t host[VT_NR_HOST];

	region_counters(region, &c);
	region_host(region, host);
	region_head(region, &head);
	figures->time_ns = now_ns;
	gather_calls(&pen);
	for (unsigned i = 0; i < VT_NR_FAULTS; i++)
		put_rate(&pen, "faults.", name_of(NAMES_FAULT, i), PER_SECOND, c.faults[i]);
	gather_scheduler(&pen, &c);
	gather_load(&pen);
	gather_cpu(&pen);
	gather_memory(&pen);
	put_rate(&pen, "", "page_cache.added", PER_SECOND, c.page_cache_added);
	put_rate(&pen, "", "page_cache.removed", PER_SECOND, c.page_cache_removed);
	put_rate(&pen, "", "page_cache.written_back", PER_SECOND, c.pages_written_back);
	gather_interrupts(&pen, &c);
	gather_block(&pen, &c);
	put_rate(&pen, "", "network.sent_bytes", "bytes/s", c.bytes_sent);
	put_rate(&pen, "", "network.received_bytes", "bytes/s", c.bytes_received);
	put_rate(&pen, "", "network.sent", PER_SECOND, c.packets_sent);
	put_rate(&pen, "", "network.received", PER_SECOND, c.packets_received);
	gather_pressure(&pen, "pressure/cpu", "pressure.cpu");
	gather_pressure(&pen, "pressure/io", "pressure.io");
	gather_pressure(&pen, "pressure/memory", "pressure.memory");
	put_rate(&pen, "", "host.notifications", PER_SECOND, host[VT_HOST_NOTIFICATIONS]);
	put_rate(&pen, "", "host.maps", PER_SECOND, host[VT_HOST_MAPS]);
	put_rate(&pen, "", "host.unmaps", PER_SECOND, host[VT_HOST_UNMAPS]);
	put_rate(&pen, "", "events", PER_SECOND, head.events);
	gather_tasks(&pen);
	set->count = pen.at;
}

static float growth(const struct figures *before, const struct figures *after, size_t i)
{
	double raw = after->raw[i] - before->raw[i], over = after->over[i] - before->over[i];

	/* Counters that went back are another kernel's, or nonsense */
	return raw >= 0 && over > 0 ? (float)(raw / over) : NAN;
}

static float late_waits(const struct figures *before, const struct figures *after)
{
	uint64_t grown[VT_BUCKETS], any = 0;

	for (unsigned i = 0; i < VT_BUCKETS; i++) {
		grown[i] = after->run_delay[i] - before->run_delay[i];
		any |= grown[i];
	}
	return any ? (float)histogram_percentile(grown, 0.99) : NAN;
}

void figures_row(const struct figure_set *set, const struct figures *before,
		 const struct figures *after, float *row)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct figure *figure = &set->figures[i];

		if (figure->kind == FIGURE_LEVEL)
			row[i] = (float)after->raw[i];
		else if (!strcmp(figure->name, "run_delay.p99"))
			row[i] = late_waits(before, after);
		else
			row[i] = growth(before, after, i);
	}
}
