// SPDX-License-Identifier: GPL-2.0-only
/* sandboxes.c - POST, GET, PATCH and DELETE of /v1/sandboxes */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "handlers.h"
#include "service/digest.h"
#include "service/life/find.h"
#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

#define TIMEOUT_MAX (30LL * 24 * 3600)
#define METADATA_MAX 64

json_t *api_sandbox_json(const struct sandbox *s)
{
	return json_pack(
	    "{s:s, s:s, s:s, s:s*, s:I, s:I, s:I, s:I, s:I, s:s, s:O, s:I, s:I, s:o}", "id", s->id,
	    "template", s->template, "state", state_names[s->state], "reason",
	    s->reason[0] ? s->reason : NULL, "vcpus", (json_int_t)s->vcpus, "memory_mb",
	    (json_int_t)s->memory_mb, "disk_mb", (json_int_t)s->disk_mb, "timeout_sec",
	    (json_int_t)s->timeout_sec, "idle_timeout_sec", (json_int_t)s->idle_timeout_sec,
	    "on_timeout", s->pauses ? "pause" : "kill", "metadata", s->metadata, "created_ms",
	    (json_int_t)s->created_ms, "started_ms", (json_int_t)s->started_ms, "deadline_ms",
	    s->deadline_ms ? json_integer(s->deadline_ms) : json_null());
}

void api_sandbox_answer(struct request *request, unsigned status, const char *id)
{
	struct sandbox s cleanup_sandbox = { 0 };
	struct fault fault;

	if (sandbox_load(request->service, request->caller.owner, id, &s, &fault))
		answer_fault(request, &fault);
	else
		answer_json(request, status, api_sandbox_json(&s));
}

/* {"mode": ..., "allow": [...], "deny": [...]} */
static int take_network(const json_t *body, json_t *options, struct fault *fault)
{
	const json_t *network = json_object_get(body, "network"), *allow = NULL, *deny = NULL;
	const char *mode = "rules";
	const struct field fields[] = {
		{ "mode", FIELD_TEXT, 0, 16, &mode, false },
		{ "allow", FIELD_TEXTS, 0, 64, &allow, false },
		{ "deny", FIELD_TEXTS, 0, 64, &deny, false },
	};

	if (!network || json_is_null(network))
		return 0;
	if (!json_is_object(network))
		return fault_set(fault, FAULT_BAD_REQUEST, "network: has to be an object");
	if (fields_take(network, fields, ARRAY_SIZE(fields), fault))
		return -1;
	if (strcmp(mode, "none") != 0 && strcmp(mode, "public") != 0 &&
	    strcmp(mode, "rules") != 0 && strcmp(mode, "any") != 0)
		return fault_set(fault, FAULT_BAD_REQUEST,
				 "network.mode: none, public, rules or any");
	json_object_set_new(options, "network", json_string(mode));
	if (allow)
		json_object_set(options, "allow", (json_t *)allow);
	if (deny)
		json_object_set(options, "deny", (json_t *)deny);
	return 0;
}

/* {"K": "V"} as ["K=V"] */
static int take_environment(const json_t *env, json_t *options, struct fault *fault)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach((json_t *)env, name, value)
	{
		if (strspn(name,
			   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
			strlen(name) ||
		    (*name >= '0' && *name <= '9')) {
			json_decref(list);
			return fault_set(fault, FAULT_BAD_REQUEST,
					 "env: '%.64s' is no name of a variable", name);
		}
		json_array_append_new(list, json_sprintf("%s=%s", name, json_string_value(value)));
	}
	json_object_set_new(options, "env", list);
	return 0;
}

static int take_timeout(const char *on_timeout, struct sandbox *wanted, struct fault *fault)
{
	if (!on_timeout)
		return 0;
	if (strcmp(on_timeout, "pause") != 0 && strcmp(on_timeout, "kill") != 0)
		return fault_set(fault, FAULT_BAD_REQUEST, "on_timeout: pause or kill");
	wanted->pauses = !strcmp(on_timeout, "pause");
	return 0;
}

int api_wanted(struct request *request, const json_t *body, struct sandbox *w, struct fault *fault)
{
	const char *template = "base", *on_timeout = NULL, *mode = NULL, *isolation = NULL;
	const char *snapshot = NULL;
	const json_t *env = NULL, *metadata = NULL;
	const struct field fields[] = {
		{ "template", FIELD_NAME, 0, 0, &template, false },
		{ "snapshot", FIELD_NAME, 0, 0, &snapshot, false },
		{ "vcpus", FIELD_NUMBER, 1, 64, &w->vcpus, false },
		{ "memory_mb", FIELD_NUMBER, 64, 1 << 20, &w->memory_mb, false },
		{ "disk_mb", FIELD_NUMBER, 64, 1 << 24, &w->disk_mb, false },
		{ "timeout_sec", FIELD_NUMBER, 0, TIMEOUT_MAX, &w->timeout_sec, false },
		{ "idle_timeout_sec", FIELD_NUMBER, 0, TIMEOUT_MAX, &w->idle_timeout_sec, false },
		{ "on_timeout", FIELD_TEXT, 0, 16, &on_timeout, false },
		{ "env", FIELD_MAP, 0, 128, &env, false },
		{ "metadata", FIELD_MAP, 0, METADATA_MAX, &metadata, false },
		{ "syscall_mode", FIELD_TEXT, 0, 16, &mode, false },
		{ "isolation", FIELD_TEXT, 0, 16, &isolation, false },
	};
	json_t *rest = json_copy((json_t *)body);
	int ret;

	*w = (struct sandbox){ .vcpus = 1, .memory_mb = 512, .disk_mb = 1024, .pauses = true };
	w->options = json_object();
	json_object_del(rest, "network");
	ret = fields_take(rest, fields, ARRAY_SIZE(fields), fault) ||
	      take_network(body, w->options, fault) || take_environment(env, w->options, fault) ||
	      take_timeout(on_timeout, w, fault);
	w->metadata = metadata ? json_deep_copy(metadata) : json_object();
	json_decref(rest);
	if (ret)
		return -1;
	if (mode && strcmp(mode, "auto") != 0 && strcmp(mode, "seccomp") != 0 &&
	    strcmp(mode, "emulate") != 0)
		return fault_set(fault, FAULT_BAD_REQUEST,
				 "syscall_mode: auto, seccomp or emulate");
	if (mode)
		json_object_set_new(w->options, "syscall_mode", json_string(mode));
	if (isolation && strcmp(isolation, "process") != 0)
		return fault_set(fault, FAULT_BAD_REQUEST, "isolation: process");
	if (snapshot)
		return snapshot_wanted(request->service, request->caller.owner, snapshot, w, fault);
	return template_find(request->service, request->caller.owner, template, w, fault);
}

