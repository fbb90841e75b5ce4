// SPDX-License-Identifier: GPL-2.0-only
/* keys.c - /v1/keys and /v1/audit: for keys with the scope admin, and about their own owner */
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "fields.h"
#include "handlers.h"
#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

#define LIMIT_MAX (1LL << 40)

static const struct {
	const char *name;
	enum scope scope;
} scopes[] = {
	{ "read", SCOPE_READ },
	{ "exec", SCOPE_EXEC },
	{ "admin", SCOPE_ADMIN },
};

static int take_scopes(const json_t *list, unsigned *taken, struct fault *fault)
{
	const json_t *item;
	size_t i, k;

	*taken = 0;
	json_array_foreach(list, i, item)
	{
		for (k = 0; k < ARRAY_SIZE(scopes); k++) {
			if (!strcmp(scopes[k].name, json_string_value(item)))
				break;
		}
		if (k == ARRAY_SIZE(scopes))
			return fault_set(fault, FAULT_BAD_REQUEST, "scopes: read, exec, admin");
		*taken |= scopes[k].scope;
	}
	return *taken ? 0 : fault_set(fault, FAULT_BAD_REQUEST, "scopes: at least one");
}

void api_key_create(struct request *request)
{
	struct caller wanted = { 0 };
	char id[32], key[KEY_LEN + 1];
	const char *name = NULL, *owner = request->caller.owner;
	const json_t *list = NULL;
	const struct field fields[] = {
		{ "name", FIELD_NAME, 0, 0, &name, true },
		{ "owner", FIELD_NAME, 0, 63, &owner, false },
		{ "scopes", FIELD_TEXTS, 0, 8, &list, true },
		{ "max_sandboxes", FIELD_NUMBER, 0, LIMIT_MAX, &wanted.max_sandboxes, false },
		{ "max_vcpus", FIELD_NUMBER, 0, LIMIT_MAX, &wanted.max_vcpus, false },
		{ "max_memory_mb", FIELD_NUMBER, 0, LIMIT_MAX, &wanted.max_memory_mb, false },
		{ "max_disk_mb", FIELD_NUMBER, 0, LIMIT_MAX, &wanted.max_disk_mb, false },
		{ "max_requests", FIELD_NUMBER, 0, LIMIT_MAX, &wanted.max_requests, false },
	};
	struct fault fault;
	json_t *body = request_json(request, &fault);

	if (body && !fields_take(body, fields, ARRAY_SIZE(fields), &fault) &&
	    !take_scopes(list, &wanted.scopes, &fault)) {
		snprintf(wanted.owner, sizeof(wanted.owner), "%s", owner);
		if (!key_make(request->service, &wanted, name, id, key, &fault)) {
			audit(request->service, request->caller.owner, request->caller.key,
			      "key.create", id, "ok");
			answer_json(request, 201,
				    json_pack("{s:s, s:s, s:s, s:s}", "id", id, "name", name,
					      "owner", owner, "key", key));
			json_decref(body);
			return;
		}
	}
	json_decref(body);
	answer_fault(request, &fault);
}

void api_key_list(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	json_t *list = json_array();
	struct fault fault;
	struct error err;

	if (store_run(request->service->store, &rows, &err,
		      "SELECT id, name, owner, scopes, created_ms FROM api_key ORDER BY created_ms",
		      "")) {
		json_decref(list);
		fault_error(&fault, FAULT_INTERNAL, &err);
		answer_fault(request, &fault);
		return;
	}
	for (size_t i = 0; i < rows.count; i++) {
		json_t *names = json_array();

		for (size_t k = 0; k < ARRAY_SIZE(scopes); k++) {
			if (rows_number(&rows, i, 3) & scopes[k].scope)
				json_array_append_new(names, json_string(scopes[k].name));
		}
		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:s, s:o, s:I}", "id", rows_text(&rows, i, 0), "name",
			      rows_text(&rows, i, 1), "owner", rows_text(&rows, i, 2), "scopes",
			      names, "created_ms", (json_int_t)rows_number(&rows, i, 4)));
	}
	answer_json(request, 200, json_pack("{s:o}", "keys", list));
}

void api_key_delete(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	struct fault fault;
	struct error err;

	if (!strcmp(request->params[0], request->caller.key)) {
		fault_set(&fault, FAULT_CONFLICT, "a key does not delete itself");
		answer_fault(request, &fault);
		return;
	}
	if (store_run(request->service->store, &rows, &err, "DELETE FROM api_key WHERE id = $1",
		      "s", request->params[0])) {
		fault_error(&fault, FAULT_INTERNAL, &err);
		answer_fault(request, &fault);
		return;
	}
	if (!rows.changed) {
		fault_set(&fault, FAULT_NOT_FOUND, "there is no such key");
		answer_fault(request, &fault);
		return;
	}
	auth_changed();
	audit(request->service, request->caller.owner, request->caller.key, "key.delete",
	      request->params[0], "ok");
	answer_empty(request, 204);
}

void api_audit(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	const char *before = request_query(request, "before_ms");
	json_t *list = json_array();
	struct fault fault;
	struct error err;

	if (store_run(request->service->store, &rows, &err,
		      "SELECT at_ms, key_id, action, object, outcome FROM audit WHERE owner = $1 "
		      "AND at_ms < $2 ORDER BY at_ms DESC LIMIT 200",
		      "si", request->caller.owner,
		      before ? strtoll(before, NULL, 10) : INT64_MAX)) {
		json_decref(list);
		fault_error(&fault, FAULT_INTERNAL, &err);
		answer_fault(request, &fault);
		return;
	}
	for (size_t i = 0; i < rows.count; i++)
		json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:s, s:s}", "at_ms",
						      (json_int_t)rows_number(&rows, i, 0), "key",
						      rows_text(&rows, i, 1), "action",
						      rows_text(&rows, i, 2), "object",
						      rows_text(&rows, i, 3), "outcome",
						      rows_text(&rows, i, 4)));
	answer_json(request, 200, json_pack("{s:o}", "audit", list));
}
