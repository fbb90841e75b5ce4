// SPDX-License-Identifier: GPL-2.0-only
/* samples.c - what the guest kernel's own files say, as JSON
 *
 * Each object joins the region's counters with the newest sample of the file that has the rest.
 * There is no sample before the first tick, and none of what the guest's kernel does not have:
 * those members are null.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "observe/events/event_json.h"
#include "observe/region/names.h"
#include "observe/text/guest_text.h"
#include "vitrine/util.h"

#define LARGEST_SLABS 20
#define SLABS_MAX 1024
#define KEY_MAX 64

static json_t *guest_name(const char *name)
{
	return guest_json(name, strlen(name));
}

static json_t *json_cpu(struct session *session)
{
	cleanup_sample struct sample sample = { 0 };
	struct proc_stat stat = { 0 };

	if (!sample_read(session->region, "stat", &sample))
		return json_null();
	proc_stat(sample.text, &stat);
	return json_pack(
	    "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "user_ns", json_count(stat.all.user_ns),
	    "nice_ns", json_count(stat.all.nice_ns), "system_ns", json_count(stat.all.system_ns),
	    "idle_ns", json_count(stat.all.idle_ns), "iowait_ns", json_count(stat.all.iowait_ns),
	    "irq_ns", json_count(stat.all.irq_ns), "softirq_ns", json_count(stat.all.softirq_ns),
	    "steal_ns", json_count(stat.all.steal_ns));
}

static unsigned tasks_count(struct session *session)
{
	struct vt_task_counters task;
	unsigned count = 0;

	for (unsigned slot = 0; slot < VT_TELEMETRY_TASKS; slot++)
		count += region_task(session->region, slot, &task);
	return count;
}

static void add_load(json_t *object, struct session *session)
{
	cleanup_sample struct sample sample = { 0 };
	struct proc_loadavg load = { 0 };

	if (!sample_read(session->region, "loadavg", &sample)) {
		json_object_set_new(object, "load", json_null());
		json_object_set_new(object, "running", json_null());
		json_object_set_new(object, "threads", json_null());
		return;
	}
	proc_loadavg(sample.text, &load);
	json_object_set_new(object, "load",
			    json_pack("[f, f, f]", load.load[0], load.load[1], load.load[2]));
	json_object_set_new(object, "running", json_count(load.running));
	json_object_set_new(object, "threads", json_count(load.total));
}

json_t *json_scheduler(struct session *session)
{
	json_t *switches = json_object(), *object;
	struct vt_counters c;

	region_counters(session->region, &c);
	for (unsigned i = 0; i < VT_NR_SWITCHES; i++)
		json_object_set_new(switches, name_of(NAMES_SWITCH, i), json_count(c.switches[i]));
	object = json_pack(
	    "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "switches", switches, "wakeups", json_count(c.wakeups), "migrations",
	    json_count(c.migrations), "shootdowns", json_count(c.shootdowns), "run_delay_ns",
	    json_count(c.run_delay_ns), "run_delay", json_buckets(c.run_delay),
	    "run_delay_percentiles", json_percentiles(c.run_delay), "cpu", json_cpu(session),
	    "tasks", (int)tasks_count(session), "tasks_lost", json_count(c.tasks_lost), "forks",
	    json_count(c.forks), "execs", json_count(c.execs), "exits", json_count(c.exits),
	    "signals", json_count(c.signals), "ooms", json_count(c.ooms), "oopses",
	    json_count(c.oopses));
	if (object)
		add_load(object, session);
	return object;
}

/* "SReclaimable" is s_reclaimable_bytes, "Active(anon)" active_anon_bytes */
static void meminfo_key(const char *name, size_t len, char key[KEY_MAX])
{
	size_t used = 0;

	for (size_t i = 0; i < len && used + sizeof("__bytes") < KEY_MAX; i++) {
		const bool upper = isupper((unsigned char)name[i]);

		if (!isalnum((unsigned char)name[i])) {
			if (used && key[used - 1] != '_' && i + 1 < len)
				key[used++] = '_';
			continue;
		}
		/* A new word: an upper case letter behind a lower one, or before one */
		if (upper && used && key[used - 1] != '_' &&
		    (islower((unsigned char)name[i - 1]) || islower((unsigned char)name[i + 1])))
			key[used++] = '_';
		key[used++] = (char)tolower((unsigned char)name[i]);
	}
	strcpy(key + used, "_bytes");
}

static json_t *json_meminfo(struct session *session)
{
	cleanup_sample struct sample sample = { 0 };
	json_t *object;

	if (!sample_read(session->region, "meminfo", &sample))
		return json_null();
	object = json_object();
	for (const char *line = sample.text; *line;) {
		const size_t end = strcspn(line, "\n"), len = strcspn(line, ":\n");
		unsigned long long kib;
		char key[KEY_MAX];

		/* Counts of pages have no unit */
		if (line[len] == ':' && sscanf(line + len + 1, "%llu", &kib) == 1 &&
		    memmem(line, end, " kB", 3)) {
			meminfo_key(line, len, key);
			json_object_set_new(object, key, json_count(kib * 1024));
		}
		line += end + (line[end] == '\n');
	}
	return object;
}

