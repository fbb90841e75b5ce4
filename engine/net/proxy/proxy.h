/* SPDX-License-Identifier: GPL-2.0-only */
/* proxy.h - who reads what a guest says to hosts that have rules about requests; private to this
 * folder
 *
 * A relay is a connection of the guest's to such a host. It has two sides, and what comes from one
 * is understood, judged, and written anew to the other.
 */
#ifndef ENGINE_NET_PROXY_PROXY_H
#define ENGINE_NET_PROXY_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "engine/net/wire.h"
#include "engine/sandbox.h"
#include "lib/http.h"
#include "lib/http_rule.h"
#include "lib/policy.h"
#include "vitrine/error.h"

#define RELAYS_MAX 512
#define HANDSHAKE_MS 30000
#define STREAM_ROOM 65536 /* bytes that wait to be written, until reading waits */

/**
 * struct bytes - bytes from @start to @end
 */
struct bytes {
	char *data;
	size_t size, start, end;
};

/**
 * struct side - one end of a relay
 * @ssl:    NULL without TLS
 * @eof:    nothing more comes; @broken: nor goes
 * @shut:   the other was told that nothing more goes
 * @epoll:  who tells of its events
 */
struct side {
	int fd, epoll;
	SSL *ssl;
	struct bytes in, out;
	bool eof, broken, shut;
};

enum relay_state {
	RELAY_FIRST,	/* is it TLS, and for whom? */
	RELAY_ACCEPT,	/* TLS with the guest */
	RELAY_HEAD,	/* waits for a request */
	RELAY_CONNECT,	/* TLS with the peer; the request waits to be sent */
	RELAY_EXCHANGE, /* the request's body goes, the answer comes */
	RELAY_TUNNEL,	/* bytes, which are not looked at */
	RELAY_LAST,	/* a last answer goes to the guest */
	RELAY_DRAIN,	/* until it has been read */
	RELAY_OVER,
	RELAY_NSTATES,
};

/**
 * struct body - what is left of one
 */
struct body {
	enum http_body kind;
	uint64_t left;
	struct http_chunks chunks;
	bool done;
};

/**
 * struct relay - a connection
 * @host:     whom it is with, when that is known
 * @request:  what the log will say of the request that is being served; method[0] is 0 when none is
 * @since:    when that began
 * @no_body:  it is HEAD; @websocket: it wants to become one; @old: HTTP/1.0
 * @last:     nothing follows behind this answer
 * @answered: the answer's head has come; @interim: how many came before it
 */
struct relay {
	struct relay *next;
	uint32_t id;
	enum relay_state state;
	struct side guest, peer;
	struct wire_governed what;
	bool tls, connected, no_body, websocket, old, last, answered;
	unsigned interim;
	char host[POLICY_NAME_MAX + 1];
	struct body up, down;
	struct wire_request request;
	uint64_t since, deadline;
};

/**
 * struct secret - with its value, which only this process has
 */
struct secret {
	struct http_secret what;
	const char *placeholder;
	char *value;
	size_t len;
};

/**
 * struct proxy - all there is
 * @now: milliseconds, of the monotonic clock
 * @handshake_ms: patience with TLS that has begun
 */
struct proxy {
	int epoll, gate;
	struct policy policy; /* for its rules about requests */
	struct secret secrets[HTTP_SECRETS_MAX];
	unsigned nsecrets;
	struct relay *relays;
	unsigned count;
	uint64_t now, handshake_ms;
	bool over;
};

/**
 * proxy_round() - Wait for events and deadlines, and do what there is to be done
 */
void proxy_round(struct proxy *proxy);

/* authority.c: certificates that only the guest believes */

/**
 * authority_begin() - Make the authority of this sandbox, or take the one that it had
 * @kept: as @text was then, or NULL
 * @text: filled with its certificate and key: DER in base64, a blank between, which the caller
 * wipes and frees
 */
int authority_begin(const char *kept, char **text, struct error *err);

/**
 * authority_context() - TLS as the server of that name
 *
 * Return: a reference of the caller's own, or NULL.
 */
SSL_CTX *authority_context(const char *name);

/* peer.c: TLS as a client */

/**
 * peer_begin() - Read whom the host believes
 * @needed: without any it cannot go on
 */
int peer_begin(bool needed, struct error *err);

/**
 * peer_ssl() - TLS to the host of that name, which has to prove that it is
 */
SSL *peer_ssl(const char *name);

/* side.c */
bool bytes_add(struct bytes *buffer, const void *data, size_t len);
void bytes_take(struct bytes *buffer, size_t len);
void bytes_free(struct bytes *buffer);

static inline size_t bytes_len(const struct bytes *buffer)
{
	return buffer->end - buffer->start;
}

static inline const char *bytes_at(const struct bytes *buffer)
{
	return buffer->data + buffer->start;
}

/**
 * side_fill() - Read what there is, as far as there is room
 *
 * Return: whether anything has changed.
 */
bool side_fill(struct side *side);

/**
 * side_flush() - Write what waits
 *
 * Return: whether anything has changed.
 */
bool side_flush(struct side *side);

/**
 * side_shut() - Say that nothing more goes
 */
void side_shut(struct side *side);
void side_close(struct side *side);

/**
 * side_handshake() - TLS's beginning
 *
 * Return: 1 when it is done, 0 when it has to wait, -1 when it failed.
 */
int side_handshake(struct side *side, bool accept);

/* secret.c */

/**
 * secret_begin() - Read a value from where it is
 * @text: of the secret, @placeholder: what the guest has in its place
 */
int secret_begin(struct proxy *proxy, const char *text, const char *placeholder, struct error *err);

/**
 * secret_concerns() - Does any go to this host?
 */
bool secret_concerns(const struct proxy *proxy, const char *host, uint16_t port, bool plain);

/**
 * secret_fill() - Write a field's value, with secrets in place of their placeholders
 */
bool secret_fill(const struct proxy *proxy, const struct relay *relay,
		 const struct http_field *field, struct bytes *out);

/* relay.c */
void relay_new(struct proxy *proxy, const struct wire_governed *what, int guest, int peer);
void relay_run(struct proxy *proxy, struct relay *relay);
void relay_deadline(struct proxy *proxy, struct relay *relay);
void relay_free(struct proxy *proxy, struct relay *relay);

/**
 * relay_refuse() - Answer the guest, and end
 * @status: of the answer; 0: no answer, since it would not be understood
 */
void relay_refuse(struct proxy *proxy, struct relay *relay, enum wire_verdict verdict,
		  unsigned status, const char *why);

/**
 * relay_report() - Tell the gate what became of the request
 */
void relay_report(struct proxy *proxy, struct relay *relay, enum wire_verdict verdict,
		  unsigned status, const char *why);

/* Rules or secrets for this host on the relay's port? */
bool relay_concerns(const struct proxy *proxy, const struct relay *relay, const char *host,
		    bool plain);

/* request.c: a request is judged, and written anew */
bool request_step(struct proxy *proxy, struct relay *relay);

/* exchange.c: its body goes, the answer comes */
bool exchange_step(struct proxy *proxy, struct relay *relay);

/* A body's framing, which is ours */
void body_begin(struct body *body, const struct http_head *head, bool answer);

/* message.c */
bool message_field(struct bytes *out, const char *name, const char *value);
bool message_body(struct bytes *out, const struct http_head *head);
bool message_copy(struct bytes *out, struct http_text text);

#endif
