// SPDX-License-Identifier: GPL-2.0-only
/* exchange.c - a request's body goes to the peer, the answer comes to the guest
 *
 * Theory of operation
 * Both directions move as far as they can. Bodies are taken out of their framing and put into ours:
 * what a chunk's line says besides a size goes no further, and a body ends where we say. An answer
 * is read as strictly as a request; who answers so that its end could be seen in two places is cut
 * off. Its bytes are not looked at: what a peer tells of a secret is the peer's business.
 *
 * Host system calls: poll, and those of side.c.
 */
#include <poll.h>
#include <string.h>

#include "proxy.h"
#include "vitrine/util.h"

#define INTERIM_MAX 16
#define SWITCHING 101

void body_begin(struct body *body, const struct http_head *head, bool answer)
{
	*body = (struct body){ .kind = head->body,
			       .left = head->length,
			       .chunks = { .answer = answer },
			       .done = head->body == HTTP_EMPTY };
}

/* A piece of a body in chunks */
static bool put_chunk(struct bytes *out, struct http_text data)
{
	char size[24];

	if (!data.len)
		return true;
	snprintf(size, sizeof(size), "%zx\r\n", data.len);
	return bytes_add(out, size, strlen(size)) && message_copy(out, data) &&
	       bytes_add(out, "\r\n", 2);
}

static bool move_chunks(struct body *body, struct bytes *in, struct bytes *out, bool *moved,
			struct http_fault *fault)
{
	struct http_text data;
	size_t used;

	if (!http_chunks_take(&body->chunks, bytes_at(in), bytes_len(in), &used, &data, fault))
		return false;
	*moved = used > 0;
	*fault = (struct http_fault){ 500, "no memory" };
	if (!put_chunk(out, data))
		return false;
	bytes_take(in, used);
	body->done = body->chunks.state == HTTP_CHUNK_END;
	return !body->done || bytes_add(out, "0\r\n\r\n", 5);
}

/* Move what there is of a body. Return: false with @fault */
static bool move_body(struct body *body, struct side *from, struct side *to, bool *moved,
		      struct http_fault *fault)
{
	struct bytes *in = &from->in, *out = &to->out;
	size_t len = bytes_len(in);

	*moved = false;
	if (body->done || !len || bytes_len(out) >= STREAM_ROOM)
		return true;
	if (body->kind == HTTP_CHUNKED)
		return move_chunks(body, in, out, moved, fault);
	if (body->kind == HTTP_LENGTH && len > body->left)
		len = (size_t)body->left;
	*fault = (struct http_fault){ 500, "no memory" };
	if (!bytes_add(out, bytes_at(in), len))
		return false;
	bytes_take(in, len);
	*moved = len > 0;
	body->left -= body->kind == HTTP_LENGTH ? len : 0;
	body->done = body->kind == HTTP_LENGTH && !body->left;
	return true;
}

static bool write_answer(const struct relay *relay, const struct http_head *head,
			 struct http_text line, struct bytes *out)
{
	const bool final = head->status >= 200;

	if (!message_copy(out, line) || !bytes_add(out, "\r\n", 2) ||
	    (final && head->status != 204 && !message_body(out, head)) ||
	    (final && relay->last && !message_field(out, "Connection", "close")) ||
	    (head->status == SWITCHING && (!message_field(out, "Connection", "Upgrade") ||
					   !message_field(out, "Upgrade", "websocket"))))
		return false;
	for (unsigned i = 0; i < head->nfields; i++) {
		const struct http_field *field = &head->fields[i];

		if (http_hop(field))
			continue;
		if (!message_copy(out, field->name) || !bytes_add(out, ": ", 2) ||
		    !message_copy(out, field->value) || !bytes_add(out, "\r\n", 2))
			return false;
	}
	return bytes_add(out, "\r\n", 2);
}

static bool failed(struct proxy *proxy, struct relay *relay, const char *why)
{
	relay->last = true;
	if (!relay->answered) {
		relay_refuse(proxy, relay, WIRE_FAILED, 502, why);
		return true;
	}
	/* The guest has part of an answer: that there is no more is all that it can be told */
	relay_report(proxy, relay, WIRE_FAILED, relay->request.status, why);
	relay->state = RELAY_OVER;
	return true;
}

