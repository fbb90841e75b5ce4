// SPDX-License-Identifier: GPL-2.0-only
/* session.c - a sandbox that is watched: its state, what is wished of it, and what it is told
 *
 * Theory of operation
 * What the kernel records follows from who looks: the counters and the sampler while we run, rare
 * events always, the others while somebody reads them. A recording reads the standard kinds.
 * Clients change wishes at any time (session_order()); the thread that has the observer tells the
 * kernel (session_wish()).
 *
 * At the end time stands still: "now" is the end, and what the region says is read with the
 * counter's value of then.
 */
#include "session.h"

#include <errno.h>
#include <string.h>

#include "api.h"
#include "observe/events/event_json.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

static const char *const state_name[] = {
	[SESSION_RUNNING] = "running",
	[SESSION_PAUSED] = "paused",
	[SESSION_ENDED] = "ended",
};
static_assert(ARRAY_SIZE(state_name) == SESSION_NSTATES, "state_name[]");

/* Kinds for a reader who names none: the others come by the thousand and say little alone */
#define STANDARD_KINDS                                                                             \
	(~(1ULL << VT_EVENT_PAD | 1ULL << VT_EVENT_SWITCH | 1ULL << VT_EVENT_WAKEUP |              \
	   1ULL << VT_EVENT_FAULT | 1ULL << VT_EVENT_SOFTIRQ | 1ULL << VT_EVENT_PAGE_CACHE |       \
	   1ULL << VT_EVENT_PACKET | 1ULL << VT_EVENT_MIGRATE | 1ULL << VT_EVENT_IPI |             \
	   1ULL << VT_EVENT_SHOOTDOWN) &                                                           \
	 ((1ULL << VT_NR_EVENT_KINDS) - 1))

/* Kinds that are always recorded: they are rare, and what everybody wants to have seen */
#define LIFE_KINDS                                                                                 \
	(1ULL << VT_EVENT_FORK | 1ULL << VT_EVENT_EXEC | 1ULL << VT_EVENT_EXIT |                   \
	 1ULL << VT_EVENT_SIGNAL | 1ULL << VT_EVENT_OOM | 1ULL << VT_EVENT_OOPS |                  \
	 1ULL << VT_EVENT_FOLLOWED)

uint64_t session_now(struct session *session)
{
	uint64_t ended;

	pthread_mutex_lock(&session->lock);
	ended = session->ended_ns;
	pthread_mutex_unlock(&session->lock);
	return ended ? ended : clock_now_ns();
}

json_t *session_time(struct session *session)
{
	return time_ms(session_now(session), session->realtime_ns);
}

enum session_state session_state(struct session *session)
{
	enum session_state state;

	pthread_mutex_lock(&session->lock);
	state = session->state;
	pthread_mutex_unlock(&session->lock);
	return state;
}

const char *session_state_name(struct session *session)
{
	return state_name[session_state(session)];
}

struct audience session_audience(struct session *session)
{
	struct audience audience = { 0 };

	if (session->look)
		session->look(session, &audience);
	return audience;
}

void session_order(struct session *session, const struct control *control)
{
	struct wishes *wishes = &session->wishes;

	pthread_mutex_lock(&session->lock);
	if (control->action == CONTROL_PAUSE && session->state == SESSION_RUNNING)
		session->state = SESSION_PAUSED;
	if (control->action == CONTROL_RESUME && session->state == SESSION_PAUSED)
		session->state = SESSION_RUNNING;
	if (control->action == CONTROL_RATE)
		wishes->interval_ms = control->interval_ms;
	if (control->action == CONTROL_TRACING) {
		wishes->tracing = control->enabled;
		wishes->kinds = control->has_kinds ? control->kinds : STANDARD_KINDS;
		wishes->by_call = control->has_calls;
		memcpy(wishes->calls, control->calls, sizeof(wishes->calls));
		if (control->has_capture)
			wishes->capture = control->capture;
		if (control->has_paths)
			wishes->paths = control->paths;
	}
	session->announce = true;
	pthread_mutex_unlock(&session->lock);
}

int session_over(struct error *err, const char *why)
{
	error_set(err, 0, "%s", why);
	err->code = EPIPE;
	return -1;
}

