/* SPDX-License-Identifier: GPL-2.0-only */
/* exchange.h - one request to a server in a sandbox, and its answer */
#ifndef SERVICE_PROXY_EXCHANGE_H
#define SERVICE_PROXY_EXCHANGE_H

#include "lib/http.h"
#include "service/http/request.h"

/**
 * struct exchange - what came of the answer
 * @data: @len bytes of it, of which the first @head_len are its head
 */
struct exchange {
	struct http_head head;
	size_t len, head_len;
	char data[HTTP_HEAD_MAX + 1];
};

/** exchange_send() - All of it, waiting for whoever reads. Return: 0 or -1 */
int exchange_send(int fd, const void *data, size_t len);

/**
 * exchange_ask() - Send the request, with its body
 *
 * Return: 0, also when the server answers before it has all; or -1.
 */
int exchange_ask(struct exchange *x, struct request *request, int server);

/** exchange_answer() - Wait for the head of the answer. Return: 0, or -1 with @why */
int exchange_answer(struct exchange *x, struct request *request, int server,
		    struct http_fault *why);

/** exchange_fields() - Fields of the answer that are for the client; @upgrade: the protocol, too */
void exchange_fields(const struct exchange *x, struct MHD_Response *response, bool upgrade);

/** exchange_body() - Answer the request with it */
void exchange_body(struct exchange *x, struct request *request, int server);

#endif
