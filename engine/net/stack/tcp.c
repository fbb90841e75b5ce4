// SPDX-License-Identifier: GPL-2.0-only
/* tcp.c - TCP connections of the guest's, each of which is two
 *
 * Theory of operation
 * A SYN of the guest's asks the gate, which dials; the guest's connection is accepted when the
 * host's is. Then bytes are moved: what the guest sends is written to the host's socket, and
 * acknowledged when it was taken or is held; what the host has is read when there is room for it,
 * and held until the guest has acknowledged it. A side that does not read stops the other by its
 * window, and nobody else. Ends of streams and resets are passed on as what they are.
 *
 * Events are told once (EPOLLET): `readable` is what we know of the host's side.
 *
 * Host system calls: readv, write, writev, shutdown, setsockopt.
 */
#include "tcp.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUANTUM (512 * 1024) /* bytes until others have their turn */
#define OPEN_MS 130000	     /* the gate gives up earlier */

void tcp_abort(struct stack *stack, struct tcp *tcp, bool tell)
{
	const struct linger now = { .l_onoff = 1 };

	if (tell)
		tcp_say(stack, tcp, TCP_RST | TCP_ACK);
	if (tcp->flow.fd >= 0)
		setsockopt(tcp->flow.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	flow_end(stack, &tcp->flow);
}

bool tcp_finish(struct stack *stack, struct tcp *tcp)
{
	if (!tcp->fin_acked || !tcp->shut)
		return false;
	flow_end(stack, &tcp->flow);
	return true;
}

/* Return: false when the connection has ended */
static bool fill(struct stack *stack, struct tcp *tcp)
{
	for (size_t done = 0; tcp->readable && buffer_room(stack, &tcp->down);) {
		ssize_t n = buffer_read(stack, &tcp->down, tcp->flow.fd);

		if (n > 0) {
			tcp->flow.received += (uint64_t)n;
			done += (size_t)n;
			if (done < QUANTUM)
				continue;
			flow_later(stack, &tcp->flow);
			return true;
		}
		if (n < 0 && errno == EINTR)
			continue;
		tcp->readable = false;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			tcp_abort(stack, tcp, true);
			return false;
		}
		tcp->eof = true;
	}
	/* What is empty holds nothing */
	if (!tcp->down.used && tcp->down.size)
		buffer_free(stack, &tcp->down);
	return true;
}

void tcp_pump(struct stack *stack, struct tcp *tcp)
{
	if (tcp->state == TCP_OPEN && (tcp->eof || fill(stack, tcp)))
		tcp_send(stack, tcp);
}

bool tcp_drain(struct stack *stack, struct tcp *tcp)
{
	while (tcp->up.used) {
		ssize_t n = buffer_write(stack, &tcp->up, tcp->flow.fd);

		if (n < 0 && errno == EAGAIN)
			return true;
		if (n < 0 && errno != EINTR) {
			tcp_abort(stack, tcp, true);
			return false;
		}
	}
	if (tcp->up.size)
		buffer_free(stack, &tcp->up);
	if (tcp->guest_fin && !tcp->shut) {
		shutdown(tcp->flow.fd, SHUT_WR);
		tcp->shut = true;
		return !tcp_finish(stack, tcp);
	}
	return true;
}

