// SPDX-License-Identifier: GPL-2.0-only
/* request.c - a request of the guest's is judged, and written anew
 *
 * Theory of operation
 * A request is looked at when its head is whole. It goes on only when it can be read in one way
 * (lib/http.c), is for the host that the connection is with - the name in TLS, the name in Host and
 * the name that the address stands for are one -, and a rule allows it. What goes to the peer is
 * written from what was understood: no byte of the guest's head reaches it as it was. The next
 * request is looked at when the answer to this one has gone, so whoever sends several at once is
 * answered in order.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "proxy.h"
#include "vitrine/util.h"

#define PORT_HTTP 80
#define PORT_HTTPS 443

/* Fields that some servers take for another method or path than the request's */
static const char *const overrides[] = {
	"X-HTTP-Method-Override", "X-HTTP-Method",  "X-Method-Override",
	"X-Original-URL",	  "X-Original-URI", "X-Rewrite-URL",
};

static bool refuse(struct proxy *proxy, struct relay *relay, unsigned status, const char *why)
{
	relay_refuse(proxy, relay, WIRE_DENIED, status, why);
	return true;
}

/* For the log, before anything is decided */
static void note(struct proxy *proxy, struct relay *relay, const struct http_head *head)
{
	struct wire_request *r = &relay->request;
	const char *query = memchr(head->target.at, '?', head->target.len);
	size_t len = query ? (size_t)(query - head->target.at) : head->target.len;

	*r = (struct wire_request){ .id = relay->id };
	memcpy(r->method, head->method.at, head->method.len);
	if (len >= sizeof(r->path))
		len = sizeof(r->path) - 1;
	memcpy(r->path, head->target.at, len);
	relay->since = proxy->now;
}

/* The name in Host, and the port if there is one, as they have to be. Return: false when not */
static bool take_host(const struct relay *relay, struct http_text text, char *name)
{
	const char *colon = memchr(text.at, ':', text.len);
	const size_t len = colon ? (size_t)(colon - text.at) : text.len;
	char port[8];

	if (!len || len > POLICY_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)text.at[i]);
	name[len] = '\0';
	snprintf(port, sizeof(port), ":%u", relay->what.port);
	if (colon)
		return http_is((struct http_text){ colon, text.len - len }, port);
	return relay->what.port == (relay->tls ? PORT_HTTPS : PORT_HTTP);
}

static bool judge_host(struct proxy *proxy, struct relay *relay, const struct http_head *head,
		       const char **why)
{
	char name[POLICY_NAME_MAX + 1];

	*why = "the Host field is not the connection's host and port";
	if (!take_host(relay, head->host, name))
		return false;
	/* Without TLS, the first request says whom the connection is with */
	if (!relay->host[0] && relay_concerns(proxy, relay, name, true))
		strcpy(relay->host, name);
	return !strcmp(name, relay->host);
}

static bool has_rules(const struct proxy *proxy, const struct relay *relay)
{
	for (size_t i = 0; i < proxy->policy.nhttp; i++) {
		if (http_rule_concerns(&proxy->policy.http[i], relay->host, relay->what.port))
			return true;
	}
	return false;
}

static bool judge_rules(struct proxy *proxy, struct relay *relay, const struct http_head *head,
			const char **why)
{
	static const char websocket[] = "WEBSOCKET";
	struct http_text method = head->method;

	if (!has_rules(proxy, relay)) {
		*why = "no rule about requests";
		return true;
	}
	if (head->upgrade == HTTP_WEBSOCKET)
		method = (struct http_text){ websocket, sizeof(websocket) - 1 };
	for (size_t i = 0; i < ARRAY_SIZE(overrides); i++) {
		if (!http_find(head, overrides[i]))
			continue;
		*why = "a field names another method or path";
		return false;
	}
	return http_decide(proxy->policy.http, proxy->policy.nhttp, relay->host, relay->what.port,
			   !relay->tls, method, head->target, why);
}

