// SPDX-License-Identifier: GPL-2.0-only
/* run.c - the process at the other end of the guest's cable
 *
 * Theory of operation
 * In each round the stack takes the guest's frames, reads the sockets that have something, gives
 * the flows that had to wait their turn, and sends the acknowledgements that it owes, once for all
 * segments of the round. Then it tells the guest's device what lies on the cable. When a round had
 * nothing to do, the process sleeps. While the cable has no room, the stack does not read from
 * sockets, which keep what they have; it takes what the guest sends all the same.
 *
 * Host system calls: epoll_wait, epoll_ctl, read, recvmsg, close, clock_gettime, getrandom.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/net/confine.h"
#include "engine/net/roles.h"
#include "lib/clock.h"
#include "lib/say.h"
#include "stack.h"
#include "vitrine/util.h"

#define EVENTS 256
#define FRAMES 128 /* of a round */
#define MESSAGES 64
#define RETRY_MS 5
#define END_MS 2000
#define FILES (FLOWS_MAX + 64)

/* What an event is about when it is no flow's: no flow has these numbers */
#define EVENT_CABLE (1ULL << 40)
#define EVENT_GATE (2ULL << 40)
#define EVENT_LIFE (3ULL << 40)

/* Return: whether there may be more */
static bool frames(struct stack *stack)
{
	link_header header;
	const void *frame;
	unsigned count;
	size_t len;

	for (count = 0; count < FRAMES && bucket_has(stack, &stack->up); count++) {
		frame = link_peek(&stack->in, &len, &header);
		if (!frame)
			break;
		stack_frame(stack, frame, len);
		bucket_take(&stack->up, len);
		link_take(&stack->in);
		link_taken(&stack->in);
	}
	return count == FRAMES;
}

static void message(struct stack *stack, const struct wire *wire, int fd)
{
	switch (wire->kind) {
	case WIRE_OPENED:
		stack_answer(stack, wire, fd);
		return;
	case WIRE_INCOMING:
		if (fd < 0)
			return;
		if (wire->protocol == IPPROTO_TCP)
			tcp_incoming(stack, wire, fd);
		else
			udp_incoming(stack, wire, fd);
		return;
	case WIRE_LIMIT:
		stack->up.rate = stack->down.rate = wire->sent;
		break;
	}
	if (fd >= 0)
		close(fd);
}

static int take_descriptor(struct msghdr *header)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(header);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static void messages(struct stack *stack)
{
	for (unsigned i = 0; i < MESSAGES; i++) {
		union {
			char space[CMSG_SPACE(sizeof(int))];
			struct cmsghdr align;
		} control;
		struct wire wire;
		struct iovec iov = { &wire, sizeof(wire) };
		struct msghdr header = { .msg_iov = &iov,
					 .msg_iovlen = 1,
					 .msg_control = control.space,
					 .msg_controllen = sizeof(control.space) };
		ssize_t len = recvmsg(stack->gate, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (len == 0)
			stack->over = true;
		if (len < (ssize_t)sizeof(wire))
			return;
		message(stack, &wire, take_descriptor(&header));
	}
}

static void events(struct stack *stack, int timeout)
{
	struct epoll_event list[EVENTS];
	const int count = epoll_wait(stack->epoll, list, EVENTS, timeout);

	stack->now = clock_now_ns() / NS_PER_MS;
	for (int i = 0; i < count; i++) {
		const uint64_t what = list[i].data.u64;
		struct flow *flow;
		uint64_t wakes;

		switch (what) {
		case EVENT_CABLE:
			(void)!read(stack->cable, &wakes, sizeof(wakes));
			break;
		case EVENT_GATE:
			messages(stack);
			break;
		case EVENT_LIFE:
			stack->over = true;
			break;
		default:
			flow = flow_by_id(stack, (uint32_t)what);
			if (flow && flow->fd >= 0)
				flow->ops->event(stack, flow, list[i].events);
		}
	}
}

/* Milliseconds to sleep: not at all when there is more to do */
static int patience(struct stack *stack, bool more, bool waits)
{
	uint64_t left;

	if (more || (stack->later && !waits))
		return 0;
	if (!stack->next)
		return -1;
	left = stack->next > stack->now ? stack->next - stack->now : 0;
	return left < 60000 ? (int)left + 1 : 60000;
}

static void round_of(struct stack *stack)
{
	const uint32_t before = stack->out.own;
	bool more, asleep = false, blocked;

	/* First: it looks for the earliest anew, and those below may want to be called earlier */
	stack_deadlines(stack);
	more = frames(stack);
	stack_turns(stack);
	stack_acknowledge(stack);
	if (!flow_tell(stack) && (!stack->next || stack->next > stack->now + RETRY_MS))
		stack->next = stack->now + RETRY_MS;
	link_publish(&stack->out);
	/* What waits for room or bytes a second, and got none, is woken by either */
	blocked = stack->later && stack->out.own == before;
	if (!more && (!stack->later || blocked) && bucket_has(stack, &stack->up)) {
		asleep = link_sleeps(&stack->in, true);
		more = !asleep;
	}
	events(stack, patience(stack, more, blocked));
	if (asleep)
		link_sleeps(&stack->in, false);
	link_publish(&stack->out);
}

static void watch(struct stack *stack, int fd, uint64_t what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = what };

	if (epoll_ctl(stack->epoll, EPOLL_CTL_ADD, fd, &event))
		abort();
}

void stack_run(struct link *link, int gate, int life)
{
	static struct stack stack;
	struct error err = { 0 };

	link_end_init(&stack.in, link->rings[0], link->supervisor);
	link_end_init(&stack.out, link->rings[1], link->supervisor);
	stack.gate = gate;
	fcntl(gate, F_SETFL, O_NONBLOCK);
	stack.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (stack.epoll < 0 ||
	    getrandom(stack.secret, sizeof(stack.secret), 0) != sizeof(stack.secret))
		abort();
	watch(&stack, link->network, EVENT_CABLE);
	watch(&stack, gate, EVENT_GATE);
	watch(&stack, life, EVENT_LIFE);
	if (net_confine(NET_STACK, NULL, FILES, &err)) {
		say_error(&err);
		_exit(1);
	}
	stack.cable = link->network;
	stack.now = clock_now_ns() / NS_PER_MS;
	while (!stack.over)
		round_of(&stack);
	for (unsigned i = 0; i < FLOWS_MAX; i++) {
		if (stack.flows[i])
			flow_end(&stack, stack.flows[i]);
	}
	for (unsigned i = 0; i < END_MS / RETRY_MS && !flow_tell(&stack); i++) {
		messages(&stack); /* it may be waiting for us to read */
		poll(NULL, 0, RETRY_MS);
	}
	_exit(0);
}
