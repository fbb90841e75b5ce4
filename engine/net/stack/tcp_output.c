// SPDX-License-Identifier: GPL-2.0-only
/* tcp_output.c - TCP segments to the guest (RFC 9293)
 *
 * Theory of operation
 * What lies between us and the guest is memory. So there is no congestion and no window but the
 * guest's own: everything that it takes is sent, in segments as large as a packet can be. Where the
 * guest has said that it takes smaller ones (a container on a bridge of its own), it is told how to
 * divide them (virtio's segmentation offload). A segment that the guest drops all the same, because
 * its filter says so or its memory is short, is sent again, with all behind it.
 *
 * Host system calls: none.
 */
#include "tcp.h"

#define PAYLOAD_MAX4 (65535 - 20 - TCP_HEADER)
#define PAYLOAD_MAX6 (65535 - TCP_HEADER)
#define OPTIONS_MAX 8

static uint32_t window_of(const struct tcp *tcp)
{
	const uint32_t room = TCP_WINDOW - tcp->up.used;

	return tcp->scaled ? room & ~((1U << TCP_SCALE) - 1) : room < 65535 ? room : 65535;
}

static size_t payload_max(const struct tcp *tcp)
{
	return address_is_v4(&tcp->flow.guest) ? PAYLOAD_MAX4 : PAYLOAD_MAX6;
}

/* Our largest segment, and our window's scale if the guest has one */
static size_t put_options(uint8_t *at, const struct tcp *tcp)
{
	at[0] = 2;
	at[1] = 4;
	put16(at + 2, address_is_v4(&tcp->flow.guest) ? PAYLOAD_MAX4 : PAYLOAD_MAX6 - 40);
	if (!tcp->scaled)
		return 4;
	at[4] = 1;
	at[5] = 3;
	at[6] = 3;
	at[7] = TCP_SCALE;
	return 8;
}

/* Return: false when the cable has no room */
static bool emit(struct stack *stack, struct tcp *tcp, uint8_t flags, uint32_t seq, size_t offset,
		 size_t len)
{
	uint8_t options[OPTIONS_MAX];
	const size_t options_len = flags & TCP_SYN ? put_options(options, tcp) : 0;
	const size_t header = TCP_HEADER + options_len;
	const uint32_t window = window_of(tcp);
	struct flow *flow = &tcp->flow;
	struct outgoing out;

	if (!packet_begin(stack, &out, flow->mac, &flow->remote, &flow->guest, IPPROTO_TCP,
			  header + len))
		return false;
	put16(out.l4, flow->remote_port);
	put16(out.l4 + 2, flow->guest_port);
	put32(out.l4 + 4, seq);
	put32(out.l4 + 8, flags & TCP_ACK ? tcp->rcv_nxt : 0);
	out.l4[12] = (uint8_t)(header / 4 << 4);
	out.l4[13] = flags;
	put16(out.l4 + 14, flags & TCP_SYN ? (window < 65535 ? window : 65535)
			   : tcp->scaled   ? window >> TCP_SCALE
					   : window);
	put32(out.l4 + 16, 0);
	memcpy(out.l4 + TCP_HEADER, options, options_len);
	if (len)
		buffer_copy(&tcp->down, offset, out.l4 + header, len);
	packet_end(stack, &out, 16, len > tcp->mss ? tcp->mss : 0);
	tcp->acked = tcp->rcv_nxt;
	tcp->told = window;
	return true;
}

void tcp_say(struct stack *stack, struct tcp *tcp, uint8_t flags)
{
	const uint32_t seq = flags & TCP_SYN ? tcp->una : tcp->nxt;

	/* When it does not fit, whoever waits for it asks again, or we do */
	if (!emit(stack, tcp, flags, seq, 0, 0) && !(flags & (TCP_SYN | TCP_RST)))
		flow_later(stack, &tcp->flow);
}

