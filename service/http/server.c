// SPDX-License-Identifier: GPL-2.0-only
/* server.c - connections of vitrined
 *
 * Theory of operation
 * One thread of libmicrohttpd has all connections and never waits. It judges a request by its head:
 * is there such a thing, who asks, how much is said to follow. A request whose body is small is
 * given to a worker when it is all there, one that is a stream when its head is. Meanwhile its
 * connection is suspended.
 *
 * Bounds, for hostile clients: connections; size of a head and number of its fields; body of one
 * request, and of all that are buffered; seconds of silence, and seconds for a head that trickles
 * in. When there are many connections, those that have said nothing yet go sooner.
 */
#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "request.h"
#include "vitrine/util.h"

#define HEAD_MAX (24 * 1024)
#define HEAD_SECONDS 20
#define HEAD_SECONDS_CROWDED 2
#define BODIES_MAX (64UL << 20)
#define DISCARD_MAX (64ULL << 20)

/**
 * struct peer - a connection
 * @since: when the head that it is sending could have begun; 0 when it is not its turn
 */
struct peer {
	struct peer *next, *previous;
	int fd;
	uint64_t since;
};

static struct MHD_Daemon *server;
static struct service *context;
static request_judge *judges;
static pthread_mutex_t peers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct peer *peers;
static unsigned npeers, crowd;
static _Atomic size_t bodies;
static _Atomic bool stopping;

void server_forget_body(size_t len)
{
	bodies -= len;
}

static void on_connection(void *unused, struct MHD_Connection *connection, void **slot,
			  enum MHD_ConnectionNotificationCode what)
{
	struct peer *peer = *slot;

