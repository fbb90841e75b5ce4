// SPDX-License-Identifier: GPL-2.0-only
/* steps.c - PATCH of a sandbox, and POST .../pause, resume, fork, ping, snapshot, rollback */
#include <string.h>

#include "fields.h"
#include "handlers.h"
#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

#define TIMEOUT_MAX (30LL * 24 * 3600)

static void log_and_fail(struct request *request, const char *action, const struct fault *fault)
{
	audit(request->service, request->caller.owner, request->caller.key, action,
	      request->params[0], fault_kinds[fault->code].code);
	answer_fault(request, fault);
}

static void log_and_answer(struct request *request, const char *action)
{
	audit(request->service, request->caller.owner, request->caller.key, action,
	      request->params[0], "ok");
	api_sandbox_answer(request, 200, request->params[0]);
}

/* Take the body apart; answered when it is not as it should be */
static json_t *body_of(struct request *request, const struct field *fields, size_t count)
{
	struct fault fault;
	json_t *body = request_json(request, &fault);

	if (body && !fields_take(body, fields, count, &fault))
		return body;
	json_decref(body);
	answer_fault(request, &fault);
	return NULL;
}

void api_sandbox_pause(struct request *request)
{
	struct fault fault;

	if (sandbox_pause(request->service, request->caller.owner, request->params[0], &fault))
		log_and_fail(request, "sandbox.pause", &fault);
	else
		log_and_answer(request, "sandbox.pause");
}

void api_sandbox_resume(struct request *request)
{
	int64_t timeout = -1;
	const struct field fields[] = {
		{ "timeout_sec", FIELD_NUMBER, 0, TIMEOUT_MAX, &timeout, false },
	};
	json_t *body = body_of(request, fields, ARRAY_SIZE(fields));
	struct fault fault;

	if (!body)
		return;
	json_decref(body);
	if (sandbox_resume(request->service, request->caller.owner, request->params[0], timeout,
			   &fault))
		log_and_fail(request, "sandbox.resume", &fault);
	else
		log_and_answer(request, "sandbox.resume");
}

void api_sandbox_fork(struct request *request)
{
	struct sandbox made cleanup_sandbox = { 0 };
	struct fault fault;

	if (sandbox_fork(request->service, &request->caller, request->params[0], -1, &made,
			 &fault)) {
		log_and_fail(request, "sandbox.fork", &fault);
		return;
	}
	audit(request->service, made.owner, request->caller.key, "sandbox.fork", made.id, "ok");
	answer_json(request, 200, api_sandbox_json(&made));
}

void api_sandbox_ping(struct request *request)
{
	struct sandbox s cleanup_sandbox = { 0 };
	struct fault fault;
	struct error err;

	if (sandbox_load(request->service, request->caller.owner, request->params[0], &s, &fault))
		answer_fault(request, &fault);
	else if (s.state != STATE_RUNNING) {
		fault_set(&fault, FAULT_CONFLICT, "the sandbox %s does not run", s.id);
		answer_fault(request, &fault);
	} else if (store_run(request->service->store, NULL, &err,
			     "UPDATE sandbox SET idle_ms = $1 WHERE id = $2", "is", now_ms(),
			     s.id)) {
		fault_error(&fault, FAULT_INTERNAL, &err);
		answer_fault(request, &fault);
	} else {
		api_sandbox_answer(request, 200, s.id);
	}
}

void api_sandbox_snapshot(struct request *request)
{
	char snapshot[SANDBOX_NAME_LEN + 1];
	const char *name = NULL;
	const struct field fields[] = { { "name", FIELD_NAME, 0, 0, &name, true } };
	json_t *body = body_of(request, fields, ARRAY_SIZE(fields));
	struct fault fault;

	if (!body)
		return;
	if (sandbox_snapshot(request->service, request->caller.owner, request->params[0], name,
			     snapshot, &fault))
		log_and_fail(request, "sandbox.snapshot", &fault);
	else
		log_and_answer(request, "sandbox.snapshot");
	json_decref(body);
}

