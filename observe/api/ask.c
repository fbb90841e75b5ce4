// SPDX-License-Identifier: GPL-2.0-only
/* ask.c - questions that the guest's kernel answers, and what it said last when it is gone
 *
 * Theory of operation
 * A view is the kernel's text: it is parsed before it goes on, so that what leaves here is JSON
 * whatever the guest did to its kernel. Each answer is kept in the album, and in the recording.
 *
 * When the sandbox has ended the album answers. So that it has more than what somebody happened to
 * look at, each view is asked for now and then (ask_next()) whether anybody looks or not. The list
 * of processes is in the region as well, where the sampler has put it: the newer one counts. Of a
 * task that nobody has looked at there is at least its line in that list.
 */
#include "ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "observe/events/event_json.h"
#include "observe/region/names.h"
#include "observe/region/samples.h"
#include "replay.h"
#include "vitrine/abi.h"
#include "vitrine/util.h"

#define VIEW_HOST UINT32_MAX	   /* in the album, among the kernel's views */
#define SAME_CALL_NS 1000000000ULL /* between what two clocks say of the beginning of one call */

/* The counters that belong to a view */
static json_t *counters_of(struct session *session, const struct question *question)
{
	json_t *task;

	switch (question->view) {
	case VT_VIEW_SCHEDULER:
		return json_scheduler(session);
	case VT_VIEW_MEMORY:
		return json_memory(session);
	case VT_VIEW_BLOCK:
		return json_block(session);
	case VT_VIEW_TASK:
		task = json_task(session, question->pid);
		return task ? task : json_null();
	default:
		return json_null();
	}
}

/* What is waited for, as openapi.yaml's Follow has it */
static json_t *armed_json(int64_t call, uint64_t pid, uint64_t min_ns)
{
	const bool named = call >= 0 && call < VT_TELEMETRY_CALLS;
	char text[32];

	return json_pack("{s:s?, s:o, s:o}", "call", named ? call_label((int)call, text) : NULL,
			 "pid", pid ? json_count(pid) : json_null(), "min_ns", json_count(min_ns));
}

/* The same from the kernel's view, where another observer's wish is to be seen as well */
static json_t *armed_now(const json_t *view)
{
	const char *state = json_string_value(json_object_get(view, "state"));
	const json_t *request = json_object_get(view, "request");

	if (!state || (strcmp(state, "armed") && strcmp(state, "following")))
		return json_null();
	return armed_json(json_integer_value(json_object_get(request, "number")),
			  json_integer_value(json_object_get(request, "pid")),
			  json_integer_value(json_object_get(request, "least_ns")));
}

static bool same_call(const struct event *event, const json_t *call)
{
	const struct vt_event_syscall *body = event_syscall(event);
	const uint64_t begin_ns = (uint64_t)json_integer_value(json_object_get(call, "begin_ns"));
	const uint64_t apart_ns = event->head.time_ns > begin_ns ? event->head.time_ns - begin_ns
								 : begin_ns - event->head.time_ns;

	return body && body->nr == json_integer_value(json_object_get(call, "number")) &&
	       event->head.pid == json_integer_value(json_object_get(call, "pid")) &&
	       apart_ns < SAME_CALL_NS;
}

/* The call from its registers alone: for when its event was not recorded */
static void bare_call(struct event *event, const json_t *call)
{
	const json_t *args = json_object_get(call, "args"),
		     *result = json_object_get(call, "result");
	struct vt_event_syscall body = {
		.nr = (int)json_integer_value(json_object_get(call, "number")),
		.flags = json_is_integer(result) ? 0 : VT_CALL_NORETURN,
		.result = json_integer_value(result),
		.duration_ns = (uint64_t)json_integer_value(json_object_get(call, "duration_ns")),
	};

	for (size_t i = 0; i < ARRAY_SIZE(body.args); i++) {
		const char *text = json_string_value(json_array_get(args, i));

		body.args[i] = text ? strtoull(text, NULL, 16) : 0;
	}
	memset(&event->head, 0, sizeof(event->head));
	event->head.kind = VT_EVENT_SYSCALL;
	event->head.size = sizeof(event->head) + sizeof(body);
	memcpy(event->bytes + sizeof(event->head), &body, sizeof(body));
}

/* A followed call as the events show it: its arguments by name, and the memory that they point to
 */
static json_t *call_said(struct session *session, const json_t *view)
{
	const json_t *call = json_object_get(view, "call");
	json_t *shown, *text;
	struct event event;

	if (!json_is_object(call))
		return json_null();
	pthread_mutex_lock(&session->lock);
	event = session->followed;
	pthread_mutex_unlock(&session->lock);
	if (!same_call(&event, call))
		bare_call(&event, call);
	shown = event_json(&event, session->realtime_ns);
	text = json_incref(json_object_get(shown, "text"));
	json_decref(shown);
	return text ? text : json_null();
}

