// SPDX-License-Identifier: GPL-2.0-only
/* filesystem.c - filesystem.Filesystem of E2B: calls about files that are not their content */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "e2b.h"
#include "entry.h"
#include "vitrine/util.h"

/**
 * struct fs_call - a call about a path
 */
struct fs_call {
	struct request *request;
	struct guest guest;
	const char *user;
	const json_t *body;
	char path[GUEST_PATH_MAX];
};

/* Return: the answer, or NULL with @fault */
typedef json_t *fs_function(struct fs_call *call, struct fault *fault);

static void unary(struct request *request, const char *field, fs_function *function)
{
	struct fs_call call = { .request = request };
	json_t *body, *answer = NULL;
	struct fault fault;
	struct envd envd;

	if (envd_begin(request, &envd, NULL, NULL))
		return;
	body = connect_body(request, false);
	if (body) {
		call.body = body;
		if (!guest_open(request->service, envd.sandbox.id, &call.guest, &fault)) {
			call.user = envd_user(&call.guest, &envd);
			if (!guest_path(&call.guest,
					json_string_value(json_object_get(body, field)), call.user,
					call.path, &fault))
				answer = function(&call, &fault);
		}
		if (answer)
			answer_json(request, 200, answer);
		else
			answer_fault(request, &fault);
		guest_close(&call.guest);
		json_decref(body);
	}
	envd_end(request, &envd);
}

static json_t *answer_entry(struct fs_call *call, const char *path, struct fault *fault)
{
	struct entry e;
	json_t *json;

	if (guest_stat(&call->guest, path, &e, fault))
		return NULL;
	json = entry_info(&call->guest, &e);
	if (!json)
		fault_set(fault, FAULT_INTERNAL, "the name is not text");
	return json ? json_pack("{s:o}", "entry", json) : NULL;
}

static json_t *stat_call(struct fs_call *call, struct fault *fault)
{
	return answer_entry(call, call->path, fault);
}

static json_t *mkdir_call(struct fs_call *call, struct fault *fault)
{
	char followed[GUEST_PATH_MAX];
	struct entry e;

	strcpy(followed, call->path);
	if (!guest_follow(&call->guest, followed, &e, fault)) {
		fault_set(fault, S_ISDIR(e.mode) ? FAULT_EXISTS : FAULT_BAD_REQUEST,
			  "%.300s: it is there already", call->path);
		return NULL;
	}
	if (fault->code != FAULT_NOT_FOUND ||
	    guest_mkdirs(&call->guest, call->path, call->user, fault))
		return NULL;
	return answer_entry(call, call->path, fault);
}

static json_t *move_call(struct fs_call *call, struct fault *fault)
{
	char target[GUEST_PATH_MAX], parent[GUEST_PATH_MAX];
	char *slash;

	if (guest_path(&call->guest, json_string_value(json_object_get(call->body, "destination")),
		       call->user, target, fault))
		return NULL;
	strcpy(parent, target);
	slash = strrchr(parent, '/');
	*slash = '\0';
	if (parent[0] && guest_mkdirs(&call->guest, parent, call->user, fault))
		return NULL;
	if (guest_rename(&call->guest, call->path, target, fault))
		return NULL;
	return answer_entry(call, target, fault);
}

static json_t *remove_call(struct fs_call *call, struct fault *fault)
{
	return guest_remove(&call->guest, call->path, fault) ? NULL : json_object();
}

struct listing {
	struct guest *guest;
	json_t *list;
};

static int visit(const struct entry *e, void *context)
{
	struct listing *listing = context;
	json_t *json = entry_info(listing->guest, e);

	return json ? json_array_append_new(listing->list, json) : 0;
}

static json_t *list_call(struct fs_call *call, struct fault *fault)
{
	const json_t *wanted = json_object_get(call->body, "depth");
	const json_int_t depth = wanted ? json_integer_value(wanted) : 1;
	struct listing listing = { &call->guest, json_array() };
	char followed[GUEST_PATH_MAX];
	struct entry e;

	strcpy(followed, call->path);
	if (!guest_follow(&call->guest, followed, &e, fault)) {
		if (!S_ISDIR(e.mode))
			fault_set(fault, FAULT_BAD_REQUEST, "path is not a directory: %.300s",
				  call->path);
		else if (depth < 1)
			fault_set(fault, FAULT_BAD_REQUEST, "depth should be at least 1");
		else if (!guest_list(&call->guest, followed,
				     depth < GUEST_DEPTH_MAX ? (unsigned)depth : GUEST_DEPTH_MAX,
				     visit, &listing, fault))
			return json_pack("{s:o}", "entries", listing.list);
	}
	json_decref(listing.list);
	return NULL;
}

void e2b_fs_stat(struct request *request)
{
	unary(request, "path", stat_call);
}

void e2b_fs_list(struct request *request)
{
	unary(request, "path", list_call);
}

void e2b_fs_mkdir(struct request *request)
{
	unary(request, "path", mkdir_call);
}

void e2b_fs_move(struct request *request)
{
	unary(request, "source", move_call);
}

void e2b_fs_remove(struct request *request)
{
	unary(request, "path", remove_call);
}
