// SPDX-License-Identifier: GPL-2.0-only
/* templates.c - E2B's templates: what its builder asks for
 *
 * A template's id is its name. A build is registered, the files that its steps copy are sent, each
 * to an address that the builder is told, and then it is started and asked about.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "e2b.h"
#include "service/build/build.h"
#include "service/digest.h"
#include "service/service.h"
#include "service/starter/order.h"
#include "service/store/store.h"
#include "vitrine/util.h"

#define DEFAULT_VCPUS 1
#define DEFAULT_MEMORY 512
#define DEFAULT_DISK 1024
#define DEFAULT_TAG "default"

/* Its builder's own base image */
static const char *const bases[] = { "e2bdev/base", "e2bdev/base:latest" };

static int64_t number(const json_t *body, const char *field, int64_t least, int64_t most,
		      int64_t fallback)
{
	const json_t *value = json_object_get(body, field);
	const int64_t n = json_is_integer(value) ? json_integer_value(value) : fallback;

	return n < least ? least : n > most ? most : n;
}

/* "name", or "name:default": there is one build of each name */
static int take_name(const json_t *body, char name[65], struct fault *fault)
{
	const char *text = json_string_value(json_object_get(body, "name"))
			       ?: json_string_value(json_object_get(body, "alias"));
	const json_t *tags = json_object_get(body, "tags"), *tag;
	const char *colon = text ? strchr(text, ':') : NULL;
	size_t i;

	snprintf(name, 65, "%.*s", colon ? (int)(colon - text) : 64, text ? text : "");
	if (!order_name_valid(name) || !strcmp(name, "base") || !strncmp(name, "vd-", 3))
		return fault_set(fault, FAULT_BAD_REQUEST,
				 "name: letters, digits, '.', '_' and '-', and not 'base'");
	if (colon && strcmp(colon + 1, DEFAULT_TAG) != 0)
		return fault_set(fault, FAULT_UNSUPPORTED, "templates have no tags here");
	json_array_foreach(tags, i, tag)
	{
		if (strcmp(json_string_value(tag) ?: "", DEFAULT_TAG) != 0)
			return fault_set(fault, FAULT_UNSUPPORTED, "templates have no tags here");
	}
	return 0;
}

void e2b_template_request(struct request *request)
{
	char name[65], id[BUILD_ID_LEN + 1];
	struct fault fault;
	json_t *body = request_json(request, &fault);

	if (!body || take_name(body, name, &fault) ||
	    build_register(&request->caller, name, number(body, "cpuCount", 1, 64, DEFAULT_VCPUS),
			   number(body, "memoryMB", 128, 1 << 20, DEFAULT_MEMORY), id, &fault))
		answer_fault(request, &fault);
	else
		answer_json(request, 202,
			    json_pack("{s:s, s:s, s:b, s:[s], s:[s], s:[s]}", "templateID", name,
				      "buildID", id, "public", 0, "names", name, "tags",
				      DEFAULT_TAG, "aliases", name));
	json_decref(body);
}

/* Where this daemon is, as this client has reached it */
static const char *scheme(const struct request *request)
{
	const char *said = request_header(request, "X-Forwarded-Proto");

	return said && !strcmp(said, "https") ? "https" : "http";
}

void e2b_template_files(struct request *request)
{
	const char *owner = request->caller.owner, *hash = request->params[1];
	const char *host = request_header(request, "Host");
	char token[DIGEST_LEN + 1];
	struct fault fault;

	if (!upload_valid(hash)) {
		fault_set(&fault, FAULT_BAD_REQUEST, "the hash is malformed");
		answer_fault(request, &fault);
		return;
	}
	upload_token(owner, hash, token);
	answer_json(request, 201,
		    json_pack("{s:b, s:o}", "present",
			      (int)upload_exists(request->service, owner, hash), "url",
			      json_sprintf("%s://%s/templates/%s/files/%s?owner=%s&token=%s",
					   scheme(request), host ? host : "127.0.0.1",
					   request->params[0], hash, owner, token)));
}