/* @time: of the view, consumed */
static json_t *envelope(struct session *session, const struct question *question, json_t *view,
			json_t *time)
{
	if (question->view == VT_VIEW_FOLLOW)
		return json_pack("{s:o, s:s, s:o, s:o, s:o}", "time_ms", time, "state",
				 session_state_name(session), "armed", armed_now(view), "text",
				 call_said(session, view), "view", view);
	return json_pack("{s:o, s:s, s:o, s:o}", "time_ms", time, "state",
			 session_state_name(session), "counters", counters_of(session, question),
			 "view", view);
}

static json_t *parse(const char *text, size_t len, struct error *err)
{
	json_t *view = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(view))
		return view;
	json_decref(view);
	error_set(err, 0, "the guest's kernel answers with something that is no JSON");
	return NULL;
}

static json_t *ask_live(struct session *session, const struct question *question, struct error *err)
{
	const char *path = question->path[0] ? question->path : NULL;
	cleanup_free char *text = NULL;
	uint64_t now;
	json_t *view;
	size_t len;

	text = observer_view(session->observer, question->view, question->pid, 0, path, &len, err);
	if (!text)
		return NULL;
	view = parse(text, len, err);
	now = clock_now_ns();
	if (view) {
		album_put(&session->album, question->view, question->pid, path, text, len, now);
		record_view(&session->writer, question->view, question->pid, path, text, len, now);
	}
	return view;
}

/* The sampler's list of processes, when it is newer than the view */
static json_t *sampled_processes(struct session *session, uint64_t *time_ns)
{
	cleanup_sample struct sample sample = { 0 };
	json_t *view;

	if (!sample_read(session->region, "tasks", &sample) || sample.info.time_ns <= *time_ns)
		return NULL;
	view = json_loadb(sample.text, sample.len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(view) && !json_is_true(json_object_get(view, "truncated"))) {
		*time_ns = sample.info.time_ns;
		return view;
	}
	json_decref(view);
	return NULL;
}

static json_t *kept_processes(struct session *session, uint64_t *time_ns, struct error *err)
{
	size_t len;
	cleanup_free char *text =
	    album_get(&session->album, VT_VIEW_PROCESSES, 0, NULL, &len, time_ns);
	json_t *view;

	if (!text)
		*time_ns = 0;
	view = sampled_processes(session, time_ns);
	if (view)
		return view;
	if (text)
		return parse(text, len, err);
	session_over(err, "the sandbox has ended, and this was not looked at before");
	return NULL;
}

/* A task's line in the list of processes: what it has in common with the view of a task */
static json_t *kept_line(struct session *session, uint32_t pid, uint64_t *time_ns,
			 struct error *err)
{
	json_t *all = kept_processes(session, time_ns, err), *one, *found = NULL;
	size_t i;

	if (!all)
		return NULL;
	json_array_foreach(json_object_get(all, "processes"), i, one)
	{
		if (!found && json_integer_value(json_object_get(one, "pid")) == pid)
			found = json_incref(one);
	}
	json_decref(all);
	if (!found)
		error_set(err, ESRCH, "process %u was not there at the end", pid);
	else
		json_object_set_new(found, "partial", json_true());
	return found;
}

static json_t *ask_album(struct session *session, const struct question *question,
			 uint64_t *time_ns, struct error *err)
{
	const char *path = question->path[0] ? question->path : NULL;
	cleanup_free char *text = NULL;
	size_t len;

	if (question->view == VT_VIEW_PROCESSES)
		return kept_processes(session, time_ns, err);
	text = album_get(&session->album, question->view, question->pid, path, &len, time_ns);
	if (text)
		return parse(text, len, err);
	if (question->view == VT_VIEW_TASK)
		return kept_line(session, question->pid, time_ns, err);
	session_over(err, "the sandbox has ended, and this was not looked at before");
	return NULL;
}

static bool nothing_followed(const struct question *question, const struct error *err)
{
	return question->view == VT_VIEW_FOLLOW && (err->code == ENOENT || err->code == EPIPE);
}

static json_t *ask_view(struct session *session, const struct question *question, struct error *err)
{
	const bool ended = session_state(session) == SESSION_ENDED;
	struct error why = { 0 };
	uint64_t time_ns = 0;
	json_t *view = ended ? NULL : ask_live(session, question, &why);

	/* It may have ended while it was asked, and nobody has said so yet */
	if (!view && (ended || observer_ended(session->observer)))
		view = ask_album(session, question, &time_ns, &why);
	if (!view && nothing_followed(question, &why))
		return envelope(session, question, json_null(), session_time(session));
	if (!view) {
		*err = why;
		return NULL;
	}
	return envelope(session, question, view,
			time_ns ? time_ms(time_ns, session->realtime_ns) : session_time(session));
}

