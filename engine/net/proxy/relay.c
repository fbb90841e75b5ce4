// SPDX-License-Identifier: GPL-2.0-only
/* relay.c - a connection of the guest's to a host with rules or secrets
 *
 * Theory of operation
 * The first bytes say whether it is TLS, and for whom; they are looked at where they lie, so that a
 * connection that is nobody's business can be passed on as it is. For a host with rules or secrets
 * we are the server to the guest and a client to the peer. Each state has a function that does what
 * can be done; when none can do anything any more, the relay sleeps until something comes.
 *
 * Host system calls: recvfrom, epoll_ctl, close, write.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "lib/hello.h"
#include "proxy.h"
#include "vitrine/util.h"

#define STEPS 256      /* until others have their turn */
#define HEAD_MS 20000  /* for a request that has begun */
#define IDLE_MS 300000 /* until one begins */
#define DRAIN_MS 5000
#define REASON_MAX 160

bool relay_concerns(const struct proxy *proxy, const struct relay *relay, const char *host,
		    bool plain)
{
	bool known = false;

	for (unsigned i = 0; i < relay->what.count && !known; i++)
		known = !strcmp(relay->what.names[i], host);
	if (!known)
		return false;
	for (size_t i = 0; i < proxy->policy.nhttp; i++) {
		const struct http_rule *rule = &proxy->policy.http[i];

		if (rule->plain == plain && http_rule_concerns(rule, host, relay->what.port))
			return true;
	}
	return secret_concerns(proxy, host, relay->what.port, plain);
}

void relay_report(struct proxy *proxy, struct relay *relay, enum wire_verdict verdict,
		  unsigned status, const char *why)
{
	struct wire_request *r = &relay->request;

	r->id = relay->id;
	r->verdict = verdict;
	r->status = (uint16_t)status;
	r->tls = relay->tls;
	r->ms = relay->since ? proxy->now - relay->since : 0;
	snprintf(r->host, sizeof(r->host), "%s", relay->host);
	if (why)
		snprintf(r->why, sizeof(r->why), "%s", why);
	/* The gate always reads: it never waits for us */
	while (write(proxy->gate, r, sizeof(*r)) < 0 && errno == EINTR)
		;
	*r = (struct wire_request){ 0 };
	relay->since = 0;
}

static const char *reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *words;
	} known[] = {
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 414, "URI Too Long" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 431, "Request Header Fields Too Large" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].status == status)
			return known[i].words;
	}
	return "Refused";
}

void relay_refuse(struct proxy *proxy, struct relay *relay, enum wire_verdict verdict,
		  unsigned status, const char *why)
{
	char body[REASON_MAX + 16], text[512];

	snprintf(body, sizeof(body), "vitrine: %.*s\n", REASON_MAX, why);
	snprintf(text, sizeof(text),
		 "HTTP/1.1 %u %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
		 "Connection: close\r\n\r\n%s",
		 status, reason(status), strlen(body), relay->no_body ? "" : body);
	relay_report(proxy, relay, verdict, status, why);
	relay->state =
	    status && bytes_add(&relay->guest.out, text, strlen(text)) ? RELAY_LAST : RELAY_DRAIN;
	relay->deadline = proxy->now + DRAIN_MS;
	if (relay->state == RELAY_DRAIN)
		side_shut(&relay->guest);
	/* A request that was cut off must not reach the peer as a whole one */
	side_close(&relay->peer);
}

static bool refuse(struct proxy *proxy, struct relay *relay, const char *why)
{
	relay_refuse(proxy, relay, WIRE_DENIED, 0, why);
	return true;
}

/* It speaks, or begins, something that is not for us: pass it on or refuse it */
static bool pass(struct proxy *proxy, struct relay *relay, const char *why)
{
	if (!relay->what.others)
		return refuse(proxy, relay, why);
	relay->state = RELAY_TUNNEL;
	relay->deadline = 0;
	return true;
}

/* Who has named a host that it cannot have is told so in its own language (RFC 8446, section 6) */
static bool pass_hello(struct proxy *proxy, struct relay *relay, const char *why)
{
	static const uint8_t unrecognized_name[] = { 21, 3, 3, 0, 2, 2, 112 };

	if (!relay->what.others)
		(void)!write(relay->guest.fd, unrecognized_name, sizeof(unrecognized_name));
	return pass(proxy, relay, why);
}

static bool begin_tls(struct proxy *proxy, struct relay *relay)
{
	SSL_CTX *context = authority_context(relay->host);

	relay->tls = true;
	relay->guest.ssl = context ? SSL_new(context) : NULL;
	relay->peer.ssl = peer_ssl(relay->host);
	SSL_CTX_free(context);
	if (!relay->guest.ssl || !relay->peer.ssl ||
	    !SSL_set_fd(relay->guest.ssl, relay->guest.fd) ||
	    !SSL_set_fd(relay->peer.ssl, relay->peer.fd))
		return refuse(proxy, relay, "cannot begin TLS");
	relay->state = RELAY_ACCEPT;
	relay->deadline = proxy->now + proxy->handshake_ms;
	return true;
}

