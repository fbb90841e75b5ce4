// SPDX-License-Identifier: GPL-2.0-only
/* session.c - packets of a client's, and what they are answered with
 *
 * Theory of operation
 * In version 1 the relay says at once how many packets it takes. In version 2 it first says what it
 * can, waits for the client's word, and looks at its token if one is needed. A packet that makes no
 * sense ends the client: nobody sends one by accident. A packet for a stream that is over is no
 * mistake, since both sides may end one at the same time.
 *
 * Host system calls: none.
 */
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define CLOSE_PROTOCOL 1002
#define CLOSE_POLICY 1008

static const struct wisp_info ours = { .major = 2, .udp = true, .confirm = true, .duplex = true };

static void ready(struct client *client)
{
	uint8_t packet[WISP_PACKET_MAX];

	client->ready = true;
	client_say(client, packet, wisp_continue(packet, 0, WINDOW));
}

void session_begin(struct client *client)
{
	struct wisp_info info = ours;
	uint8_t packet[WISP_PACKET_MAX];

	if (!client->v2) {
		client->info.udp = true;
		ready(client);
		return;
	}
	info.password = info.required = client->relay->ntokens && !*client->token;
	client_say(client, packet, wisp_info(packet, true, &info));
}

static void invalid(struct client *client)
{
	client->relay->figures.invalid++;
	client_fail(client, CLOSE_PROTOCOL);
}

/* Return: may it come in? */
static bool has_token(struct client *client)
{
	const char *name;
	uint8_t packet[WISP_PACKET_MAX];
	enum wisp_reason reason = WISP_NO_PASSWORD;

	if (!client->relay->ntokens || *client->token)
		return true;
	if (client->info.password) {
		name = token_find(client->relay, client->info.secret);
		explicit_bzero(client->info.secret, sizeof(client->info.secret));
		if (name) {
			snprintf(client->token, sizeof(client->token), "%s", name);
			return true;
		}
		reason = WISP_BAD_PASSWORD;
	}
	client_say(client, packet, wisp_close(packet, 0, reason));
	client->relay->figures.doors_refused++;
	client_fail(client, CLOSE_POLICY);
	return false;
}

static void info(struct client *client, const struct wisp_packet *packet)
{
	if (!client->v2 || client->ready || packet->stream ||
	    !wisp_info_parse(packet, false, &client->info) || client->info.major != ours.major) {
		invalid(client);
		return;
	}
	if (has_token(client))
		ready(client);
}

static void connect_stream(struct client *client, const struct wisp_packet *packet)
{
	struct wisp_connect asked;
	struct stream *old = stream_find(client, packet->stream);
	uint8_t answer[WISP_PACKET_MAX];

	if (!packet->stream || (old && (!old->client_done || client->info.duplex))) {
		invalid(client);
		return;
	}
	if (old)
		stream_end(old, 0, 0); /* it lingered: the client knows it no more */
	if (wisp_connect_parse(packet, &asked) && (asked.kind == WISP_TCP || client->info.udp)) {
		stream_new(client, packet->stream, &asked);
		return;
	}
	client->relay->figures.invalid++;
	client_say(client, answer, wisp_close(answer, packet->stream, WISP_INVALID));
}

static void of_stream(struct client *client, const struct wisp_packet *packet)
{
	struct stream *stream = stream_find(client, packet->stream);
	uint32_t number;

	if (!stream)
		return;
	switch (packet->type) {
	case WISP_DATA:
		stream_data(stream, packet->payload, packet->len);
		break;
	case WISP_CLOSE:
		stream_closed(stream, packet->len ? packet->payload[0] : WISP_UNKNOWN);
		break;
	default:
		if (client->info.duplex && wisp_number(packet, &number))
			stream_credit(stream, number);
		else
			invalid(client); /* of the server's only */
	}
}

void session_packet(struct client *client, const uint8_t *message, size_t len)
{
	struct wisp_packet packet;

	if (!wisp_parse(message, len, &packet) || (!client->ready && packet.type != WISP_INFO)) {
		invalid(client);
		return;
	}
	switch (packet.type) {
	case WISP_INFO:
		info(client, &packet);
		break;
	case WISP_CONNECT:
		connect_stream(client, &packet);
		break;
	default:
		of_stream(client, &packet);
	}
}
