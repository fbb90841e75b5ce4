// SPDX-License-Identifier: GPL-2.0-only
/* icmp.c - ping
 *
 * Theory of operation
 * The gateway and the resolver answer themselves. For anybody else the gate opens one of the host's
 * ping sockets, if the host lets the user have them (net.ipv4.ping_group_range), for each sequence
 * of echo requests. The host puts a number of its own in place of the guest's, and we put the
 * guest's back.
 *
 * Host system calls: read, write.
 */
#include "stack.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "vitrine/util.h"

#define HEADER 8
#define ECHO4 8
#define ECHO6 128
#define ECHO_MAX 65500
#define IDLE_MS 60000
#define OPEN_MS 20000

struct icmp {
	struct flow flow;
	bool open;
	size_t kept; /* of the first request, until the socket is there */
	uint8_t *first;
	struct packet why;
};

static struct icmp *icmp_of(struct flow *flow)
{
	return container_of(flow, struct icmp, flow);
}

static bool is_ours(const struct address *address)
{
	static const char *const names[] = { NET_GATEWAY4, NET_RESOLVER4, NET_GATEWAY6,
					     NET_RESOLVER6 };
	struct address known;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (address_parse(names[i], &known) && address_equal(address, &known))
			return true;
	}
	return address_kind(address) == ADDRESS_LINK;
}

/* An answer to the guest's echo request @id, with everything behind the identifier from @data */
static void answer(struct stack *stack, const uint8_t mac[6], const struct address *from,
		   const struct address *to, uint16_t id, const uint8_t *data, size_t len)
{
	const bool v6 = !address_is_v4(to);
	struct outgoing out;

	if (!packet_begin(stack, &out, mac, from, to, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, len))
		return;
	memcpy(out.l4, data, len);
	out.l4[0] = v6 ? ECHO6 + 1 : 0;
	out.l4[1] = 0;
	put16(out.l4 + 4, id);
	packet_end_summed(stack, &out, 2);
}

static void icmp_send(struct stack *stack, struct icmp *icmp, const void *data, size_t len)
{
	if (write(icmp->flow.fd, data, len) >= 0)
		icmp->flow.sent += len - HEADER;
	else if (errno != EAGAIN)
		packet_unreachable(stack, &icmp->why, (uint32_t)errno);
}

static struct flow *icmp_open(struct stack *stack, const struct packet *p, uint16_t id)
{
	struct flow *flow =
	    flow_new(stack, &icmp_protocol, IPPROTO_ICMP, &p->source, id, &p->destination, 0);

	if (!flow)
		return NULL;
	flow_deadline(stack, flow, OPEN_MS);
	if (flow_ask(stack, flow))
		return flow;
	flow_end(stack, flow);
	return NULL;
}

void icmp_input(struct stack *stack, const struct packet *p)
{
	struct icmp *icmp;
	struct flow *flow;
	uint16_t id;

	if (neighbour_input(stack, p) || p->len < HEADER || p->len > ECHO_MAX ||
	    p->l4_head < HEADER || p->l4[0] != (p->v6 ? ECHO6 : ECHO4) || p->l4[1])
		return;
	id = get16(p->l4 + 4);
	if (is_ours(&p->destination)) {
		answer(stack, p->mac, &p->destination, &p->source, id, p->rest, p->len);
		return;
	}
	if (address_kind(&p->destination) == ADDRESS_MULTICAST)
		return;
	flow = flow_find(stack, IPPROTO_ICMP, &p->source, id, &p->destination, 0);
	if (!flow)
		flow = icmp_open(stack, p, id);
	if (!flow)
		return;
	icmp = icmp_of(flow);
	memcpy(flow->mac, p->mac, sizeof(flow->mac));
	icmp->why = *p;
	icmp->why.ip = icmp->why.head + (p->ip - p->head);
	icmp->why.l4 = icmp->why.head + (p->l4 - p->head);
	if (icmp->open) {
		flow_deadline(stack, flow, IDLE_MS);
		icmp_send(stack, icmp, p->rest, p->len);
	} else if (!icmp->first) {
		icmp->first = malloc(p->len);
		icmp->kept = icmp->first ? p->len : 0;
		if (icmp->first)
			memcpy(icmp->first, p->rest, p->len);
	}
}

static void icmp_opened(struct stack *stack, struct flow *flow, uint32_t code)
{
	struct icmp *icmp = icmp_of(flow);

	if (code) {
		packet_unreachable(stack, &icmp->why, code);
		flow_end(stack, flow);
		return;
	}
	icmp->open = true;
	flow_deadline(stack, flow, IDLE_MS);
	if (icmp->kept)
		icmp_send(stack, icmp, icmp->first, icmp->kept);
	icmp->kept = 0;
}

static void icmp_resume(struct stack *stack, struct flow *flow)
{
	const uint8_t reply = address_is_v4(&flow->guest) ? 0 : ECHO6 + 1;
	static uint8_t data[65536];
	ssize_t len;

	while ((len = read(flow->fd, data, sizeof(data))) >= HEADER) {
		if (data[0] != reply || len > ECHO_MAX)
			continue;
		flow->received += (size_t)len - HEADER;
		answer(stack, flow->mac, &flow->remote, &flow->guest, flow->guest_port, data,
		       (size_t)len);
	}
}

static void icmp_event(struct stack *stack, struct flow *flow, uint32_t events)
{
	if (icmp_of(flow)->open && events & (EPOLLIN | EPOLLERR))
		icmp_resume(stack, flow);
}

static void icmp_deadline(struct stack *stack, struct flow *flow)
{
	flow_end(stack, flow);
}

static void icmp_release(struct stack *stack, struct flow *flow)
{
	free(icmp_of(flow)->first);
}

const struct protocol icmp_protocol = {
	.size = sizeof(struct icmp),
	.opened = icmp_opened,
	.event = icmp_event,
	.resume = icmp_resume,
	.deadline = icmp_deadline,
	.release = icmp_release,
};
