// SPDX-License-Identifier: GPL-2.0-only
/* stream.c - a connection of a client's: bytes, and its end
 *
 * Theory of operation
 * What the client sends goes to the host at once, or is kept in order until the host takes it; the
 * client hears by CONTINUE that there is room again. What the host sends goes to the client, unless
 * that takes nothing (client->stalled), has used up its rate, or has no credit.
 *
 * Ends of streams. WISP has one CLOSE for both directions. A client of version 1 may mean that only
 * its own has ended, as v86 does: so its CLOSE shuts that direction down, and the host may answer
 * for a few seconds more. With WISP_EXTENSION_DUPLEX each direction has a CLOSE of its own.
 *
 * Host system calls: recvfrom, sendto, shutdown, setsockopt, getsockopt, close.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

#define OVERRUN (4 * WINDOW) /* packets that nobody who counts would send */
#define LINGER_MS 10000
#define DIAL_MS 20000
#define CREDIT_MAX (64ULL << 20)

static struct stream **bucket(struct client *client, uint32_t id)
{
	return &client->streams[id % STREAM_BUCKETS];
}

struct stream *stream_find(struct client *client, uint32_t id)
{
	struct stream *stream = *bucket(client, id);

	while (stream && stream->id != id)
		stream = stream->next;
	return stream;
}

static bool lingers(const struct stream *stream)
{
	return stream->client_done && !stream->client->info.duplex;
}

/* ---- begin and end ---- */

static void on_stream(struct relay *relay, struct watched *watched, uint32_t events);

void stream_new(struct client *client, uint32_t id, const struct wisp_connect *asked)
{
	struct relay *relay = client->relay;
	struct stream *stream = calloc(1, sizeof(*stream));
	uint8_t packet[WISP_PACKET_MAX];

	relay->figures.streams_total++;
	if (!stream || client->nstreams >= relay->options->streams ||
	    !rate_has(relay, &client->peer->opens)) {
		free(stream);
		relay->figures.refused++;
		client_say(client, packet, wisp_close(packet, id, WISP_THROTTLED));
		return;
	}
	rate_take(&client->peer->opens, 1);
	stream->watched = (struct watched){ on_stream, -1, 0 };
	stream->client = client;
	stream->id = id;
	stream->asked = *asked;
	stream->last = &stream->chunks;
	stream->credit = client->info.window;
	stream->since = stream->active = relay->now;
	stream->next = *bucket(client, id);
	*bucket(client, id) = stream;
	client->nstreams++;
	client->opened++;
	relay->figures.streams++;
	dial_begin(stream);
}

static void drop_chunk(struct stream *stream)
{
	struct chunk *chunk = stream->chunks;

	stream->chunks = chunk->next;
	if (!stream->chunks)
		stream->last = &stream->chunks;
	stream->npackets--;
	stream->held -= chunk->len;
	stream->client->held -= chunk->len;
	free(chunk);
}

static const char *verdict_of(const struct stream *stream, unsigned reason, int code)
{
	if (stream->state == STREAM_OPEN && !code)
		return "allowed";
	return reason == WISP_BLOCKED || reason == WISP_INVALID ? "refused" : "failed";
}

void stream_end(struct stream *stream, unsigned reason, int code)
{
	struct client *client = stream->client;
	struct stream **at = bucket(client, stream->id);
	const char *verdict = verdict_of(stream, reason, code);
	struct relay_figures *figures = &client->relay->figures;
	uint8_t packet[WISP_PACKET_MAX];

	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	client->nstreams--;
	figures->streams--;
	*(*verdict == 'a'   ? &figures->allowed
	  : *verdict == 'r' ? &figures->refused
			    : &figures->failed) += 1;
	audit_stream(stream, verdict, reason, code);
	lookup_forget(stream);
	while (stream->chunks)
		drop_chunk(stream);
	relay_unwatch(client->relay, &stream->watched);
	if (stream->watched.fd >= 0)
		close(stream->watched.fd);
	if (reason && !lingers(stream))
		client_say(client, packet,
			   wisp_close(packet, stream->id, (enum wisp_reason)reason));
	free(stream);
}