/* Is there anything that may be said in plain text here? */
static bool any_plain(const struct proxy *proxy, const struct relay *relay)
{
	for (unsigned i = 0; i < relay->what.count; i++) {
		if (relay_concerns(proxy, relay, relay->what.names[i], true))
			return true;
	}
	return false;
}

static bool first_step(struct proxy *proxy, struct relay *relay)
{
	static uint8_t bytes[HELLO_SIZE_MAX];
	char name[HELLO_NAME_MAX + 1];
	ssize_t n = recv(relay->guest.fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		relay->state = RELAY_OVER;
		return true;
	}
	switch (hello_parse(bytes, (size_t)n, name)) {
	case HELLO_MORE:
		return false;
	case HELLO_PLAIN:
		if (!any_plain(proxy, relay))
			return pass(proxy, relay, "no TLS");
		relay->state = RELAY_HEAD;
		relay->connected = true;
		return true;
	case HELLO_NAMED:
		if (strlen(name) > POLICY_NAME_MAX || !relay_concerns(proxy, relay, name, false)) {
			snprintf(relay->host, sizeof(relay->host), "%.*s", POLICY_NAME_MAX, name);
			return pass_hello(proxy, relay, "TLS for a host that no rule names");
		}
		strcpy(relay->host, name);
		return begin_tls(proxy, relay);
	case HELLO_NAMELESS:
		return pass_hello(proxy, relay, "TLS that names no host");
	case HELLO_BROKEN:
		return pass(proxy, relay, "TLS that begins oddly");
	}
	return false;
}

/* Why TLS has failed, from what OpenSSL says */
static const char *tls_reason(const char *who, char *text, size_t size)
{
	const unsigned long code = ERR_peek_last_error();

	snprintf(text, size, "%s: %s", who,
		 (code ? ERR_reason_error_string(code) : NULL) ?: "the connection ended");
	ERR_clear_error();
	return text;
}

static bool accept_step(struct proxy *proxy, struct relay *relay)
{
	char text[REASON_MAX];
	const int done = side_handshake(&relay->guest, true);
	const char *name;

	if (!done)
		return false;
	if (done < 0) {
		relay_refuse(proxy, relay, WIRE_FAILED, 0,
			     tls_reason("TLS with the guest", text, sizeof(text)));
		return true;
	}
	/* What OpenSSL has read is what we have read */
	name = SSL_get_servername(relay->guest.ssl, TLSEXT_NAMETYPE_host_name);
	if (!name || strcasecmp(name, relay->host))
		return refuse(proxy, relay, "TLS that names two hosts");
	relay->state = RELAY_HEAD;
	return true;
}

static bool connect_step(struct proxy *proxy, struct relay *relay)
{
	char text[REASON_MAX];
	const int done = side_handshake(&relay->peer, false);
	long verified;

	if (!relay->deadline)
		relay->deadline = proxy->now + proxy->handshake_ms;
	if (!done)
		return false;
	if (done < 0) {
		verified = SSL_get_verify_result(relay->peer.ssl);
		if (verified != X509_V_OK) {
			snprintf(text, sizeof(text), "the peer is not %.60s: %s", relay->host,
				 X509_verify_cert_error_string(verified));
			ERR_clear_error();
		} else {
			tls_reason("TLS with the peer", text, sizeof(text));
		}
		relay_refuse(proxy, relay, WIRE_FAILED, 502, text);
		return true;
	}
	relay->connected = true;
	relay->deadline = 0;
	relay->state = RELAY_EXCHANGE;
	return true;
}

/* One direction of a tunnel */
static bool move(struct side *from, struct side *to)
{
	const size_t len = bytes_len(&from->in);
	bool changed = false;

	if (len && bytes_len(&to->out) < STREAM_ROOM &&
	    bytes_add(&to->out, bytes_at(&from->in), len)) {
		bytes_take(&from->in, len);
		changed = true;
	}
	if (bytes_len(&to->out) < STREAM_ROOM)
		changed |= side_fill(from);
	changed |= side_flush(to);
	if (from->eof && !bytes_len(&from->in) && !bytes_len(&to->out) && !to->shut) {
		side_shut(to);
		changed = true;
	}
	return changed;
}

static bool tunnel_step(struct proxy *proxy, struct relay *relay)
{
	bool changed = move(&relay->guest, &relay->peer) | move(&relay->peer, &relay->guest);

	if ((relay->guest.shut && relay->peer.shut) || relay->guest.broken || relay->peer.broken) {
		relay->state = RELAY_OVER;
		changed = true;
	}
	return changed;
}

