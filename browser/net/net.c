// SPDX-License-Identifier: GPL-2.0-only
/* net.c - a machine's network: frames on one side, packets of WISP on the other
 *
 * Host system calls: none.
 */
#include "net.h"

#include <stdlib.h>

#include "engine/net/stack/tcp.h"
#include "internal.h"

#define CLOSE_MS 5 /* until the stack tries again to tell of what it could not */

void channels_enter(struct net *net);

struct net *net_new(bool (*send)(void *of, const void *packet, size_t len),
		    void (*random)(void *of, void *data, size_t len), void *of)
{
	struct net *net = calloc(1, sizeof(*net));
	struct link_ring *rings[2];

	if (!net)
		return NULL;
	net->rings = calloc(1, link_rings_size());
	if (!net->rings) {
		free(net);
		return NULL;
	}
	net->send = send;
	net->random = random;
	net->of = of;
	link_rings(net->rings, rings);
	link_end_init(&net->stack.in, rings[0], -1);
	link_end_init(&net->stack.out, rings[1], -1);
	link_end_init(&net->reader, rings[1], -1);
	net->stack.gate = GATE_FD;
	net->stack.epoll = net->stack.cable = -1;
	channels_enter(net);
	for (size_t i = 0; i < sizeof(net->stack.secret); i += 4)
		put32(net->stack.secret + i, stack_random());
	return net;
}

void net_free(struct net *net)
{
	if (!net)
		return;
	channels_enter(net);
	net->there = false;
	for (unsigned i = 0; i < FLOWS_MAX; i++) {
		if (net->stack.flows[i])
			flow_end(&net->stack, net->stack.flows[i]);
	}
	for (unsigned i = 0; i < CHANNELS_MAX; i++) {
		if (net->channels[i])
			channel_free(net, i);
	}
	for (unsigned i = 0; i < NAMES_MAX; i++)
		free(net->names[i]);
	free(net->stack.unsaid);
	free(net->rings);
	free(net);
}

/* ---- the relay ---- */

void net_relay(struct net *net, bool there)
{
	channels_enter(net);
	net->there = there;
	if (there)
		return;
	net->ready = net->greeted = false;
	channels_lost(net);
}

static void greet(struct net *net, const struct wisp_packet *packet)
{
	const struct wisp_info ours = {
		.major = 2, .udp = true, .confirm = true, .duplex = true, .window = CREDIT
	};
	struct wisp_info theirs;
	uint8_t answer[WISP_PACKET_MAX];

	if (!wisp_info_parse(packet, true, &theirs))
		return;
	net->greeted = true;
	net->confirms = theirs.confirm;
	net->duplex = theirs.duplex;
	if (net->there)
		net->send(net->of, answer, wisp_info(answer, false, &ours));
}

void net_packet(struct net *net, const uint8_t *data, size_t len)
{
	struct wisp_packet packet;
	struct channel *channel;
	uint32_t number;

	channels_enter(net);
	if (!net->there || !wisp_parse(data, len, &packet))
		return;
	if (packet.type == WISP_INFO) {
		if (!net->greeted)
			greet(net, &packet);
		return;
	}
	if (!packet.stream) {
		if (packet.type == WISP_CONTINUE && wisp_number(&packet, &number) && !net->ready) {
			net->window = number;
			net->ready = true;
			net->confirms &= net->greeted;
			net->duplex &= net->greeted;
			channels_ready(net);
		}
		return;
	}
	channel = channel_of_stream(net, packet.stream);
	if (!channel)
		return;
	if (packet.type == WISP_DATA)
		channel_data(net, channel, packet.payload, packet.len);
	else if (packet.type == WISP_CONTINUE && wisp_number(&packet, &number))
		channel_continue(net, channel, number);
	else if (packet.type == WISP_CLOSE)
		channel_end(net, channel, packet.len ? packet.payload[0] : WISP_UNKNOWN);
}

/* ---- the guest ---- */

void net_frame(struct net *net, const uint8_t *frame, size_t len)
{
	channels_enter(net);
	stack_frame(&net->stack, frame, len);
}