void api_sandbox_rollback(struct request *request)
{
	const char *name = NULL;
	const struct field fields[] = { { "snapshot", FIELD_NAME, 0, 0, &name, true } };
	json_t *body = body_of(request, fields, ARRAY_SIZE(fields));
	struct fault fault;

	if (!body)
		return;
	if (sandbox_rollback(request->service, request->caller.owner, request->params[0], name,
			     &fault))
		log_and_fail(request, "sandbox.rollback", &fault);
	else
		log_and_answer(request, "sandbox.rollback");
	json_decref(body);
}

/* New metadata replaces all of the old */
static int metadata_store(struct request *request, struct change *change, const char *id,
			  const json_t *metadata, struct error *err)
{
	cleanup_free char *text = json_dumps(metadata, JSON_COMPACT);
	const char *name;
	json_t *value;

	if (!text ||
	    change_run(change, NULL, err, "UPDATE sandbox SET metadata = $1 WHERE id = $2", "ss",
		       text, id) ||
	    change_run(change, NULL, err, "DELETE FROM sandbox_metadata WHERE sandbox_id = $1", "s",
		       id))
		return -1;
	json_object_foreach((json_t *)metadata, name, value)
	{
		if (change_run(change, NULL, err,
			       "INSERT INTO sandbox_metadata (sandbox_id, name, value) "
			       "VALUES ($1, $2, $3)",
			       "sss", id, name, json_string_value(value)))
			return -1;
	}
	return 0;
}

void api_sandbox_patch(struct request *request)
{
	struct sandbox s cleanup_sandbox = { 0 };
	int64_t timeout = -1, idle = -1;
	const char *on_timeout = NULL, *id = request->params[0];
	const json_t *metadata = NULL;
	const struct field fields[] = {
		{ "timeout_sec", FIELD_NUMBER, 0, TIMEOUT_MAX, &timeout, false },
		{ "idle_timeout_sec", FIELD_NUMBER, 0, TIMEOUT_MAX, &idle, false },
		{ "on_timeout", FIELD_TEXT, 0, 16, &on_timeout, false },
		{ "metadata", FIELD_MAP, 0, 64, &metadata, false },
	};
	json_t *body = body_of(request, fields, ARRAY_SIZE(fields));
	struct change change = { 0 };
	struct fault fault;
	struct error err = { 0 };
	int ret;

	if (!body)
		return;
	ret = sandbox_load(request->service, request->caller.owner, id, &s, &fault);
	if (!ret && on_timeout && strcmp(on_timeout, "pause") != 0 &&
	    strcmp(on_timeout, "kill") != 0)
		ret = fault_set(&fault, FAULT_BAD_REQUEST, "on_timeout: pause or kill");
	if (!ret) {
		if (timeout >= 0) {
			s.timeout_sec = timeout;
			s.deadline_ms = timeout ? now_ms() + timeout * 1000 : 0;
		}
		if (idle >= 0)
			s.idle_timeout_sec = idle;
		if (on_timeout)
			s.pauses = !strcmp(on_timeout, "pause");
		ret =
		    change_begin(&change, request->service->store, &err) ||
		    change_run(&change, NULL, &err,
			       "UPDATE sandbox SET timeout_sec = $1, deadline_ms = $2, "
			       "idle_timeout_sec = $3, on_timeout = $4, idle_ms = $5 WHERE id = $6",
			       "iiisis", s.timeout_sec, s.deadline_ms, s.idle_timeout_sec,
			       s.pauses ? "pause" : "kill", now_ms(), id) ||
		    (metadata && metadata_store(request, &change, id, metadata, &err));
		if (change_end(&change, !ret, &err) || ret)
			ret = fault_error(&fault, FAULT_INTERNAL, &err);
	}
	json_decref(body);
	if (ret)
		log_and_fail(request, "sandbox.patch", &fault);
	else
		log_and_answer(request, "sandbox.patch");
}
