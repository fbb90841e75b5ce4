// SPDX-License-Identifier: GPL-2.0-only
/* client.c - a WebSocket: messages of WISP, and how much of them at a time
 *
 * Theory of operation
 * wslay reads and writes frames. A message is one packet. Who takes nothing of what it is sent gets
 * nothing more read from hosts (stalled); whose hosts take nothing, or who has used up its rate, is
 * not read itself (full). So what the relay holds of a client has a bound in both directions.
 *
 * A client that is in the middle of something is only marked when it ends (over), and freed by
 * whoever has called it.
 *
 * Host system calls: recvfrom, sendto, epoll_ctl.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <wslay/wslay.h>

#include "internal.h"

#define BUDGET (256 * 1024) /* bytes of a client until others have their turn */
#define PING_MS 30000
#define SILENCE_MS 90000
#define CLOSE_PROTOCOL 1002
#define CLOSE_POLICY 1008

static size_t budget;

static ssize_t on_receive(wslay_event_context_ptr frames, uint8_t *data, size_t len, int flags,
			  void *context)
{
	struct client *client = context;
	ssize_t n;

	if (client->over || client->full || !budget) {
		wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (client->extra_len) {
		n = (ssize_t)(len < client->extra_len ? len : client->extra_len);
		memcpy(data, client->extra, (size_t)n);
		client->extra += n;
		client->extra_len -= (size_t)n;
		return n;
	}
	n = recv(client->watched.fd, data, len, MSG_DONTWAIT);
	if (n > 0) {
		budget -= (size_t)n < budget ? (size_t)n : budget;
		client->active = client->relay->now;
		return n;
	}
	wslay_event_set_error(frames, n < 0 && (errno == EAGAIN || errno == EINTR)
					  ? WSLAY_ERR_WOULDBLOCK
					  : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *data, size_t len, int flags,
		       void *context)
{
	struct client *client = context;
	const int more = flags & WSLAY_MSG_MORE ? MSG_MORE : 0;
	const ssize_t n = send(client->watched.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL | more);

	if (n >= 0)
		return n;
	wslay_event_set_error(frames, errno == EAGAIN || errno == EINTR
					  ? WSLAY_ERR_WOULDBLOCK
					  : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void on_message(wslay_event_context_ptr frames,
		       const struct wslay_event_on_msg_recv_arg *message, void *context)
{
	struct client *client = context;

	if (client->over || wslay_is_ctrl_frame(message->opcode))
		return;
	if (message->opcode != WSLAY_BINARY_FRAME) {
		client->relay->figures.invalid++;
		client_fail(client, CLOSE_PROTOCOL);
		return;
	}
	session_packet(client, message->msg, message->msg_length);
	client->full = client->held > HELD_MAX || !rate_has(client->relay, &client->peer->up);
}

void client_say(struct client *client, const void *packet, size_t len)
{
	const struct wslay_event_msg message = { WSLAY_BINARY_FRAME, packet, len };

	if (!client->over && wslay_event_queue_msg(client->frames, &message))
		client->over = true;
}

void client_fail(struct client *client, unsigned code)
{
	if (client->over)
		return;
	/* If it takes them now, good: first what was said before, which the goodbye would overtake
	 */
	wslay_event_send(client->frames);
	wslay_event_queue_close(client->frames, (uint16_t)code, NULL, 0);
	wslay_event_send(client->frames);
	client->over = true;
}

static void look_at_streams(struct client *client)
{
	for (unsigned i = 0; i < STREAM_BUCKETS; i++) {
		for (struct stream *stream = client->streams[i]; stream; stream = stream->next)
			stream_look(stream);
	}
}

void client_look(struct client *client)
{
	const bool stalled = client->stalled;
	size_t backlog;

	if (client->over)
		return;
	if (wslay_event_want_write(client->frames) && wslay_event_send(client->frames)) {
		client->over = true;
		return;
	}
	if (!wslay_event_want_read(client->frames) && !wslay_event_want_write(client->frames)) {
		client->over = true; /* both have said goodbye */
		return;
	}
	backlog = wslay_event_get_queued_msg_length(client->frames);
	client->stalled = backlog > (stalled ? BACKLOG_MAX / 2 : BACKLOG_MAX);
	client->full = client->held > HELD_MAX || !rate_has(client->relay, &client->peer->up);
	relay_change(client->relay, &client->watched,
		     (client->full ? 0 : EPOLLIN) |
			 (wslay_event_want_write(client->frames) ? EPOLLOUT : 0));
	if (client->stalled != stalled)
		look_at_streams(client);
}

void client_refill(struct client *client)
{
	look_at_streams(client);
	client_look(client);
}

static void receive(struct client *client)
{
	budget = BUDGET;
	if (wslay_event_recv(client->frames))
		client->over = true;
	client_look(client);
}

static void on_client(struct relay *relay, struct watched *watched, uint32_t events)
{
	struct client *client = (struct client *)watched;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(client);
	else
		client_look(client);
	if (events & (EPOLLHUP | EPOLLERR))
		client->over = true;
}

void client_tick(struct client *client)
{
	const struct wslay_event_msg ping = { WSLAY_PING, NULL, 0 };
	const uint64_t now = client->relay->now;

	for (unsigned i = 0; i < STREAM_BUCKETS; i++) {
		for (struct stream *next, *stream = client->streams[i]; stream; stream = next) {
			next = stream->next;
			stream_tick(stream);
		}
	}
	if (now - client->active > SILENCE_MS && !client->full) {
		client_fail(client, CLOSE_POLICY);
	} else if (now - client->pinged > PING_MS) {
		client->pinged = now;
		wslay_event_queue_msg(client->frames, &ping);
	}
	client_look(client);
}

void client_new(struct relay *relay, struct door_socket *socket)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = on_receive,
		.send_callback = on_send,
		.on_msg_recv_callback = on_message,
	};
	struct client *client = calloc(1, sizeof(*client));
	struct peer *peer = client ? peer_get(relay, &socket->address) : NULL;

	if (!peer || wslay_event_context_server_init(&client->frames, &callbacks, client)) {
		if (peer)
			peer_put(relay, peer);
		free(client);
		relay->figures.doors_refused++;
		door_end(socket);
		return;
	}
	wslay_event_config_set_max_recv_msg_length(client->frames, MESSAGE_MAX);
	client->watched = (struct watched){ on_client, socket->fd, 0 };
	client->relay = relay;
	client->socket = socket;
	client->extra = socket->extra;
	client->extra_len = socket->extra_len;
	client->peer = peer;
	client->v2 = socket->v2;
	client->since = client->active = client->pinged = relay->now;
	client->address = socket->address;
	memcpy(client->token, socket->token, sizeof(client->token));
	memcpy(client->origin, socket->origin, sizeof(client->origin));
	client->next = relay->clients;
	relay->clients = client;
	relay->figures.clients++;
	relay->figures.clients_total++;
	relay->nclients++;
	client->over = !relay_watch(relay, &client->watched, EPOLLIN);
	audit_client(client, "opened");
	session_begin(client);
	receive(client);
	if (client->over)
		client_free(client);
}

void client_free(struct client *client)
{
	struct client **at = &client->relay->clients;

	client->over = true;
	for (unsigned i = 0; i < STREAM_BUCKETS; i++) {
		while (client->streams[i])
			stream_end(client->streams[i], 0, 0);
	}
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	audit_client(client, "closed");
	relay_unwatch(client->relay, &client->watched);
	client->relay->figures.clients--;
	client->relay->nclients--;
	peer_put(client->relay, client->peer);
	wslay_event_context_free(client->frames);
	door_end(client->socket);
	free(client);
}