static json_t *ask_observe(struct session *session, struct error *err)
{
	return session_wish(session, err) < 0 ? NULL : json_state(session);
}

static json_t *ask_follow(struct session *session, const struct question *question,
			  struct error *err)
{
	const bool off = question->call == VT_FOLLOW_OFF;

	if (session_state(session) == SESSION_ENDED) {
		session_over(err, "the sandbox has ended: nothing happens in it any more");
		return NULL;
	}
	/* Its event says more than its registers do */
	pthread_mutex_lock(&session->lock);
	session->following = !off;
	pthread_mutex_unlock(&session->lock);
	if (!off && session_wish(session, err) < 0)
		return NULL;
	if (observer_follow(session->observer, question->call, question->pid, question->min_ns,
			    err) < 0)
		return NULL;
	return json_pack("{s:o, s:s, s:o, s:n, s:n}", "time_ms", session_time(session), "state",
			 session_state_name(session), "armed",
			 off ? json_null()
			     : armed_json(question->call, question->pid, question->min_ns),
			 "text", "view");
}

static json_t *ask_seek(struct session *session, const struct question *question, struct error *err)
{
	if (replay_seek(session, question->time_ns, err) < 0)
		return NULL;
	return json_state(session);
}

/* What is known on the host's side: the network, shared folders */
static json_t *host_live(struct session *session, struct error *err)
{
	json_t *info = observer_info(session->observer, err), *network, *view;
	cleanup_free char *text = NULL;

	if (!info)
		return NULL;
	network = json_is_true(json_object_get(info, "network"))
		      ? observer_network(session->observer, NULL)
		      : NULL;
	view = json_pack("{s:s, s:o, s:O?, s:O?}", "view", "host", "network",
			 network ? network : json_null(), "shares", json_object_get(info, "shares"),
			 "share_requests", json_object_get(info, "share_requests"));
	json_decref(info);
	text = view ? json_dumps(view, JSON_COMPACT) : NULL;
	if (text)
		album_put(&session->album, VIEW_HOST, 0, NULL, text, strlen(text), clock_now_ns());
	return view;
}

static json_t *ask_host(struct session *session, struct error *err)
{
	const bool ended = session_state(session) == SESSION_ENDED;
	cleanup_free char *text = NULL;
	json_t *view = ended ? NULL : host_live(session, err);
	uint64_t time_ns = 0;
	size_t len;

	if (!view && (ended || observer_ended(session->observer))) {
		text = album_get(&session->album, VIEW_HOST, 0, NULL, &len, &time_ns);
		if (!text)
			session_over(err,
				     "the sandbox has ended, and this was not looked at before");
		view = text ? parse(text, len, err) : NULL;
	}
	if (!view)
		return NULL;
	return json_pack("{s:o, s:s, s:n, s:o}", "time_ms",
			 time_ns ? time_ms(time_ns, session->realtime_ns) : session_time(session),
			 "state", session_state_name(session), "counters", "view", view);
}

json_t *ask_kernel(struct session *session, const struct question *question, struct error *err)
{
	switch (question->kind) {
	case ASK_VIEW:
		return ask_view(session, question, err);
	case ASK_OBSERVE:
		return ask_observe(session, err);
	case ASK_FOLLOW:
		return ask_follow(session, question, err);
	case ASK_SEEK:
		return ask_seek(session, question, err);
	case ASK_HOST:
		return ask_host(session, err);
	}
	error_set(err, EINVAL, "no such question");
	return NULL;
}

/* In the order of what one would miss most; the list of processes is in the region, too */
static const enum vt_view kept[] = {
	VT_VIEW_PROCESSES, VT_VIEW_MEMORY,     VT_VIEW_FILES, VT_VIEW_SCHEDULER, VT_VIEW_SOCKETS,
	VT_VIEW_MOUNTS,	   VT_VIEW_PAGE_CACHE, VT_VIEW_BLOCK, VT_VIEW_SLAB,	 VT_VIEW_FOLLOW,
};

struct question ask_next(unsigned turn)
{
	struct question question;

	memset(&question, 0, sizeof(question));
	turn %= ask_rounds();
	question.kind = turn < ARRAY_SIZE(kept) ? ASK_VIEW : ASK_HOST;
	question.view = turn < ARRAY_SIZE(kept) ? kept[turn] : 0;
	return question;
}

unsigned ask_rounds(void)
{
	return ARRAY_SIZE(kept) + 1; /* and what the host's side says */
}