static bool write_fields(const struct proxy *proxy, const struct relay *relay,
			 const struct http_head *head, struct bytes *out)
{
	for (unsigned i = 0; i < head->nfields; i++) {
		const struct http_field *field = &head->fields[i];

		if (http_hop(field))
			continue;
		if (!message_copy(out, field->name) || !bytes_add(out, ": ", 2) ||
		    !secret_fill(proxy, relay, field, out) || !bytes_add(out, "\r\n", 2))
			return false;
	}
	return true;
}

static bool write_request(const struct proxy *proxy, const struct relay *relay,
			  const struct http_head *head, struct bytes *out)
{
	const bool usual = relay->what.port == (relay->tls ? PORT_HTTPS : PORT_HTTP);
	char host[POLICY_NAME_MAX + 8];

	snprintf(host, sizeof(host), usual ? "%s" : "%s:%u", relay->host, relay->what.port);
	return message_copy(out, head->method) && bytes_add(out, " ", 1) &&
	       message_copy(out, head->target) &&
	       bytes_add(out, head->old ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n", 11) &&
	       message_field(out, "Host", host) && message_body(out, head) &&
	       (!head->expects || message_field(out, "Expect", "100-continue")) &&
	       (!relay->websocket || (message_field(out, "Connection", "Upgrade") &&
				      message_field(out, "Upgrade", "websocket"))) &&
	       (!relay->last || relay->websocket || message_field(out, "Connection", "close")) &&
	       write_fields(proxy, relay, head, out) && bytes_add(out, "\r\n", 2);
}

static bool judge(struct proxy *proxy, struct relay *relay, const struct http_head *head)
{
	struct http_fault fault;
	const char *why;

	note(proxy, relay, head);
	if (http_is(head->method, "CONNECT"))
		return refuse(proxy, relay, 405, "CONNECT leads elsewhere");
	if (!http_target_valid(head->target, &fault))
		return refuse(proxy, relay, fault.status, fault.why);
	if (!judge_host(proxy, relay, head, &why))
		return refuse(proxy, relay, 421, why);
	if (!judge_rules(proxy, relay, head, &why))
		return refuse(proxy, relay, 403, why);
	if (http_is(head->method, "TRACE"))
		return refuse(proxy, relay, 405, "TRACE shows what the guest shall not see");
	snprintf(relay->request.why, sizeof(relay->request.why), "%s", why);
	relay->no_body = http_is(head->method, "HEAD");
	relay->websocket = head->upgrade == HTTP_WEBSOCKET;
	relay->old = head->old;
	relay->last = head->close;
	relay->answered = false;
	relay->interim = 0;
	body_begin(&relay->up, head, false);
	if (!write_request(proxy, relay, head, &relay->peer.out))
		return refuse(proxy, relay, 431, "the header is too large");
	relay->state = relay->connected ? RELAY_EXCHANGE : RELAY_CONNECT;
	relay->deadline = 0;
	return true;
}

bool request_step(struct proxy *proxy, struct relay *relay)
{
	struct bytes *in = &relay->guest.in;
	static struct http_head head;
	struct http_fault fault;
	const long size = http_head_size(bytes_at(in), bytes_len(in), &fault);

	if (size < 0)
		return refuse(proxy, relay, fault.status, fault.why);
	if (!size) {
		if (side_fill(&relay->guest))
			return true;
		if (relay->guest.eof && bytes_len(in))
			return refuse(proxy, relay, 400, "a request ends within its header");
		/* Either side may end it when nothing is asked for; what a peer says unasked is no
		 * answer */
		if (relay->guest.eof || (relay->connected && !bytes_len(in) &&
					 (side_fill(&relay->peer) || relay->peer.eof)))
			relay->state = RELAY_OVER;
		return relay->state == RELAY_OVER;
	}
	if (!http_request_parse(bytes_at(in), (size_t)size, &head, &fault))
		refuse(proxy, relay, fault.status, fault.why);
	else
		judge(proxy, relay, &head);
	if (relay->state == RELAY_EXCHANGE || relay->state == RELAY_CONNECT)
		bytes_take(in, (size_t)size);
	return true;
}
