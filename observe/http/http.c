// SPDX-License-Identifier: GPL-2.0-only
/* http.c - requests and answers of the observatory's server
 *
 * Theory of operation
 * One thread serves all connections (libmicrohttpd with epoll). Handlers (routes.c) never wait, so
 * one thread is enough; what takes time is deferred and its connection suspended meanwhile.
 *
 * Each request is judged (security.c) by its head, before its body is read and its handler is
 * found. Bounds: number of connections, size of head (the daemon's memory per connection) and body,
 * seconds of silence, seconds for the whole request: bytes that trickle in do not hold a
 * connection for ever.
 *
 * Host system calls: those of libmicrohttpd; setsockopt, shutdown.
 */
#include "http.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include "answers.h"
#include "observe/api/api.h"
#include "observe/text/guest_text.h"
#include "lib/clock.h"
#include "security.h"
#include "server.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define MEMORY_PER_CONNECTION (48 * 1024)
#define SEND_BUFFER (256 * 1024) /* in the host's kernel; bounds what a slow reader holds */
#define BODY_DISCARD_MAX (1024 * 1024)

/**
 * struct peer - a connection
 * @since: when the request that it is sending could have begun; 0 when it is not its turn
 */
struct peer {
	struct peer *next, *previous;
	int fd;
	uint64_t since;
};

static pthread_mutex_t peers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct peer *peers;

static void on_connection(void *unused, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	const int size = SEND_BUFFER;
	struct peer *peer = *context;

	pthread_mutex_lock(&peers_lock);
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		peer = calloc(1, sizeof(*peer));
		*context = peer;
		if (peer) {
			peer->fd =
			    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd;
			peer->since = clock_now_ns();
			peer->next = peers;
			if (peers)
				peers->previous = peer;
			peers = peer;
			setsockopt(peer->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		}
	} else if (peer) {
		*(peer->previous ? &peer->previous->next : &peers) = peer->next;
		if (peer->next)
			peer->next->previous = peer->previous;
		free(peer);
		*context = NULL;
	}
	pthread_mutex_unlock(&peers_lock);
}

static void peer_mark(struct MHD_Connection *connection, uint64_t since)
{
	struct peer *peer =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	pthread_mutex_lock(&peers_lock);
	if (peer)
		peer->since = since;
	pthread_mutex_unlock(&peers_lock);
}