/* The address is all that its sender has */
void e2b_template_upload(struct request *request)
{
	const char *owner = request_query(request, "owner"), *hash = request->params[1];
	const char *said = request_query(request, "token");
	char token[DIGEST_LEN + 1];
	struct fault fault;

	if (owner && said && upload_valid(hash) && strlen(owner) < 64) {
		upload_token(owner, hash, token);
		if (same_text(token, said)) {
			if (upload_receive(request, owner, hash, &fault))
				answer_fault(request, &fault);
			else
				answer_empty(request, 200);
			return;
		}
	}
	fault_set(&fault, FAULT_UNAUTHENTICATED, "this address was not given out");
	answer_fault(request, &fault);
}

/* What the first step begins with */
static int take_base(struct request *request, const json_t *body, struct sandbox *base,
		     struct fault *fault)
{
	const char *image = json_string_value(json_object_get(body, "fromImage"));
	const char *template = json_string_value(json_object_get(body, "fromTemplate"));

	*base = (struct sandbox){ .disk_mb = DEFAULT_DISK };
	base->options = json_object();
	base->metadata = json_object();
	if (request->service->internet)
		json_object_set_new(base->options, "network", json_string("public"));
	for (size_t i = 0; image && i < ARRAY_SIZE(bases); i++) {
		if (!strcmp(image, bases[i]))
			image = NULL;
	}
	if (template)
		return e2b_template_find(request, template, base, fault);
	if (image && !order_name_valid(image))
		return fault_set(fault, FAULT_UNSUPPORTED,
				 "fromImage: the name of an image of this host (vitrine image ls)");
	snprintf(base->template, sizeof(base->template), "%s", image ? image : "base");
	snprintf(base->image, sizeof(base->image), "%s", image ? image : request->service->base);
	return 0;
}

void e2b_template_build(struct request *request)
{
	struct sandbox base = { 0 };
	struct fault fault;
	json_t *body = request_json(request, &fault);

	if (body && json_array_size(json_object_get(body, "steps")) > BUILD_STEPS_MAX)
		fault_set(&fault, FAULT_BAD_REQUEST, "at most %d steps", BUILD_STEPS_MAX);
	else if (body && !take_base(request, body, &base, &fault) &&
		 !build_start(request->service, &request->caller, request->params[0],
			      request->params[1], &base, body, &fault)) {
		audit(request->service, request->caller.owner, request->caller.key,
		      "template.build", request->params[0], "ok");
		answer_empty(request, 202);
		json_decref(body);
		return;
	}
	sandbox_free(&base);
	json_decref(body);
	answer_fault(request, &fault);
}

static json_t *entry(const json_t *said)
{
	return json_pack("{s:o, s:O, s:O}", "timestamp",
			 e2b_moment(json_integer_value(json_object_get(said, "at_ms"))), "level",
			 json_object_get(said, "level"), "message", json_object_get(said, "text"));
}

void e2b_template_status(struct request *request)
{
	const char *offset = request_query(request, "logsOffset");
	const long from = offset ? strtol(offset, NULL, 10) : 0;
	json_t *entries, *logs, *said, *answer, *status;
	struct fault fault;
	size_t i;

	status = build_status(request->caller.owner, request->params[0], request->params[1],
			      from > 0 ? (size_t)from : 0, &fault);
	if (!status) {
		answer_fault(request, &fault);
		return;
	}
	entries = json_array();
	logs = json_array();
	json_array_foreach(json_object_get(status, "log"), i, said)
	{
		json_array_append_new(entries, entry(said));
		json_array_append(logs, json_object_get(said, "text"));
	}
	answer = json_pack("{s:s, s:s, s:O, s:o, s:o}", "templateID", request->params[0], "buildID",
			   request->params[1], "status", json_object_get(status, "state"),
			   "logEntries", entries, "logs", logs);
	if (json_string_length(json_object_get(status, "reason")))
		json_object_set_new(answer, "reason",
				    json_pack("{s:O, s:O, s:[]}", "message",
					      json_object_get(status, "reason"), "step",
					      json_object_get(status, "step"), "logEntries"));
	json_decref(status);
	answer_json(request, 200, answer);
}