static bool token_valid(const char *token)
{
	const size_t len = strlen(token);

	return len && len <= 128 &&
	       strspn(token,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-") == len;
}

void api_sandbox_create(struct request *request)
{
	const char *token = request_header(request, "Idempotency-Key");
	struct sandbox s cleanup_sandbox = { 0 };
	char digest[DIGEST_LEN + 1];
	struct fault fault;
	json_t *body = request_json(request, &fault);
	bool repeated;

	if (!body) {
		answer_fault(request, &fault);
		return;
	}
	digest_hex(request->body ? request->body : "", request->body_len, digest);
	if (token && !token_valid(token))
		fault_set(&fault, FAULT_BAD_REQUEST,
			  "Idempotency-Key: 1 to 128 letters, digits, '.', '_', ':' or '-'");
	else if (!api_wanted(request, body, &s, &fault) &&
		 !sandbox_create(request->service, &request->caller, &s, token, digest, &repeated,
				 &fault)) {
		audit(request->service, s.owner, request->caller.key, "sandbox.create", s.id, "ok");
		answer_json(request, 201, api_sandbox_json(&s));
		json_decref(body);
		return;
	}
	json_decref(body);
	audit(request->service, request->caller.owner, request->caller.key, "sandbox.create", "",
	      fault_kinds[fault.code].code);
	answer_fault(request, &fault);
}

/* metadata=name=value, or name:value; several with ',' between */
static int take_pairs(const char *at, struct find *find)
{
	while (at && *at) {
		const size_t len = strcspn(at, ",&"), name = strcspn(at, "=:");

		if (find->npairs == FIND_PAIRS || !name || name >= len || name >= FIND_TEXT ||
		    len - name > FIND_TEXT)
			return -1;
		snprintf(find->pairs[find->npairs][0], FIND_TEXT, "%.*s", (int)name, at);
		snprintf(find->pairs[find->npairs++][1], FIND_TEXT, "%.*s", (int)(len - name - 1),
			 at + name + 1);
		at += len + (at[len] != '\0');
	}
	return 0;
}

static int take_find(const struct request *request, struct find *find, struct fault *fault)
{
	const char *state = request_query(request, "state"),
		   *limit = request_query(request, "limit");
	const char *cursor = request_query(request, "cursor");

	find->limit = limit ? strtoll(limit, NULL, 10) : FIND_MAX;
	for (unsigned i = 0; i < STATE_ENDED; i++)
		find->states |= !state || !strcmp(state, state_names[i]) ? 1U << i : 0;
	if (find->limit < 1 || find->limit > FIND_MAX)
		return fault_set(fault, FAULT_BAD_REQUEST, "limit: from 1 to %d", FIND_MAX);
	if (!find->states)
		return fault_set(fault, FAULT_BAD_REQUEST, "state: running, paused, ...");
	if (cursor && *cursor && find_cursor(find, cursor))
		return fault_set(fault, FAULT_BAD_REQUEST, "cursor: not one of this service");
	if (take_pairs(request_query(request, "metadata"), find))
		return fault_set(fault, FAULT_BAD_REQUEST,
				 "metadata: up to %d of name=value, with ',' between", FIND_PAIRS);
	return 0;
}

void api_sandbox_list(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	struct find find = { 0 };
	char cursor[FIND_TEXT] = "";
	struct fault fault;
	json_t *list;

	if (take_find(request, &find, &fault) ||
	    find_run(request->service, request->caller.owner, &find, &rows, &fault)) {
		answer_fault(request, &fault);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < rows.count && (int64_t)i < find.limit; i++) {
		struct sandbox s cleanup_sandbox = { 0 };

		if (sandbox_take(&rows, i, &s))
			continue;
		json_array_append_new(list, api_sandbox_json(&s));
		find_cursor_text(&s, cursor);
	}
	answer_json(
	    request, 200,
	    json_pack("{s:o, s:o}", "sandboxes", list, "cursor",
		      (int64_t)rows.count > find.limit ? json_string(cursor) : json_null()));
}

void api_sandbox_get(struct request *request)
{
	api_sandbox_answer(request, 200, request->params[0]);
}

void api_sandbox_delete(struct request *request)
{
	struct fault fault;
	int ret = sandbox_end(request->service, request->caller.owner, request->params[0],
			      "deleted", &fault);

	audit(request->service, request->caller.owner, request->caller.key, "sandbox.delete",
	      request->params[0], ret ? fault_kinds[fault.code].code : "ok");
	if (ret)
		answer_fault(request, &fault);
	else
		answer_empty(request, 204);
}
