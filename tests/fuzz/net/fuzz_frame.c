// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_frame.c - frames of a hostile guest's, with a gate and hosts at the other end
 *
 * An input is steps: a byte that says what happens, two bytes of length, and as many bytes. Frames
 * go to the stack; the gate opens or refuses what was asked for; peers send, close and do not read;
 * time passes. A segment's numbers are said relative to what its connection expects, which no input
 * could guess.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/net/stack/stack.h"
#include "engine/net/stack/tcp.h"
#include "vitrine/util.h"

enum step {
	STEP_FRAME,
	STEP_OPEN,
	STEP_REFUSE,
	STEP_SEND,
	STEP_CLOSE,
	STEP_TIME,
	STEP_SEGMENT,
	STEP_KINDS
};

#define PEERS_MAX 64

static struct stack stack;
static struct link cable;
static struct link_end reader;
static int gate[2] = { -1, -1 }, peers[PEERS_MAX];
static unsigned npeers;

static void begin(void)
{
	struct error err;

	if (!cable.rings[0] && link_create(&cable, &err))
		abort();
	signal(SIGPIPE, SIG_IGN); /* as in the process that it runs in */
	memset(&stack, 0, sizeof(stack));
	if (gate[0] < 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, gate))
		abort();
	if (!reader.ring)
		link_end_init(&reader, cable.rings[1], cable.network);
	link_end_init(&stack.in, cable.rings[0], cable.supervisor);
	stack.out = (struct link_end){ cable.rings[1], reader.own, reader.own, cable.supervisor };
	stack.gate = gate[0];
	stack.epoll = epoll_create1(EPOLL_CLOEXEC);
	stack.now = 1000;
}

/* What came out is frames that a guest could take */
static void look(void)
{
	link_header header;
	const void *frame;
	size_t len;

	link_publish(&stack.out);
	while ((frame = link_peek(&reader, &len, &header))) {
		if (len < 14 || len > LINK_FRAME_MAX ||
		    (header.flags && header.csum_start + header.csum_offset + 2U > len))
			abort();
		link_take(&reader);
	}
	if (reader.broken)
		abort();
}

static void answer(bool open)
{
	struct wire wire;
	struct flow *flow;
	int pair[2];

	while (recv(gate[1], &wire, sizeof(wire), MSG_DONTWAIT) == sizeof(wire)) {
		if (wire.kind != WIRE_OPEN)
			continue;
		flow = flow_by_id(&stack, wire.id);
		if (!flow || flow->fd >= 0)
			continue;
		if (!open || npeers == PEERS_MAX ||
		    socketpair(AF_UNIX,
			       (wire.protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_SEQPACKET) |
				   SOCK_NONBLOCK,
			       0, pair)) {
			flow->ops->opened(&stack, flow, WIRE_REFUSED);
			continue;
		}
		peers[npeers++] = pair[1];
		flow->ops->opened(&stack, flow,
				  flow_watch(&stack, flow, pair[0]) ? 0 : WIRE_REFUSED);
	}
}

static void serve(void)
{
	struct epoll_event list[PEERS_MAX];
	int count = epoll_wait(stack.epoll, list, PEERS_MAX, 0);
	struct flow *later = stack.later;

	for (int i = 0; i < count; i++) {
		struct flow *flow = flow_by_id(&stack, (uint32_t)list[i].data.u64);

		if (flow)
			flow->ops->event(&stack, flow, list[i].events);
	}
	later = stack.later;
	stack.later = NULL;
	while (later) {
		struct flow *next = later->next_later;

		later->later = false;
		later->ops->resume(&stack, later);
		later = next;
	}
	while (stack.due) {
		struct flow *flow = stack.due;

		stack.due = flow->next_due;
		flow->due = false;
		tcp_acknowledge(&stack, flow);
	}
}

static void pass_time(unsigned ms)
{
	stack.now += ms;
	for (unsigned i = 0; i < stack.top; i++) {
		struct flow *flow = stack.flows[i];

		if (flow && flow->deadline && flow->deadline <= stack.now) {
			flow->deadline = 0;
			flow->ops->deadline(&stack, flow);
		}
	}
}

/* Flags, how far beside the expected numbers, the window; then data */
static void segment(const uint8_t *data, size_t len)
{
	static const uint8_t headers[34] = { 0x52, 0x54, 0,    0x12, 0x34, 2, 0x52, 0x54,
					     0,	   0x12, 0x34, 0x56, 8,	   0, 0x45, 0,
					     0,	   0,	 0,    1,    0x40, 0, 64,   6 };
	uint8_t frame[4096] = { 0 }, *tcp = frame + 34;
	struct flow *flow = NULL;

	for (unsigned i = 0; i < stack.top && (!flow || flow->protocol != IPPROTO_TCP); i++)
		flow = stack.flows[i];
	if (!flow || flow->protocol != IPPROTO_TCP || !address_is_v4(&flow->guest) || len < 5 ||
	    len > 3000)
		return;
	memcpy(frame, headers, sizeof(headers));
	put16(frame + 16, (uint32_t)(20 + 20 + len - 5));
	memcpy(frame + 26, flow->guest.byte + 12, 4);
	memcpy(frame + 30, flow->remote.byte + 12, 4);
	put16(tcp, flow->guest_port);
	put16(tcp + 2, flow->remote_port);
	put32(tcp + 4, tcp_of(flow)->rcv_nxt + (uint32_t)(int8_t)data[1]);
	put32(tcp + 8, tcp_of(flow)->nxt + (uint32_t)(int8_t)data[2] * 16);
	tcp[12] = 5 << 4;
	tcp[13] = data[0];
	memcpy(tcp + 14, data + 3, 2);
	memcpy(tcp + 20, data + 5, len - 5);
	stack_frame(&stack, frame, 34 + 20 + len - 5);
}

static void step(enum step what, const uint8_t *data, size_t len)
{
	switch (what) {
	case STEP_FRAME:
		stack_frame(&stack, data, len);
		break;
	case STEP_OPEN:
	case STEP_REFUSE:
		answer(what == STEP_OPEN);
		break;
	case STEP_SEND:
		if (npeers)
			(void)!send(peers[len % npeers], data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case STEP_CLOSE:
		if (npeers)
			close(peers[--npeers]);
		break;
	case STEP_TIME:
		pass_time(len ? data[0] * 100U : 1);
		break;
	case STEP_SEGMENT:
		segment(data, len);
		break;
	case STEP_KINDS:
		break;
	}
	serve();
	look();
}

static void end(void)
{
	struct wire wire;

	for (unsigned i = 0; i < FLOWS_MAX; i++) {
		if (stack.flows[i])
			flow_end(&stack, stack.flows[i]);
	}
	while (npeers)
		close(peers[--npeers]);
	while (recv(gate[1], &wire, sizeof(wire), MSG_DONTWAIT) > 0)
		;
	look();
	close(stack.epoll);
	free(stack.unsaid);
	/* Nothing is left of anybody */
	if (stack.count || stack.later || stack.due || stack.held)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	while (size >= 3) {
		const enum step what = data[0] % STEP_KINDS;
		size_t len = (size_t)(data[1] << 8 | data[2]);

		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		step(what, data, len);
		data += len;
		size -= len;
	}
	end();
	return 0;
}
