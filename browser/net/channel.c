// SPDX-License-Identifier: GPL-2.0-only
/* channel.c - what the stack has in place of sockets: streams of WISP
 *
 * Theory of operation
 * The stack asks for a connection as it asks a sandbox's gate, and is answered when the relay has
 * dialled: so a refused connection is refused, and not accepted and lost. What the relay sends is
 * kept until the stack reads it, CREDIT bytes at most: the relay sends no more until it is told
 * that there is room. What the stack writes is sent as long as the relay takes packets.
 *
 * The stack is told of everything in channels_round(), never from within a call of its own.
 *
 * Host system calls: none.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "host.h"
#include "internal.h"
#include "lib/dns.h"

#define PACKET_MAX 16384 /* bytes of a DATA packet */
#define WAIT_MS 20000	 /* for a relay */
#define ASK_MS 60000

#undef read
#undef readv
#undef write
#undef writev
#undef shutdown
#undef close
#undef getrandom

/* Whose stack calls: set by everything of net.h */
static struct net *current;

void channels_enter(struct net *net);
void channels_enter(struct net *net)
{
	current = net;
}

/* ---- packets ---- */

static bool say(struct net *net, const void *packet, size_t len)
{
	return net->there && net->send(net->of, packet, len);
}

static void say_close(struct net *net, const struct channel *channel, enum wisp_reason reason)
{
	uint8_t packet[WISP_PACKET_MAX];

	if (channel->state != CHANNEL_WAITS && channel->kind != CHANNEL_NAMES)
		say(net, packet, wisp_close(packet, channel->stream, reason));
}

static void ask(struct net *net, struct channel *channel)
{
	uint8_t packet[WISP_PACKET_MAX];

	channel->stream = ++net->last_stream;
	channel->window = net->window;
	channel->state = CHANNEL_ASKED;
	channel->since = net->stack.now;
	say(net, packet, wisp_connect(packet, channel->stream, &channel->asked));
	if (channel->kind == CHANNEL_DATAGRAMS || !net->confirms) {
		channel->state = CHANNEL_OPEN;
		channel->to_answer = true;
	}
}

/* ---- the stack's questions ---- */

static void decide(struct net *net, struct channel *channel, const struct wire *wire)
{
	const char *name = names_of(net, &wire->address);
	struct address resolver;

	channel->asked.port = wire->port;
	channel->asked.kind = wire->protocol == IPPROTO_UDP ? WISP_UDP : WISP_TCP;
	channel->kind = wire->protocol == IPPROTO_UDP ? CHANNEL_DATAGRAMS : CHANNEL_STREAM;
	if (address_parse(NET_RESOLVER4, &resolver) && address_equal(&resolver, &wire->address)) {
		channel->kind = CHANNEL_NAMES;
		channel->state = CHANNEL_OPEN;
		channel->to_answer = true;
		channel->answer =
		    wire->protocol == IPPROTO_UDP && wire->port == PORT_DNS ? 0 : ECONNREFUSED;
	} else if (wire->protocol != IPPROTO_TCP && wire->protocol != IPPROTO_UDP) {
		channel->to_answer = true;
		channel->answer = WIRE_REFUSED; /* a relay does not ping */
	} else if (name) {
		strncpy(channel->asked.host, name, sizeof(channel->asked.host) - 1);
	} else {
		address_format(&wire->address, channel->asked.host);
	}
}

void channel_open(struct net *net, const struct wire *wire)
{
	struct channel *channel;
	unsigned place = 0;

	while (place < CHANNELS_MAX && net->channels[place])
		place++;
	if (place == CHANNELS_MAX)
		return; /* the stack gives up by itself */
	channel = calloc(1, sizeof(*channel));
	if (!channel)
		return;
	channel->flow = wire->id;
	channel->in_last = &channel->in;
	channel->since = net->stack.now;
	net->channels[place] = channel;
	if (place >= net->top)
		net->top = place + 1;
	decide(net, channel, wire);
	if (!channel->to_answer && net->ready)
		ask(net, channel);
}

void channel_free(struct net *net, unsigned place)
{
	struct channel *channel = net->channels[place];

	net->channels[place] = NULL;
	while (channel->in) {
		struct piece *piece = channel->in;

		channel->in = piece->next;
		free(piece);
	}
	free(channel);
}

/* A flow is over whose channel the stack never got */
void channel_closed(struct net *net, const struct wire *wire)
{
	for (unsigned i = 0; i < net->top; i++) {
		struct channel *channel = net->channels[i];

		if (!channel || channel->flow != wire->id)
			continue;
		if (!channel->failed)
			say_close(net, channel, WISP_CLIENT);
		channel_free(net, i);
		return;
	}
}

/* ---- the relay's packets ---- */

