// SPDX-License-Identifier: GPL-2.0-only
/* metrics.c - OpenMetrics text, for those who scrape
 *
 * Theory of operation
 * A metric family is a line of a table: name, type, unit, help, and the function that prints its
 * samples. The specification (OpenMetrics 1.0) wants the samples of a family together, its unit as
 * the end of its name, counters to end in _total, seconds instead of nanoseconds, and # EOF.
 *
 * Histograms are per family of system calls, not per call, so that a scrape has some thousand
 * lines and not twenty thousand. A bucket's bound is the largest time that is counted in it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "scrape.h"
#include "observe/region/names.h"
#include "vitrine/syscalls.h"
#include "lib/plain.h"
#include "observe/text/guest_text.h"
#include "vitrine/util.h"

typedef void printer(struct scrape *s);

static void print_info(struct scrape *s)
{
	const json_t *sandbox = s->session->sandbox;

	fprintf(s->out, "vitrine_%s_info{name=\"", s->name);
	print_label(s->out, json_string_value(json_object_get(sandbox, "name")));
	fputs("\",image=\"", s->out);
	print_label(s->out, json_string_value(json_object_get(sandbox, "image")));
	fputs("\",version=\"" VITRINE_VERSION "\"} 1\n", s->out);
}

static void print_state(struct scrape *s)
{
	static const char *const states[] = { "running", "paused", "ended" };
	const char *now = session_state_name(s->session);

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		fprintf(s->out, "vitrine_%s{vitrine_%s=\"%s\"} %d\n", s->name, s->name, states[i],
			!strcmp(states[i], now));
}

static void print_uptime(struct scrape *s)
{
	struct region_head head;
	const uint64_t now = session_now(s->session);

	region_head(s->session->region, &head);
	put_gauge(s, NULL, NULL, now > head.boot_ns ? (double)(now - head.boot_ns) / 1e9 : 0);
}

/* Calls that were made, one sample each; with the family as a second label */
static void print_calls_of(struct scrape *s, size_t offset, bool seconds)
{
	char text[32];

	for (int nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		const struct vt_call_counters *call = &s->calls[nr];
		uint64_t value;

		memcpy(&value, (const char *)call + offset, sizeof(value));
		if (!call->calls)
			continue;
		fprintf(s->out, "vitrine_%s_total{call=\"%s\",family=\"%s\"} ", s->name,
			call_label(nr, text), name_of(NAMES_FAMILY, call_family(nr)));
		if (seconds)
			fprintf(s->out, "%" PRIu64 ".%09" PRIu64 "\n", value / 1000000000,
				value % 1000000000);
		else
			fprintf(s->out, "%" PRIu64 "\n", value);
	}
}

static void print_calls(struct scrape *s)
{
	print_calls_of(s, offsetof(struct vt_call_counters, calls), false);
}

static void print_errors(struct scrape *s)
{
	print_calls_of(s, offsetof(struct vt_call_counters, errors), false);
}

static void print_enosys(struct scrape *s)
{
	print_calls_of(s, offsetof(struct vt_call_counters, enosys), false);
}

static void print_in_guest(struct scrape *s)
{
	print_calls_of(s, offsetof(struct vt_call_counters, in_guest), false);
}

static void print_call_time(struct scrape *s)
{
	print_calls_of(s, offsetof(struct vt_call_counters, time_ns), true);
}

static void print_latency(struct scrape *s)
{
	for (unsigned family = 0; family < VT_NR_FAMILIES; family++) {
		uint64_t buckets[VT_BUCKETS] = { 0 }, sum = 0;

		for (int nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
			if (call_family(nr) != (int)family)
				continue;
			sum += s->calls[nr].time_ns;
			for (unsigned i = 0; i < VT_BUCKETS; i++)
				buckets[i] += s->calls[nr].latency[i];
		}
		put_histogram(s, "family", name_of(NAMES_FAMILY, family), buckets, sum);
	}
}

static void print_wakeups(struct scrape *s)
{
	put_count(s, NULL, NULL, s->counters.wakeups);
}

static void print_migrations(struct scrape *s)
{
	put_count(s, NULL, NULL, s->counters.migrations);
}

static void print_shootdowns(struct scrape *s)
{
	put_count(s, NULL, NULL, s->counters.shootdowns);
}

