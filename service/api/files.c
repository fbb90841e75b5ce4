// SPDX-License-Identifier: GPL-2.0-only
/* files.c - GET, PUT and DELETE of .../files?path=, and what else there is to do with files
 *
 * Any size: what goes in and out passes through pipes of a bounded size.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cp/guestfs.h"
#include "fields.h"
#include "handlers.h"
#include "service/files/guest.h"
#include "service/files/transfer.h"
#include "use.h"
#include "vitrine/util.h"

/* A call about a path: what is needed for it */
struct call {
	struct sandbox sandbox;
	struct guest guest;
	char path[GUEST_PATH_MAX];
};

static int call_begin(struct request *request, struct call *c, const char *path,
		      struct fault *fault)
{
	if (use_begin(request, &c->sandbox, fault))
		return -1;
	if (!guest_open(request->service, c->sandbox.id, &c->guest, fault) &&
	    !guest_path(&c->guest, path, request_query(request, "user"), c->path, fault))
		return 0;
	guest_close(&c->guest);
	use_end(request, &c->sandbox);
	return -1;
}

static void call_end(struct request *request, struct call *c)
{
	guest_close(&c->guest);
	use_end(request, &c->sandbox);
}

static const char *type_of(uint32_t mode)
{
	return S_ISDIR(mode)   ? "directory"
	       : S_ISREG(mode) ? "file"
	       : S_ISLNK(mode) ? "symlink"
			       : "other";
}

static json_t *entry_json(struct guest *guest, const struct entry *e)
{
	const char *slash = strrchr(e->path, '/');
	char owner[64], group[64];
	json_t *path = json_string(e->path), *name = json_string(slash[1] ? slash + 1 : "/");

	guest_names(guest, e, owner, group);
	if (!path || !name) {
		/* Not UTF-8: cannot be said in JSON */
		json_decref(path);
		json_decref(name);
		return NULL;
	}
	return json_pack("{s:o, s:o, s:s, s:I, s:i, s:s*, s:s*, s:I, s:s*}", "path", path, "name",
			 name, "type", type_of(e->mode), "size", (json_int_t)e->size, "mode",
			 (int)(e->mode & 07777), "owner", json_string(owner) ? owner : NULL,
			 "group", group, "mtime_ms",
			 (json_int_t)(e->mtime * 1000 + e->mtime_ns / 1000000), "target",
			 e->target[0] ? e->target : NULL);
}

void api_file_read(struct request *request)
{
	struct fault fault;
	struct call c;

	if (call_begin(request, &c, request_query(request, "path"), &fault)) {
		answer_fault(request, &fault);
		return;
	}
	if (transfer_out(request, &c.guest, c.path, &fault))
		answer_fault(request, &fault);
	call_end(request, &c);
}

void api_file_write(struct request *request)
{
	struct fault fault;
	struct call c;
	struct entry e;

	if (call_begin(request, &c, request_query(request, "path"), &fault)) {
		answer_fault(request, &fault);
		return;
	}
	if (transfer_in(request, &c.guest, c.path, request_query(request, "user"), &fault) ||
	    guest_stat(&c.guest, c.path, &e, &fault))
		answer_fault(request, &fault);
	else
		answer_json(request, 200, entry_json(&c.guest, &e));
	call_end(request, &c);
}

void api_file_delete(struct request *request)
{
	struct fault fault;
	struct call c;
	struct entry e;

	if (call_begin(request, &c, request_query(request, "path"), &fault)) {
		answer_fault(request, &fault);
		return;
	}
	if (guest_stat(&c.guest, c.path, &e, &fault) || guest_remove(&c.guest, c.path, &fault))
		answer_fault(request, &fault);
	else
		answer_empty(request, 204);
	call_end(request, &c);
}

void api_file_stat(struct request *request)
{
	struct fault fault;
	struct call c;
	struct entry e;

	if (call_begin(request, &c, request_query(request, "path"), &fault)) {
		answer_fault(request, &fault);
		return;
	}
	if (guest_stat(&c.guest, c.path, &e, &fault))
		answer_fault(request, &fault);
	else
		answer_json(request, 200, entry_json(&c.guest, &e));
	call_end(request, &c);
}

struct listing {
	struct guest *guest;
	json_t *list;
};

/* Names and owners need the connection, which the walk is using: afterwards */
static int visit(const struct entry *e, void *context)
{
	struct listing *listing = context;
	json_t *json = entry_json(listing->guest, e);

	return json ? json_array_append_new(listing->list, json) : 0;
}

void api_file_list(struct request *request)
{
	const char *depth = request_query(request, "depth");
	const int levels = depth ? atoi(depth) : 1;
	struct listing listing = { .list = json_array() };
	struct fault fault;
	struct call c;

	if (call_begin(request, &c, request_query(request, "path"), &fault)) {
		json_decref(listing.list);
		answer_fault(request, &fault);
		return;
	}
	listing.guest = &c.guest;
	if (levels < 1 || levels > GUEST_DEPTH_MAX)
		fault_set(&fault, FAULT_BAD_REQUEST, "depth: from 1 to %d", GUEST_DEPTH_MAX);
	else if (!guest_list(&c.guest, c.path, (unsigned)levels, visit, &listing, &fault)) {
		answer_json(request, 200, json_pack("{s:o}", "entries", listing.list));
		call_end(request, &c);
		return;
	}
	json_decref(listing.list);
	answer_fault(request, &fault);
	call_end(request, &c);
}

/* {path} or {path, to} of a body */
static int body_paths(struct request *request, json_t **body, const char **path, const char **to,
		      struct fault *fault)
{
	const struct field fields[] = {
		{ "path", FIELD_TEXT, 0, GUEST_PATH_MAX - 1, path, true },
		{ "to", FIELD_TEXT, 0, GUEST_PATH_MAX - 1, to, true },
	};

	*body = request_json(request, fault);
	return *body ? fields_take(*body, fields, to ? 2 : 1, fault) : -1;
}

void api_file_mkdir(struct request *request)
{
	const char *path = NULL;
	struct fault fault;
	struct call c;
	json_t *body;

	if (body_paths(request, &body, &path, NULL, &fault) ||
	    call_begin(request, &c, path, &fault)) {
		answer_fault(request, &fault);
	} else {
		if (guest_mkdirs(&c.guest, c.path, request_query(request, "user"), &fault))
			answer_fault(request, &fault);
		else
			answer_empty(request, 204);
		call_end(request, &c);
	}
	json_decref(body);
}

void api_file_rename(struct request *request)
{
	const char *path = NULL, *to = NULL;
	char target[GUEST_PATH_MAX];
	struct fault fault;
	struct call c;
	json_t *body;

	if (body_paths(request, &body, &path, &to, &fault) ||
	    call_begin(request, &c, path, &fault)) {
		answer_fault(request, &fault);
	} else {
		if (guest_path(&c.guest, to, request_query(request, "user"), target, &fault) ||
		    guest_rename(&c.guest, c.path, target, &fault))
			answer_fault(request, &fault);
		else
			answer_empty(request, 204);
		call_end(request, &c);
	}
	json_decref(body);
}
