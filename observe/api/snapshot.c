// SPDX-License-Identifier: GPL-2.0-only
/* snapshot.c - what is counted, as JSON
 *
 * Each object of openapi.yaml is a function, from the region's counters. Nothing is kept: numbers
 * are read when somebody asks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "observe/events/event_json.h"
#include "observe/region/names.h"
#include "vitrine/syscalls.h"
#include "observe/text/guest_text.h"
#include "vitrine/util.h"

json_t *json_count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *json_buckets(const uint64_t buckets[VT_BUCKETS])
{
	json_t *array = json_array();

	for (unsigned i = 0; i < VT_BUCKETS; i++)
		json_array_append_new(array, json_count(buckets[i]));
	return array;
}

json_t *json_percentiles(const uint64_t buckets[VT_BUCKETS])
{
	uint64_t any = 0;

	for (unsigned i = 0; i < VT_BUCKETS; i++)
		any |= buckets[i];
	if (!any)
		return json_null();
	return json_pack("{s:I, s:I, s:I}", "p50_ns",
			 (json_int_t)histogram_percentile(buckets, 0.5), "p90_ns",
			 (json_int_t)histogram_percentile(buckets, 0.9), "p99_ns",
			 (json_int_t)histogram_percentile(buckets, 0.99));
}

const char *call_label(int nr, char text[32])
{
	const char *name = call_name(nr);

	if (name)
		return name;
	snprintf(text, 32, nr == VT_TELEMETRY_CALLS - 1 ? "unknown" : "syscall_%d", nr);
	return text;
}

/* Numbers that are no call have the last counter, and -1 here */
static int shown_number(int nr)
{
	return nr == VT_TELEMETRY_CALLS - 1 ? -1 : nr;
}

static void add(struct vt_call_counters *sum, const struct vt_call_counters *call)
{
	sum->calls += call->calls;
	sum->errors += call->errors;
	sum->enosys += call->enosys;
	sum->in_guest += call->in_guest;
	sum->time_ns += call->time_ns;
}

static json_t *calls_json(const struct vt_call_counters *call)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "calls", json_count(call->calls), "errors",
			 json_count(call->errors), "enosys", json_count(call->enosys), "in_guest",
			 json_count(call->in_guest), "time_ns", json_count(call->time_ns));
}

static json_t *call_json(int nr, const struct vt_call_counters *call)
{
	json_t *object = calls_json(call);
	char text[32];

	json_object_set_new(object, "nr", json_integer(shown_number(nr)));
	json_object_set_new(object, "name", json_string(call_label(nr, text)));
	json_object_set_new(object, "family", json_string(name_of(NAMES_FAMILY, call_family(nr))));
	json_object_set_new(object, "percentiles", json_percentiles(call->latency));
	json_object_set_new(object, "latency", json_buckets(call->latency));
	return object;
}

json_t *json_syscalls(struct session *session)
{
	struct vt_call_counters call, all = { 0 }, families[VT_NR_FAMILIES] = { { 0 } };
	json_t *list = json_array(), *by_family = json_object(), *by_whom = json_object();
	struct vt_counters counters;

	for (int nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		region_call(session->region, nr, &call);
		if (!call.calls)
			continue;
		add(&all, &call);
		add(&families[call_family(nr)], &call);
		json_array_append_new(list, call_json(nr, &call));
	}
	for (unsigned i = 0; i < VT_NR_FAMILIES; i++)
		json_object_set_new(by_family, name_of(NAMES_FAMILY, i), calls_json(&families[i]));
	region_counters(session->region, &counters);
	for (unsigned i = 0; i < VT_NR_DISPOSITIONS; i++)
		json_object_set_new(by_whom, name_of(NAMES_DISPOSITION, i),
				    json_count(counters.dispositions[i]));
	return json_pack("{s:o, s:o, s:o, s:o}", "total", calls_json(&all), "families", by_family,
			 "dispositions", by_whom, "calls", list);
}

static json_t *timed(uint64_t count, uint64_t time_ns)
{
	return json_pack("{s:o, s:o}", "count", json_count(count), "time_ns", json_count(time_ns));
}

static json_t *json_faults(const struct vt_counters *c)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < VT_NR_FAULTS; i++)
		json_object_set_new(object, name_of(NAMES_FAULT, i),
				    timed(c->faults[i], c->fault_ns[i]));
	return object;
}

static json_t *json_host(struct session *session)
{
	json_t *object = json_object();
	uint64_t host[VT_NR_HOST];

	region_host(session->region, host);
	for (unsigned i = 0; i < VT_NR_HOST; i++)
		json_object_set_new(object, name_of(NAMES_HOST, i), json_count(host[i]));
	return object;
}

static json_t *json_interrupts(const struct vt_counters *c)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < ARRAY_SIZE(c->interrupts); i++) {
		if (c->interrupts[i])
			json_object_set_new(object, name_of(NAMES_INTERRUPT, i),
					    json_count(c->interrupts[i]));
	}
	return object;
}

static json_t *json_softirqs(const struct vt_counters *c)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < VT_NR_SOFTIRQS; i++)
		json_object_set_new(object, name_of(NAMES_SOFTIRQ, i),
				    timed(c->softirqs[i], c->softirq_ns[i]));
	return object;
}