static void print_run_delay(struct scrape *s)
{
	put_histogram(s, NULL, NULL, s->counters.run_delay, s->counters.run_delay_ns);
}

static void print_life(struct scrape *s)
{
	put_count(s, "event", "fork", s->counters.forks);
	put_count(s, "event", "exec", s->counters.execs);
	put_count(s, "event", "exit", s->counters.exits);
	put_count(s, "event", "signal", s->counters.signals);
	put_count(s, "event", "oom", s->counters.ooms);
	put_count(s, "event", "oops", s->counters.oopses);
}

static void print_tasks(struct scrape *s)
{
	struct vt_task_counters task;
	unsigned count = 0;

	for (unsigned slot = 0; slot < VT_TELEMETRY_TASKS; slot++)
		count += region_task(s->session->region, slot, &task);
	put_gauge(s, NULL, NULL, count);
}

static void print_interrupts(struct scrape *s)
{
	for (unsigned i = 0; i < ARRAY_SIZE(s->counters.interrupts); i++) {
		if (s->counters.interrupts[i])
			put_count(s, "source", name_of(NAMES_INTERRUPT, i),
				  s->counters.interrupts[i]);
	}
}

static void print_cpu(struct scrape *s)
{
	struct proc_stat stat = { 0 };

	if (!sample_read(s->session->region, "stat", &s->sample))
		return;
	proc_stat(s->sample.text, &stat);
	put_seconds(s, "mode", "user", stat.all.user_ns);
	put_seconds(s, "mode", "nice", stat.all.nice_ns);
	put_seconds(s, "mode", "system", stat.all.system_ns);
	put_seconds(s, "mode", "idle", stat.all.idle_ns);
	put_seconds(s, "mode", "iowait", stat.all.iowait_ns);
	put_seconds(s, "mode", "irq", stat.all.irq_ns);
	put_seconds(s, "mode", "softirq", stat.all.softirq_ns);
	put_seconds(s, "mode", "steal", stat.all.steal_ns);
}

static void print_load(struct scrape *s)
{
	static const char *const minutes[] = { "1", "5", "15" };
	struct proc_loadavg load = { 0 };

	if (!sample_read(s->session->region, "loadavg", &s->sample))
		return;
	proc_loadavg(s->sample.text, &load);
	for (unsigned i = 0; i < ARRAY_SIZE(minutes); i++)
		put_gauge(s, "minutes", minutes[i], load.load[i]);
}

static void print_memory(struct scrape *s)
{
	struct proc_meminfo m = { 0 };

	if (!sample_read(s->session->region, "meminfo", &s->sample))
		return;
	proc_meminfo(s->sample.text, &m);
	put_gauge(s, "kind", "total", (double)m.total);
	put_gauge(s, "kind", "free", (double)m.free);
	put_gauge(s, "kind", "available", (double)m.available);
	put_gauge(s, "kind", "buffers", (double)m.buffers);
	put_gauge(s, "kind", "cached", (double)m.cached);
	put_gauge(s, "kind", "anonymous", (double)m.anon);
	put_gauge(s, "kind", "slab", (double)m.slab);
	put_gauge(s, "kind", "page_tables", (double)m.page_tables);
	put_gauge(s, "kind", "kernel_stack", (double)m.kernel_stack);
	put_gauge(s, "kind", "dirty", (double)m.dirty);
	put_gauge(s, "kind", "writeback", (double)m.writeback);
}

static void print_pressure(struct scrape *s)
{
	static const char *const files[] = { "cpu", "io", "memory" };

	for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
		struct proc_pressure p = { 0 };
		char name[32];

		snprintf(name, sizeof(name), "pressure/%s", files[i]);
		if (!sample_read(s->session->region, name, &s->sample))
			continue;
		proc_pressure(s->sample.text, &p);
		if (p.some.present)
			put_seconds(s, "resource", files[i], p.some.total_ns);
	}
}

static void print_page_cache(struct scrape *s)
{
	put_count(s, "event", "added", s->counters.page_cache_added);
	put_count(s, "event", "removed", s->counters.page_cache_removed);
	put_count(s, "event", "written_back", s->counters.pages_written_back);
}