static bool last_step(struct proxy *proxy, struct relay *relay)
{
	bool changed = side_flush(&relay->guest);

	if (bytes_len(&relay->guest.out) && !relay->guest.broken)
		return changed;
	side_shut(&relay->guest);
	relay->deadline = proxy->now + DRAIN_MS;
	relay->state = RELAY_DRAIN;
	return true;
}

/* What is closed while something is unread is a reset, which could overtake the answer */
static bool drain_step(struct proxy *proxy, struct relay *relay)
{
	static char bytes[16384];
	const ssize_t n = recv(relay->guest.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0)
		return true;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	relay->state = RELAY_OVER;
	return true;
}

static bool head_step(struct proxy *proxy, struct relay *relay)
{
	const bool began = bytes_len(&relay->guest.in);
	bool changed = side_flush(&relay->guest) | request_step(proxy, relay);

	if (relay->state == RELAY_HEAD &&
	    (!relay->deadline || began != !!bytes_len(&relay->guest.in)))
		relay->deadline = proxy->now + (bytes_len(&relay->guest.in) ? HEAD_MS : IDLE_MS);
	return changed;
}

static bool (*const steps[RELAY_NSTATES])(struct proxy *, struct relay *) = {
	[RELAY_FIRST] = first_step,	  [RELAY_ACCEPT] = accept_step,
	[RELAY_HEAD] = head_step,	  [RELAY_CONNECT] = connect_step,
	[RELAY_EXCHANGE] = exchange_step, [RELAY_TUNNEL] = tunnel_step,
	[RELAY_LAST] = last_step,	  [RELAY_DRAIN] = drain_step,
};

void relay_run(struct proxy *proxy, struct relay *relay)
{
	for (unsigned i = 0; i < STEPS && relay->state != RELAY_OVER; i++) {
		const enum relay_state before = relay->state;

		if (!steps[before](proxy, relay))
			return;
		if (relay->state != before && (relay->state == RELAY_HEAD))
			relay->deadline = 0; /* a new one begins */
	}
	if (relay->state == RELAY_OVER)
		return;
	/* More to do: epoll tells of it at once */
	for (unsigned i = 0; i < 2; i++) {
		const struct side *side = i ? &relay->peer : &relay->guest;
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
					     .data.ptr = relay };

		if (side->fd >= 0)
			epoll_ctl(proxy->epoll, EPOLL_CTL_MOD, side->fd, &event);
	}
}

void relay_deadline(struct proxy *proxy, struct relay *relay)
{
	relay->deadline = 0;
	if (relay->state == RELAY_HEAD && bytes_len(&relay->guest.in))
		relay_refuse(proxy, relay, WIRE_DENIED, 408, "the header did not come in time");
	else if (relay->state == RELAY_CONNECT)
		relay_refuse(proxy, relay, WIRE_FAILED, 502, "TLS with the peer takes too long");
	else if (relay->state == RELAY_FIRST || relay->state == RELAY_ACCEPT)
		refuse(proxy, relay, "nothing that can be understood came in time");
	else
		relay->state = RELAY_OVER;
	if (relay->state != RELAY_OVER)
		relay_run(proxy, relay);
}

static bool watch(struct proxy *proxy, struct relay *relay, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				     .data.ptr = relay };

	return !epoll_ctl(proxy->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void report_crowd(struct proxy *proxy, uint32_t id)
{
	const struct wire_request crowd = {
		.id = id,
		.verdict = WIRE_FAILED,
		.why = "too many connections whose requests are looked at",
	};

	(void)!write(proxy->gate, &crowd, sizeof(crowd));
}

void relay_new(struct proxy *proxy, const struct wire_governed *what, int guest, int peer)
{
	struct relay *relay = proxy->count < RELAYS_MAX ? calloc(1, sizeof(*relay)) : NULL;

	if (!relay) {
		report_crowd(proxy, what->id);
		close(guest);
		shutdown(peer, SHUT_RDWR);
		close(peer);
		return;
	}
	relay->id = what->id;
	relay->what = *what;
	relay->guest = (struct side){ .fd = guest, .epoll = proxy->epoll };
	relay->peer = (struct side){ .fd = peer, .epoll = proxy->epoll };
	relay->deadline = proxy->now + IDLE_MS;
	relay->next = proxy->relays;
	proxy->relays = relay;
	proxy->count++;
	if (!watch(proxy, relay, guest) || !watch(proxy, relay, peer))
		relay->state = RELAY_OVER;
}

void relay_free(struct proxy *proxy, struct relay *relay)
{
	struct relay **at = &proxy->relays;

	while (*at != relay)
		at = &(*at)->next;
	*at = relay->next;
	proxy->count--;
	if (relay->request.method[0])
		relay_report(proxy, relay, WIRE_FAILED, relay->request.status,
			     "the connection ended before its answer");
	side_close(&relay->guest);
	side_close(&relay->peer);
	free(relay);
}
