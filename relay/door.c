// SPDX-License-Identifier: GPL-2.0-only
/* door.c - HTTP, until a request has become a WebSocket
 *
 * Theory of operation
 * A page of anybody's may open a WebSocket to anywhere, and the browser only says whose page it is
 * (Origin). So the origin is looked at before anything else: without a word it has to be one of
 * this machine. Who is no browser says none, and may come in; where that is too much there are
 * tokens, which a client gives in the address (?token=), as a bearer, or in WISP's own INFO.
 *
 * libmicrohttpd has a thread for this. A request that has become a WebSocket is put in a list, and
 * the relay's thread is woken.
 *
 * /metrics is for this machine, or for who has a token; what has come through a proxy is not of
 * this machine.
 *
 * Host system calls: eventfd2, read, write, close, and those of libmicrohttpd.
 */
#include <errno.h>
#include <microhttpd.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "internal.h"
#include "vitrine/util.h"

#define PATIENCE 30 /* seconds */
#define MEMORY 16384

static struct {
	pthread_mutex_t lock;
	struct relay *relay;
	struct MHD_Daemon *daemon;
	struct door_socket *first, **last;
	bool closed;
} door = { .lock = PTHREAD_MUTEX_INITIALIZER, .last = &door.first };

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool has_word(const char *list, const char *word)
{
	const size_t len = strlen(word);

	while (list && *list) {
		list += strspn(list, ", \t");
		if (!strncasecmp(list, word, len) && strcspn(list, ", \t") == len)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

/* ---- whose page ---- */

/* http://localhost:8000, http://127.0.0.1, http://[::1] and so on */
static bool origin_is_here(const char *origin)
{
	const char *host = strstr(origin, "://"), *end;
	char text[64];
	struct address address;
	size_t len;

	if (!host)
		return false;
	host += 3;
	end = *host == '[' ? strchr(host, ']') : NULL;
	len = end ? (size_t)(end - host) + 1 : strcspn(host, ":/");
	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	return !strcasecmp(text, "localhost") ||
	       (address_parse(text, &address) && address_kind(&address) == ADDRESS_LOOPBACK);
}

static bool origin_allowed(const struct relay_options *options, const char *origin)
{
	if (!origin)
		return true;
	if (!options->norigins)
		return origin_is_here(origin);
	for (size_t i = 0; i < options->norigins; i++) {
		if (!strcmp(options->origins[i], "*") || !strcasecmp(options->origins[i], origin))
			return true;
	}
	return false;
}

/* ---- who ---- */

/* The name of the token that the request has; "" for none; NULL: it has a wrong one */
static const char *token_of(struct MHD_Connection *connection)
{
	static const char bearer[] = "Bearer ";
	const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token");
	const char *header = header_of(connection, "Authorization");

	if (!text && header && !strncasecmp(header, bearer, strlen(bearer)))
		text = header + strlen(bearer);
	return text ? token_find(door.relay, text) : "";
}

static bool address_of(struct MHD_Connection *connection, struct address *address)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const char *list = header_of(connection, "X-Forwarded-For"), *last;
	struct sockaddr_storage name = { 0 };
	uint16_t port;

	if (!info)
		return false;
	memcpy(&name, info->client_addr,
	       info->client_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
						       : sizeof(struct sockaddr_in6));
	if (!address_from_socket(&name, address, &port))
		return false;
	if (!list || !door.relay->has_proxy || !address_equal(address, &door.relay->proxy))
		return true;
	last = strrchr(list, ',');
	last = last ? last + 1 : list;
	/* The proxy has written the last one; those before it are the client's */
	return address_parse(last + strspn(last, " \t"), address);
}

/* ---- answers ---- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
			      const char *text, size_t len)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(len, (void *)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_UPGRADE_REQUIRED)
		MHD_add_response_header(response, "Upgrade", "websocket");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
	door.relay->figures.doors_refused++;
	return answer(connection, status, "text/plain; charset=utf-8", why, strlen(why));
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection)
{
	const char *token = token_of(connection);
	struct address address;
	cleanup_free char *text = NULL;
	size_t len;

	if (!token || !address_of(connection, &address) ||
	    (!*token && (address_kind(&address) != ADDRESS_LOOPBACK ||
			 header_of(connection, "X-Forwarded-For") ||
			 header_of(connection, "Forwarded") || header_of(connection, "Via"))))
		return refuse(connection, MHD_HTTP_NOT_FOUND, "there is nothing here\n");
	text = relay_metrics(door.relay, &len);
	if (!text)
		return MHD_NO;
	return answer(connection, MHD_HTTP_OK,
		      "application/openmetrics-text; version=1.0.0; charset=utf-8", text, len);
}

/* ---- WebSockets ---- */

static void on_upgrade(void *context, struct MHD_Connection *connection, void *request,
		       const char *extra, size_t extra_len, MHD_socket fd,
		       struct MHD_UpgradeResponseHandle *handle)
{
	struct door_socket *socket = realloc(context, sizeof(*socket) + extra_len);
	const uint64_t one = 1;
	bool closed;

	if (!socket) {
		free(context);
		MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
		return;
	}
	memcpy(socket->extra, extra, extra_len);
	socket->extra_len = extra_len;
	socket->handle = handle;
	socket->fd = fd;
	pthread_mutex_lock(&door.lock);
	closed = door.closed;
	if (!closed) {
		*door.last = socket;
		door.last = &socket->next;
		(void)!write(door.relay->door.fd, &one, sizeof(one));
	}
	pthread_mutex_unlock(&door.lock);
	if (closed)
		door_end(socket);
}

static void accept_key(const char *key, char *accept)
{
	static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char digest[SHA_DIGEST_LENGTH];
	char text[128];

	snprintf(text, sizeof(text), "%s%s", key, magic);
	SHA1((const unsigned char *)text, strlen(text), digest);
	EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
}

static enum MHD_Result upgrade(struct MHD_Connection *connection, const char *key,
			       struct door_socket *socket)
{
	struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgrade, socket);
	enum MHD_Result result;
	char accept[40];

	if (!response) {
		free(socket);
		return MHD_NO;
	}
	accept_key(key, accept);
	MHD_add_response_header(response, "Upgrade", "websocket");
	MHD_add_response_header(response, "Sec-WebSocket-Accept", accept);
	if (socket->v2)
		MHD_add_response_header(response, "Sec-WebSocket-Protocol", WISP_PROTOCOL);
	result = MHD_queue_response(connection, MHD_HTTP_SWITCHING_PROTOCOLS, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result open_socket(struct MHD_Connection *connection)
{
	const char *key = header_of(connection, "Sec-WebSocket-Key");
	const char *version = header_of(connection, "Sec-WebSocket-Version");
	const char *origin = header_of(connection, "Origin"), *token;
	struct door_socket *socket;

	if (!origin_allowed(door.relay->options, origin))
		return refuse(connection, MHD_HTTP_FORBIDDEN,
			      "the relay is not for pages of this site\n");
	token = token_of(connection);
	if (!token)
		return refuse(connection, MHD_HTTP_UNAUTHORIZED, "the token is wrong\n");
	if (!has_word(header_of(connection, "Upgrade"), "websocket") ||
	    !has_word(header_of(connection, "Connection"), "upgrade") || !key ||
	    strlen(key) != 24 || !version || strcmp(version, "13") != 0)
		return refuse(connection, MHD_HTTP_UPGRADE_REQUIRED,
			      "this is a WISP relay: open a WebSocket\n");
	if (door.relay->figures.clients >= door.relay->options->clients)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "there are too many\n");
	socket = calloc(1, sizeof(*socket));
	if (!socket)
		return MHD_NO;
	socket->v2 = has_word(header_of(connection, "Sec-WebSocket-Protocol"), WISP_PROTOCOL);
	if (!*token && door.relay->ntokens && !socket->v2) {
		free(socket);
		return refuse(connection, MHD_HTTP_UNAUTHORIZED, "a token is needed\n");
	}
	snprintf(socket->token, sizeof(socket->token), "%s", token);
	snprintf(socket->origin, sizeof(socket->origin), "%s", origin ? origin : "");
	if (!address_of(connection, &socket->address)) {
		free(socket);
		return refuse(connection, MHD_HTTP_BAD_REQUEST, "from nowhere\n");
	}
	return upgrade(connection, key, socket);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **slot)
{
	if (strcmp(method, MHD_HTTP_METHOD_GET))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "not with this method\n");
	return !strcmp(url, "/metrics") ? answer_metrics(connection) : open_socket(connection);
}