static void print_block_latency(struct scrape *s)
{
	for (unsigned i = 0; i < VT_NR_BLOCK; i++)
		put_histogram(s, "operation", name_of(NAMES_BLOCK, i), s->counters.block[i].latency,
			      s->counters.block[i].time_ns);
}

static void print_packets(struct scrape *s)
{
	put_count(s, "direction", "sent", s->counters.packets_sent);
	put_count(s, "direction", "received", s->counters.packets_received);
}

static void print_network_bytes(struct scrape *s)
{
	put_count(s, "direction", "sent", s->counters.bytes_sent);
	put_count(s, "direction", "received", s->counters.bytes_received);
}

static void print_events(struct scrape *s)
{
	struct region_head head;

	region_head(s->session->region, &head);
	put_count(s, NULL, NULL, head.events);
}

static void print_events_lost(struct scrape *s)
{
	uint64_t lost[VT_NR_RINGS];

	pthread_mutex_lock(&s->session->lock);
	memcpy(lost, s->session->events_lost, sizeof(lost));
	pthread_mutex_unlock(&s->session->lock);
	for (unsigned i = 0; i < VT_NR_RINGS; i++)
		put_count(s, "ring", name_of(NAMES_RING, i), lost[i]);
}

static void print_readers(struct scrape *s)
{
	put_gauge(s, NULL, NULL, session_audience(s->session).readers);
}

static void print_dropped(struct scrape *s)
{
	put_count(s, NULL, NULL, session_audience(s->session).dropped);
}

static void print_sampler(struct scrape *s)
{
	struct vt_sampler sampler;

	region_sampler(s->session->region, &sampler);
	put_count(s, "result", "in_time", sampler.ticks - sampler.overruns);
	put_count(s, "result", "overrun", sampler.overruns);
}

static void print_deferred(struct scrape *s)
{
	struct vt_sampler sampler;
	char name[4 * sizeof(sampler.samples[0].name) + 1];

	region_sampler(s->session->region, &sampler);
	for (unsigned i = 0; i < VT_SAMPLES_MAX; i++) {
		plain_copy(name, sizeof(name), sampler.samples[i].name,
			   sizeof(sampler.samples[i].name));
		if (*name)
			put_count(s, "file", name, sampler.samples[i].deferred);
	}
}

#define MEMBER(member) ((struct scrape *)0)->member
#define COUNTS(label, names, array, put)                                                           \
	NULL,                                                                                      \
	{                                                                                          \
		label, names, offsetof(struct scrape, array), sizeof(MEMBER(array)[0]),            \
		    ARRAY_SIZE(MEMBER(array)), put                                                 \
	}
#define BLOCK(member)                                                                              \
	NULL,                                                                                      \
	{                                                                                          \
		"operation", NAMES_BLOCK, offsetof(struct scrape, counters.block[0].member),       \
		    sizeof(struct vt_block_counters), VT_NR_BLOCK, put_count                       \
	}

