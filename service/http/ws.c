// SPDX-License-Identifier: GPL-2.0-only
/* ws.c - WebSockets (RFC 6455): a connection that a thread has to itself
 *
 * Theory of operation
 * libmicrohttpd hands the socket over after the handshake. One thread receives and any may send:
 * frames of clients are read by wslay, ours have no mask and are written here. A message is
 * WS_MESSAGE_MAX bytes at most. Who neither reads nor answers for a minute is cut.
 */
#include "ws.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <wslay/wslay.h>

#include "server.h"
#include "upgrade.h"

#define PATIENCE_MS 60000
#define HEAD_MAX 10
#define CONTROL_MAX 125 /* bytes of a ping or a goodbye */
#define CLOSE_NORMAL 1000
#define CLOSE_PROTOCOL 1002
#define CLOSE_TOO_LARGE 1009

/**
 * struct ws - a connection
 * @sending: one frame at a time
 * @over:    shut down
 */
struct ws {
	pthread_mutex_t sending;
	struct upgrade *up;
	int fd;
	wslay_frame_context_ptr frames;
	char *message;
	size_t len;
	_Atomic bool over;
};

void ws_accept_key(const char *key, char *accept)
{
	static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char digest[SHA_DIGEST_LENGTH];
	char text[128];

	snprintf(text, sizeof(text), "%s%s", key, magic);
	SHA1((const unsigned char *)text, strlen(text), digest);
	EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
}

static ssize_t receive_bytes(uint8_t *data, size_t len, int flags, void *context)
{
	struct ws *ws = context;
	const size_t extra = upgrade_extra(ws->up, data, len);

	if (extra)
		return (ssize_t)extra;
	for (;;) {
		struct pollfd fd = { .fd = ws->fd, .events = POLLIN };
		ssize_t n = recv(ws->fd, data, len, 0);

		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return n ? n : -1;
		/* Silence is no fault: the end of a connection is seen */
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			return -1;
	}
}

static struct ws *make(void)
{
	static const struct wslay_frame_callbacks callbacks = { .recv_callback = receive_bytes };
	struct ws *ws = calloc(1, sizeof(*ws));

	if (!ws)
		return NULL;
	pthread_mutex_init(&ws->sending, NULL);
	ws->fd = -1;
	ws->up = upgrade_make();
	ws->message = malloc(WS_MESSAGE_MAX + 1);
	if (ws->up && ws->message && !wslay_frame_context_init(&ws->frames, &callbacks, ws))
		return ws;
	ws_close(ws);
	return NULL;
}

void ws_close(struct ws *ws)
{
	if (ws->frames)
		wslay_frame_context_free(ws->frames);
	if (ws->up)
		upgrade_free(ws->up);
	free(ws->message);
	free(ws);
}

