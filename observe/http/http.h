/* SPDX-License-Identifier: GPL-2.0-only */
/* http.h - requests and answers of the observatory's server */
#ifndef OBSERVE_HTTP_HTTP_H
#define OBSERVE_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include <microhttpd.h>
#include "vitrine/error.h"

#define HTTP_BODY_MAX (16 * 1024)
#define HTTP_CONNECTIONS 400
#define HTTP_IDLE 10	 /* seconds without a byte */
#define HTTP_PATIENCE 20 /* seconds for a whole request */

#define TYPE_JSON "application/json"
#define TYPE_TEXT "text/plain; charset=utf-8"

struct server;
struct route;

/**
 * struct request - one request, from its head to the end of its answer
 * @rest:    of the path, behind a route that ends in '/'
 * @body:    of a POST, NUL terminated
 * @pending: what an answer that takes time hangs here; with @release it is given up with
 * @ready:   the answer that was waited for is there
 */
struct request {
	struct server *server;
	struct MHD_Connection *connection;
	const struct route *route;
	const char *method, *path, *rest;
	char *body;
	size_t body_len;
	bool deferred, ready;
	void *pending;
	void (*release)(void *pending);
};

/**
 * typedef http_handler - Answer a request
 *
 * Runs on the server's one HTTP thread, so it does not wait: what takes time is started, the
 * request deferred, and the handler called again.
 *
 * Return: what MHD wants: MHD_YES, or MHD_NO to close the connection.
 */
typedef enum MHD_Result http_handler(struct request *request);

#define ROUTE_POST 1 /* else GET and HEAD */
#define ROUTE_OPEN 2 /* needs no token */
#define ROUTE_PAGE 4 /* may be linked to */

struct route {
	const char *path; /* with '/' at its end all below, "/" only itself; "*": all but /api/ */
	unsigned flags;
	http_handler *handler;
	unsigned view; /* that answer_view() shows: enum vt_view */
};

/**
 * http_start() - Serve on a listening socket, on a thread of its own
 * @server: the routes' context
 * @fd:     listening socket; the daemon closes it
 * @err:    filled on failure
 *
 * Return: a daemon for http_stop(), or NULL.
 */
struct MHD_Daemon *http_start(struct server *server, int fd, struct error *err);

/**
 * http_stop() - Close all connections and end the thread; no request may be deferred any more
 */
void http_stop(struct MHD_Daemon *daemon);

/**
 * http_sweep() - Close connections that have been sending one request for too long
 * @now_ns: CLOCK_MONOTONIC
 */
void http_sweep(uint64_t now_ns);

/**
 * http_query() - A parameter of the request's query, or NULL
 */
const char *http_query(const struct request *request, const char *name);

/**
 * http_query_number() - A decimal parameter
 * @fallback: its value when the query does not have it
 *
 * Return: 0, or -1 when it is no number from @min to @max; @err says so.
 */
int http_query_number(const struct request *request, const char *name, uint64_t min, uint64_t max,
		      uint64_t fallback, uint64_t *value, struct error *err);

/**
 * http_header() - A header of the request, or NULL
 */
const char *http_header(const struct request *request, const char *name);

/**
 * http_response() - An answer that may be given several times
 * @type: Content-Type
 * @text: from malloc(), consumed; @len: its length
 *
 * Return: a response with all headers of security.h, NULL without memory.
 */
struct MHD_Response *http_response(const char *type, char *text, size_t len);

/**
 * http_headers() - Add the headers of security.h and a type to a response
 */
void http_headers(struct MHD_Response *response, const char *type);

/**
 * http_answer() - Answer with a response; @response is consumed, NULL is an error of ours
 */
enum MHD_Result http_answer(struct request *request, unsigned status,
			    struct MHD_Response *response);

/**
 * http_answer_json() - Answer with an object; @json is consumed
 */
enum MHD_Result http_answer_json(struct request *request, unsigned status, json_t *json);

/**
 * http_error() - Answer with an Error object
 */
enum MHD_Result http_error(struct request *request, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * http_defer() - Let the request wait; http_resume() has its handler called again, from any thread
 */
void http_defer(struct request *request);
void http_resume(struct request *request);

#endif
