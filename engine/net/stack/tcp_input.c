// SPDX-License-Identifier: GPL-2.0-only
/* tcp_input.c - TCP segments of the guest's (RFC 9293, section 3.10.7)
 *
 * Theory of operation
 * A segment is taken when it begins where the last one ended; what came before is cut off, and one
 * that lies ahead is thrown away and the guest told what is missing, since nothing overtakes in
 * memory. Numbers are believed only inside the windows, so that who guesses addresses and ports in
 * the guest does not end its neighbours' connections.
 *
 * Host system calls: write.
 */
#include "tcp.h"

#include <errno.h>
#include <unistd.h>

#define OPEN_MS 130000 /* the gate gives up earlier */
#define DUPLICATES 3

static bool segment_parse(const struct packet *p, struct tcp_segment *s)
{
	const uint8_t *at = p->l4;
	size_t header;

	if (p->l4_head < TCP_HEADER)
		return false;
	header = (size_t)(at[12] >> 4) * 4;
	if (header < TCP_HEADER || header > p->l4_head)
		return false;
	*s = (struct tcp_segment){
		.source = get16(at),
		.destination = get16(at + 2),
		.seq = get32(at + 4),
		.ack = get32(at + 8),
		.flags = at[13],
		.window = get16(at + 14),
		.options = at + TCP_HEADER,
		.options_len = header - TCP_HEADER,
		.data = p->rest + header,
		.len = p->len - header,
	};
	return s->destination != 0;
}

/* The largest segment, and the scale of the window, of a SYN */
static void take_options(struct tcp *tcp, const struct tcp_segment *s)
{
	const uint8_t *at = s->options, *end = at + s->options_len;

	tcp->mss = address_is_v4(&tcp->flow.guest) ? 536 : 1220;
	tcp->scaled = false;
	while (at < end && *at) {
		if (*at == 1) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			break;
		if (at[0] == 2 && at[1] == 4 && get16(at + 2) >= 64)
			tcp->mss = get16(at + 2);
		if (at[0] == 3 && at[1] == 3) {
			tcp->scaled = true;
			tcp->scale = at[2] < 14 ? at[2] : 14;
		}
		at += at[1];
	}
	tcp->window = s->window; /* never scaled in a SYN */
}

static void open_connection(struct stack *stack, const struct packet *p,
			    const struct tcp_segment *s)
{
	struct flow *flow = flow_new(stack, &tcp_protocol, IPPROTO_TCP, &p->source, s->source,
				     &p->destination, s->destination);
	struct tcp *tcp;

	if (!flow)
		return; /* too many: the guest tries again */
	tcp = tcp_of(flow);
	memcpy(flow->mac, p->mac, sizeof(flow->mac));
	tcp->state = TCP_ASKED;
	tcp->una = tcp->nxt = tcp->max = stack_random();
	tcp->rcv_nxt = s->seq + 1;
	take_options(tcp, s);
	flow_deadline(stack, flow, OPEN_MS);
	if (!flow_ask(stack, flow))
		flow_end(stack, flow);
}

/* Whatever a guest's retransmission proves, it is alive */
static void window_update(struct tcp *tcp, const struct tcp_segment *s)
{
	tcp->window = s->window << (tcp->scaled ? tcp->scale : 0);
}

/* Return: false when the connection has ended */
static bool take_ack(struct stack *stack, struct tcp *tcp, const struct tcp_segment *s)
{
	const uint32_t before = tcp->window;
	uint32_t acked, data;

	if (tcp_before(s->ack, tcp->una) || tcp_before(tcp->max, s->ack))
		return true;
	window_update(tcp, s);
	acked = s->ack - tcp->una;
	if (!tcp->window)
		tcp->tries = 0; /* it is there, and takes nothing */
	if (!acked) {
		if (!s->len && tcp->nxt != tcp->una && before == tcp->window &&
		    !(s->flags & TCP_FIN) && !tcp_before(tcp->una, tcp->recover) &&
		    ++tcp->duplicates == DUPLICATES)
			tcp_again(stack, tcp);
		return true;
	}
	data = acked < tcp->down.used ? acked : tcp->down.used;
	if (data)
		buffer_forget(stack, &tcp->down, data);
	if (acked > data)
		tcp->fin_acked = true; /* nothing else was ever sent beyond the data */
	tcp->una = s->ack;
	if (tcp_before(tcp->nxt, tcp->una))
		tcp->nxt = tcp->una;
	if (tcp->fin_acked)
		tcp->fin_sent = true;
	tcp->duplicates = tcp->tries = 0;
	flow_deadline(stack, &tcp->flow, 0);
	return !tcp_finish(stack, tcp);
}

