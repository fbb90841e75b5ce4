// SPDX-License-Identifier: GPL-2.0-only
/* templates.c - /v1/templates and /v1/snapshots
 *
 * A template is a name for an image of the host. Every owner has "base", which is what the daemon
 * was started with.
 */
#include <errno.h>
#include <string.h>

#include "fields.h"
#include "handlers.h"
#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

void api_template_create(struct request *request)
{
	const char *name = NULL, *image = NULL;
	const struct field fields[] = {
		{ "name", FIELD_NAME, 0, 0, &name, true },
		{ "image", FIELD_NAME, 0, 0, &image, true },
	};
	struct fault fault;
	struct error err;
	json_t *body = request_json(request, &fault);

	if (!body || fields_take(body, fields, ARRAY_SIZE(fields), &fault)) {
		json_decref(body);
		answer_fault(request, &fault);
		return;
	}
	if (store_run(request->service->store, NULL, &err,
		      "INSERT INTO template (owner, name, image, created_ms) "
		      "VALUES ($1, $2, $3, $4)",
		      "sssi", request->caller.owner, name, image, now_ms())) {
		if (err.code == EEXIST)
			fault_set(&fault, FAULT_EXISTS, "there is a template %s", name);
		else
			fault_error(&fault, FAULT_INTERNAL, &err);
		answer_fault(request, &fault);
	} else {
		audit(request->service, request->caller.owner, request->caller.key,
		      "template.create", name, "ok");
		answer_json(request, 201, json_pack("{s:s, s:s}", "name", name, "image", image));
	}
	json_decref(body);
}

/* Rows of name and one more text, as objects in a list */
static void answer_rows(struct request *request, const char *list_name, const char *second,
			const char *sql)
{
	struct rows rows cleanup_rows = { 0 };
	json_t *list = json_array();
	struct fault fault;
	struct error err;

	if (store_run(request->service->store, &rows, &err, sql, "s", request->caller.owner)) {
		json_decref(list);
		fault_error(&fault, FAULT_INTERNAL, &err);
		answer_fault(request, &fault);
		return;
	}
	for (size_t i = 0; i < rows.count; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:I}", "name", rows_text(&rows, i, 0),
						second, rows_text(&rows, i, 1), "created_ms",
						(json_int_t)rows_number(&rows, i, 2)));
	answer_json(request, 200, json_pack("{s:o}", list_name, list));
}

void api_template_list(struct request *request)
{
	answer_rows(request, "templates", "image",
		    "SELECT name, image, created_ms FROM template WHERE owner = $1 ORDER BY name");
}

void api_template_delete(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	struct fault fault;
	struct error err;

	if (store_run(request->service->store, &rows, &err,
		      "DELETE FROM template WHERE owner = $1 AND name = $2", "ss",
		      request->caller.owner, request->params[0]))
		fault_error(&fault, FAULT_INTERNAL, &err);
	else if (!rows.changed)
		fault_set(&fault, FAULT_NOT_FOUND, "there is no template %.64s",
			  request->params[0]);
	else {
		audit(request->service, request->caller.owner, request->caller.key,
		      "template.delete", request->params[0], "ok");
		answer_empty(request, 204);
		return;
	}
	answer_fault(request, &fault);
}

void api_snapshot_create(struct request *request)
{
	char snapshot[SANDBOX_NAME_LEN + 1];
	const char *name = NULL, *sandbox = NULL;
	const struct field fields[] = {
		{ "sandbox_id", FIELD_NAME, 0, 0, &sandbox, true },
		{ "name", FIELD_NAME, 0, 0, &name, true },
	};
	struct fault fault;
	json_t *body = request_json(request, &fault);

	if (!body || fields_take(body, fields, ARRAY_SIZE(fields), &fault) ||
	    sandbox_snapshot(request->service, request->caller.owner, sandbox, name, snapshot,
			     &fault))
		answer_fault(request, &fault);
	else {
		audit(request->service, request->caller.owner, request->caller.key,
		      "snapshot.create", name, "ok");
		answer_json(request, 201,
			    json_pack("{s:s, s:s}", "name", name, "sandbox_id", sandbox));
	}
	json_decref(body);
}

/* Those sandboxes that went on from a snapshot, as a list */
static json_t *going_on(const struct rows *rows, const char *id)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rows->count; i++) {
		if (!strcmp(rows_text(rows, i, 1), id))
			json_array_append_new(list, json_string(rows_text(rows, i, 0)));
	}
	return list;
}

void api_snapshot_list(struct request *request)
{
	struct rows rows cleanup_rows = { 0 }, at cleanup_rows = { 0 };
	struct fault fault;
	struct error err;
	json_t *list;

	if (store_run(
		request->service->store, &rows, &err,
		"SELECT s.name, s.sandbox_id, s.created_ms, s.id, s.template, p.name "
		"FROM snapshot s LEFT JOIN snapshot p ON p.id = s.parent AND p.sandbox_id <> '' "
		"WHERE s.owner = $1 AND s.state = 'ready' AND s.sandbox_id <> '' ORDER BY "
		"s.created_ms",
		"s", request->caller.owner) ||
	    store_run(request->service->store, &at, &err,
		      "SELECT id, snapshot FROM sandbox WHERE owner = $1 AND state <> $2 AND "
		      "snapshot IS NOT NULL",
		      "ss", request->caller.owner, state_names[STATE_ENDED])) {
		fault_error(&fault, FAULT_INTERNAL, &err);
		answer_fault(request, &fault);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < rows.count; i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:I, s:s, s:s?, s:o}", "name",
				    rows_text(&rows, i, 0), "sandbox_id", rows_text(&rows, i, 1),
				    "created_ms", (json_int_t)rows_number(&rows, i, 2), "template",
				    rows_text(&rows, i, 4), "parent",
				    rows_text(&rows, i, 5)[0] ? rows_text(&rows, i, 5) : NULL,
				    "sandboxes", going_on(&at, rows_text(&rows, i, 3))));
	answer_json(request, 200, json_pack("{s:o}", "snapshots", list));
}

void api_snapshot_delete(struct request *request)
{
	struct fault fault;

	if (snapshot_forget(request->service, request->caller.owner, request->params[0], &fault)) {
		answer_fault(request, &fault);
		return;
	}
	audit(request->service, request->caller.owner, request->caller.key, "snapshot.delete",
	      request->params[0], "ok");
	answer_empty(request, 204);
}
