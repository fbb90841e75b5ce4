// SPDX-License-Identifier: GPL-2.0-only
/* udp.c - datagrams of the guest's and of those it talks to
 *
 * Theory of operation
 * The first datagram to somebody asks the gate for a connected socket, and is kept with a few more
 * until it is there. A socket that is connected receives from nobody else, and tells of ports that
 * nobody listens at. What cannot be sent is lost, as in any network. A flow on which nothing has
 * happened for a while is over; questions to a resolver are over sooner.
 *
 * Host system calls: read, write, writev.
 */
#include "stack.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "vitrine/util.h"

#define HEADER 8
#define KEPT_MAX 8
#define KEPT_BYTES 65536
#define IDLE_MS 120000
#define IDLE_DNS_MS 15000
#define OPEN_MS 20000
#define QUANTUM 32 /* datagrams until others have their turn */

struct kept {
	struct kept *next;
	size_t len;
	uint8_t data[];
};

struct udp {
	struct flow flow;
	bool open;
	struct kept *kept, **tail;
	size_t kept_bytes;
	unsigned kept_count;
	struct packet *why; /* the last one, to be quoted when it leads nowhere */
};

static struct udp *udp_of(struct flow *flow)
{
	return container_of(flow, struct udp, flow);
}

static void touch(struct stack *stack, struct flow *flow)
{
	flow_deadline(stack, flow, flow->remote_port == PORT_DNS ? IDLE_DNS_MS : IDLE_MS);
}

static void udp_failed(struct stack *stack, struct udp *udp, uint32_t code)
{
	if (udp->why)
		packet_unreachable(stack, udp->why, code);
}

/* The header of the last packet, for messages that quote it */
static void remember(struct udp *udp, const struct packet *packet)
{
	if (!udp->why)
		udp->why = malloc(sizeof(*udp->why));
	if (!udp->why)
		return;
	*udp->why = *packet;
	udp->why->ip = udp->why->head + (packet->ip - packet->head);
	udp->why->l4 = udp->why->head + (packet->l4 - packet->head);
	udp->why->rest = NULL;
}

static void udp_send(struct stack *stack, struct udp *udp, const void *data, size_t len)
{
	if (write(udp->flow.fd, data, len) >= 0)
		udp->flow.sent += len;
	else if (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH)
		udp_failed(stack, udp, (uint32_t)errno);
}

static void keep(struct udp *udp, const void *data, size_t len)
{
	struct kept *kept;

	if (udp->kept_count == KEPT_MAX || udp->kept_bytes + len > KEPT_BYTES)
		return;
	kept = malloc(sizeof(*kept) + len);
	if (!kept)
		return;
	kept->next = NULL;
	kept->len = len;
	memcpy(kept->data, data, len);
	*udp->tail = kept;
	udp->tail = &kept->next;
	udp->kept_count++;
	udp->kept_bytes += len;
}

static void free_kept(struct udp *udp)
{
	while (udp->kept) {
		struct kept *kept = udp->kept;

		udp->kept = kept->next;
		free(kept);
	}
	udp->tail = &udp->kept;
}

void udp_input(struct stack *stack, const struct packet *p)
{
	uint16_t source, destination;
	struct flow *flow;
	size_t len;

	if (p->l4_head < HEADER)
		return;
	len = get16(p->l4 + 4);
	source = get16(p->l4);
	destination = get16(p->l4 + 2);
	if (len < HEADER || len > p->len || !destination ||
	    address_kind(&p->destination) == ADDRESS_MULTICAST)
		return;
	flow = flow_find(stack, IPPROTO_UDP, &p->source, source, &p->destination, destination);
	if (!flow) {
		flow = flow_new(stack, &udp_protocol, IPPROTO_UDP, &p->source, source,
				&p->destination, destination);
		if (!flow)
			return;
		udp_of(flow)->tail = &udp_of(flow)->kept;
		flow_deadline(stack, flow, OPEN_MS);
		if (!flow_ask(stack, flow)) {
			flow_end(stack, flow);
			return;
		}
	}
	memcpy(flow->mac, p->mac, sizeof(flow->mac));
	remember(udp_of(flow), p);
	if (!udp_of(flow)->open) {
		keep(udp_of(flow), p->rest + HEADER, len - HEADER);
		return;
	}
	touch(stack, flow);
	udp_send(stack, udp_of(flow), p->rest + HEADER, len - HEADER);
}

