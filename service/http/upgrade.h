/* SPDX-License-Identifier: GPL-2.0-only */
/* upgrade.h - a connection that is taken over from the HTTP server, after "101 Switching Protocols"
 *
 * The server hands its socket over on a thread of its own, perhaps never: the client may have gone.
 */
#ifndef SERVICE_HTTP_UPGRADE_H
#define SERVICE_HTTP_UPGRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "request.h"

struct upgrade;

/** upgrade_make() - Return: something for upgrade_free(), or NULL */
struct upgrade *upgrade_make(void);

/**
 * upgrade_response() - The answer, to which the caller adds fields
 *
 * Return: a response that upgrade_take() gives back, or NULL.
 */
struct MHD_Response *upgrade_response(struct upgrade *up);

/**
 * upgrade_take() - Answer the request with it, and wait for the socket
 * @response: from upgrade_response(); consumed
 *
 * Return: the socket, which stays the server's, or -1: the client has gone.
 */
int upgrade_take(struct upgrade *up, struct request *request, struct MHD_Response *response);

/** upgrade_extra() - What had come behind the request's head, at most @size bytes, once */
size_t upgrade_extra(struct upgrade *up, void *data, size_t size);

/** upgrade_free() - It is over: the socket is closed, now or when it comes */
void upgrade_free(struct upgrade *up);

#endif