static bool has_token(const char *list, const char *token)
{
	const size_t len = strlen(token);

	while (list && *list) {
		list += strspn(list, ", \t");
		if (!strncasecmp(list, token, len) && strcspn(list, ", \t") == len)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

struct ws *ws_accept(struct request *request, struct fault *fault)
{
	const char *key = request_header(request, "Sec-WebSocket-Key");
	const char *version = request_header(request, "Sec-WebSocket-Version");
	struct MHD_Response *response;
	char accept[40];
	struct ws *ws;

	if (!has_token(request_header(request, "Upgrade"), "websocket") ||
	    !has_token(request_header(request, "Connection"), "upgrade") || !key ||
	    strlen(key) != 24 || !version || strcmp(version, "13") != 0) {
		fault_set(fault, FAULT_BAD_REQUEST, "this call is a WebSocket (RFC 6455)");
		return NULL;
	}
	ws = make();
	response = ws ? upgrade_response(ws->up) : NULL;
	if (!response) {
		fault_set(fault, FAULT_BUSY, "no memory");
		if (ws)
			ws_close(ws);
		return NULL;
	}
	ws_accept_key(key, accept);
	MHD_add_response_header(response, "Upgrade", "websocket");
	MHD_add_response_header(response, "Sec-WebSocket-Accept", accept);
	ws->fd = upgrade_take(ws->up, request, response);
	ws->over = ws->fd < 0;
	return ws;
}

static int send_bytes(struct ws *ws, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		struct pollfd fd = { .fd = ws->fd, .events = POLLOUT };
		ssize_t n = send(ws->fd, at, len, MSG_NOSIGNAL);

		if (n > 0) {
			at += n;
			len -= (size_t)n;
		} else if (errno != EAGAIN && errno != EINTR) {
			return -1;
		} else if (poll(&fd, 1, PATIENCE_MS) == 0) {
			return -1;
		}
	}
	return 0;
}

static int send_frame(struct ws *ws, unsigned opcode, const void *data, size_t len)
{
	unsigned char head[HEAD_MAX] = { (unsigned char)(0x80 | opcode) };
	size_t size = 2;
	int ret;

	if (len < 126) {
		head[1] = (unsigned char)len;
	} else if (len < 65536) {
		head[1] = 126;
		head[2] = (unsigned char)(len >> 8);
		head[3] = (unsigned char)len;
		size = 4;
	} else {
		head[1] = 127;
		for (unsigned i = 0; i < 8; i++)
			head[2 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
		size = 10;
	}
	pthread_mutex_lock(&ws->sending);
	ret = ws->over || send_bytes(ws, head, size) || send_bytes(ws, data, len) ? -1 : 0;
	pthread_mutex_unlock(&ws->sending);
	if (ret && !ws->over)
		ws_end(ws, 0);
	return ret;
}

int ws_send(struct ws *ws, enum ws_kind kind, const void *data, size_t len)
{
	return send_frame(ws, kind, data, len);
}

void ws_end(struct ws *ws, unsigned code)
{
	const unsigned char text[2] = { (unsigned char)(code >> 8), (unsigned char)code };

	if (code && !ws->over)
		send_frame(ws, WSLAY_CONNECTION_CLOSE, text, sizeof(text));
	ws->over = true;
	if (ws->fd >= 0)
		shutdown(ws->fd, SHUT_RDWR);
}

bool ws_over(const struct ws *ws)
{
	return ws->over;
}

/* One frame's payload behind @at. Return: its length, or -1 */
static ssize_t take_frame(struct ws *ws, struct wslay_frame_iocb *frame, char *to, size_t room)
{
	size_t got = 0;

	do {
		ssize_t n = wslay_frame_recv(ws->frames, frame);

		if (n < 0)
			return -1;
		if (!frame->mask || frame->rsv || frame->payload_length > room) {
			ws_end(ws, frame->payload_length > room ? CLOSE_TOO_LARGE : CLOSE_PROTOCOL);
			return -1;
		}
		memcpy(to + got, frame->data, frame->data_length);
		got += frame->data_length;
	} while (got < frame->payload_length);
	return (ssize_t)got;
}

ssize_t ws_receive(struct ws *ws, enum ws_kind *kind, const char **data)
{
	unsigned opcode = 0;
	char control[CONTROL_MAX + 1];

	ws->len = 0;
	while (!ws->over) {
		struct wslay_frame_iocb frame = { 0 };
		ssize_t n = take_frame(ws, &frame, ws->message + ws->len, WS_MESSAGE_MAX - ws->len);

		if (n < 0)
			break;
		if (frame.opcode & 8) { /* may come between the frames of a message */
			if (n > (ssize_t)sizeof(control) - 1 || !frame.fin) {
				ws_end(ws, CLOSE_PROTOCOL);
			} else if (frame.opcode == WSLAY_PING) {
				memcpy(control, ws->message + ws->len, (size_t)n);
				send_frame(ws, WSLAY_PONG, control, (size_t)n);
			} else if (frame.opcode == WSLAY_CONNECTION_CLOSE) {
				ws_end(ws, CLOSE_NORMAL);
			}
			continue;
		}
		if ((frame.opcode != 0) == (opcode != 0)) {
			ws_end(ws, CLOSE_PROTOCOL);
			break;
		}
		opcode = opcode ? opcode : frame.opcode;
		ws->len += (size_t)n;
		if (frame.fin) {
			ws->message[ws->len] = '\0';
			*kind = opcode == WSLAY_TEXT_FRAME ? WS_TEXT : WS_BINARY;
			*data = ws->message;
			return (ssize_t)ws->len;
		}
	}
	return -1;
}