struct channel *channel_of_stream(struct net *net, uint32_t stream)
{
	for (unsigned i = 0; i < net->top; i++) {
		struct channel *channel = net->channels[i];

		if (channel && channel->stream == stream && channel->state != CHANNEL_WAITS)
			return channel;
	}
	return NULL;
}

static void keep(struct channel *channel, const uint8_t *data, size_t len)
{
	struct piece *piece = malloc(sizeof(*piece) + len);

	if (!piece) {
		channel->failed = ENOBUFS;
	} else {
		*piece = (struct piece){ .len = len };
		memcpy(piece->data, data, len);
		*channel->in_last = piece;
		channel->in_last = &piece->next;
	}
	channel->events |= EPOLLIN;
}

void channel_data(struct net *net, struct channel *channel, const uint8_t *data, size_t len)
{
	if (len && !channel->host_done)
		keep(channel, data, len);
}

void channel_continue(struct net *net, struct channel *channel, uint32_t window)
{
	if (channel->state == CHANNEL_ASKED) {
		channel->state = CHANNEL_OPEN;
		channel->to_answer = true;
	}
	channel->window = window;
	channel->events |= EPOLLOUT;
}

static int errno_of(unsigned reason)
{
	switch (reason) {
	case WISP_REFUSED:
		return ECONNREFUSED;
	case WISP_BLOCKED:
	case WISP_INVALID:
		return WIRE_REFUSED;
	case WISP_TIMEOUT:
		return ETIMEDOUT;
	case WISP_THROTTLED:
		return ECONNREFUSED;
	default:
		return EHOSTUNREACH;
	}
}

void channel_end(struct net *net, struct channel *channel, unsigned reason)
{
	if (channel->state == CHANNEL_ASKED) {
		channel->to_answer = true;
		channel->answer = (uint32_t)errno_of(reason);
		channel->failed = ECONNRESET; /* the relay has forgotten it */
	} else if (reason == WISP_VOLUNTARY && channel->kind == CHANNEL_STREAM) {
		channel->host_done = true;
		if (!net->duplex)
			channel->guest_done = true;
		channel->events |= EPOLLIN | EPOLLRDHUP;
	} else {
		channel->failed = reason == WISP_REFUSED ? ECONNREFUSED : ECONNRESET;
		channel->events |= EPOLLIN | EPOLLERR;
	}
}

void channels_ready(struct net *net)
{
	for (unsigned i = 0; i < net->top; i++) {
		struct channel *channel = net->channels[i];

		if (channel && channel->state == CHANNEL_WAITS && !channel->to_answer)
			ask(net, channel);
	}
}

/* The WebSocket is gone, and every connection with it */
void channels_lost(struct net *net)
{
	for (unsigned i = 0; i < net->top; i++) {
		struct channel *channel = net->channels[i];

		if (channel && channel->state != CHANNEL_WAITS && channel->kind != CHANNEL_NAMES)
			channel_end(net, channel, WISP_NETWORK);
	}
}

/* ---- rounds ---- */

static void tell(struct net *net, unsigned place)
{
	struct channel *channel = net->channels[place];
	struct wire wire = { .kind = WIRE_OPENED, .id = channel->flow, .code = channel->answer };
	struct flow *flow;
	const uint32_t events = channel->events;

	if (channel->to_answer) {
		channel->to_answer = false;
		stack_answer(&net->stack, &wire, wire.code ? -1 : (int)place);
		return; /* it may be gone */
	}
	channel->events = 0;
	flow = flow_by_id(&net->stack, channel->flow);
	if (flow && flow->fd == (int)place)
		flow->ops->event(&net->stack, flow, events);
}

void channels_round(struct net *net)
{
	for (unsigned i = 0; i < net->top; i++) {
		struct channel *channel = net->channels[i];

		if (!channel)
			continue;
		if (channel->state == CHANNEL_WAITS && !channel->to_answer &&
		    net->stack.now - channel->since > WAIT_MS) {
			channel->to_answer = true;
			channel->answer = EHOSTUNREACH;
		}
		if (channel->to_answer)
			tell(net, i);
		else if (channel->events && channel->state == CHANNEL_OPEN)
			tell(net, i);
	}
	while (net->top && !net->channels[net->top - 1])
		net->top--;
}

/* ---- what the stack calls: host.h ---- */

static struct channel *channel_at(int fd)
{
	struct channel *channel = fd >= 0 && fd < CHANNELS_MAX ? current->channels[fd] : NULL;

	if (!channel)
		errno = EBADF;
	return channel;
}