/* ---- client to host ---- */

/* Return: bytes taken, or -1 when the stream has ended */
static ssize_t push(struct stream *stream, const uint8_t *data, size_t len)
{
	const ssize_t n = send(stream->watched.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0) {
		stream->sent += (uint64_t)n;
		stream->client->relay->figures.up += (uint64_t)n;
		stream->active = stream->client->relay->now;
		return n;
	}
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	if (stream->asked.kind == WISP_UDP && errno != ECONNREFUSED)
		return (ssize_t)len; /* too large, or no room: datagrams are lost */
	stream_end(stream, errno == ECONNREFUSED ? WISP_REFUSED : WISP_NETWORK, errno);
	return -1;
}

static void count_packet(struct stream *stream)
{
	uint8_t packet[WISP_PACKET_MAX];

	if (stream->asked.kind == WISP_UDP || ++stream->taken < WINDOW / 2)
		return;
	stream->taken = 0;
	client_say(stream->client, packet,
		   wisp_continue(packet, stream->id,
				 stream->npackets < WINDOW ? WINDOW - stream->npackets : 0));
}

/* Return: false when the stream has ended */
static bool shut(struct stream *stream)
{
	if (!stream->client_done || stream->chunks || stream->shut || stream->state != STREAM_OPEN)
		return true;
	shutdown(stream->watched.fd, SHUT_WR);
	stream->shut = true;
	if (!stream->host_done)
		return true;
	stream_end(stream, 0, 0);
	return false;
}

/* Return: false when the stream has ended */
static bool drain(struct stream *stream)
{
	while (stream->chunks) {
		struct chunk *chunk = stream->chunks;
		const ssize_t n = push(stream, chunk->data + chunk->done, chunk->len - chunk->done);

		if (n < 0)
			return false;
		chunk->done += (size_t)n;
		if (chunk->done < chunk->len)
			return true;
		drop_chunk(stream);
		count_packet(stream);
	}
	return shut(stream);
}

static void keep(struct stream *stream, const uint8_t *data, size_t len)
{
	struct chunk *chunk = malloc(sizeof(*chunk) + len);

	if (!chunk) {
		stream_end(stream, WISP_THROTTLED, ENOMEM);
		return;
	}
	*chunk = (struct chunk){ .len = len };
	memcpy(chunk->data, data, len);
	*stream->last = chunk;
	stream->last = &chunk->next;
	stream->npackets++;
	stream->held += len;
	stream->client->held += len;
}

void stream_data(struct stream *stream, const uint8_t *data, size_t len)
{
	ssize_t n = 0;

	rate_take(&stream->client->peer->up, len);
	if (stream->client_done || stream->npackets >= OVERRUN) {
		stream->client->relay->figures.invalid++;
		stream_end(stream, WISP_INVALID, EPROTO);
		return;
	}
	if (stream->state == STREAM_OPEN && !stream->chunks)
		n = push(stream, data, len);
	if (n < 0)
		return;
	if ((size_t)n == len && stream->state == STREAM_OPEN) {
		count_packet(stream);
		return;
	}
	keep(stream, data + n, len - (size_t)n);
	stream_look(stream);
}