/* Return: bytes taken, or -1 when the connection has ended */
static ssize_t take_data(struct stack *stack, struct tcp *tcp, const uint8_t *data, size_t len)
{
	const size_t room = TCP_WINDOW - tcp->up.used;
	size_t taken = 0;

	if (len > room)
		len = room;
	if (!tcp->up.used) {
		ssize_t n = write(tcp->flow.fd, data, len);

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			tcp_abort(stack, tcp, true);
			return -1;
		}
		taken = n > 0 ? (size_t)n : 0;
	}
	if (taken < len)
		taken += buffer_add(stack, &tcp->up, data + taken, len - taken);
	tcp->flow.sent += taken;
	return (ssize_t)taken;
}

/* Return: false when the connection has ended */
static bool take_stream(struct stack *stack, struct tcp *tcp, struct tcp_segment *s)
{
	const uint32_t old = tcp->rcv_nxt - s->seq;
	bool fin = s->flags & TCP_FIN;
	ssize_t taken = 0;

	if (!s->len && !fin) {
		/* A probe whether we are alive stands before what is expected */
		if (old == 1)
			tcp_say(stack, tcp, TCP_ACK);
		return true;
	}
	if (tcp_before(tcp->rcv_nxt, s->seq) || old > s->len || (old == s->len && !fin) ||
	    tcp->guest_fin) {
		tcp_say(stack, tcp, TCP_ACK); /* what is expected instead */
		return true;
	}
	s->data += old;
	s->len -= old;
	if (s->len)
		taken = take_data(stack, tcp, s->data, s->len);
	if (taken < 0)
		return false;
	tcp->rcv_nxt += (uint32_t)taken;
	flow_due(stack, &tcp->flow);
	if (!fin || (size_t)taken < s->len)
		return true;
	tcp->rcv_nxt++;
	tcp->guest_fin = true;
	tcp_say(stack, tcp, TCP_ACK); /* before it may be forgotten */
	return tcp_drain(stack, tcp);
}

static void input_open(struct stack *stack, struct tcp *tcp, struct tcp_segment *s)
{
	if (s->flags & TCP_RST) {
		if (s->seq - tcp->rcv_nxt <= TCP_WINDOW)
			tcp_abort(stack, tcp, false);
		return;
	}
	if (s->flags & TCP_SYN) {
		tcp_say(stack, tcp, TCP_ACK); /* should it be another connection, it says so */
		return;
	}
	if (!(s->flags & TCP_ACK) || !take_ack(stack, tcp, s) || !take_stream(stack, tcp, s))
		return;
	tcp_pump(stack, tcp);
}

/* Our SYN and ACK are out: only the answer counts */
static void input_answered(struct stack *stack, struct tcp *tcp, struct tcp_segment *s)
{
	if (s->flags & TCP_RST) {
		if (s->seq - tcp->rcv_nxt <= TCP_WINDOW)
			tcp_abort(stack, tcp, false);
	} else if (s->flags & TCP_SYN) {
		tcp_say(stack, tcp, TCP_SYN | TCP_ACK);
	} else if (s->flags & TCP_ACK && s->ack == tcp->nxt) {
		tcp->state = TCP_OPEN;
		tcp->una = s->ack;
		tcp->recover = tcp->una;
		tcp->tries = 0;
		flow_deadline(stack, &tcp->flow, 0);
		window_update(tcp, s);
		input_open(stack, tcp, s);
	}
}

/* Our SYN is out */
static void input_calling(struct stack *stack, struct tcp *tcp, const struct tcp_segment *s)
{
	if (!(s->flags & TCP_ACK) || s->ack != tcp->nxt)
		return;
	if (s->flags & TCP_RST) {
		tcp_abort(stack, tcp, false);
		return;
	}
	if (!(s->flags & TCP_SYN))
		return;
	take_options(tcp, s);
	tcp->state = TCP_OPEN;
	tcp->una = s->ack;
	tcp->recover = tcp->una;
	tcp->rcv_nxt = s->seq + 1;
	tcp->tries = 0;
	flow_deadline(stack, &tcp->flow, 0);
	tcp_say(stack, tcp, TCP_ACK);
	tcp_pump(stack, tcp);
}

void tcp_input(struct stack *stack, const struct packet *p)
{
	struct tcp_segment s;
	struct flow *flow;
	struct tcp *tcp;

	if (!segment_parse(p, &s) || address_kind(&p->destination) == ADDRESS_MULTICAST)
		return;
	flow = flow_find(stack, IPPROTO_TCP, &p->source, s.source, &p->destination, s.destination);
	if (!flow) {
		if ((s.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN)
			open_connection(stack, p, &s);
		else
			tcp_refuse(stack, p, &s);
		return;
	}
	tcp = tcp_of(flow);
	switch (tcp->state) {
	case TCP_ASKED:
		if (s.flags & TCP_RST && s.seq == tcp->rcv_nxt)
			tcp_abort(stack, tcp, false);
		break;
	case TCP_ANSWERED:
		input_answered(stack, tcp, &s);
		break;
	case TCP_CALLING:
		input_calling(stack, tcp, &s);
		break;
	case TCP_OPEN:
		input_open(stack, tcp, &s);
		break;
	}
}
