// SPDX-License-Identifier: GPL-2.0-only
/* gate.c - who decides and dials for the guest
 *
 * Theory of operation
 * The stack has the guest's packets and can make no connection; this process makes connections and
 * has no packets. What passes between them is one structure with an address, a port and a protocol,
 * so what is asked for can be judged as what it is: the very address is judged that is dialled, in
 * one place, and no packet, however it is put together, leads elsewhere.
 *
 * Everything is one loop of events. Nothing waits but for the stack, which reads whatever it is
 * told, and the supervisor, which waits for its answer.
 *
 * Host system calls: epoll_*, sendmsg, recvmsg, close, clock_gettime.
 */
#include "gate.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/net/confine.h"
#include "engine/net/net.h"
#include "engine/net/roles.h"
#include "lib/clock.h"
#include "lib/say.h"
#include "vitrine/util.h"

#define EVENTS 64
#define MESSAGES 64

/* What is freed in a round may have another event in it */
static struct epoll_event round_events[EVENTS];
static int round_count;

bool gate_watch(struct gate *gate, struct watched *watched, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watched };

	return !epoll_ctl(gate->epoll, EPOLL_CTL_ADD, watched->fd, &event);
}

void gate_unwatch(struct gate *gate, struct watched *watched)
{
	for (int i = 0; i < round_count; i++) {
		if (round_events[i].data.ptr == watched)
			round_events[i].data.ptr = NULL;
	}
	if (watched->fd < 0)
		return;
	/* The stack may have the same socket, and then closing it here is not its end */
	epoll_ctl(gate->epoll, EPOLL_CTL_DEL, watched->fd, NULL);
	close(steal_fd(watched->fd));
}

void gate_tell(struct gate *gate, const struct wire *wire, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)wire, sizeof(*wire) };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		header.msg_control = control.space;
		header.msg_controllen = sizeof(control.space);
		control.align = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						  .cmsg_type = SCM_RIGHTS,
						  .cmsg_len = CMSG_LEN(sizeof(int)) };
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	}
	while (sendmsg(gate->stack.fd, &header, MSG_NOSIGNAL) < 0) {
		if (errno != EINTR && errno != ETOOMANYREFS) {
			gate->over = errno == EPIPE || errno == ECONNRESET;
			return;
		}
	}
}

static void stack_event(struct gate *gate, struct watched *watched, uint32_t events)
{
	struct wire wire;

	for (unsigned i = 0; i < MESSAGES; i++) {
		ssize_t len = recv(watched->fd, &wire, sizeof(wire), MSG_DONTWAIT);

		if (len == 0)
			gate->over = true;
		if (len <= 0)
			return;
		if (len != sizeof(wire))
			continue;
		if (wire.kind == WIRE_OPEN)
			dial_open(gate, &wire);
		else if (wire.kind == WIRE_CLOSED)
			dial_closed(gate, &wire);
	}
}

static void control_event(struct gate *gate, struct watched *watched, uint32_t events)
{
	char command[NET_COMMAND_MAX + 1];
	cleanup_free char *answer = NULL;
	ssize_t len = recv(watched->fd, command, NET_COMMAND_MAX, MSG_DONTWAIT);

	if (len <= 0) {
		/* The supervisor has gone; the stack ends now, and then we */
		if (len == 0)
			epoll_ctl(gate->epoll, EPOLL_CTL_DEL, watched->fd, NULL);
		return;
	}
	command[len] = '\0';
	answer = ask_answer(gate, command);
	if (answer)
		(void)!send(watched->fd, answer, strlen(answer), MSG_NOSIGNAL);
}

static void report(int control, const char *text)
{
	(void)!send(control, text, strlen(text), MSG_NOSIGNAL);
}

static int prepare(struct gate *gate, struct error *err)
{
	const struct sandbox_net *net = &gate->config->net;
	struct rlimit limit;

	json_object_seed(0); /* now: it reads a file, which will not be allowed later */
	gate->policy.otherwise = POLICY_PUBLIC;
	for (const char *const *line = net->policy; line && *line; line++) {
		if (policy_line(&gate->policy, *line, err))
			return -1;
	}
	gate->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (gate->epoll < 0)
		return error_set(err, errno, "cannot make an epoll descriptor");
	if (policy_check(&gate->policy, err) || log_begin(gate, err) || resolve_begin(gate, err) ||
	    govern_begin(gate, err))
		return -1;
	for (const char *const *text = net->publish; text && *text; text++) {
		if (listen_start(gate, *text, err))
			return -1;
	}
	if (!gate_watch(gate, &gate->stack, EPOLLIN) || !gate_watch(gate, &gate->control, EPOLLIN))
		return error_set(err, errno, "cannot watch the sockets of the network");
	/* As many as net_confine() will allow; some are for connections that are about to be */
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_max < INT_MAX)
		gate->most_kept = (int)(limit.rlim_max / 4 * 3);
	return net_confine(NET_GATE, resolve_directory(gate), 0, err);
}

static void tell_limit(struct gate *gate)
{
	const struct wire wire = { .kind = WIRE_LIMIT, .sent = gate->policy.bandwidth };

	if (wire.sent)
		gate_tell(gate, &wire, -1);
}

static void round_of(struct gate *gate)
{
	round_count = epoll_wait(gate->epoll, round_events, EVENTS, resolve_patience(gate));
	gate->now = clock_now_ns() / NS_PER_MS;
	for (int i = 0; i < round_count; i++) {
		struct watched *watched = round_events[i].data.ptr;

		if (watched)
			watched->event(gate, watched, round_events[i].events);
	}
	round_count = 0;
	resolve_time(gate);
}

void gate_run(const struct sandbox_config *config, int stack, int control, int proxy)
{
	static struct gate gate;
	struct error err = { 0 };
	char text[ERROR_TEXT_MAX + 1];

	gate.config = config;
	gate.stack = (struct watched){ stack_event, stack };
	gate.control = (struct watched){ control_event, control };
	gate.proxy.fd = proxy;
	gate.log = -1;
	gate.now = clock_now_ns() / NS_PER_MS;
	if (prepare(&gate, &err)) {
		snprintf(text, sizeof(text), "-%s", err.text);
		report(control, text);
		_exit(1);
	}
	report(control, "+");
	tell_limit(&gate);
	while (!gate.over)
		round_of(&gate);
	govern_end(&gate);
	dial_end_all(&gate);
	_exit(0);
}