static json_t *json_vmstat(struct session *session)
{
	static const char *const shown[] = { "pgfault",	   "pgmajfault", "pgpgin",     "pgpgout",
					     "pswpin",	   "pswpout",	 "pgscan",     "pgsteal",
					     "pgalloc",	   "pgfree",	 "oom_kill",   "compact",
					     "allocstall", "nr_dirtied", "nr_written", "pgrefill",
					     "workingset" };
	cleanup_sample struct sample sample = { 0 };
	struct proc_value value;
	const char *at;
	json_t *object;

	if (!sample_read(session->region, "vmstat", &sample))
		return json_null();
	object = json_object();
	for (at = sample.text; proc_vmstat(&at, &value);) {
		for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
			if (!strncmp(value.name, shown[i], strlen(shown[i]))) {
				json_object_set_new(object, value.name, json_count(value.value));
				break;
			}
		}
	}
	return object;
}

static uint64_t slab_bytes(const struct proc_slab *slab)
{
	return slab->slabs * slab->pages_per_slab * 4096;
}

static int larger_slab(const void *a, const void *b)
{
	const uint64_t x = slab_bytes(a), y = slab_bytes(b);

	return (x < y) - (x > y);
}

static json_t *json_slab(struct session *session)
{
	cleanup_sample struct sample sample = { 0 };
	cleanup_free struct proc_slab *slabs = calloc(SLABS_MAX, sizeof(*slabs));
	json_t *largest = json_array();
	uint64_t bytes = 0;
	size_t count = 0;
	const char *at;

	if (!slabs || !sample_read(session->region, "slabinfo", &sample)) {
		json_decref(largest);
		return json_null();
	}
	for (at = sample.text; count < SLABS_MAX && proc_slabinfo(&at, &slabs[count]);)
		bytes += slab_bytes(&slabs[count++]);
	qsort(slabs, count, sizeof(*slabs), larger_slab);
	for (size_t i = 0; i < count && i < LARGEST_SLABS; i++)
		json_array_append_new(largest,
				      json_pack("{s:o, s:o, s:o, s:o, s:o}", "name",
						guest_name(slabs[i].name), "active",
						json_count(slabs[i].active), "objects",
						json_count(slabs[i].objects), "object_bytes",
						json_count(slabs[i].object_bytes), "bytes",
						json_count(slab_bytes(&slabs[i]))));
	return json_pack("{s:o, s:o, s:o}", "bytes", json_count(bytes), "caches", json_count(count),
			 "largest", largest);
}

static json_t *json_buddy(struct session *session)
{
	cleanup_sample struct sample sample = { 0 };
	struct proc_buddy buddy;
	const char *at;
	json_t *zones;

	if (!sample_read(session->region, "buddyinfo", &sample))
		return json_null();
	zones = json_array();
	for (at = sample.text; proc_buddyinfo(&at, &buddy);) {
		json_t *free_blocks = json_array();

		for (unsigned i = 0; i < buddy.orders && i < PROC_ORDERS; i++)
			json_array_append_new(free_blocks, json_count(buddy.free[i]));
		json_array_append_new(zones,
				      json_pack("{s:i, s:o, s:o}", "node", (int)buddy.node, "zone",
						guest_name(buddy.zone), "free", free_blocks));
	}
	return zones;
}

json_t *json_memory(struct session *session)
{
	struct vt_counters c;

	region_counters(session->region, &c);
	return json_pack("{s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:o}", "meminfo",
			 json_meminfo(session), "vmstat", json_vmstat(session), "page_cache",
			 "added_pages", json_count(c.page_cache_added), "removed_pages",
			 json_count(c.page_cache_removed), "written_back_pages",
			 json_count(c.pages_written_back), "slab", json_slab(session), "buddy",
			 json_buddy(session));
}

static json_t *json_disks(struct session *session)
{
	cleanup_sample struct sample sample = { 0 };
	struct proc_disk disk;
	const char *at;
	json_t *disks;

	if (!sample_read(session->region, "diskstats", &sample))
		return json_null();
	disks = json_array();
	for (at = sample.text; proc_diskstats(&at, &disk);) {
		char device[32];

		snprintf(device, sizeof(device), "%u:%u", disk.major, disk.minor);
		json_array_append_new(
		    disks,
		    json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
			      guest_name(disk.name), "device", device, "reads",
			      json_count(disk.reads), "read_bytes", json_count(disk.read_bytes),
			      "read_ns", json_count(disk.read_ns), "writes",
			      json_count(disk.writes), "written_bytes",
			      json_count(disk.write_bytes), "write_ns", json_count(disk.write_ns),
			      "in_flight", json_count(disk.in_flight), "busy_ns",
			      json_count(disk.busy_ns)));
	}
	return disks;
}