json_t *json_task(struct session *session, unsigned pid)
{
	struct vt_task_counters task;
	json_t *faults;
	bool in_call;
	char text[32];

	for (unsigned slot = 0;; slot++) {
		if (slot == VT_TELEMETRY_TASKS)
			return NULL;
		if (region_task(session->region, slot, &task) && task.pid == pid)
			break;
	}
	faults = json_object();
	for (unsigned i = 0; i < VT_NR_FAULTS; i++)
		json_object_set_new(faults, name_of(NAMES_FAULT, i), json_count(task.faults[i]));
	in_call = task.call >= 0;
	return json_pack(
	    "{s:i, s:i, s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "pid",
	    (int)task.pid, "tgid", (int)task.tgid, "comm", guest_json(task.comm, sizeof(task.comm)),
	    "born_ms", time_ms(task.born_ns, session->realtime_ns), "call",
	    in_call ? call_label(task.call, text) : NULL, "since_ms",
	    in_call ? time_ms(region_time(session->region, task.since_ticks), session->realtime_ns)
		    : json_null(),
	    "calls", json_count(task.calls), "errors", json_count(task.errors), "call_ns",
	    json_count(task.call_ns), "faults", faults, "switches_voluntary",
	    json_count(task.switches_voluntary), "switches_preempted",
	    json_count(task.switches_preempted), "run_delay_ns", json_count(task.run_delay_ns));
}

json_t *json_event_counts(struct session *session)
{
	json_t *rings = json_array();
	const struct audience audience = session_audience(session);
	uint64_t lost = 0;

	pthread_mutex_lock(&session->lock);
	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		struct vt_ring ring = { 0 };
		const void *at = region_at(session->region,
					   offsetof(struct vt_telemetry, rings) + i * sizeof(ring),
					   sizeof(ring));

		if (at)
			memcpy(&ring, at, sizeof(ring));
		lost += session->events_lost[i];
		json_array_append_new(rings, json_pack("{s:s, s:o, s:o, s:o}", "name",
						       name_of(NAMES_RING, i), "written",
						       json_count(ring.written), "lost",
						       json_count(session->events_lost[i]),
						       "size_bytes", json_count(ring.size)));
	}
	rings =
	    json_pack("{s:o, s:o, s:o, s:o, s:o}", "newest", json_count(audience.newest), "oldest",
		      json_count(audience.oldest), "read", json_count(session->events_read), "lost",
		      json_count(lost), "rings", rings);
	pthread_mutex_unlock(&session->lock);
	return rings;
}

json_t *json_snapshot(struct session *session)
{
	struct vt_counters c;
	struct region_head head;
	const uint64_t now = session_now(session);

	region_counters(session->region, &c);
	region_head(session->region, &head);
	return json_pack(
	    "{s:o, s:s, s:o, s:f, s:O, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
	    "s:o}",
	    "time_ms", session_time(session), "state", session_state_name(session), "recorded",
	    json_recorded(session), "uptime_ms",
	    head.boot_ns && now > head.boot_ns ? (double)((now - head.boot_ns) / 1000) / 1000 : 0.0,
	    "sandbox", session->sandbox, "observation", json_observation(session), "syscalls",
	    json_syscalls(session), "faults", json_faults(&c), "host", json_host(session),
	    "scheduler", json_scheduler(session), "memory", json_memory(session), "interrupts",
	    json_interrupts(&c), "softirqs", json_softirqs(&c), "block", json_block(session),
	    "network", json_network(session), "pressure", json_pressure(session), "sampler",
	    json_sampler(session), "events", json_event_counts(session));
}

json_t *json_syscalls_answer(struct session *session)
{
	return json_pack("{s:o, s:s, s:o}", "time_ms", session_time(session), "state",
			 session_state_name(session), "syscalls", json_syscalls(session));
}

static json_t *last_json(struct session *session, int nr)
{
	struct last_call last;

	pthread_mutex_lock(&session->lock);
	last = session->enosys[nr];
	pthread_mutex_unlock(&session->lock);
	if (!last.time_ns)
		return json_null();
	return json_pack("{s:o, s:i, s:o}", "time_ms", time_ms(last.time_ns, session->realtime_ns),
			 "pid", (int)last.pid, "comm", guest_json(last.comm, sizeof(last.comm)));
}

static int more_frequent(const void *a, const void *b)
{
	const json_t *one = *(json_t *const *)a, *other = *(json_t *const *)b;
	json_int_t x = json_integer_value(json_object_get(one, "count"));
	json_int_t y = json_integer_value(json_object_get(other, "count"));

	return (x < y) - (x > y);
}

json_t *json_enosys(struct session *session)
{
	json_t *found[VT_TELEMETRY_CALLS], *list = json_array();
	struct vt_call_counters call;
	uint64_t total = 0;
	size_t count = 0;
	char text[32];

	for (int nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		region_call(session->region, nr, &call);
		if (!call.enosys)
			continue;
		total += call.enosys;
		found[count] = json_pack("{s:i, s:s, s:s, s:o, s:o}", "nr", shown_number(nr),
					 "name", call_label(nr, text), "family",
					 name_of(NAMES_FAMILY, call_family(nr)), "count",
					 json_count(call.enosys), "last", last_json(session, nr));
		count += found[count] != NULL;
	}
	qsort(found, count, sizeof(*found), more_frequent);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, found[i]);
	return json_pack("{s:o, s:s, s:o, s:o}", "time_ms", session_time(session), "state",
			 session_state_name(session), "total", json_count(total), "calls", list);
}
