// SPDX-License-Identifier: GPL-2.0-only
/* proxy.c - servers in sandboxes, under names of their own: PORT-ID.DOMAIN
 *
 * Theory of operation
 * A request is written anew for the server in the sandbox, from what was understood of it; so is
 * the answer. A connection to the server serves one request, so where a body ends is never a matter
 * of opinion. After "101 Switching Protocols" (WebSockets) bytes pass in both directions as they
 * are, until either side ends.
 *
 * Who knows the name may ask, as on the internet, unless the sandbox was made with
 * allowPublicTraffic false: then the header E2b-Traffic-Access-Token has to have its token. The
 * service's own keys and that token are never passed on.
 */
#include "proxy.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "dial.h"
#include "exchange.h"
#include "service/digest.h"
#include "service/http/upgrade.h"
#include "service/life/keeper.h"
#include "vitrine/util.h"

#define TOKEN_HEADER "E2b-Traffic-Access-Token"
#define RELAY_SIZE (64 * 1024)
#define LOOK_MS 1000

unsigned proxy_host(const char *host, char id[SANDBOX_ID_LEN + 1])
{
	const size_t digits = host ? strspn(host, "0123456789") : 0;
	unsigned long port;

	if (!digits || digits > 5 || host[digits] != '-' ||
	    strlen(host + digits + 1) < SANDBOX_ID_LEN ||
	    (host[digits + 1 + SANDBOX_ID_LEN] != '.' && host[digits + 1 + SANDBOX_ID_LEN]))
		return 0;
	snprintf(id, SANDBOX_ID_LEN + 1, "%s", host + digits + 1);
	port = strtoul(host, NULL, 10);
	return sandbox_id_valid(id) && port <= 65535 ? (unsigned)port : 0;
}

static unsigned target(const struct request *request, char id[SANDBOX_ID_LEN + 1])
{
	const char *header = request_header(request, "E2b-Sandbox-Id");
	const char *port = request_header(request, "E2b-Sandbox-Port");
	unsigned long number;

	if (!header || !port)
		return proxy_host(request_header(request, "Host"), id);
	number = strspn(port, "0123456789") == strlen(port) ? strtoul(port, NULL, 10) : 0;
	snprintf(id, SANDBOX_ID_LEN + 1, "%s", header);
	return number <= 65535 ? (unsigned)number : 0;
}

void proxy_token(const struct sandbox *sandbox, char token[33])
{
	char text[64], digest[DIGEST_LEN + 1];

	snprintf(text, sizeof(text), "traffic:%s", sandbox->token);
	digest_hex(text, strlen(text), digest);
	snprintf(token, 33, "%s", digest);
}

static bool allowed(const struct request *request, const struct sandbox *s)
{
	const char *said = request_header(request, TOKEN_HEADER);
	char token[33];

	if (!json_is_true(json_object_get(s->options, "private_traffic")))
		return true;
	proxy_token(s, token);
	return said && same_text(token, said);
}

/* In E2B's words, which its SDKs look for */
static void refuse(struct request *request, unsigned status, const char *id, unsigned port,
		   const char *message)
{
	answer_json(request, status,
		    json_pack("{s:s, s:s, s:i, s:i}", "sandboxId", id, "message", message, "port",
			      (int)port, "code", (int)status));
}

/* Bytes in both directions until one side has ended */
static void relay(int a, int b, struct request *request)
{
	struct pollfd fds[2] = { { a, POLLIN, 0 }, { b, POLLIN, 0 } };
	char *data = malloc(RELAY_SIZE);
	bool open = data != NULL;

	while (open) {
		if (poll(fds, 2, LOOK_MS) < 0 && errno != EINTR)
			break;
		for (unsigned i = 0; open && i < 2; i++) {
			ssize_t n;

			if (!fds[i].revents)
				continue;
			n = recv(fds[i].fd, data, RELAY_SIZE, MSG_DONTWAIT);
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				continue;
			open = n > 0 && exchange_send(fds[1 - i].fd, data, (size_t)n) == 0;
		}
	}
	free(data);
}

static void upgraded(struct request *request, struct exchange *x, int server)
{
	struct upgrade *up = upgrade_make();
	struct MHD_Response *response = up ? upgrade_response(up) : NULL;
	char extra[4096];
	size_t n;
	int fd;

	if (!response) {
		if (up)
			upgrade_free(up);
		answer_empty(request, 503);
		return;
	}
	exchange_fields(x, response, true);
	fd = upgrade_take(up, request, response);
	n = fd >= 0 ? upgrade_extra(up, extra, sizeof(extra)) : 0;
	if (fd >= 0 && !exchange_send(server, extra, n) &&
	    !exchange_send(fd, x->data + x->head_len, x->len - x->head_len))
		relay(fd, server, request);
	upgrade_free(up);
}

static void serve(struct request *request, int server, const char *id, unsigned port)
{
	struct exchange *x = calloc(1, sizeof(*x));
	struct http_fault why = { 502, "the server in the sandbox does not answer" };

	if (!x)
		refuse(request, 503, id, port, "no memory");
	else if (exchange_ask(x, request, server) || exchange_answer(x, request, server, &why))
		refuse(request, why.status == 504 ? 504 : 502, id, port, why.why);
	else if (x->head.status == 101)
		upgraded(request, x, server);
	else
		exchange_body(x, request, server);
	free(x);
}

static void proxy_request(struct request *request)
{
	struct sandbox s cleanup_sandbox = { 0 };
	struct dial dial cleanup_dial = { .fd = -1 };
	char id[SANDBOX_ID_LEN + 1];
	const unsigned port = target(request, id);
	struct fault fault;

	if (!port || !sandbox_id_valid(id) ||
	    sandbox_await(request->service, NULL, id, &s, &fault) ||
	    sandbox_wake(request->service, &s)) {
		refuse(request, 502, id, port, "The sandbox was not found");
		return;
	}
	if (!allowed(request, &s)) {
		refuse(request, 403, id, port, "the traffic access token is missing or wrong");
		return;
	}
	activity_begin(id);
	if (dial_open(request->service, id, port, &dial, &fault))
		refuse(request, 502, id, port,
		       fault.code == FAULT_NOT_FOUND ? "The sandbox is running but port is not open"
						     : fault.text);
	else
		serve(request, dial.fd, id, port);
	activity_end(request->service, id);
}

const struct route *proxy_route(const struct request *request)
{
	static const struct route route = {
		"", "", ROUTE_OPEN | ROUTE_STREAM, 0, proxy_request, DIALECT_E2B
	};
	char id[SANDBOX_ID_LEN + 1];
	const unsigned port = target(request, id);

	return port && port != PROXY_ENVD_PORT ? &route : NULL;
}
