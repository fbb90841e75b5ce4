// SPDX-License-Identifier: GPL-2.0-only
/* stats.c - the few figures for people, and how the observation itself does */
#include <math.h>
#include <string.h>

#include "api.h"
#include "observe/events/event_json.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

json_t *row_json(const struct session *session, const float *row, uint64_t now_ns)
{
	json_t *values = json_array();

	for (size_t i = 0; i < session->history.set.count; i++)
		json_array_append_new(values, row[i] == row[i] ? json_real(row[i]) : json_null());
	return json_pack("{s:f, s:o}", "time_ms",
			 (double)(((int64_t)now_ns + session->realtime_ns) / 1000000), "values",
			 values);
}

json_t *json_observation(struct session *session)
{
	json_t *kinds = json_array(), *calls = json_null(), *observation;
	struct region_head head;
	const struct audience audience = session_audience(session);
	char text[32];

	region_head(session->region, &head);
	pthread_mutex_lock(&session->lock);
	for (unsigned i = VT_EVENT_PAD + 1; i < VT_NR_EVENT_KINDS; i++) {
		if (session->kinds >> i & 1)
			json_array_append_new(kinds, json_string(name_of(NAMES_EVENT, i)));
	}
	if (session->wishes.by_call)
		calls = json_array();
	for (int nr = 0; session->wishes.by_call && nr < VT_TELEMETRY_CALLS; nr++) {
		if (session->wishes.calls[nr / 64] >> (nr % 64) & 1)
			json_array_append_new(calls, json_string(call_label(nr, text)));
	}
	observation =
	    json_pack("{s:b, s:b, s:b, s:o, s:o, s:i, s:b, s:i, s:o, s:b, s:i, s:o}", "counters",
		      true, "events", session->state == SESSION_RUNNING && session->wishes.tracing,
		      "sampler", session->state == SESSION_RUNNING, "kinds", kinds, "calls", calls,
		      "capture", (int)session->wishes.capture, "paths", session->wishes.paths,
		      "interval_ms", (int)session->wishes.interval_ms, "since_ms",
		      time_ms(head.enabled_ns, session->realtime_ns), "from_boot",
		      head.enabled_ns && head.enabled_ns <= head.boot_ns, "readers",
		      (int)audience.readers, "readers_dropped", json_count(audience.dropped));
	pthread_mutex_unlock(&session->lock);
	return observation;
}

json_t *json_state(struct session *session)
{
	return json_pack("{s:s, s:o, s:o}", "state", session_state_name(session), "observation",
			 json_observation(session), "recorded", json_recorded(session));
}

static json_t *latest(struct session *session, const char *name)
{
	double value;

	pthread_mutex_lock(&session->lock);
	value = history_latest(&session->history, name);
	pthread_mutex_unlock(&session->lock);
	return isfinite(value) ? json_real(round(value * 1000) / 1000) : json_null();
}

/* The sum of some columns; null when there is none of them */
static json_t *latest_sum(struct session *session, const char *const names[], size_t count)
{
	double sum = 0;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		json_t *value = latest(session, names[i]);

		sum += json_number_value(value);
		any |= json_is_real(value);
		json_decref(value);
	}
	return any ? json_real(sum) : json_null();
}

static json_t *busy(struct session *session)
{
	json_t *idle = latest(session, "cpu.idle"), *result = json_null();

	if (json_is_real(idle))
		result = json_real(round((1 - json_real_value(idle)) * 1000) / 1000);
	json_decref(idle);
	return result;
}

json_t *json_stats(struct session *session)
{
	static const char *const faults[] = { "faults.refill", "faults.minor", "faults.major",
					      "faults.cow",    "faults.file",  "faults.bad" };
	static const char *const switches[] = { "switches.sleep", "switches.preempt",
						"switches.yield", "switches.exit",
						"switches.idle" };
	static const char *const network[] = { "network.sent_bytes", "network.received_bytes" };
	json_t *syscalls = json_syscalls(session), *scheduler = json_scheduler(session);
	json_t *memory = json_memory(session), *events = json_event_counts(session);
	const json_t *meminfo = json_object_get(memory, "meminfo");
	const json_t *total = json_object_get(syscalls, "total");
	const uint64_t now = session_now(session);
	struct region_head head;
	json_t *stats;

	region_head(session->region, &head);
	stats = json_pack(
	    "{s:s, s:s, s:f, s:O, s:o, s:o, s:o, s:o, s:o, s:O?, s:O?, s:O, s:o, s:o, "
	    "s:o, s:O, s:O, "
	    "s:O, s:O, s:i}",
	    "name", session->name, "state", session_state_name(session), "uptime_ms",
	    head.boot_ns && now > head.boot_ns ? (double)((now - head.boot_ns) / 1000000) : 0.0,
	    "tasks", json_object_get(scheduler, "tasks"), "syscalls_per_second",
	    latest(session, "syscalls.total"), "errors_per_second",
	    latest(session, "syscalls.errors"), "faults_per_second",
	    latest_sum(session, faults, ARRAY_SIZE(faults)), "switches_per_second",
	    latest_sum(session, switches, ARRAY_SIZE(switches)), "cpu", busy(session),
	    "memory_total_bytes", json_object_get(meminfo, "mem_total_bytes"),
	    "memory_available_bytes", json_object_get(meminfo, "mem_available_bytes"), "load",
	    json_object_get(scheduler, "load"), "block_read_bytes_per_second",
	    latest(session, "block.read_bytes"), "block_write_bytes_per_second",
	    latest(session, "block.write_bytes"), "network_bytes_per_second",
	    latest_sum(session, network, ARRAY_SIZE(network)), "syscalls",
	    json_object_get(total, "calls"), "errors", json_object_get(total, "errors"), "enosys",
	    json_object_get(total, "enosys"), "events", json_object_get(events, "newest"),
	    "readers", (int)session_audience(session).readers);
	json_decref(syscalls);
	json_decref(scheduler);
	json_decref(memory);
	json_decref(events);
	return stats;
}
