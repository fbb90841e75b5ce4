/* SPDX-License-Identifier: GPL-2.0-only */
/* session.h - who has signed in with a browser */
#ifndef SERVICE_PAGES_SESSION_H
#define SERVICE_PAGES_SESSION_H

#include <stdbool.h>
#include "service/digest.h"
#include "service/http/request.h"

#define SESSION_SECRET_LEN 48
#define SESSION_SECONDS (7 * 24 * 3600)

/**
 * session_begin() - Somebody has shown a key
 * @hash:   of the key, as the store has it
 * @cookie: set to the half that the browser keeps, SESSION_SECRET_LEN + 1 bytes
 * @page:   set to the half that the page keeps, likewise
 */
void session_begin(const char *hash, char *cookie, char *page);

/**
 * session_judge() - Is this request one of a session's?
 * @hash: set to the key's, DIGEST_LEN + 1 bytes
 *
 * Return: 1 when it is, 0 when it does not say so, -1 with @fault when it does and is not.
 */
int session_judge(struct request *request, char *hash, struct fault *fault);

/**
 * session_ticket() - Let this session make one GET of one path without the page's half
 * @ticket: set, SESSION_SECRET_LEN + 1 bytes
 *
 * For what a browser does by itself and a script cannot add headers to: a WebSocket, a download.
 */
int session_ticket(struct request *request, const char *path, char *ticket, struct fault *fault);

/** session_end() - Sign out. Return: whether there was one */
bool session_end(struct request *request);

/** session_cookie() - A Set-Cookie header, REQUEST_HEADER_MAX bytes; @secret "" removes it */
void session_cookie(const struct request *request, const char *secret, char *header);

#endif