/* clang-format off */
static const struct family {
	const char *name, *type, *unit, *help;
	printer *print; /* NULL: @counts are all that there is */
	struct counts counts;
} families[] = {
	{ "sandbox", "info", NULL, "What is observed.", print_info },
	{ "state", "stateset", NULL, "What the observation does.", print_state },
	{ "uptime_seconds", "gauge", "seconds", "Time since the guest kernel was booted.", print_uptime },
	{ "syscalls", "counter", NULL, "System calls that ended.", print_calls },
	{ "syscall_errors", "counter", NULL, "System calls that failed.", print_errors },
	{ "syscall_enosys", "counter", NULL, "System calls that the kernel does not have.", print_enosys },
	{ "syscalls_in_guest", "counter", NULL, "Of these, answered in the guest itself (vDSO).", print_in_guest },
	{ "syscall_time_seconds", "counter", "seconds", "Time in system calls, waiting included.", print_call_time },
	{ "syscall_latency_seconds", "histogram", "seconds", "Time from entry to end of a call.", print_latency },
	{ "syscall_dispositions", "counter", NULL, "System calls by who answered.", COUNTS("by", NAMES_DISPOSITION, counters.dispositions, put_count) },
	{ "page_faults", "counter", NULL, "Page faults.", COUNTS("kind", NAMES_FAULT, counters.faults, put_count) },
	{ "page_fault_time_seconds", "counter", "seconds", "Time in page faults.", COUNTS("kind", NAMES_FAULT, counters.fault_ns, put_seconds) },
	{ "host_operations", "counter", NULL, "Operations of the supervisor on the host.", COUNTS("operation", NAMES_HOST, host, put_count) },
	{ "context_switches", "counter", NULL, "Context switches by why the task stopped.", COUNTS("reason", NAMES_SWITCH, counters.switches, put_count) },
	{ "wakeups", "counter", NULL, "Tasks that were woken.", print_wakeups },
	{ "migrations", "counter", NULL, "Tasks that changed CPUs.", print_migrations },
	{ "tlb_shootdowns", "counter", NULL, "Changes of mappings that other CPUs were in.", print_shootdowns },
	{ "run_queue_delay_seconds", "histogram", "seconds", "Waits of runnable tasks for the CPU.", print_run_delay },
	{ "process_events", "counter", NULL, "What happens to processes.", print_life },
	{ "tasks", "gauge", NULL, "Tasks of guest processes.", print_tasks },
	{ "softirqs", "counter", NULL, "Soft interrupts.", COUNTS("softirq", NAMES_SOFTIRQ, counters.softirqs, put_count) },
	{ "softirq_time_seconds", "counter", "seconds", "Time in soft interrupts.", COUNTS("softirq", NAMES_SOFTIRQ, counters.softirq_ns, put_seconds) },
	{ "interrupts", "counter", NULL, "Interrupts.", print_interrupts },
	{ "cpu_seconds", "counter", "seconds", "CPU time by mode.", print_cpu },
	{ "load", "gauge", NULL, "Load averages.", print_load },
	{ "memory_bytes", "gauge", "bytes", "Memory; kinds overlap.", print_memory },
	{ "pressure_seconds", "counter", "seconds", "Time in which some task was stalled.", print_pressure },
	{ "page_cache_pages", "counter", NULL, "Pages that entered, left, were written back.", print_page_cache },
	{ "block_requests", "counter", NULL, "Block requests that are done.", BLOCK(completed) },
	{ "block_errors", "counter", NULL, "Block requests that failed.", BLOCK(errors) },
	{ "block_bytes", "counter", "bytes", "Bytes of block requests.", BLOCK(bytes) },
	{ "block_latency_seconds", "histogram", "seconds", "Time from issue to end of a request.", print_block_latency },
	{ "network_packets", "counter", NULL, "Packets, on all devices.", print_packets },
	{ "network_bytes", "counter", "bytes", "Bytes of packets.", print_network_bytes },
	{ "events", "counter", NULL, "Events that were recorded.", print_events },
	{ "events_lost", "counter", NULL, "Events that were overwritten before the server read them.", print_events_lost },
	{ "stream_readers", "gauge", NULL, "Readers of the event stream.", print_readers },
	{ "stream_readers_dropped", "counter", NULL, "Readers that were too slow.", print_dropped },
	{ "sampler_ticks", "counter", NULL, "Ticks of the sampler.", print_sampler },
	{ "sampler_deferred", "counter", NULL, "Reads of a file that were put off to the next tick.", print_deferred },
};
/* clang-format on */

static void scrape_fill(struct scrape *s)
{
	region_counters(s->session->region, &s->counters);
	region_host(s->session->region, s->host);
	for (unsigned nr = 0; nr < VT_TELEMETRY_CALLS; nr++)
		region_call(s->session->region, nr, &s->calls[nr]);
}

char *metrics_text(struct session *session, size_t *len)
{
	cleanup_free struct scrape *s = calloc(1, sizeof(*s));
	char *text = NULL;

	if (!s)
		return NULL;
	s->session = session;
	s->out = open_memstream(&text, len);
	if (!s->out)
		return NULL;
	scrape_fill(s);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *family = &families[i];

		s->name = family->name;
		fprintf(s->out, "# TYPE vitrine_%s %s\n", family->name, family->type);
		if (family->unit)
			fprintf(s->out, "# UNIT vitrine_%s %s\n", family->name, family->unit);
		fprintf(s->out, "# HELP vitrine_%s %s\n", family->name, family->help);
		if (family->print)
			family->print(s);
		else
			put_counts(s, &family->counts);
	}
	fputs("# EOF\n", s->out);
	sample_free(&s->sample);
	return fclose(s->out) ? NULL : text;
}
