// SPDX-License-Identifier: GPL-2.0-only
/* govern.c - connections whose requests the proxy judges
 *
 * Theory of operation
 * A rule about requests, or a secret, names a host. A connection is for the proxy when the guest
 * was told its address for such a host, and the port is the rule's. Then the proxy gets the socket
 * that was dialled, and one end of a pair whose other end the stack gets, to which it is a
 * connection like any other. The address was judged as any address is.
 *
 * The proxy says what became of each request. It never waits for us but to be read, and we never
 * wait for it.
 *
 * Host system calls: socketpair, sendmsg, recvfrom, poll, close, shutdown.
 */
#include "gate.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vitrine/util.h"

#define REQUESTS 64 /* until others have their turn */
#define END_MS 500

/* Return: false when there is none */
static bool hear(struct gate *gate)
{
	struct wire_request request;
	const ssize_t len = recv(gate->proxy.fd, &request, sizeof(request), MSG_DONTWAIT);

	if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
		gate_unwatch(gate, &gate->proxy);
	if (len != sizeof(request))
		return false;
	/* A proxy that was taken over says what it likes, but in words that end */
	request.method[sizeof(request.method) - 1] = request.host[sizeof(request.host) - 1] = '\0';
	request.path[sizeof(request.path) - 1] = request.why[sizeof(request.why) - 1] = '\0';
	log_request(gate, &request);
	return true;
}

static void proxy_event(struct gate *gate, struct watched *watched, uint32_t events)
{
	for (unsigned i = 0; i < REQUESTS && hear(gate); i++)
		;
}

int govern_begin(struct gate *gate, struct error *err)
{
	gate->proxy.event = proxy_event;
	if (gate->proxy.fd < 0)
		return 0;
	for (const char *const *text = gate->config->net.secrets; text && *text; text++) {
		if (gate->nsecrets == HTTP_SECRETS_MAX)
			return error_set(err, 0, "more than %d secrets", HTTP_SECRETS_MAX);
		if (http_secret_parse(&gate->secrets[gate->nsecrets], *text, err))
			return -1;
		gate->nsecrets++;
	}
	return gate_watch(gate, &gate->proxy, EPOLLIN)
		   ? 0
		   : error_set(err, errno, "cannot watch the sockets of the network");
}

static bool has_rules(const struct gate *gate, const char *name, uint16_t port)
{
	for (size_t i = 0; i < gate->policy.nhttp; i++) {
		if (http_rule_concerns(&gate->policy.http[i], name, port))
			return true;
	}
	return false;
}

static bool has_secrets(const struct gate *gate, const char *name, uint16_t port)
{
	for (unsigned i = 0; i < gate->nsecrets; i++) {
		if (gate->secrets[i].port == port && !strcmp(gate->secrets[i].host, name))
			return true;
	}
	return false;
}

void govern_find(struct gate *gate, struct connection *connection, const struct address *address)
{
	struct wire_governed *what = NULL;
	bool rules = false;
	const char *name;
	size_t at = 0;

	if (!gate->config->net.requests || connection->protocol != IPPROTO_TCP)
		return;
	while ((name = policy_name_of(&gate->policy, address, gate->now / 1000, &at))) {
		const bool ruled = has_rules(gate, name, connection->port);

		if (!ruled && !has_secrets(gate, name, connection->port))
			continue;
		rules = rules || ruled;
		if (!what)
			what = calloc(1, sizeof(*what));
		if (!what || what->count == WIRE_NAMES_MAX)
			break;
		snprintf(what->names[what->count++], sizeof(what->names[0]), "%s", name);
		strcpy(connection->name, name);
	}
	if (!what)
		return;
	what->id = connection->id;
	what->port = connection->port;
	/* Where there are rules, whoever shares the address cannot be told apart from their host */
	what->others = !rules && !connection->implied;
	connection->governed = what;
}

bool govern_give(struct gate *gate, struct connection *connection, int peer, int *guest)
{
	union {
		char space[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct wire_governed *what = connection->governed;
	struct iovec iov = { what, sizeof(*what) };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space) };
	bool given;
	int pair[2], fds[2];

	if (gate->proxy.fd < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
		return false;
	fds[0] = pair[1];
	fds[1] = peer;
	control.align = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS,
					  .cmsg_len = CMSG_LEN(sizeof(fds)) };
	memcpy(CMSG_DATA(&control.align), fds, sizeof(fds));
	given = sendmsg(gate->proxy.fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
	close(pair[1]);
	if (!given) {
		close(pair[0]);
		return false;
	}
	*guest = pair[0];
	return true;
}

void govern_end(struct gate *gate)
{
	struct pollfd fd = { .fd = gate->proxy.fd, .events = POLLIN };

	if (gate->proxy.fd < 0)
		return;
	shutdown(gate->proxy.fd, SHUT_WR);
	while (gate->proxy.fd >= 0 && poll(&fd, 1, END_MS) > 0)
		hear(gate);
}
