// SPDX-License-Identifier: GPL-2.0-only
/* control.c - E2B's control plane: sandboxes in its words
 *
 * What its SDK sends and is not known here is left alone, as the service that it was made for does;
 * its durations are seconds, its moments RFC 3339.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "e2b.h"
#include "service/proxy/proxy.h"
#include "service/service.h"
#include "service/starter/order.h"
#include "service/store/store.h"
#include "vitrine/util.h"

#define TARGETS_MAX 64
#define TIMEOUT_MAX (30LL * 24 * 3600)
#define FOREVER_MS (100LL * 365 * 24 * 3600 * 1000)

json_t *e2b_moment(int64_t ms)
{
	const time_t seconds = (time_t)(ms / 1000);
	char text[48];
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%03dZ", (int)(ms % 1000));
	return json_string(text);
}

static json_t *brief(const struct request *request, const struct sandbox *s)
{
	const char *domain = request->service->domain;
	char token[33] = "";

	if (json_is_true(json_object_get(s->options, "private_traffic")))
		proxy_token(s, token);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "sandboxID", s->id, "templateID",
			 s->template, "clientID", "vitrine", "envdVersion", E2B_ENVD_VERSION,
			 "envdAccessToken", s->token, "trafficAccessToken",
			 token[0] ? json_string(token) : json_null(), "domain",
			 domain ? json_string(domain) : json_null());
}

json_t *e2b_detail(const struct request *request, const struct sandbox *s)
{
	const bool resumes = json_is_true(json_object_get(s->options, "auto_resume"));
	json_t *json = brief(request, s);
	json_t *more = json_pack(
	    "{s:s, s:o, s:o, s:I, s:I, s:I, s:O, s:s, s:{s:s, s:b}, s:b, s:[]}", "state",
	    s->state == STATE_PAUSED || s->state == STATE_RESUMING ? "paused" : "running",
	    "startedAt", e2b_moment(s->started_ms), "endAt",
	    e2b_moment(s->deadline_ms ? s->deadline_ms : s->started_ms + FOREVER_MS), "cpuCount",
	    (json_int_t)s->vcpus, "memoryMB", (json_int_t)s->memory_mb, "diskSizeMB",
	    (json_int_t)s->disk_mb, "metadata", s->metadata, "alias", s->template, "lifecycle",
	    "onTimeout", s->pauses ? "pause" : "kill", "autoResume", (int)resumes,
	    "allowInternetAccess", json_object_get(s->options, "network") != NULL, "volumeMounts");

	json_object_update(json, more);
	json_decref(more);
	if (json_object_get(s->options, "e2b_network"))
		json_object_set(json, "network", json_object_get(s->options, "e2b_network"));
	return json;
}

static void fail(struct request *request, const struct fault *fault)
{
	answer_fault(request, fault);
}

static int take_map(const json_t *from, json_t *to, size_t max, struct fault *fault)
{
	const char *name;
	json_t *value;

	if (json_object_size(from) > max)
		return fault_set(fault, FAULT_BAD_REQUEST, "too many entries");
	json_object_foreach((json_t *)from, name, value)
	{
		if (!json_is_string(value) || strlen(name) > 255 ||
		    json_string_length(value) > 4096)
			return fault_set(fault, FAULT_BAD_REQUEST, "%.64s: has to be a text", name);
		json_object_set(to, name, value);
	}
	return 0;
}

static json_t *variables(const json_t *map)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach((json_t *)map, name, value)
	{
		if (json_is_string(value))
			json_array_append_new(
			    list, json_sprintf("%s=%s", name, json_string_value(value)));
	}
	return list;
}

static int64_t take_timeout(const json_t *body, int64_t fallback)
{
	const json_t *timeout = json_object_get(body, "timeout");
	const int64_t seconds = json_is_integer(timeout) ? json_integer_value(timeout) : fallback;

	return seconds < 0 ? fallback : seconds > TIMEOUT_MAX ? TIMEOUT_MAX : seconds;
}

/* A list of addresses, networks and names */
static json_t *targets(const json_t *network, const char *field, bool *all, struct fault *fault)
{
	json_t *list = json_array(), *target;
	size_t i;

	json_array_foreach(json_object_get(network, field), i, target)
	{
		const char *text = json_string_value(target);

		if (!text || !*text || strlen(text) > 255 || i == TARGETS_MAX) {
			fault_set(fault, FAULT_BAD_REQUEST,
				  "network.%s: a list of texts, at most %d", field, TARGETS_MAX);
			json_decref(list);
			return NULL;
		}
		*all |= !strcmp(text, "0.0.0.0/0");
		json_array_append(list, target);
	}
	return list;
}

