/* SPDX-License-Identifier: GPL-2.0-only */
/* proxy.h - servers in sandboxes, under names of their own: PORT-ID.DOMAIN */
#ifndef SERVICE_PROXY_PROXY_H
#define SERVICE_PROXY_PROXY_H

#include "service/http/request.h"
#include "service/life/sandbox.h"

#define PROXY_ENVD_PORT 49983 /* which is answered here */

/**
 * proxy_route() - Is this request for a server in a sandbox?
 *
 * By its host name, or by the headers that E2B's SDKs send when all sandboxes have one address.
 *
 * Return: who answers it then, or NULL.
 */
const struct route *proxy_route(const struct request *request);

/** proxy_host() - Take "PORT-ID.DOMAIN" apart. Return: the port, or 0 when it is none such */
unsigned proxy_host(const char *host, char id[SANDBOX_ID_LEN + 1]);

/** proxy_token() - What a sandbox whose servers are not for everybody wants to see: 33 bytes */
void proxy_token(const struct sandbox *sandbox, char token[33]);

#endif