	pthread_mutex_lock(&peers_lock);
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		peer = calloc(1, sizeof(*peer));
		*slot = peer;
		npeers++;
		if (peer) {
			peer->fd =
			    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd;
			peer->since = clock_now_ns();
			peer->next = peers;
			if (peers)
				peers->previous = peer;
			peers = peer;
		}
	} else {
		npeers--;
		if (peer) {
			*(peer->previous ? &peer->previous->next : &peers) = peer->next;
			if (peer->next)
				peer->next->previous = peer->previous;
			free(peer);
			*slot = NULL;
		}
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

void server_sweep(void)
{
	uint64_t now = clock_now_ns(), patience;

	pthread_mutex_lock(&peers_lock);
	patience = npeers > crowd ? HEAD_SECONDS_CROWDED : HEAD_SECONDS;
	for (struct peer *peer = peers; peer; peer = peer->next) {
		if (peer->since && peer->since + patience * NS_PER_SECOND < now)
			shutdown(peer->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&peers_lock);
}

bool server_stopping(void)
{
	return stopping;
}

unsigned server_connections(void)
{
	unsigned count;

	pthread_mutex_lock(&peers_lock);
	count = npeers;
	pthread_mutex_unlock(&peers_lock);
	return count;
}

/* Queue what is published. A stream's response belongs to the request until the client has it all
 */
static enum MHD_Result queue(struct request *request)
{
	if (!request->response)
		return MHD_NO;
	return MHD_queue_response(request->connection, request->status, request->response);
}

static enum MHD_Result refuse(struct request *request, enum fault_code code, const char *text)
{
	struct fault fault;

	fault_set(&fault, code, "%s", text);
	answer_fault(request, &fault);
	request->published = request->refused = true;
	return queue(request);
}

/* How much follows, as the head says. Return: false when it is too much, or nonsense */
static bool length_fits(const struct request *request)
{
	const char *length = request_header(request, "Content-Length");
	unsigned long long number;
	char *end;

	if (!length)
		return true;
	errno = 0;
	number = strtoull(length, &end, 10);
	if (errno || *end || !*length || *length == '-' || *length == '+')
		return false;
	return (request->route->flags & ROUTE_STREAM) || number <= REQUEST_BODY_MAX;
}

static enum MHD_Result dispatch(struct request *request)
{
	request->dispatched = true;
	request->users++;
	if (work_give(request) == 0)
		return MHD_YES;
	request->users--;
	return refuse(request, FAULT_BUSY, "there is too much to do; try again");
}

static enum MHD_Result begin(struct request *request)
{
	struct fault fault;
	bool known;

	if (!request_copy(request))
		return refuse(request, FAULT_TOO_LARGE, "too many headers, or too long ones");
	request->route = route_special(request) ?: route_find(request, &known);
	if (!request->route)
		return known ? refuse(request, FAULT_METHOD, "not with this method")
			     : refuse(request, FAULT_NOT_FOUND, "there is nothing here");
	if (!(request->route->flags & ROUTE_OPEN) && judges(request, &fault))
		return refuse(request, fault.code, fault.text);
	if (stopping)
		return refuse(request, FAULT_UNAVAILABLE, "the service is stopping");
	if (!length_fits(request))
		return refuse(request, FAULT_TOO_LARGE, "the body is too large");
	if (!(request->route->flags & ROUTE_STREAM))
		return MHD_YES;
	request->upload = pipe_make(request->connection);
	return request->upload ? dispatch(request) : MHD_NO;
}

static enum MHD_Result append(struct request *request, const char *data, size_t *len)
{
	size_t n = *len;
	char *body;

	if (request->upload && !request->published) {
		*len -= pipe_put(request->upload, data, n);
		return MHD_YES;
	}
	*len = 0;
	if (request->discarded || request->body_len + n > REQUEST_BODY_MAX ||
	    bodies + n > BODIES_MAX || request->upload) {
		request->discarded += n;
		return request->discarded < DISCARD_MAX ? MHD_YES : MHD_NO;
	}
	body = realloc(request->body, request->body_len + n + 1);
	if (!body)
		return MHD_NO;
	memcpy(body + request->body_len, data, n);
	body[request->body_len + n] = '\0';
	request->body = body;
	request->body_len += n;
	bodies += n;
	return MHD_YES;
}

/* All has come: wait for the worker's answer, or give it */
static enum MHD_Result conclude(struct request *request)
{
	enum MHD_Result result = MHD_YES;

	if (request->upload && !request->waited)
		pipe_end(request->upload, false);
	request->waited = true;
	if (!request->dispatched) {
		if (request->discarded)
			return refuse(request, FAULT_TOO_LARGE, "the body is too large");
		result = dispatch(request);
		if (request->published && request->refused)
			return result;
	}
	pthread_mutex_lock(&request->lock);
	if (request->published) {
		result = queue(request);
	} else {
		MHD_suspend_connection(request->connection);
		request->waits = true;
	}
	pthread_mutex_unlock(&request->lock);
	return result;
}

/* The first that is heard of a request */
static void *on_target(void *unused, const char *target, struct MHD_Connection *connection)
{
	return request_make(context, connection, target);
}

static enum MHD_Result on_request(void *unused, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **slot)
{
	struct request *request = *slot;

	if (!request)
		return MHD_NO;
	if (!request->begun) {
		peer_mark(connection, 0);
		if (strlen(url) >= REQUEST_PATH_MAX)
			return MHD_NO;
		request->begun = true;
		request->method = method;
		snprintf(request->path, sizeof(request->path), "%s", url);
		return begin(request);
	}
	return *len ? append(request, data, len) : conclude(request);
}

static void on_completed(void *unused, struct MHD_Connection *connection, void **slot,
			 enum MHD_RequestTerminationCode why)
{
	struct request *request = *slot;

	peer_mark(connection, clock_now_ns());
	if (!request)
		return;
	*slot = NULL;
	pthread_mutex_lock(&request->lock);
	request->gone = true;
	pthread_mutex_unlock(&request->lock);
	if (request->upload) {
		if (!request->waited)
			pipe_end(request->upload, true);
		pipe_leave(request->upload);
	}
	if (request->download)
		pipe_leave(request->download);
	request_release(request);
}

static void on_log(void *unused, const char *format, va_list args)
{
}

int server_start(struct service *service, int fd, const struct server_limits *limits,
		 request_judge *judge, struct error *err)
{
	context = service;
	judges = judge;
	crowd = limits->connections / 4 * 3;
	server = MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
		MHD_USE_ERROR_LOG,
	    0, NULL, NULL, on_request, NULL, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, limits->connections,
	    MHD_OPTION_CONNECTION_TIMEOUT, limits->idle, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)HEAD_MAX, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL, MHD_OPTION_URI_LOG_CALLBACK,
	    on_target, NULL, MHD_OPTION_END);
	return server ? 0 : error_set(err, errno, "cannot start the HTTP server");
}

bool server_stop(unsigned patience)
{
	int fd;

	stopping = true;
	fd = MHD_quiesce_daemon(server);
	if (fd >= 0)
		close(fd);
	work_stop(patience);
	if (work_count())
		return false; /* the library would not end with a connection that waits */
	MHD_stop_daemon(server);
	return true;
}
