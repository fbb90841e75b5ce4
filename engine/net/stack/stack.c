// SPDX-License-Identifier: GPL-2.0-only
/* stack.c - what flows are told in each round, whoever makes it
 *
 * Host system calls: close, getrandom.
 */
#include "stack.h"

#include <errno.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "vitrine/util.h"

const struct address stack_guest4 = { { [10] = 0xff, [11] = 0xff, 10, 0, 2, 15 } };
const struct address stack_guest6 = { { 0xfd, 0, 0, 2, [15] = 0x15 } };

uint32_t stack_random(void)
{
	static uint32_t pool[64];
	static unsigned left;

	if (!left) {
		if (getrandom(pool, sizeof(pool), 0) != sizeof(pool))
			abort();
		left = ARRAY_SIZE(pool);
	}
	return pool[--left];
}

void stack_frame(struct stack *stack, const uint8_t *frame, size_t len)
{
	struct packet packet;

	if (len >= 14 && get16(frame + 12) == ETHERTYPE_ARP) {
		arp_input(stack, frame, len);
		return;
	}
	if (dhcp_input(stack, frame, len) || !packet_parse(frame, len, &packet))
		return;
	switch (packet.protocol) {
	case IPPROTO_TCP:
		tcp_input(stack, &packet);
		break;
	case IPPROTO_UDP:
		udp_input(stack, &packet);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (packet.v6 == (packet.protocol == IPPROTO_ICMPV6))
			icmp_input(stack, &packet);
		break;
	}
}

void stack_answer(struct stack *stack, const struct wire *wire, int fd)
{
	struct flow *flow = flow_by_id(stack, wire->id);
	uint32_t code = wire->code;

	if (!flow || flow->fd >= 0) {
		if (fd >= 0)
			close(fd); /* it was given up meanwhile */
		return;
	}
	if (!code && (fd < 0 || !flow_watch(stack, flow, fd)))
		code = ENFILE;
	flow->ops->opened(stack, flow, code);
}

void stack_turns(struct stack *stack)
{
	struct flow *flow = stack->later;

	stack->later = NULL;
	while (flow) {
		struct flow *next = flow->next_later;

		flow->later = false;
		flow->next_later = NULL;
		flow->ops->resume(stack, flow);
		flow = next;
	}
}

void stack_acknowledge(struct stack *stack)
{
	while (stack->due) {
		struct flow *flow = stack->due;

		stack->due = flow->next_due;
		flow->due = false;
		tcp_acknowledge(stack, flow);
	}
}

void stack_deadlines(struct stack *stack)
{
	const uint64_t now = stack->now;

	if (!stack->next || now < stack->next)
		return;
	stack->next = 0;
	for (unsigned i = 0; i < stack->top; i++) {
		struct flow *flow = stack->flows[i];

		if (!flow || !flow->deadline)
			continue;
		if (flow->deadline > now) {
			if (!stack->next || flow->deadline < stack->next)
				stack->next = flow->deadline;
			continue;
		}
		flow->deadline = 0;
		flow->ops->deadline(stack, flow);
	}
}