void net_round(struct net *net, uint64_t now)
{
	struct stack *stack = &net->stack;

	channels_enter(net);
	stack->now = now;
	stack_deadlines(stack);
	channels_round(net);
	stack_turns(stack);
	stack_acknowledge(stack);
	flow_tell(stack);
	link_publish(&stack->out);
}

uint64_t net_wakes(const struct net *net)
{
	uint64_t at = net->stack.next;

	for (unsigned i = 0; i < net->top; i++) {
		const struct channel *channel = net->channels[i];

		if (channel && (channel->to_answer || channel->events))
			return net->stack.now;
		if (channel && channel->state == CHANNEL_WAITS &&
		    (!at || at > net->stack.now + 1000))
			at = net->stack.now + 1000;
	}
	return at;
}

const void *net_peek(struct net *net, size_t *len, void *header)
{
	return link_peek(&net->reader, len, header);
}

void net_take(struct net *net)
{
	link_take(&net->reader);
}

/* ---- pauses ---- */

static bool save_flow(const struct flow *flow, struct net_saved_flow *to)
{
	const struct tcp *tcp = container_of(flow, struct tcp, flow);

	if (flow->ops != &tcp_protocol || tcp->state != TCP_OPEN || !address_is_v4(&flow->remote))
		return false;
	*to = (struct net_saved_flow){ .guest_port = flow->guest_port,
				       .remote_port = flow->remote_port,
				       .seq = tcp->nxt,
				       .ack = tcp->rcv_nxt };
	memcpy(to->remote, flow->remote.byte + 12, sizeof(to->remote));
	return true;
}

void net_save(struct net *net, struct net_saved *saved)
{
	const uint32_t first =
	    net->next_name > NET_SAVED_NAMES ? net->next_name - NET_SAVED_NAMES : 0;

	memset(saved, 0, sizeof(*saved));
	saved->next_name = net->next_name;
	for (uint32_t n = first; n < net->next_name; n++) {
		const char *name = net->names[n % NAMES_MAX];

		if (name)
			strncpy(saved->name[n % NET_SAVED_NAMES], name, NET_SAVED_NAME - 1);
	}
	for (unsigned i = 0; i < net->stack.top && saved->flows < NET_SAVED_FLOWS; i++) {
		if (net->stack.flows[i])
			saved->flows += save_flow(net->stack.flows[i], &saved->flow[saved->flows]);
	}
}

/* Nobody is left at the other end: the guest's programs hear of it at once */
static void reset(struct net *net, const struct net_saved_flow *flow)
{
	static const uint8_t mac[6] = NET_MAC_GUEST;
	const struct address remote = address_from_v4(flow->remote);
	struct outgoing out;

	if (!packet_begin(&net->stack, &out, mac, &remote, &stack_guest4, IPPROTO_TCP, TCP_HEADER))
		return;
	memset(out.l4, 0, TCP_HEADER);
	put16(out.l4, flow->remote_port);
	put16(out.l4 + 2, flow->guest_port);
	put32(out.l4 + 4, flow->seq);
	put32(out.l4 + 8, flow->ack);
	out.l4[12] = TCP_HEADER / 4 << 4;
	out.l4[13] = TCP_RST | TCP_ACK;
	packet_end(&net->stack, &out, 16, 0);
}

void net_restore(struct net *net, const struct net_saved *saved)
{
	const uint32_t next = saved->next_name;
	const uint32_t first = next > NET_SAVED_NAMES ? next - NET_SAVED_NAMES : 0;

	channels_enter(net);
	net->next_name = next;
	for (uint32_t n = first; n < next; n++) {
		const char *name = saved->name[n % NET_SAVED_NAMES];

		if (*name && memchr(name, '\0', NET_SAVED_NAME) && policy_name_valid(name) &&
		    !net->names[n % NAMES_MAX])
			net->names[n % NAMES_MAX] = strdup(name);
	}
	for (uint32_t i = 0; i < saved->flows && i < NET_SAVED_FLOWS; i++)
		reset(net, &saved->flow[i]);
	link_publish(&net->stack.out);
}