static void udp_opened(struct stack *stack, struct flow *flow, uint32_t code)
{
	struct udp *udp = udp_of(flow);

	if (code) {
		udp_failed(stack, udp, code);
		flow_end(stack, flow);
		return;
	}
	udp->open = true;
	touch(stack, flow);
	for (struct kept *kept = udp->kept; kept; kept = kept->next)
		udp_send(stack, udp, kept->data, kept->len);
	free_kept(udp);
}

/* To the guest. Return: false when the cable has no room */
static bool deliver(struct stack *stack, struct flow *flow, const void *data, size_t len)
{
	struct outgoing out;

	if (!packet_begin(stack, &out, flow->mac, &flow->remote, &flow->guest, IPPROTO_UDP,
			  HEADER + len))
		return false;
	put16(out.l4, flow->remote_port);
	put16(out.l4 + 2, flow->guest_port);
	put16(out.l4 + 4, (uint32_t)(HEADER + len));
	memcpy(out.l4 + HEADER, data, len);
	packet_end(stack, &out, 6, 0);
	flow->received += len;
	bucket_take(&stack->down, len);
	return true;
}

static void udp_resume(struct stack *stack, struct flow *flow)
{
	static uint8_t data[65536];
	const size_t most = address_is_v4(&flow->guest) ? 65507 : 65487;
	struct udp *udp = udp_of(flow);
	link_header *header;

	for (unsigned i = 0; i < QUANTUM; i++) {
		ssize_t len;

		/* First the room, then what goes there: nothing that was read is lost */
		if (!bucket_has(stack, &stack->down) ||
		    !link_reserve(&stack->out, LINK_FRAME_MAX, &header)) {
			flow_later(stack, flow);
			return;
		}
		len = read(flow->fd, data, sizeof(data));
		if (len < 0 && errno == EAGAIN)
			return;
		if (len < 0)
			udp_failed(stack, udp, (uint32_t)errno);
		else if ((size_t)len <= most)
			deliver(stack, flow, data, (size_t)len);
		touch(stack, flow);
	}
	flow_later(stack, flow);
}

static void udp_event(struct stack *stack, struct flow *flow, uint32_t events)
{
	if (!udp_of(flow)->open)
		return;
	if (events & EPOLLHUP) /* the gate's own service has ended it */
		flow_end(stack, flow);
	else if (events & (EPOLLIN | EPOLLERR))
		udp_resume(stack, flow);
}

void udp_incoming(struct stack *stack, const struct wire *wire, int fd)
{
	struct flow *flow = NULL;

	if (!flow_find(stack, IPPROTO_UDP, &wire->guest, wire->guest_port, &wire->address,
		       wire->port))
		flow = flow_new(stack, &udp_protocol, IPPROTO_UDP, &wire->guest, wire->guest_port,
				&wire->address, wire->port);
	if (!flow) {
		close(fd);
		return;
	}
	flow->wire_id = wire->id;
	udp_of(flow)->tail = &udp_of(flow)->kept;
	udp_of(flow)->open = true;
	touch(stack, flow);
	if (!flow_watch(stack, flow, fd))
		flow_end(stack, flow);
}

static void udp_deadline(struct stack *stack, struct flow *flow)
{
	if (!udp_of(flow)->open)
		udp_failed(stack, udp_of(flow), EHOSTUNREACH);
	flow_end(stack, flow);
}

static void udp_release(struct stack *stack, struct flow *flow)
{
	free_kept(udp_of(flow));
	free(udp_of(flow)->why);
}

const struct protocol udp_protocol = {
	.size = sizeof(struct udp),
	.opened = udp_opened,
	.event = udp_event,
	.resume = udp_resume,
	.deadline = udp_deadline,
	.release = udp_release,
};