static void tcp_opened(struct stack *stack, struct flow *flow, uint32_t code)
{
	struct tcp *tcp = tcp_of(flow);

	if (code == ECONNREFUSED || code == ECONNRESET || code == ENFILE || code == EMFILE) {
		tcp_abort(stack, tcp, true);
		return;
	}
	if (code) {
		/* The guest's kernel knows its SYN again by addresses, ports and number */
		struct packet why = { .v6 = !address_is_v4(&flow->guest),
				      .source = flow->guest,
				      .destination = flow->remote,
				      .ip = why.head,
				      .l4_head = 8 };
		const size_t ip_len = why.v6 ? 40 : 20;
		uint8_t *ip = why.head;

		why.l4 = ip + ip_len;
		memcpy(why.mac, flow->mac, sizeof(why.mac));
		ip[0] = why.v6 ? 0x60 : 0x45;
		ip[why.v6 ? 6 : 9] = IPPROTO_TCP;
		put16(ip + (why.v6 ? 4 : 2), why.v6 ? 20 : 40);
		memcpy(ip + (why.v6 ? 8 : 12), flow->guest.byte + (why.v6 ? 0 : 12),
		       why.v6 ? 16 : 4);
		memcpy(ip + (why.v6 ? 24 : 16), flow->remote.byte + (why.v6 ? 0 : 12),
		       why.v6 ? 16 : 4);
		put16(ip + ip_len, flow->guest_port);
		put16(ip + ip_len + 2, flow->remote_port);
		put32(ip + ip_len + 4, tcp->rcv_nxt - 1);
		packet_unreachable(stack, &why, code);
		tcp_abort(stack, tcp, false);
		return;
	}
	tcp->state = TCP_ANSWERED;
	tcp->nxt = tcp->max = tcp->una + 1;
	tcp_say(stack, tcp, TCP_SYN | TCP_ACK);
	flow_deadline(stack, flow, TCP_RTO_MS);
}

void tcp_incoming(struct stack *stack, const struct wire *wire, int fd)
{
	struct flow *flow = NULL;
	struct tcp *tcp;

	if (!flow_find(stack, IPPROTO_TCP, &wire->guest, wire->guest_port, &wire->address,
		       wire->port))
		flow = flow_new(stack, &tcp_protocol, IPPROTO_TCP, &wire->guest, wire->guest_port,
				&wire->address, wire->port);
	if (!flow) {
		close(fd);
		return;
	}
	flow->wire_id = wire->id;
	tcp = tcp_of(flow);
	if (!flow_watch(stack, flow, fd)) {
		tcp_abort(stack, tcp, false);
		return;
	}
	tcp->state = TCP_CALLING;
	tcp->una = stack_random();
	tcp->nxt = tcp->max = tcp->una + 1;
	tcp->mss = address_is_v4(&flow->guest) ? 536 : 1220;
	tcp->scaled = true; /* until the guest says otherwise */
	tcp_say(stack, tcp, TCP_SYN);
	flow_deadline(stack, flow, TCP_RTO_MS);
}

static void tcp_event(struct stack *stack, struct flow *flow, uint32_t events)
{
	struct tcp *tcp = tcp_of(flow);

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		tcp->readable = !tcp->eof;
	if (tcp->state != TCP_OPEN)
		return;
	if (events & EPOLLOUT && tcp->up.used) {
		if (!tcp_drain(stack, tcp))
			return;
		flow_due(stack, flow);
	}
	tcp_pump(stack, tcp);
}

static void tcp_resume(struct stack *stack, struct flow *flow)
{
	struct tcp *tcp = tcp_of(flow);

	if (tcp->state == TCP_OPEN && tcp->acked != tcp->rcv_nxt)
		flow_due(stack, flow);
	tcp_pump(stack, tcp);
}

/* Nobody has answered: say it again */
static void tcp_deadline(struct stack *stack, struct flow *flow)
{
	struct tcp *tcp = tcp_of(flow);

	if (tcp->state == TCP_ASKED || ++tcp->tries > TCP_TRIES) {
		tcp_abort(stack, tcp, tcp->state == TCP_OPEN);
		return;
	}
	if (tcp->state == TCP_OPEN) {
		tcp_again(stack, tcp);
		return;
	}
	tcp_say(stack, tcp, tcp->state == TCP_CALLING ? TCP_SYN : TCP_SYN | TCP_ACK);
	flow_deadline(stack, flow, (uint64_t)TCP_RTO_MS << tcp->tries);
}

static void tcp_release(struct stack *stack, struct flow *flow)
{
	buffer_free(stack, &tcp_of(flow)->down);
	buffer_free(stack, &tcp_of(flow)->up);
}

const struct protocol tcp_protocol = {
	.size = sizeof(struct tcp),
	.opened = tcp_opened,
	.event = tcp_event,
	.resume = tcp_resume,
	.deadline = tcp_deadline,
	.release = tcp_release,
};
