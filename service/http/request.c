// SPDX-License-Identifier: GPL-2.0-only
/* request.c - a request, and the answers to it
 *
 * Theory of operation
 * The connection's thread owns the request until it is given to a worker, and again when the
 * worker has left an answer (or the beginning of one) and let the connection go on. The client may
 * go at any time: then the connection's thread lets go of it, and the worker's answer goes nowhere.
 * The lock is held for that, and for nothing that takes time.
 */
#include "request.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "match.h"
#include "server.h"
#include "vitrine/util.h"

#define TYPE_JSON "application/json"

static const struct {
	const char *name, *value;
} headers[] = {
	{ "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cache-Control", "no-store" },
};

struct request *request_make(struct service *service, struct MHD_Connection *connection,
			     const char *target)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->service = service;
	request->connection = connection;
	request->fd =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	request->target = strdup(target);
	request->users = 1;
	pthread_mutex_init(&request->lock, NULL);
	if (request->target)
		return request;
	request_release(request);
	return NULL;
}

void request_release(struct request *request)
{
	if (atomic_fetch_sub(&request->users, 1) > 1)
		return;
	server_forget_body(request->body_len);
	pipe_free(request->upload);
	pipe_free(request->download);
	if (request->response)
		MHD_destroy_response(request->response);
	free(request->body);
	free(request->target);
	pthread_mutex_destroy(&request->lock);
	free(request);
}

static enum MHD_Result take(void *context, enum MHD_ValueKind kind, const char *name,
			    const char *value)
{
	struct request *request = context;
	size_t name_len = strlen(name) + 1, len = name_len + (value ? strlen(value) : 0) + 1;
	char *at = request->values_text + request->values_used;

	if (request->nvalues == REQUEST_VALUES ||
	    len > sizeof(request->values_text) - request->values_used)
		return MHD_NO;
	memcpy(at, name, name_len);
	strcpy(at + name_len, value ? value : "");
	request->values_used += len;
	request->values[request->nvalues++] = (struct value){ kind, at, at + name_len };
	return MHD_YES;
}

bool request_copy(struct request *request)
{
	const int kinds = MHD_GET_ARGUMENT_KIND | MHD_HEADER_KIND;
	const int count = MHD_get_connection_values(request->connection, kinds, take, request);

	return count == (int)request->nvalues;
}

static const char *lookup(const struct request *request, enum MHD_ValueKind kind, const char *name,
			  int (*compare)(const char *, const char *))
{
	for (size_t i = 0; i < request->nvalues; i++) {
		if (request->values[i].kind == kind && !compare(request->values[i].name, name))
			return request->values[i].value;
	}
	return NULL;
}

const char *request_query(const struct request *request, const char *name)
{
	return lookup(request, MHD_GET_ARGUMENT_KIND, name, strcmp);
}

const char *request_header(const struct request *request, const char *name)
{
	return lookup(request, MHD_HEADER_KIND, name, strcasecmp);
}

void request_publish(struct request *request)
{
	pthread_mutex_lock(&request->lock);
	request->published = true;
	if (request->waits && !request->gone)
		MHD_resume_connection(request->connection);
	request->waits = false;
	pthread_mutex_unlock(&request->lock);
}

bool request_gone(struct request *request)
{
	bool gone;
	char byte;

	pthread_mutex_lock(&request->lock);
	/* The server does not look at a connection that waits for us. Its descriptor is open until
	 * it has told us, under the lock, that it is over */
	gone = request->gone || recv(request->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
	pthread_mutex_unlock(&request->lock);
	return gone;
}

json_t *request_json(struct request *request, struct fault *fault)
{
	json_error_t why;
	json_t *json;

	if (!request->body_len)
		return json_object();
	json = json_loadb(request->body, request->body_len, JSON_REJECT_DUPLICATES, &why);
	if (!json)
		fault_set(fault, FAULT_BAD_REQUEST, "the body is no JSON: line %d: %s", why.line,
			  why.text);
	else if (!json_is_object(json)) {
		fault_set(fault, FAULT_BAD_REQUEST, "the body is no JSON object");
		json_decref(json);
		return NULL;
	}
	return json;
}

/* Has the handler said it? */
static bool has_header(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->nheaders; i++) {
		if (!strcmp(request->headers[i].name, name))
			return true;
	}
	return false;
}