/*
 * A network only where the daemon was told to give one. Who denies everything has what he allows;
 * otherwise all public addresses are there but for those that he denies.
 */
static int take_network(const struct request *request, const json_t *body, json_t *options,
			struct fault *fault)
{
	const json_t *allowed = json_object_get(body, "allow_internet_access");
	const json_t *network = json_object_get(body, "network");
	bool all = false, ignored = false;
	json_t *deny = targets(network, "denyOut", &all, fault), *allow;

	if (!deny)
		return -1;
	allow = targets(network, "allowOut", &ignored, fault);
	if (!allow) {
		json_decref(deny);
		return -1;
	}
	if (json_is_false(json_object_get(network, "allowPublicTraffic")))
		json_object_set_new(options, "private_traffic", json_true());
	if (request->service->internet && !json_is_false(allowed)) {
		json_object_set_new(options, "network", json_string(all ? "rules" : "public"));
		json_object_set(options, all ? "allow" : "deny", all ? allow : deny);
	}
	if (json_array_size(allow) || json_array_size(deny))
		json_object_set_new(options, "e2b_network",
				    json_pack("{s:O, s:O}", "allowOut", allow, "denyOut", deny));
	json_decref(allow);
	json_decref(deny);
	return 0;
}

static int take_wanted(struct request *request, const json_t *body, struct sandbox *w,
		       struct fault *fault)
{
	const char *template = json_string_value(json_object_get(body, "templateID")) ?: "base";
	const json_t *resume = json_object_get(body, "autoResume");

	*w = (struct sandbox){ .vcpus = 1, .memory_mb = 512, .disk_mb = 1024 };
	w->options = json_object();
	w->metadata = json_object();
	w->timeout_sec = take_timeout(body, E2B_DEFAULT_TIMEOUT);
	w->pauses = json_is_true(json_object_get(body, "autoPause"));
	if (json_is_true(json_object_get(resume, "enabled")) || json_is_true(resume))
		json_object_set_new(w->options, "auto_resume", json_true());
	json_object_set_new(w->options, "env", variables(json_object_get(body, "envVars")));
	if (take_network(request, body, w->options, fault) ||
	    take_map(json_object_get(body, "metadata"), w->metadata, 64, fault))
		return -1;
	return e2b_template_find(request, template, w, fault);
}

void e2b_create(struct request *request)
{
	struct sandbox s cleanup_sandbox = { 0 };
	struct fault fault;
	json_t *body = request_json(request, &fault);
	bool repeated;

	if (!body || take_wanted(request, body, &s, &fault) ||
	    sandbox_create(request->service, &request->caller, &s, NULL, NULL, &repeated, &fault)) {
		fail(request, &fault);
	} else {
		audit(request->service, s.owner, request->caller.key, "sandbox.create", s.id, "ok");
		answer_json(request, 201, brief(request, &s));
	}
	json_decref(body);
}

/* A deadline from now on; one that is later stays with @extend */
static int set_deadline(struct service *service, const char *id, int64_t seconds, bool extend,
			struct fault *fault)
{
	const int64_t deadline = now_ms() + seconds * 1000;
	struct error err;

	if (store_run(service->store, NULL, &err,
		      extend
			  ? "UPDATE sandbox SET timeout_sec = $1, deadline_ms = $2 WHERE id = $3 "
			    "AND deadline_ms > 0 AND deadline_ms < $2"
			  : "UPDATE sandbox SET timeout_sec = $1, deadline_ms = $2 WHERE id = $3",
		      "iis", seconds, deadline, id))
		return fault_error(fault, FAULT_INTERNAL, &err);
	return 0;
}

void e2b_connect(struct request *request)
{
	const char *owner = request->caller.owner, *id = request->params[0];
	struct sandbox s cleanup_sandbox = { 0 };
	struct fault fault;
	json_t *body = request_json(request, &fault);
	const int64_t timeout = take_timeout(body, E2B_DEFAULT_TIMEOUT);
	unsigned status = 200;
	int ret = body ? sandbox_await(request->service, owner, id, &s, &fault) : -1;

	if (!ret && s.state == STATE_PAUSED) {
		status = 201;
		ret = sandbox_resume(request->service, owner, id, timeout, &fault);
		/* Somebody else was faster: that is just as well */
		if (ret && fault.code == FAULT_CONFLICT)
			ret = 0;
		sandbox_free(&s);
		if (!ret)
			ret = sandbox_await(request->service, owner, id, &s, &fault);
	} else if (!ret) {
		ret = set_deadline(request->service, id, timeout, true, &fault);
	}
	if (ret)
		fail(request, &fault);
	else
		answer_json(request, status, brief(request, &s));
	json_decref(body);
}

