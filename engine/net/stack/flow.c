// SPDX-License-Identifier: GPL-2.0-only
/* flow.c - the guest's connections: found, opened, ended
 *
 * Theory of operation
 * A flow has a place in an array. Its number holds the place and how often the place was used, so
 * that an event or an answer that comes too late finds no flow. All deadlines are looked at when
 * the earliest has passed; a stack whose flows wait for nothing sleeps.
 *
 * Host system calls: epoll_ctl, close, write.
 */
#include "stack.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "vitrine/util.h"

#define PLACE (FLOWS_MAX - 1)
#define GENERATIONS (~(WIRE_FROM_GATE | PLACE))

static unsigned bucket_of(const struct stack *stack, uint8_t protocol, const struct address *guest,
			  uint16_t guest_port, const struct address *remote, uint16_t remote_port)
{
	uint64_t hash, part[4];

	/* Whoever picks the ports shall not pick the bucket */
	memcpy(&hash, stack->secret, sizeof(hash));
	memcpy(part, guest->byte, 16);
	memcpy(part + 2, remote->byte, 16);
	hash ^= (uint64_t)protocol << 32 | (uint32_t)guest_port << 16 | remote_port;
	for (unsigned i = 0; i < ARRAY_SIZE(part); i++)
		hash = (hash ^ part[i]) * 0x9e3779b97f4a7c15ULL ^ hash >> 29;
	return (unsigned)(hash >> 40) % FLOW_BUCKETS;
}

static unsigned bucket_of_flow(const struct stack *stack, const struct flow *flow)
{
	return bucket_of(stack, flow->protocol, &flow->guest, flow->guest_port, &flow->remote,
			 flow->remote_port);
}

struct flow *flow_find(struct stack *stack, uint8_t protocol, const struct address *guest,
		       uint16_t guest_port, const struct address *remote, uint16_t remote_port)
{
	struct flow *flow =
	    stack->buckets[bucket_of(stack, protocol, guest, guest_port, remote, remote_port)];

	for (; flow; flow = flow->next) {
		if (flow->guest_port == guest_port && flow->remote_port == remote_port &&
		    flow->protocol == protocol && address_equal(&flow->guest, guest) &&
		    address_equal(&flow->remote, remote))
			return flow;
	}
	return NULL;
}

static bool find_place(struct stack *stack, unsigned *place)
{
	for (unsigned i = 0; i < FLOWS_MAX; i++) {
		*place = (stack->search + i) & PLACE;
		if (!stack->flows[*place]) {
			stack->search = *place + 1;
			return true;
		}
	}
	return false;
}

/* There are too many: the datagrams that have been quiet for longest, or nobody, have to go */
static bool make_room(struct stack *stack)
{
	struct flow *oldest = NULL;

	for (unsigned i = 0; i < stack->top; i++) {
		struct flow *flow = stack->flows[i];

		if (flow && flow->ops == &udp_protocol && !flow->later && flow->deadline &&
		    (!oldest || flow->deadline < oldest->deadline))
			oldest = flow;
	}
	if (oldest)
		flow_end(stack, oldest);
	return oldest;
}

struct flow *flow_new(struct stack *stack, const struct protocol *ops, uint8_t protocol,
		      const struct address *guest, uint16_t guest_port,
		      const struct address *remote, uint16_t remote_port)
{
	static const uint8_t mac[6] = NET_MAC_GUEST;
	struct flow *flow, **bucket;
	unsigned place;

	if ((stack->count == FLOWS_MAX && !make_room(stack)) || !find_place(stack, &place))
		return NULL;
	flow = calloc(1, ops->size);
	if (!flow)
		return NULL;
	stack->generation[place] += FLOWS_MAX;
	*flow = (struct flow){ .ops = ops,
			       .id = (stack->generation[place] & GENERATIONS) | place,
			       .fd = -1,
			       .protocol = protocol,
			       .guest = *guest,
			       .remote = *remote,
			       .guest_port = guest_port,
			       .remote_port = remote_port };
	flow->wire_id = flow->id;
	memcpy(flow->mac, mac, sizeof(mac));
	bucket = &stack->buckets[bucket_of_flow(stack, flow)];
	flow->next = *bucket;
	*bucket = flow;
	stack->flows[place] = flow;
	stack->count++;
	if (place >= stack->top)
		stack->top = place + 1;
	return flow;
}