/* Return: false when the answer cannot be understood */
static bool take_head(struct proxy *proxy, struct relay *relay, struct http_head *head,
		      struct http_text line)
{
	if (head->status == SWITCHING) {
		if (!relay->websocket || head->upgrade != HTTP_WEBSOCKET)
			return false;
		if (!write_answer(relay, head, line, &relay->guest.out))
			return false;
		relay_report(proxy, relay, WIRE_ALLOWED, SWITCHING, NULL);
		relay->state = RELAY_TUNNEL;
		return true;
	}
	if (head->status < 200)
		return ++relay->interim <= INTERIM_MAX &&
		       (relay->old || write_answer(relay, head, line, &relay->guest.out));
	body_begin(&relay->down, head, true);
	relay->last = relay->last || head->close || relay->websocket;
	if (!write_answer(relay, head, line, &relay->guest.out))
		return false;
	relay->request.status = (uint16_t)head->status;
	relay->answered = true;
	return true;
}

/* Return: whether anything has changed */
static bool answer_head(struct proxy *proxy, struct relay *relay)
{
	struct bytes *in = &relay->peer.in;
	static struct http_head head;
	struct http_fault fault;
	const long size = http_head_size(bytes_at(in), bytes_len(in), &fault);
	const char *end;

	if (!size && relay->peer.eof)
		return failed(proxy, relay,
			      relay->peer.broken ? "the peer broke the connection off"
						 : "the peer ended the connection");
	if (!size)
		return false;
	if (size < 0 ||
	    !http_answer_parse(bytes_at(in), (size_t)size, relay->no_body, &head, &fault))
		return failed(proxy, relay, fault.why);
	end = memchr(bytes_at(in), '\r', (size_t)size);
	if (!take_head(proxy, relay, &head,
		       (struct http_text){ bytes_at(in), (size_t)(end - bytes_at(in)) }))
		return failed(proxy, relay, "the answer is none to this request");
	bytes_take(in, (size_t)size);
	return true;
}

static bool answer_body(struct proxy *proxy, struct relay *relay)
{
	struct body *down = &relay->down;
	struct http_fault fault;
	const uint64_t before = bytes_len(&relay->peer.in);
	bool moved;

	if (!move_body(down, &relay->peer, &relay->guest, &moved, &fault))
		return failed(proxy, relay, fault.why);
	relay->request.received += before - bytes_len(&relay->peer.in);
	if (moved || down->done || !relay->peer.eof || bytes_len(&relay->peer.in))
		return moved;
	if (down->kind != HTTP_UNTIL_CLOSE || relay->peer.broken)
		return failed(proxy, relay, "the answer was cut off");
	down->done = true;
	return true;
}

static bool request_body(struct proxy *proxy, struct relay *relay)
{
	struct http_fault fault;
	const uint64_t before = bytes_len(&relay->guest.in);
	bool moved;

	if (relay->up.done)
		return false;
	if (!move_body(&relay->up, &relay->guest, &relay->peer, &moved, &fault)) {
		if (relay->answered)
			return failed(proxy, relay, fault.why);
		relay_refuse(proxy, relay, WIRE_DENIED, fault.status, fault.why);
		return true;
	}
	relay->request.sent += before - bytes_len(&relay->guest.in);
	return moved;
}

static bool finished(struct proxy *proxy, struct relay *relay)
{
	if (relay->state != RELAY_EXCHANGE || !relay->answered || !relay->down.done)
		return false;
	relay_report(proxy, relay, WIRE_ALLOWED, relay->request.status, NULL);
	relay->state = relay->last || !relay->up.done ? RELAY_LAST : RELAY_HEAD;
	return true;
}

/* A guest that only says that its request has ended still reads; one that has gone does not */
static bool gone(const struct side *guest)
{
	struct pollfd fd = { .fd = guest->fd };

	return guest->broken || (poll(&fd, 1, 0) > 0 && fd.revents & POLLHUP);
}

bool exchange_step(struct proxy *proxy, struct relay *relay)
{
	bool changed = side_flush(&relay->peer);

	if (!relay->up.done)
		changed |= side_fill(&relay->guest);
	changed |= request_body(proxy, relay);
	if (relay->state != RELAY_EXCHANGE)
		return true;
	/* A guest that has gone does not want the answer */
	if ((relay->guest.eof && !relay->up.done && !bytes_len(&relay->guest.in)) ||
	    (!changed && gone(&relay->guest))) {
		relay_report(proxy, relay, WIRE_FAILED, relay->request.status,
			     "the guest ended the connection");
		relay->state = RELAY_OVER;
		return true;
	}
	if (bytes_len(&relay->guest.out) < STREAM_ROOM)
		changed |= side_fill(&relay->peer);
	changed |= relay->answered ? answer_body(proxy, relay) : answer_head(proxy, relay);
	changed |= finished(proxy, relay);
	return changed | side_flush(&relay->guest);
}