void e2b_resume(struct request *request)
{
	struct sandbox s cleanup_sandbox = { 0 };
	struct fault fault;
	json_t *body = request_json(request, &fault);

	if (!body ||
	    sandbox_resume(request->service, request->caller.owner, request->params[0],
			   take_timeout(body, E2B_DEFAULT_TIMEOUT), &fault) ||
	    sandbox_load(request->service, request->caller.owner, request->params[0], &s, &fault))
		fail(request, &fault);
	else
		answer_json(request, 201, brief(request, &s));
	json_decref(body);
}

void e2b_get(struct request *request)
{
	struct sandbox s cleanup_sandbox = { 0 };
	struct fault fault;

	if (sandbox_load(request->service, request->caller.owner, request->params[0], &s, &fault))
		fail(request, &fault);
	else
		answer_json(request, 200, e2b_detail(request, &s));
}

void e2b_kill(struct request *request)
{
	struct fault fault;

	if (sandbox_end(request->service, request->caller.owner, request->params[0], "killed",
			&fault)) {
		fail(request, &fault);
		return;
	}
	audit(request->service, request->caller.owner, request->caller.key, "sandbox.delete",
	      request->params[0], "ok");
	answer_empty(request, 204);
}

static void new_deadline(struct request *request, const char *field)
{
	struct sandbox s cleanup_sandbox = { 0 };
	struct fault fault;
	json_t *body = request_json(request, &fault);
	const json_t *number = json_object_get(body, field);

	if (body && (!json_is_integer(number) || json_integer_value(number) < 0))
		fault_set(&fault, FAULT_BAD_REQUEST, "%s: seconds, not negative", field);
	else if (body &&
		 !sandbox_load(request->service, request->caller.owner, request->params[0], &s,
			       &fault) &&
		 !set_deadline(request->service, s.id, json_integer_value(number), false, &fault)) {
		answer_empty(request, 204);
		json_decref(body);
		return;
	}
	json_decref(body);
	fail(request, &fault);
}

void e2b_timeout(struct request *request)
{
	new_deadline(request, "timeout");
}

void e2b_refresh(struct request *request)
{
	new_deadline(request, "duration");
}

void e2b_pause(struct request *request)
{
	struct fault fault;

	if (sandbox_pause(request->service, request->caller.owner, request->params[0], &fault)) {
		fail(request, &fault);
		return;
	}
	audit(request->service, request->caller.owner, request->caller.key, "sandbox.pause",
	      request->params[0], "ok");
	answer_empty(request, 204);
}

void e2b_fork(struct request *request)
{
	struct fault fault = { 0 };
	json_t *body = request_json(request, &fault), *list = json_array();
	const json_t *wanted = json_object_get(body, "count");
	const json_int_t count = json_is_integer(wanted) ? json_integer_value(wanted) : 1;

	if (body && (count < 1 || count > 100))
		fault_set(&fault, FAULT_BAD_REQUEST, "count: from 1 to 100");
	for (json_int_t i = 0; body && count >= 1 && count <= 100 && i < count; i++) {
		struct sandbox made cleanup_sandbox = { 0 };

		if (!sandbox_fork(request->service, &request->caller, request->params[0],
				  take_timeout(body, E2B_DEFAULT_TIMEOUT), &made, &fault))
			json_array_append_new(list,
					      json_pack("{s:o}", "sandbox", brief(request, &made)));
		else if (i == 0)
			break;
		else
			json_array_append_new(list, json_pack("{s:{s:i, s:s}}", "error", "code",
							      (int)fault_kinds[fault.code].status,
							      "message", fault.text));
	}
	json_decref(body);
	if (json_array_size(list)) {
		answer_json(request, 201, list);
		return;
	}
	json_decref(list);
	fail(request, &fault);
}

void e2b_snapshot(struct request *request)
{
	char snapshot[SANDBOX_NAME_LEN + 1];
	struct fault fault;
	json_t *body = request_json(request, &fault);
	const char *name = json_string_value(json_object_get(body, "name"));

	if (body && name && !order_name_valid(name))
		fault_set(&fault, FAULT_BAD_REQUEST, "name: letters, digits, '.', '_' and '-'");
	else if (body && !sandbox_snapshot(request->service, request->caller.owner,
					   request->params[0], name, snapshot, &fault)) {
		json_t *names = json_array();

		if (name)
			json_array_append_new(names, json_string(name));
		answer_json(request, 201,
			    json_pack("{s:s, s:o}", "snapshotID", snapshot, "names", names));
		json_decref(body);
		return;
	}
	json_decref(body);
	fail(request, &fault);
}
