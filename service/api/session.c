// SPDX-License-Identifier: GPL-2.0-only
/* session.c - /v1/session: a browser signs in with a key, and out (pages/session.h) */
#include <string.h>

#include "auth.h"
#include "fields.h"
#include "handlers.h"
#include "service/pages/session.h"
#include "vitrine/util.h"

static json_t *about(const struct caller *caller)
{
	static const struct {
		const char *name;
		enum scope scope;
	} scopes[] = { { "read", SCOPE_READ }, { "exec", SCOPE_EXEC }, { "admin", SCOPE_ADMIN } };
	json_t *names = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		if (caller->scopes & scopes[i].scope)
			json_array_append_new(names, json_string(scopes[i].name));
	}
	return json_pack("{s:s, s:s, s:o, s:s}", "key", caller->key, "owner", caller->owner,
			 "scopes", names, "version", VITRINE_VERSION);
}

void api_session_create(struct request *request)
{
	char cookie[SESSION_SECRET_LEN + 1], page[SESSION_SECRET_LEN + 1];
	char hash[DIGEST_LEN + 1], header[REQUEST_HEADER_MAX];
	const char *key = request_header(request, "X-API-Key");
	struct fault fault;
	json_t *json;

	if (!key) {
		fault_set(&fault, FAULT_BAD_REQUEST, "the key has to be in the header X-API-Key");
		answer_fault(request, &fault);
		return;
	}
	digest_hex(key, strlen(key), hash);
	session_begin(hash, cookie, page);
	audit(request->service, request->caller.owner, request->caller.key, "session.create", "",
	      "ok");
	session_cookie(request, cookie, header);
	answer_header(request, "Set-Cookie", header);
	json = about(&request->caller);
	json_object_set_new(json, "session", json_string(page));
	answer_json(request, 201, json);
}

void api_session_get(struct request *request)
{
	answer_json(request, 200, about(&request->caller));
}

void api_session_delete(struct request *request)
{
	char header[REQUEST_HEADER_MAX];
	struct fault fault;

	if (!session_end(request)) {
		fault_set(&fault, FAULT_CONFLICT, "this request is of no session");
		answer_fault(request, &fault);
		return;
	}
	session_cookie(request, "", header);
	answer_header(request, "Set-Cookie", header);
	answer_empty(request, 204);
}

void api_session_ticket(struct request *request)
{
	char ticket[SESSION_SECRET_LEN + 1];
	const char *path = NULL;
	const struct field fields[] = { { "path", FIELD_TEXT, 0, 0, &path, true } };
	struct fault fault;
	json_t *body = request_json(request, &fault);

	if (body && !fields_take(body, fields, ARRAY_SIZE(fields), &fault) &&
	    !session_ticket(request, path, ticket, &fault))
		answer_json(request, 201, json_pack("{s:s}", "ticket", ticket));
	else
		answer_fault(request, &fault);
	json_decref(body);
}