static void give_credit(struct channel *channel, size_t bytes)
{
	uint8_t packet[WISP_PACKET_MAX];

	channel->taken += (uint32_t)bytes;
	if (!current->duplex || channel->kind != CHANNEL_STREAM || channel->taken < CREDIT / 4)
		return;
	say(current, packet, wisp_continue(packet, channel->stream, channel->taken));
	channel->taken = 0;
}

ssize_t net_host_read(int fd, void *data, size_t len)
{
	struct channel *channel = channel_at(fd);
	struct piece *piece = channel ? channel->in : NULL;
	size_t n;

	if (!channel)
		return -1;
	if (!piece) {
		if (channel->host_done && !channel->failed)
			return 0;
		errno = channel->failed ? channel->failed : EAGAIN;
		if (channel->kind != CHANNEL_STREAM)
			channel->failed = 0; /* is told once */
		return -1;
	}
	n = piece->len - piece->done < len ? piece->len - piece->done : len;
	memcpy(data, piece->data + piece->done, n);
	piece->done += n;
	if (piece->done == piece->len || channel->kind != CHANNEL_STREAM) {
		channel->in = piece->next;
		if (!channel->in)
			channel->in_last = &channel->in;
		free(piece);
	}
	give_credit(channel, n);
	return (ssize_t)n;
}

ssize_t net_host_readv(int fd, const struct iovec *parts, int count)
{
	ssize_t done = 0;

	for (int i = 0; i < count; i++) {
		const ssize_t n = net_host_read(fd, parts[i].iov_base, parts[i].iov_len);

		if (n <= 0)
			return done ? done : n;
		done += n;
		if ((size_t)n < parts[i].iov_len)
			break;
	}
	return done;
}

static ssize_t send_data(struct channel *channel, const uint8_t *data, size_t len)
{
	static uint8_t packet[WISP_HEAD + 65536];
	const bool datagrams = channel->kind == CHANNEL_DATAGRAMS;
	const size_t most = datagrams ? 65535 : PACKET_MAX;
	size_t done = 0;

	while (done < len && (channel->window || datagrams)) {
		const size_t part = len - done < most ? len - done : most;

		wisp_head(packet, WISP_DATA, channel->stream);
		memcpy(packet + WISP_HEAD, data + done, part);
		if (!say(current, packet, WISP_HEAD + part))
			break;
		channel->window -= !datagrams;
		done += part;
	}
	if (done || !len)
		return (ssize_t)done;
	errno = EAGAIN;
	return -1;
}

ssize_t net_host_write(int fd, const void *data, size_t len)
{
	uint8_t answer[DNS_PLAIN_MAX];
	struct channel *channel;

	if (fd == GATE_FD) {
		const struct wire *wire = data;

		if (wire->kind == WIRE_OPEN)
			channel_open(current, wire);
		else if (wire->kind == WIRE_CLOSED)
			channel_closed(current, wire);
		return (ssize_t)len;
	}
	channel = channel_at(fd);
	if (!channel)
		return -1;
	if (channel->failed || channel->guest_done) {
		errno = channel->failed ? channel->failed : EPIPE;
		return -1;
	}
	if (channel->kind != CHANNEL_NAMES)
		return send_data(channel, data, len);
	keep(channel, answer, names_answer(current, data, len, answer, sizeof(answer)));
	return (ssize_t)len;
}

ssize_t net_host_writev(int fd, const struct iovec *parts, int count)
{
	ssize_t done = 0;

	for (int i = 0; i < count; i++) {
		const ssize_t n = net_host_write(fd, parts[i].iov_base, parts[i].iov_len);

		if (n < 0)
			return done ? done : n;
		done += n;
		if ((size_t)n < parts[i].iov_len)
			break;
	}
	return done;
}

int net_host_shutdown(int fd)
{
	struct channel *channel = channel_at(fd);

	if (!channel || channel->guest_done || channel->failed)
		return 0;
	channel->guest_done = true;
	if (current->duplex)
		say_close(current, channel, WISP_VOLUNTARY);
	return 0;
}

int net_host_abort(int fd)
{
	struct channel *channel = channel_at(fd);

	if (channel)
		channel->aborted = true;
	return 0;
}

int net_host_close(int fd)
{
	struct channel *channel = channel_at(fd);

	if (!channel)
		return -1;
	/* Whoever has ended both directions, or was told of the end, knows */
	if (channel->kind == CHANNEL_DATAGRAMS)
		say_close(current, channel, WISP_VOLUNTARY);
	else if (!channel->failed &&
		 (channel->aborted || !channel->host_done || !channel->guest_done))
		say_close(current, channel, WISP_CLIENT);
	channel_free(current, (unsigned)fd);
	return 0;
}

int net_host_watch(void)
{
	return 0;
}

ssize_t net_host_random(void *data, size_t len)
{
	current->random(current->of, data, len);
	return (ssize_t)len;
}