/* ---- from the relay's thread ---- */

struct door_socket *door_next(void)
{
	struct door_socket *socket;

	pthread_mutex_lock(&door.lock);
	socket = door.first;
	if (socket)
		door.first = socket->next;
	if (!door.first)
		door.last = &door.first;
	pthread_mutex_unlock(&door.lock);
	return socket;
}

void door_end(struct door_socket *socket)
{
	MHD_upgrade_action(socket->handle, MHD_UPGRADE_ACTION_CLOSE);
	free(socket);
}

static void on_door(struct relay *relay, struct watched *watched, uint32_t events)
{
	struct door_socket *socket;
	uint64_t count;

	(void)!read(watched->fd, &count, sizeof(count));
	while ((socket = door_next()))
		client_new(relay, socket);
}

int door_open(struct relay *relay, int fd, struct error *err)
{
	door.relay = relay;
	relay->door = (struct watched){ on_door, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), 0 };
	if (relay->door.fd < 0 || !relay_watch(relay, &relay->door, EPOLLIN))
		return error_set(err, errno, "eventfd");
	door.daemon = MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_UPGRADE, 0, NULL, NULL, on_request, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT, PATIENCE,
	    MHD_OPTION_CONNECTION_LIMIT, relay->options->clients + 64,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, relay->options->per_address + 16,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_END);
	return door.daemon ? 0 : error_set(err, errno, "cannot start the HTTP server");
}

void door_close(struct relay *relay)
{
	struct door_socket *socket;

	pthread_mutex_lock(&door.lock);
	door.closed = true;
	pthread_mutex_unlock(&door.lock);
	while ((socket = door_next()))
		door_end(socket);
	MHD_stop_daemon(door.daemon);
}