void tcp_refuse(struct stack *stack, const struct packet *p, const struct tcp_segment *s)
{
	const bool acked = s->flags & TCP_ACK;
	struct outgoing out;

	if (s->flags & TCP_RST || !packet_begin(stack, &out, p->mac, &p->destination, &p->source,
						IPPROTO_TCP, TCP_HEADER))
		return;
	memset(out.l4, 0, TCP_HEADER);
	put16(out.l4, s->destination);
	put16(out.l4 + 2, s->source);
	put32(out.l4 + 4, acked ? s->ack : 0);
	put32(out.l4 + 8,
	      s->seq + (uint32_t)s->len + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN));
	out.l4[12] = TCP_HEADER / 4 << 4;
	out.l4[13] = acked ? TCP_RST : TCP_RST | TCP_ACK;
	packet_end(stack, &out, 16, 0);
}

/* How much of what is not sent yet goes into the next segment; 0 when it has to wait */
static size_t next_length(struct stack *stack, const struct tcp *tcp, uint32_t sent)
{
	const uint32_t unsent = tcp->down.used - sent;
	const uint32_t room = tcp->window > sent ? tcp->window - sent : 0;
	size_t len = unsent < room ? unsent : room;

	if (len > payload_max(tcp))
		len = payload_max(tcp);
	/* No crumbs of a window (RFC 9293, 3.8.6.2.1) */
	if (len < unsent && sent && len < tcp->mss && len < TCP_WINDOW / 8)
		return 0;
	return len;
}

static void arm(struct stack *stack, struct tcp *tcp)
{
	const bool waits = tcp->nxt != tcp->una || (tcp->down.used && !tcp->window);
	uint64_t ms = (uint64_t)TCP_RTO_MS << tcp->tries;

	if (!waits)
		flow_deadline(stack, &tcp->flow, 0);
	else if (!tcp->flow.deadline)
		flow_deadline(stack, &tcp->flow, ms < TCP_RTO_MAX_MS ? ms : TCP_RTO_MAX_MS);
}

void tcp_send(struct stack *stack, struct tcp *tcp)
{
	while (!tcp->fin_sent) {
		const uint32_t sent = tcp->nxt - tcp->una;
		const size_t len = next_length(stack, tcp, sent);
		const bool last = sent + len == tcp->down.used, fin = last && tcp->eof;

		if (!len && !fin)
			break;
		if (!bucket_has(stack, &stack->down) ||
		    !emit(stack, tcp, TCP_ACK | (last ? TCP_PSH : 0) | (fin ? TCP_FIN : 0),
			  tcp->nxt, sent, len)) {
			flow_later(stack, &tcp->flow);
			break;
		}
		bucket_take(&stack->down, len);
		tcp->nxt += (uint32_t)len + fin;
		tcp->fin_sent = fin;
		if (tcp_before(tcp->max, tcp->nxt))
			tcp->max = tcp->nxt;
	}
	arm(stack, tcp);
}

void tcp_again(struct stack *stack, struct tcp *tcp)
{
	tcp->nxt = tcp->una;
	tcp->fin_sent = tcp->fin_acked;
	tcp->recover = tcp->max;
	tcp->duplicates = 0;
	/* A window that is closed is tried with one byte */
	if (!tcp->window && tcp->down.used && emit(stack, tcp, TCP_ACK, tcp->una, 0, 1) &&
	    tcp->max == tcp->una)
		tcp->max++;
	tcp_send(stack, tcp);
}

void tcp_acknowledge(struct stack *stack, struct flow *flow)
{
	struct tcp *tcp = tcp_of(flow);
	const uint32_t window = window_of(tcp);

	if (tcp->state == TCP_OPEN &&
	    (tcp->acked != tcp->rcv_nxt || window >= tcp->told + TCP_WINDOW / 4 ||
	     (!tcp->told && window)))
		tcp_say(stack, tcp, TCP_ACK);
}