int session_wish(struct session *session, struct error *err)
{
	struct observe_wishes wishes = { .counters = true };
	uint64_t calls[VT_TELEMETRY_CALLS / 64];
	const uint64_t read = session_audience(session).kinds;

	if (!session->observer || session_state(session) == SESSION_ENDED)
		return session_over(err, "the sandbox has ended: there is nothing to observe");
	pthread_mutex_lock(&session->lock);
	memcpy(calls, session->wishes.calls, sizeof(calls));
	wishes.sampler = session->state == SESSION_RUNNING;
	wishes.events = session->state == SESSION_RUNNING && session->wishes.tracing;
	wishes.kinds = wishes.events ? LIFE_KINDS | read : 0;
	if (wishes.events && session->following)
		wishes.kinds |= 1ULL << VT_EVENT_SYSCALL;
	if (wishes.events && session->writer.file)
		wishes.kinds |= session->wishes.kinds;
	wishes.calls = session->wishes.by_call ? calls : NULL;
	wishes.capture = (int)session->wishes.capture;
	wishes.paths = session->wishes.paths;
	wishes.interval_ms = session->wishes.interval_ms;
	pthread_mutex_unlock(&session->lock);
	if (observer_wish(session->observer, &wishes, err) < 0)
		return -1;
	pthread_mutex_lock(&session->lock);
	session->kinds = wishes.kinds;
	session->announce = true;
	pthread_mutex_unlock(&session->lock);
	return 0;
}

void session_event(struct session *session, const struct event *event)
{
	const struct vt_event_syscall *call = event_syscall(event);

	session->events_read++;
	if (call && (call->flags & VT_CALL_FOLLOWED))
		session->followed = *event;
	if (event->head.kind == VT_EVENT_FOLLOWED)
		session->following = false;
	if (!call || call->result != -ENOSYS || call->nr < 0 || call->nr >= VT_TELEMETRY_CALLS)
		return;
	/* Who was the last to ask for a call that does not exist */
	session->enosys[call->nr] = (struct last_call){ event->head.time_ns, event->head.pid };
	memcpy(session->enosys[call->nr].comm, event->head.comm, sizeof(event->head.comm));
}

void session_end(struct session *session)
{
	pthread_mutex_lock(&session->lock);
	session->state = SESSION_ENDED;
	session->ended_ns = clock_now_ns();
	session->mapped.then_ns = session->ended_ns;
	session->mapped.then_ticks = __builtin_ia32_rdtsc();
	session->announce = true;
	pthread_mutex_unlock(&session->lock);
}

/* What the sandbox says about itself, as openapi.yaml's Sandbox */
static json_t *sandbox_json(const json_t *info, const struct region *region)
{
	struct region_head head;
	json_t *command = json_object_get(info, "command");

	region_head(region, &head);
	return json_pack("{s:O, s:I, s:O, s:O, s:f, s:o, s:i}", "name",
			 json_object_get(info, "name"), "pid",
			 json_integer_value(json_object_get(info, "pid")), "image",
			 json_object_get(info, "image"), "command", command, "started_ms",
			 (double)json_integer_value(json_object_get(info, "started")) * 1000,
			 "memory_bytes", json_count(head.mem_size), "cpus",
			 head.cpus > 0 && head.cpus < 1024 ? (int)head.cpus : 1);
}

static void defaults(struct session *session)
{
	const struct control control = { .action = CONTROL_TRACING,
					 .enabled = true,
					 .has_capture = true,
					 .capture = VT_CAPTURE_DEFAULT,
					 .has_paths = true,
					 .paths = true };

	session->wishes.interval_ms = CONTROL_INTERVAL_MS;
	session_order(session, &control);
}

int session_prepare(struct session *session, unsigned history_rows, struct error *err)
{
	pthread_mutex_init(&session->lock, NULL);
	album_init(&session->album);
	if (history_init(&session->history, history_rows, err) < 0)
		return -1;
	defaults(session);
	return 0;
}

static int connect_to(struct session *session, struct error *err)
{
	json_t *info;

	session->observer = observer_connect(session->name, err);
	if (!session->observer)
		return -1;
	session->name = observer_name(session->observer); /* it may have been a process id */
	info = observer_info(session->observer, err);
	if (!info)
		return -1;
	if (session_wish(session, err) == 0) {
		session->mapped = *observer_region(session->observer);
		session->region = &session->mapped;
		session->sandbox = sandbox_json(info, session->region);
	}
	json_decref(info);
	if (session->region && !session->sandbox)
		return error_set(err, 0, "the sandbox's description of itself is malformed");
	return session->region ? 0 : -1;
}

int session_open(struct session *session, struct error *err)
{
	cleanup_free char *sandbox = NULL;

	session->realtime_ns = (int64_t)(clock_read_ns(CLOCK_REALTIME) - clock_now_ns());
	session->began_ns = clock_now_ns();
	if (session_prepare(session, HISTORY_COARSE_ROWS, err) < 0 || connect_to(session, err) < 0)
		return -1;
	/* who asks through us is told in time (asks.c), and a sandbox that was stopped goes on */
	observer_patience(session->observer, 0);
	record_begin(&session->writer, session->realtime_ns, session->began_ns);
	sandbox = json_dumps(session->sandbox, API_JSON);
	record_text(&session->writer, RECORD_SANDBOX, sandbox, session->began_ns);
	return 0;
}
