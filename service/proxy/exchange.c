// SPDX-License-Identifier: GPL-2.0-only
/* exchange.c - one request to a server in a sandbox, and its answer
 *
 * What the server sends is as hostile as all that comes out of a sandbox: lib/http.c takes only
 * what can be understood in one way, and what passes is written anew.
 */
#include "exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "vitrine/util.h"

#define CHUNK (64 * 1024)
#define SEND_MS 60000
#define LOOK_MS 1000
#define ANSWER_SECONDS 600
#define UPLOAD_MS 60000
#define VALUE_MAX 8192

int exchange_send(int fd, const void *data, size_t len)
{
	while (len) {
		struct pollfd out = { .fd = fd, .events = POLLOUT };
		const ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			data = (const char *)data + n;
			len -= (size_t)n;
		} else if (errno != EAGAIN && errno != EINTR) {
			return -1;
		} else if (poll(&out, 1, SEND_MS) == 0) {
			return -1;
		}
	}
	return 0;
}

/* ---- the request ---- */

/* Keys of the service are no business of what runs in a sandbox */
static bool secret(const char *name)
{
	return !strcasecmp(name, "X-API-Key") || !strcasecmp(name, "E2b-Traffic-Access-Token");
}

static bool passes(const struct value *value)
{
	const struct http_field field = { { value->name, strlen(value->name) },
					  { value->value, strlen(value->value) } };

	return value->kind == MHD_HEADER_KIND && !http_hop(&field) && !secret(value->name) &&
	       strcasecmp(value->name, "Content-Length") != 0 &&
	       strcasecmp(value->name, "Expect") != 0 && !strpbrk(value->value, "\r\n");
}

static bool wants_websocket(const struct request *request)
{
	const char *upgrade = request_header(request, "Upgrade");

	return upgrade && !strcasecmp(upgrade, "websocket");
}

static int send_head(struct request *request, int server, bool sized, bool chunked)
{
	const char *length = request_header(request, "Content-Length");
	const char *host = request_header(request, "Host");
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return -1;
	fprintf(file, "%s %s HTTP/1.1\r\n", request->method, request->target);
	if (host && !strpbrk(host, "\r\n"))
		fprintf(file, "Host: %s\r\n", host);
	for (size_t i = 0; i < request->nvalues; i++) {
		if (passes(&request->values[i]))
			fprintf(file, "%s: %s\r\n", request->values[i].name,
				request->values[i].value);
	}
	if (sized)
		fprintf(file, "Content-Length: %s\r\n", length);
	if (chunked)
		fputs("Transfer-Encoding: chunked\r\n", file);
	fputs(wants_websocket(request) ? "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
				       : "Connection: close\r\n\r\n",
	      file);
	if (fclose(file))
		return -1;
	return exchange_send(server, text, size);
}

static bool answers(int server)
{
	struct pollfd in = { .fd = server, .events = POLLIN };

	return poll(&in, 1, 0) > 0;
}

static int send_body(struct request *request, int server, bool chunked)
{
	char head[24], *data = malloc(CHUNK);
	ssize_t n = -1;
	int ret = data ? 0 : -1;

	while (!ret && !answers(server) &&
	       (n = pipe_read(request->upload, data, CHUNK, UPLOAD_MS)) > 0) {
		if (chunked) {
			snprintf(head, sizeof(head), "%zx\r\n", (size_t)n);
			ret = exchange_send(server, head, strlen(head));
		}
		if (!ret)
			ret = exchange_send(server, data, (size_t)n);
		if (!ret && chunked)
			ret = exchange_send(server, "\r\n", 2);
	}
	if (!ret && !n && chunked)
		ret = exchange_send(server, "0\r\n\r\n", 5);
	free(data);
	/* One that has heard enough may have closed its side: its answer counts */
	return ret && !answers(server) ? -1 : 0;
}

int exchange_ask(struct exchange *x, struct request *request, int server)
{
	const bool sized = request_header(request, "Content-Length");
	const bool chunked = !sized && request_header(request, "Transfer-Encoding");

	if (send_head(request, server, sized, chunked))
		return -1;
	return sized || chunked ? send_body(request, server, chunked) : 0;
}

/* ---- the answer ---- */

/* Wait for more of it. Return: bytes, 0 at the end, -1: the client has gone, or it takes too long
 */