void stream_closed(struct stream *stream, unsigned reason)
{
	const struct linger now = { .l_onoff = 1 };
	const bool halves = stream->client->info.duplex || !stream->client->v2;

	if (reason == WISP_VOLUNTARY && halves && stream->asked.kind == WISP_TCP) {
		stream->client_done = true;
		stream->active = stream->client->relay->now;
		if (shut(stream))
			stream_look(stream);
		return;
	}
	if (reason != WISP_VOLUNTARY && stream->watched.fd >= 0)
		setsockopt(stream->watched.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	stream_end(stream, 0, 0);
}

/* ---- host to client ---- */

void stream_credit(struct stream *stream, uint32_t bytes)
{
	stream->credit += bytes;
	if (stream->credit > CREDIT_MAX)
		stream->credit = CREDIT_MAX;
	stream_look(stream);
}

static bool may_read(struct stream *stream)
{
	return stream->state == STREAM_OPEN && !stream->host_done && !stream->client->stalled &&
	       (!stream->client->info.duplex || stream->credit) &&
	       rate_has(stream->client->relay, &stream->client->peer->down);
}

void stream_look(struct stream *stream)
{
	if (stream->watched.fd < 0)
		return;
	relay_change(stream->client->relay, &stream->watched,
		     stream->state == STREAM_DIALS
			 ? EPOLLOUT
			 : (may_read(stream) ? EPOLLIN : 0) | (stream->chunks ? EPOLLOUT : 0));
}

static void host_end(struct stream *stream)
{
	uint8_t packet[WISP_PACKET_MAX];

	stream->host_done = true;
	if (!stream->client->info.duplex) {
		stream_end(stream, WISP_VOLUNTARY, 0);
		return;
	}
	client_say(stream->client, packet, wisp_close(packet, stream->id, WISP_VOLUNTARY));
	if (stream->shut)
		stream_end(stream, 0, 0);
	else
		stream_look(stream);
}

static void pull(struct stream *stream)
{
	struct client *client = stream->client;
	struct relay *relay = client->relay;
	size_t most = READ_MAX;
	ssize_t n;

	if (client->info.duplex && stream->credit < most)
		most = stream->credit;
	n = recv(stream->watched.fd, relay->buffer + WISP_HEAD, most, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		stream_end(stream, errno == ECONNREFUSED ? WISP_REFUSED : WISP_NETWORK, errno);
		return;
	}
	if (!n && stream->asked.kind == WISP_TCP) {
		host_end(stream);
		return;
	}
	stream->received += (uint64_t)n;
	stream->active = relay->now;
	relay->figures.down += (uint64_t)n;
	rate_take(&client->peer->down, (uint64_t)n);
	if (client->info.duplex)
		stream->credit -= (uint64_t)n;
	wisp_head(relay->buffer, WISP_DATA, stream->id);
	client_say(client, relay->buffer, WISP_HEAD + (size_t)n);
	stream_look(stream);
}

static void opened(struct stream *stream)
{
	uint8_t packet[WISP_PACKET_MAX];

	stream->state = STREAM_OPEN;
	stream->active = stream->client->relay->now;
	if (stream->client->info.confirm && stream->asked.kind == WISP_TCP)
		client_say(stream->client, packet, wisp_continue(packet, stream->id, WINDOW));
	if (drain(stream))
		stream_look(stream);
}

static void on_stream(struct relay *relay, struct watched *watched, uint32_t events)
{
	struct stream *stream = (struct stream *)watched;
	struct client *client = stream->client;
	int code = 0;
	socklen_t len = sizeof(code);

	if (stream->state == STREAM_DIALS) {
		getsockopt(watched->fd, SOL_SOCKET, SO_ERROR, &code, &len);
		if (code)
			dial_next(stream, code);
		else
			opened(stream);
	} else if (events & EPOLLOUT && stream->chunks) {
		if (drain(stream))
			stream_look(stream);
	} else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		pull(stream);
	}
	client_look(client);
}

void stream_tick(struct stream *stream)
{
	const uint64_t quiet = stream->client->relay->now - stream->active;

	if (stream->state == STREAM_DIALS && quiet > DIAL_MS)
		dial_next(stream, ETIMEDOUT);
	else if (stream->state == STREAM_OPEN && lingers(stream) && quiet > LINGER_MS)
		stream_end(stream, 0, 0);
	else if (stream->state == STREAM_OPEN &&
		 quiet > (uint64_t)stream->client->relay->options->idle * 1000)
		stream_end(stream, WISP_IDLE, 0);
}