void http_sweep(uint64_t now_ns)
{
	pthread_mutex_lock(&peers_lock);
	for (struct peer *peer = peers; peer; peer = peer->next) {
		if (peer->since && peer->since + HTTP_PATIENCE * NS_PER_SECOND < now_ns)
			shutdown(peer->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&peers_lock);
}

const char *http_query(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

int http_query_number(const struct request *request, const char *name, uint64_t min, uint64_t max,
		      uint64_t fallback, uint64_t *value, struct error *err)
{
	const char *text = http_query(request, name);
	uint64_t number = 0;

	*value = fallback;
	if (!text)
		return 0;
	if (!*text || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
		return error_set(err, 0, "%s: not a decimal number", name);
	for (; *text; text++)
		number = number * 10 + (*text - '0');
	if (number < min || number > max)
		return error_set(err, 0, "%s: from %" PRIu64 " to %" PRIu64, name, min, max);
	*value = number;
	return 0;
}

void http_headers(struct MHD_Response *response, const char *type)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	for (size_t i = 0; i < security_nheaders; i++)
		MHD_add_response_header(response, security_headers[i].name,
					security_headers[i].value);
}

struct MHD_Response *http_response(const char *type, char *text, size_t len)
{
	struct MHD_Response *response =
	    text ? MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE) : NULL;

	if (!response) {
		free(text);
		return NULL;
	}
	http_headers(response, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return response;
}

enum MHD_Result http_answer(struct request *request, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	result = MHD_queue_response(request->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result http_answer_json(struct request *request, unsigned status, json_t *json)
{
	char *text = guest_dumps(json, API_JSON);
	size_t len = text ? strlen(text) : 0;

	json_decref(json);
	return http_answer(request, status, http_response(TYPE_JSON, text, len));
}

enum MHD_Result http_error(struct request *request, unsigned status, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;
	json_t *string;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	string = json_string(text);
	if (!string)
		string = json_string("failed, for a reason that is not text");
	return http_answer_json(request, status,
				json_pack("{s:o, s:i}", "error", string, "status", (int)status));
}

void http_defer(struct request *request)
{
	request->deferred = true;
	MHD_suspend_connection(request->connection);
}

void http_resume(struct request *request)
{
	MHD_resume_connection(request->connection);
}

/* The same address without the token, which is in the cookie from now on */
static enum MHD_Result exchange(struct request *request)
{
	const struct security *security = &request->server->security;
	struct MHD_Response *response = http_response(TYPE_TEXT, strdup(""), 0);
	char cookie[160];

	if (!response)
		return MHD_NO;
	snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; HttpOnly; SameSite=Strict",
		 security->cookie, security->session);
	MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
	MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, request->route->path);
	return http_answer(request, MHD_HTTP_SEE_OTHER, response);
}

static enum verdict judge(struct request *request)
{
	const struct security *security = &request->server->security;
	struct request_head head = {
		.post = !strcmp(request->method, MHD_HTTP_METHOD_POST),
		.open = request->route && (request->route->flags & ROUTE_OPEN),
		.page = request->route && (request->route->flags & ROUTE_PAGE),
		.host = http_header(request, MHD_HTTP_HEADER_HOST),
		.origin = http_header(request, "Origin"),
		.fetch_site = http_header(request, "Sec-Fetch-Site"),
		.fetch_mode = http_header(request, "Sec-Fetch-Mode"),
		.authorization = http_header(request, MHD_HTTP_HEADER_AUTHORIZATION),
		.cookie = MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND,
						      security->cookie),
		.token = request->route ? http_query(request, "token") : NULL,
		.content_type = http_header(request, MHD_HTTP_HEADER_CONTENT_TYPE),
	};

	return security_judge(security, &head);
}

static bool route_fits(const struct route *route, struct request *request)
{
	size_t len = strlen(route->path);

	if (!strcmp(route->path, "*"))
		return !strncmp(request->path, "/", 1) && strncmp(request->path, "/api/", 5);
	if (len > 1 && route->path[len - 1] == '/') {
		request->rest = request->path + len;
		return !strncmp(route->path, request->path, len) && *request->rest;
	}
	return !strcmp(route->path, request->path);
}

/* What keeps the request from being read on: 0, or a status */
static unsigned examine(struct request *request)
{
	const bool post = !strcmp(request->method, MHD_HTTP_METHOD_POST);
	const bool get = !strcmp(request->method, MHD_HTTP_METHOD_GET) ||
			 !strcmp(request->method, MHD_HTTP_METHOD_HEAD);
	const char *length = http_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	bool known = false;

	for (size_t i = 0; i < nroutes && !request->route; i++) {
		if (!route_fits(&routes[i], request))
			continue;
		known |= strcmp(routes[i].path, "*") != 0;
		if ((routes[i].flags & ROUTE_POST) ? post : get)
			request->route = &routes[i];
	}
	if (length && (strlen(length) > 9 || atol(length) > HTTP_BODY_MAX))
		return MHD_HTTP_CONTENT_TOO_LARGE;
	if (!post && !get)
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	if (!request->route)
		return known ? MHD_HTTP_METHOD_NOT_ALLOWED : MHD_HTTP_NOT_FOUND;
	return 0;
}

static enum MHD_Result refuse(struct request *request, unsigned status)
{
	const char *text = status == MHD_HTTP_NOT_FOUND		   ? "there is nothing here"
			   : status == MHD_HTTP_METHOD_NOT_ALLOWED ? "not with this method"
								   : "the request is too large";

	return http_error(request, status, "%s", text);
}

static enum MHD_Result begin(struct request *request)
{
	unsigned status = examine(request);
	enum verdict verdict = judge(request);

	if (verdict == VERDICT_EXCHANGE)
		return exchange(request);
	if (verdict != VERDICT_ALLOWED)
		return http_error(request, verdict_texts[verdict].status, "%s",
				  verdict_texts[verdict].text);
	return status ? refuse(request, status) : MHD_YES;
}

static enum MHD_Result append(struct request *request, const char *data, size_t len)
{
	char *body;

	if (request->body_len + len > BODY_DISCARD_MAX)
		return MHD_NO;
	if (request->body_len + len <= HTTP_BODY_MAX) {
		body = realloc(request->body, request->body_len + len + 1);
		if (!body)
			return MHD_NO;
		memcpy(body + request->body_len, data, len);
		body[request->body_len + len] = 0;
		request->body = body;
	}
	request->body_len += len;
	return MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **slot)
{
	struct request *request = *slot;
	enum MHD_Result result;

	if (!request) {
		request = calloc(1, sizeof(*request));
		if (!request)
			return MHD_NO;
		*slot = request;
		request->server = context;
		request->connection = connection;
		request->method = method;
		/* The address that is printed ends with a slash, and people put "/api" behind it */
		request->path = url + strspn(url, "/") - (*url == '/');
		return begin(request);
	}
	if (*len) {
		result = append(request, data, *len);
		*len = 0;
		return result;
	}
	if (request->body_len > HTTP_BODY_MAX)
		return refuse(request, MHD_HTTP_CONTENT_TOO_LARGE);
	peer_mark(connection, 0);
	return request->route->handler(request);
}

static void on_completed(void *unused, struct MHD_Connection *connection, void **slot,
			 enum MHD_RequestTerminationCode why)
{
	struct request *request = *slot;

	peer_mark(connection, clock_now_ns());
	if (!request)
		return;
	if (request->release)
		request->release(request->pending);
	free(request->body);
	free(request);
	*slot = NULL;
}

static void be_quiet(void *unused, const char *format, va_list args)
{
}

struct MHD_Daemon *http_start(struct server *server, int fd, struct error *err)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
	    NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, be_quiet, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL, MHD_OPTION_NOTIFY_COMPLETED,
	    on_completed, NULL, MHD_OPTION_END);

	if (!daemon)
		error_set(err, errno, "cannot start the HTTP server");
	return daemon;
}

void http_stop(struct MHD_Daemon *daemon)
{
	MHD_stop_daemon(daemon);
}
