/* SPDX-License-Identifier: GPL-2.0-only */
/* ws.h - WebSockets (RFC 6455): a connection that a thread has to itself */
#ifndef SERVICE_HTTP_WS_H
#define SERVICE_HTTP_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "request.h"

#define WS_MESSAGE_MAX (1024 * 1024)

enum ws_kind { WS_TEXT = 1, WS_BINARY = 2 };

struct ws;

/**
 * ws_accept() - Agree to the WebSocket that a request asks for
 *
 * Return: a connection for ws_close(), or NULL with @fault: it does not ask for one.
 */
struct ws *ws_accept(struct request *request, struct fault *fault);

/**
 * ws_receive() - Wait for a message; of one thread at a time
 * @data: set to the message, with a NUL behind it, valid until the next call
 *
 * Return: its length, or -1 at the end: closed, cut, or not as it should be.
 */
ssize_t ws_receive(struct ws *ws, enum ws_kind *kind, const char **data);

/**
 * ws_send() - Send a message; from any thread. Waits while the client does not read
 *
 * Return: 0, or -1 when it is over.
 */
int ws_send(struct ws *ws, enum ws_kind kind, const void *data, size_t len);

/** ws_end() - Let ws_receive() and ws_send() return, in whatever thread; says goodbye with @code */
void ws_end(struct ws *ws, unsigned code);

/** ws_over() - Has it ended? */
bool ws_over(const struct ws *ws);

/** ws_close() - It is over; nobody uses it any more */
void ws_close(struct ws *ws);

/** ws_accept_key() - The answer to Sec-WebSocket-Key: 29 bytes */
void ws_accept_key(const char *key, char *accept);

#endif