int e2b_template_find(struct request *request, const char *name, struct sandbox *wanted,
		      struct fault *fault)
{
	struct service *service = request->service;
	const char *owner = request->caller.owner, *colon = strchr(name, ':');
	char plain[65];

	snprintf(plain, sizeof(plain), "%.*s", colon ? (int)(colon - name) : 64, name);
	if (!order_name_valid(plain) || (colon && strcmp(colon + 1, DEFAULT_TAG) != 0))
		return fault_set(fault, FAULT_NOT_FOUND, "template '%.64s' not found", name);
	if (!template_find(service, owner, plain, wanted, fault))
		return 0;
	if (fault->code != FAULT_NOT_FOUND || !interpreter_is(plain))
		return -1;
	return interpreter_make(service, &request->caller, plain, fault) ||
		       template_find(service, owner, plain, wanted, fault)
		   ? -1
		   : 0;
}

void e2b_template_alias(struct request *request)
{
	struct sandbox found cleanup_sandbox = { 0 };
	struct fault fault;

	if (e2b_template_find(request, request->params[0], &found, &fault))
		answer_fault(request, &fault);
	else
		answer_json(request, 200,
			    json_pack("{s:s, s:b}", "templateID", request->params[0], "public", 0));
}

static json_t *template_json(const char *name, int64_t vcpus, int64_t memory_mb, int64_t disk_mb,
			     int64_t created_ms, bool public)
{
	return json_pack(
	    "{s:s, s:s, s:[s], s:[s], s:b, s:I, s:I, s:I, s:o, s:o, s:i, s:i, s:s, s:s}",
	    "templateID", name, "buildID", name, "aliases", name, "names", name, "public",
	    (int)public, "cpuCount", (json_int_t)vcpus, "memoryMB", (json_int_t)memory_mb,
	    "diskSizeMB", (json_int_t)disk_mb, "createdAt", e2b_moment(created_ms), "updatedAt",
	    e2b_moment(created_ms), "spawnCount", 0, "buildCount", 1, "envdVersion",
	    E2B_ENVD_VERSION, "buildStatus", "ready");
}

void e2b_templates(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	json_t *list = json_array();
	struct fault fault;
	struct error err;

	json_array_append_new(list,
			      template_json("base", DEFAULT_VCPUS, DEFAULT_MEMORY, DEFAULT_DISK,
					    request->service->started_ms, true));
	if (store_run(request->service->store, &rows, &err,
		      "SELECT name, 1, 512, 1024, created_ms FROM template WHERE owner = $1 "
		      "UNION ALL SELECT name, vcpus, memory_mb, disk_mb, created_ms FROM snapshot "
		      "WHERE owner = $1 AND state = 'ready' AND sandbox_id = '' ORDER BY 1",
		      "s", request->caller.owner)) {
		json_decref(list);
		fault_error(&fault, FAULT_INTERNAL, &err);
		answer_fault(request, &fault);
		return;
	}
	for (size_t i = 0; i < rows.count; i++)
		json_array_append_new(
		    list, template_json(rows_text(&rows, i, 0), rows_number(&rows, i, 1),
					rows_number(&rows, i, 2), rows_number(&rows, i, 3),
					rows_number(&rows, i, 4), false));
	answer_json(request, 200, list);
}

/* Snapshots are deleted as templates are */
void e2b_template_delete(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	struct fault fault;

	if (!snapshot_forget(request->service, request->caller.owner, request->params[0], &fault)) {
		answer_empty(request, 204);
		return;
	}
	if (fault.code == FAULT_NOT_FOUND &&
	    !store_run(request->service->store, &rows, NULL,
		       "DELETE FROM template WHERE owner = $1 AND name = $2", "ss",
		       request->caller.owner, request->params[0]) &&
	    rows.changed) {
		answer_empty(request, 204);
		return;
	}
	answer_fault(request, &fault);
}

/* The CLI asks which team it works for: here there is the key's owner */
void e2b_teams(struct request *request)
{
	answer_json(request, 200,
		    json_pack("[{s:s, s:s, s:s, s:b}]", "teamID", request->caller.owner, "name",
			      request->caller.owner, "apiKey", "", "isDefault", 1));
}