struct flow *flow_by_id(struct stack *stack, uint32_t id)
{
	struct flow *flow = stack->flows[id & PLACE];

	return flow && flow->id == id ? flow : NULL;
}

static struct wire message_of(const struct flow *flow, enum wire_kind kind)
{
	return (struct wire){
		.kind = kind,
		.id = flow->wire_id,
		.protocol = flow->protocol,
		.address = flow->remote,
		.port = flow->remote_port,
		.guest = flow->guest,
		.guest_port = flow->guest_port,
		.sent = flow->sent,
		.received = flow->received,
	};
}

bool flow_ask(struct stack *stack, struct flow *flow)
{
	const struct wire wire = message_of(flow, WIRE_OPEN);

	/* It must hear of those that are over first: they may be too many */
	return flow_tell(stack) && write(stack->gate, &wire, sizeof(wire)) == sizeof(wire);
}

bool flow_tell(struct stack *stack)
{
	size_t done = 0;

	if (!stack->nunsaid)
		return true;
	while (done < stack->nunsaid &&
	       (write(stack->gate, &stack->unsaid[done], sizeof(*stack->unsaid)) > 0 ||
		(errno != EAGAIN && errno != EINTR)))
		done++;
	stack->nunsaid -= done;
	memmove(stack->unsaid, stack->unsaid + done, stack->nunsaid * sizeof(*stack->unsaid));
	return !stack->nunsaid;
}

/* Never waits: the gate may be waiting for us. It is told before long */
static void say_over(struct stack *stack, const struct flow *flow)
{
	if (stack->nunsaid == stack->unsaid_room) {
		const size_t room = stack->unsaid_room ? stack->unsaid_room * 2 : 64;
		struct wire *more = reallocarray(stack->unsaid, room, sizeof(*more));

		if (!more)
			return;
		stack->unsaid = more;
		stack->unsaid_room = room;
	}
	stack->unsaid[stack->nunsaid++] = message_of(flow, WIRE_CLOSED);
	flow_tell(stack);
}

bool flow_watch(struct stack *stack, struct flow *flow, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				     .data.u64 = flow->id };

	flow->fd = fd;
	return !epoll_ctl(stack->epoll, EPOLL_CTL_ADD, fd, &event);
}

void flow_later(struct stack *stack, struct flow *flow)
{
	if (flow->later)
		return;
	flow->later = true;
	flow->next_later = stack->later;
	stack->later = flow;
}

void flow_due(struct stack *stack, struct flow *flow)
{
	if (flow->due)
		return;
	flow->due = true;
	flow->next_due = stack->due;
	stack->due = flow;
}

void flow_deadline(struct stack *stack, struct flow *flow, uint64_t ms)
{
	flow->deadline = ms ? stack->now + ms : 0;
	if (ms && (!stack->next || flow->deadline < stack->next))
		stack->next = flow->deadline;
}

static void leave(struct flow **at, const struct flow *flow, size_t next)
{
	while (*at && *at != flow)
		at = (struct flow **)((char *)*at + next);
	if (*at)
		*at = *(struct flow **)((char *)*at + next);
}

void flow_end(struct stack *stack, struct flow *flow)
{
	if (flow->later)
		leave(&stack->later, flow, offsetof(struct flow, next_later));
	if (flow->due)
		leave(&stack->due, flow, offsetof(struct flow, next_due));
	leave(&stack->buckets[bucket_of_flow(stack, flow)], flow, offsetof(struct flow, next));
	stack->flows[flow->id & PLACE] = NULL;
	stack->count--;
	while (stack->top && !stack->flows[stack->top - 1])
		stack->top--;
	if (flow->fd >= 0)
		close(flow->fd); /* epoll forgets it */
	say_over(stack, flow);
	if (flow->ops->release)
		flow->ops->release(stack, flow);
	free(flow);
}
