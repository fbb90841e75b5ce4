/* SPDX-License-Identifier: GPL-2.0-only */
/* request.h - a request, from its head to the end of its answer
 *
 * A handler runs on a thread of its own and may wait. It calls exactly one of the answer functions,
 * or begins a stream and ends it.
 */
#ifndef SERVICE_HTTP_REQUEST_H
#define SERVICE_HTTP_REQUEST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include <microhttpd.h>
#include "service/caller.h"
#include "service/fault.h"
#include "service/http/match.h"
#include "service/http/pipe.h"

#define REQUEST_BODY_MAX (1024 * 1024)
#define REQUEST_PATH_MAX 1024
#define REQUEST_HEADERS 12
#define REQUEST_HEADER_MAX 256
#define REQUEST_VALUES 64
#define REQUEST_VALUES_SIZE 8192

struct service;
struct request;
typedef void request_handler(struct request *request);

/* In whose words errors are */
enum dialect { DIALECT_OURS, DIALECT_E2B, DIALECT_CONNECT };

#define ROUTE_OPEN 1   /* needs no key */
#define ROUTE_STREAM 2 /* the body is not waited for: request_read() */

/**
 * struct route - who answers what
 * @pattern: of the path; {} is one segment of it, which becomes a parameter
 * @scope:   that the key must have
 */
struct route {
	const char *method, *pattern;
	unsigned flags;
	enum scope scope;
	request_handler *handler;
	enum dialect dialect;
};

/**
 * struct value - a header or a parameter of the query, copied: the connection may end at any time
 */
struct value {
	enum MHD_ValueKind kind;
	const char *name, *value;
};

/**
 * struct request - one request
 * @lock: protects @published, @waits and @gone
 * @published: the answer is there; @waits: the connection is suspended for it; @gone: it is over
 * @target:  path and query as the client has written them
 * @params:  what stood at the pattern's {}
 * @body:    of @body_len bytes, and a NUL; NULL without one
 * @upload:  the body of a ROUTE_STREAM
 * @download: what request_write() fills
 * @users:   the connection and the thread that works on it
 */
struct request {
	struct service *service;
	struct MHD_Connection *connection;
	int fd;
	const struct route *route;
	const char *method;
	char *target;
	enum dialect dialect;
	char path[REQUEST_PATH_MAX];
	char params[MATCH_PARAMS][MATCH_PARAM_MAX];
	struct caller caller;
	char *body;
	size_t body_len;
	struct pipe *upload, *download;
	struct MHD_Response *response;
	unsigned status;
	bool begun, dispatched, streams, waited, refused;
	uint64_t discarded;
	struct {
		const char *name;
		char value[REQUEST_HEADER_MAX];
	} headers[REQUEST_HEADERS];
	size_t nheaders;
	_Atomic int users;
	struct request *next;
	pthread_mutex_t lock;
	bool published, waits, gone;
	struct value values[REQUEST_VALUES];
	size_t nvalues, values_used;
	char values_text[REQUEST_VALUES_SIZE];
};

/** request_query() - A parameter of the query, or NULL */
const char *request_query(const struct request *request, const char *name);

/** request_header() - A header, or NULL */
const char *request_header(const struct request *request, const char *name);

/**
 * request_json() - The body as an object
 *
 * No body is an empty object.
 *
 * Return: an object that the caller releases, or NULL with @fault.
 */
json_t *request_json(struct request *request, struct fault *fault);

/** answer_json() - Answer with JSON; @json is consumed, NULL is an error of ours */
void answer_json(struct request *request, unsigned status, json_t *json);

/** answer_text() - Answer with a text; @text is copied */
void answer_text(struct request *request, unsigned status, const char *type, const char *text,
		 size_t len);

/** answer_constant() - Answer with what stays where it is for ever */
void answer_constant(struct request *request, unsigned status, const char *type, const void *data,
		     size_t len);

/** answer_empty() - Answer without a body */
void answer_empty(struct request *request, unsigned status);

/** answer_fault() - Answer with an error */
void answer_fault(struct request *request, const struct fault *fault);

/**
 * answer_header() - A header of the answer, whose name stays where it is; before the answer
 *
 * It takes the place of one that every answer has.
 */
int answer_header(struct request *request, const char *name, const char *value);

/**
 * answer_stream() - Begin an answer whose length is not known
 * @length: or it is; MHD_SIZE_UNKNOWN if not
 *
 * Return: 0, or -1: there is no memory, or the client has gone.
 */
int answer_stream(struct request *request, unsigned status, const char *type, uint64_t length);

/**
 * answer_open(), answer_go() - As answer_stream(), with none of the fields that answers of ours
 * have
 *
 * The caller adds his between the two. Return: NULL when there is no memory.
 */
struct MHD_Response *answer_open(struct request *request, uint64_t length);
void answer_go(struct request *request, unsigned status, struct MHD_Response *response);

/**
 * answer_write() - Some of it; waits while the client does not read
 *
 * Return: 0, or -1 when the client has gone.
 */
int answer_write(struct request *request, const void *data, size_t len);

/**
 * answer_end() - That was all
 * @cut: it was not: the client is to see that the connection breaks
 */
void answer_end(struct request *request, bool cut);

/**
 * request_publish() - The answer is there: the connection goes on with it
 */
void request_publish(struct request *request);

/** request_gone() - Has the client gone? */
bool request_gone(struct request *request);

/* For the server */
struct request *request_make(struct service *service, struct MHD_Connection *connection,
			     const char *target);
void request_release(struct request *request);

/**
 * typedef request_judge - May a request be answered?
 *
 * Fills request->caller. On the connections' thread, so it does not wait.
 *
 * Return: 0, or -1 with @fault.
 */
typedef int request_judge(struct request *request, struct fault *fault);

/** request_copy() - Copy headers and query. Return: false when there are too many */
bool request_copy(struct request *request);

/**
 * route_find() - Who answers
 * @known: set: there is something at this path, with another method
 *
 * Return: the route, with the request's parameters filled, or NULL.
 */
const struct route *route_find(struct request *request, bool *known);

/** route_special() - Who answers a request that is about another host than ours, or NULL */
const struct route *route_special(const struct request *request);

extern const struct route routes[];
extern const size_t nroutes;

#endif