json_t *json_block(struct session *session)
{
	json_t *operations = json_object();
	uint64_t issued = 0, completed = 0;
	struct vt_counters c;

	region_counters(session->region, &c);
	for (unsigned i = 0; i < VT_NR_BLOCK; i++) {
		const struct vt_block_counters *b = &c.block[i];

		issued += b->issued;
		completed += b->completed;
		json_object_set_new(
		    operations, name_of(NAMES_BLOCK, i),
		    json_pack(
			"{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "issued", json_count(b->issued),
			"completed", json_count(b->completed), "errors", json_count(b->errors),
			"bytes", json_count(b->bytes), "time_ns", json_count(b->time_ns), "latency",
			json_buckets(b->latency), "percentiles", json_percentiles(b->latency)));
	}
	return json_pack("{s:o, s:o, s:o}", "operations", operations, "in_flight",
			 json_count(issued > completed ? issued - completed : 0), "devices",
			 json_disks(session));
}

static json_t *json_netdevs(struct session *session)
{
	cleanup_sample struct sample sample = { 0 };
	struct proc_netdev dev;
	const char *at;
	json_t *devs;

	if (!sample_read(session->region, "net/dev", &sample))
		return json_null();
	devs = json_array();
	for (at = sample.text; proc_net_dev(&at, &dev);)
		json_array_append_new(
		    devs,
		    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
			      guest_name(dev.name), "bytes_received", json_count(dev.rx_bytes),
			      "packets_received", json_count(dev.rx_packets), "errors_received",
			      json_count(dev.rx_errors), "dropped_received",
			      json_count(dev.rx_dropped), "bytes_sent", json_count(dev.tx_bytes),
			      "packets_sent", json_count(dev.tx_packets), "errors_sent",
			      json_count(dev.tx_errors), "dropped_sent",
			      json_count(dev.tx_dropped)));
	return devs;
}

json_t *json_network(struct session *session)
{
	struct vt_counters c;

	region_counters(session->region, &c);
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "packets_sent", json_count(c.packets_sent),
			 "packets_received", json_count(c.packets_received), "bytes_sent",
			 json_count(c.bytes_sent), "bytes_received", json_count(c.bytes_received),
			 "devices", json_netdevs(session));
}

static json_t *pressure_line(bool present, double avg10, double avg60, double avg300,
			     uint64_t total_ns)
{
	if (!present)
		return json_null();
	return json_pack("{s:f, s:f, s:f, s:o}", "avg10", avg10, "avg60", avg60, "avg300", avg300,
			 "total_ns", json_count(total_ns));
}

static json_t *pressure_file(struct session *session, const char *file)
{
	cleanup_sample struct sample sample = { 0 };
	struct proc_pressure p = { 0 };

	if (!sample_read(session->region, file, &sample))
		return json_null();
	proc_pressure(sample.text, &p);
	return json_pack("{s:o, s:o}", "some",
			 pressure_line(p.some.present, p.some.avg10, p.some.avg60, p.some.avg300,
				       p.some.total_ns),
			 "full",
			 pressure_line(p.full.present, p.full.avg10, p.full.avg60, p.full.avg300,
				       p.full.total_ns));
}

json_t *json_pressure(struct session *session)
{
	return json_pack("{s:o, s:o, s:o}", "cpu", pressure_file(session, "pressure/cpu"), "io",
			 pressure_file(session, "pressure/io"), "memory",
			 pressure_file(session, "pressure/memory"));
}

json_t *json_sampler(struct session *session)
{
	json_t *files = json_array();
	struct vt_sampler sampler;

	region_sampler(session->region, &sampler);
	for (unsigned i = 0; i < VT_SAMPLES_MAX; i++) {
		const struct vt_sample *s = &sampler.samples[i];

		if (!s->name[0])
			continue;
		json_array_append_new(
		    files,
		    json_pack("{s:o, s:o, s:o, s:o, s:f, s:o, s:o, s:o}", "name",
			      guest_json(s->name, sizeof(s->name)), "bytes", json_count(s->length),
			      "time_ms",
			      s->taken ? time_ms(s->time_ns, session->realtime_ns) : json_null(),
			      "cost_ns", json_count(s->cost_ns), "interval_ms",
			      (double)s->interval_ns / 1e6, "taken", json_count(s->taken),
			      "deferred", json_count(s->deferred), "truncated",
			      json_count(s->truncated)));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "ticks", json_count(sampler.ticks), "overruns",
			 json_count(sampler.overruns), "budget_ns", json_count(VT_SAMPLE_BUDGET_NS),
			 "files", files);
}