static void give(struct request *request, unsigned status, const char *type,
		 struct MHD_Response *response)
{
	if (!response)
		return;
	if (type)
		MHD_add_response_header(response, "Content-Type", type);
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		if (!has_header(request, headers[i].name))
			MHD_add_response_header(response, headers[i].name, headers[i].value);
	}
	for (size_t i = 0; i < request->nheaders; i++)
		MHD_add_response_header(response, request->headers[i].name,
					request->headers[i].value);
	request->status = status;
	request->response = response;
}

int answer_header(struct request *request, const char *name, const char *value)
{
	if (request->nheaders == REQUEST_HEADERS)
		return -1;
	request->headers[request->nheaders].name = name;
	snprintf(request->headers[request->nheaders++].value, REQUEST_HEADER_MAX, "%s", value);
	return 0;
}

void answer_text(struct request *request, unsigned status, const char *type, const char *text,
		 size_t len)
{
	give(request, status, type,
	     MHD_create_response_from_buffer(len, (void *)text, MHD_RESPMEM_MUST_COPY));
}

void answer_constant(struct request *request, unsigned status, const char *type, const void *data,
		     size_t len)
{
	give(request, status, type,
	     MHD_create_response_from_buffer(len, (void *)data, MHD_RESPMEM_PERSISTENT));
}

void answer_empty(struct request *request, unsigned status)
{
	give(request, status, NULL,
	     MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

void answer_json(struct request *request, unsigned status, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	struct MHD_Response *response;

	json_decref(json);
	if (!text) {
		answer_text(request, 500, TYPE_JSON, "{}", 2);
		return;
	}
	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(text);
	give(request, status, TYPE_JSON, response);
}

void answer_fault(struct request *request, const struct fault *fault)
{
	const struct fault_kind *kind = &fault_kinds[fault->code];
	json_t *text = json_string(fault->text) ?: json_string("failed; why is not text");
	json_t *json;

	if (fault->code == FAULT_LIMIT || fault->code == FAULT_BUSY)
		answer_header(request, "Retry-After", "1");
	switch (request->dialect) {
	case DIALECT_E2B:
		json = json_pack("{s:i, s:o}", "code", (int)kind->status, "message", text);
		break;
	case DIALECT_CONNECT:
		json = json_pack("{s:s, s:o}", "code", kind->connect, "message", text);
		break;
	default:
		json = json_pack("{s:{s:s, s:o}}", "error", "code", kind->code, "message", text);
	}
	answer_json(request, kind->status, json);
}

static ssize_t on_read(void *context, uint64_t at, char *data, size_t size)
{
	const struct request *request = context;
	ssize_t n = pipe_get(request->download, data, size);

	if (n == PIPE_END)
		return MHD_CONTENT_READER_END_OF_STREAM;
	return n == PIPE_CUT ? MHD_CONTENT_READER_END_WITH_ERROR : n;
}

int answer_stream(struct request *request, unsigned status, const char *type, uint64_t length)
{
	give(request, status, type, answer_open(request, length));
	if (!request->response)
		return -1;
	answer_go(request, status, request->response);
	return 0;
}

struct MHD_Response *answer_open(struct request *request, uint64_t length)
{
	request->download = pipe_make(request->connection);
	return request->download
		   ? MHD_create_response_from_callback(length, 64 * 1024, on_read, request, NULL)
		   : NULL;
}

void answer_go(struct request *request, unsigned status, struct MHD_Response *response)
{
	request->status = status;
	request->response = response;
	request->streams = true;
	request_publish(request);
}

int answer_write(struct request *request, const void *data, size_t len)
{
	return pipe_write(request->download, data, len);
}

void answer_end(struct request *request, bool cut)
{
	pipe_end(request->download, cut);
}

const struct route *route_find(struct request *request, bool *known)
{
	const char *method = request->method;

	*known = false;
	if (!strcmp(method, "HEAD"))
		method = "GET";
	for (size_t i = 0; i < nroutes; i++) {
		if (!match_path(routes[i].pattern, request->path, request->params))
			continue;
		request->dialect = routes[i].dialect;
		if (!strcmp(routes[i].method, method))
			return &routes[i];
		*known = true;
	}
	return NULL;
}