static ssize_t receive(struct request *request, int server, char *data, size_t size)
{
	const uint64_t until = clock_now_ns() + ANSWER_SECONDS * NS_PER_SECOND;

	for (;;) {
		struct pollfd in = { .fd = server, .events = POLLIN };
		const ssize_t n = recv(server, data, size, MSG_DONTWAIT);

		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return n;
		if (poll(&in, 1, LOOK_MS) == 0 && (request_gone(request) || clock_now_ns() > until))
			return -1;
	}
}

int exchange_answer(struct exchange *x, struct request *request, int server, struct http_fault *why)
{
	const bool head_only = !strcmp(request->method, "HEAD");
	ssize_t n;
	long size;

	for (;;) {
		while (!(size = http_head_size(x->data, x->len, why))) {
			n = receive(request, server, x->data + x->len, HTTP_HEAD_MAX - x->len);
			if (n <= 0)
				return -1;
			x->len += (size_t)n;
		}
		if (size < 0 || !http_answer_parse(x->data, (size_t)size, head_only, &x->head, why))
			return -1;
		x->head_len = (size_t)size;
		if (x->head.status >= 200 || x->head.status == 101)
			return 0;
		/* "100 Continue", and others that are not the answer yet */
		x->len -= x->head_len;
		memmove(x->data, x->data + x->head_len, x->len);
	}
}

void exchange_fields(const struct exchange *x, struct MHD_Response *response, bool upgrade)
{
	char name[256], value[VALUE_MAX];

	for (unsigned i = 0; i < x->head.nfields; i++) {
		const struct http_field *field = &x->head.fields[i];

		if ((http_hop(field) && !(upgrade && http_is(field->name, "Upgrade"))) ||
		    http_is(field->name, "Content-Length") || http_is(field->name, "Date") ||
		    field->name.len >= sizeof(name) || field->value.len >= sizeof(value))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)field->name.len, field->name.at);
		snprintf(value, sizeof(value), "%.*s", (int)field->value.len, field->value.at);
		MHD_add_response_header(response, name, value);
	}
}

/* Bytes of a body that has no chunks, @left of them or up to the end */
static int copy_plain(struct exchange *x, struct request *request, int server, bool sized,
		      uint64_t left)
{
	const char *data = x->data + x->head_len;
	ssize_t n = (ssize_t)(x->len - x->head_len);

	for (;;) {
		if (sized && (uint64_t)n > left)
			n = (ssize_t)left;
		if (n && answer_write(request, data, (size_t)n))
			return -1;
		left -= sized ? (uint64_t)n : 0;
		if (sized && !left)
			return 0;
		data = x->data;
		n = receive(request, server, x->data, HTTP_HEAD_MAX);
		if (n <= 0)
			return n == 0 && !sized ? 0 : -1;
	}
}

static int copy_chunks(struct exchange *x, struct request *request, int server)
{
	struct http_chunks chunks = { .answer = true };
	size_t at = x->head_len, used;
	struct http_fault why;
	struct http_text data;
	ssize_t n;

	while (chunks.state != HTTP_CHUNK_END) {
		if (at == x->len) {
			n = receive(request, server, x->data, HTTP_HEAD_MAX);
			if (n <= 0)
				return -1;
			x->len = (size_t)n;
			at = 0;
		}
		if (!http_chunks_take(&chunks, x->data + at, x->len - at, &used, &data, &why) ||
		    (data.len && answer_write(request, data.at, data.len)))
			return -1;
		at += used;
	}
	return 0;
}

void exchange_body(struct exchange *x, struct request *request, int server)
{
	const bool head_only = !strcmp(request->method, "HEAD");
	struct MHD_Response *response =
	    answer_open(request, x->head.sized		      ? x->head.length
				 : x->head.body == HTTP_EMPTY ? 0
							      : MHD_SIZE_UNKNOWN);
	int ret = 0;

	if (!response) {
		answer_empty(request, 503);
		return;
	}
	exchange_fields(x, response, false);
	answer_go(request, x->head.status, response);
	if (!head_only && x->head.body == HTTP_CHUNKED)
		ret = copy_chunks(x, request, server);
	else if (!head_only && x->head.body != HTTP_EMPTY)
		ret = copy_plain(x, request, server, x->head.body == HTTP_LENGTH, x->head.length);
	answer_end(request, ret != 0);
}
