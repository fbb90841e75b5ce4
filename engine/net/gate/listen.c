// SPDX-License-Identifier: GPL-2.0-only
/* listen.c - ports of the host's that lead to the guest
 *
 * Theory of operation
 * A stream that somebody opens to a published port is the stack's from the first byte on.
 * Datagrams all come to one socket, so each sender has a pair of sockets of its own, one end of
 * which the stack has, and this process carries them to and fro. A sender that says nothing for a
 * while is forgotten by the stack.
 *
 * The guest sees a sender as it is, but one on this machine as the gateway, since the guest has a
 * loopback of its own.
 *
 * Host system calls: socket, setsockopt, bind, listen, accept4, socketpair, recvfrom, sendto.
 */
#include "gate.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vitrine/util.h"

#define BACKLOG 512
#define ACCEPTS 64
#define DATAGRAMS 64

static struct address text_address(const char *text)
{
	struct address address = { { 0 } };

	address_parse(text, &address);
	return address;
}

/* Who the guest sees */
static struct address peer_of(const struct published *published, const struct address *peer)
{
	const bool v4 = address_is_v4(&published->what.address);
	const enum address_kind kind = address_kind(peer);

	if (address_is_v4(peer) != v4 || kind == ADDRESS_LOOPBACK || kind == ADDRESS_LINK)
		return text_address(v4 ? NET_GATEWAY4 : NET_GATEWAY6);
	return *peer;
}

static struct connection *incoming(struct gate *gate, struct published *published,
				   const struct address *peer, uint16_t port)
{
	struct connection *connection;

	if (gate->policy.connections &&
	    gate->connections - gate->served >= gate->policy.connections)
		return NULL;
	connection = connection_new(gate, WIRE_FROM_GATE | gate->next_id++,
				    published->what.udp ? IPPROTO_UDP : IPPROTO_TCP);
	if (!connection)
		return NULL;
	connection->state = CONNECTION_OPEN;
	connection->incoming = true;
	connection->address = *peer;
	connection->port = port;
	connection->guest_port = published->what.guest;
	connection->why = "publish";
	return connection;
}

static void tell_stack(struct gate *gate, const struct published *published,
		       const struct connection *connection, int fd)
{
	const bool v4 = address_is_v4(&published->what.address);
	const struct wire wire = {
		.kind = WIRE_INCOMING,
		.id = connection->id,
		.protocol = connection->protocol,
		.address = peer_of(published, &connection->address),
		.port = connection->port,
		.guest = text_address(v4 ? NET_GUEST4 : NET_GUEST6),
		.guest_port = connection->guest_port,
	};

	gate_tell(gate, &wire, fd);
}

static void stream_event(struct gate *gate, struct watched *watched, uint32_t events)
{
	struct published *published = container_of(watched, struct published, watched);
	static const int one = 1;

	for (unsigned i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage name;
		socklen_t len = sizeof(name);
		cleanup_close int fd = accept4(watched->fd, (struct sockaddr *)&name, &len,
					       SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct connection *connection;
		struct address peer;
		uint16_t port;

		if (fd < 0)
			return;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		connection = address_from_socket(&name, &peer, &port)
				 ? incoming(gate, published, &peer, port)
				 : NULL;
		if (!connection)
			continue;
		tell_stack(gate, published, connection, fd);
		if (connection_keep(gate, connection, fd))
			fd = -1;
	}
}

/* From the guest to a sender */
static void relay_event(struct gate *gate, struct watched *watched, uint32_t events)
{
	struct connection *connection = container_of(watched, struct connection, watched);
	static uint8_t data[65536];
	struct sockaddr_storage name;
	socklen_t len = address_socket(&connection->address, connection->port, &name);

	for (unsigned i = 0; i < DATAGRAMS; i++) {
		ssize_t n = recv(watched->fd, data, sizeof(data), MSG_DONTWAIT);

		if (n == 0 && events & EPOLLHUP)
			epoll_ctl(gate->epoll, EPOLL_CTL_DEL, watched->fd, NULL);
		if (n < 0 || (n == 0 && events & EPOLLHUP))
			return;
		if (connection->published)
			(void)!sendto(connection->published->watched.fd, data, (size_t)n,
				      MSG_DONTWAIT, (struct sockaddr *)&name, len);
	}
}

static struct connection *relay_of(struct gate *gate, struct published *published,
				   const struct address *peer, uint16_t port)
{
	struct connection *connection;
	int pair[2];

	for (unsigned i = 0; i < GATE_BUCKETS; i++) {
		for (connection = gate->buckets[i]; connection; connection = connection->next) {
			if (connection->published == published && connection->port == port &&
			    address_equal(&connection->address, peer))
				return connection;
		}
	}
	connection = incoming(gate, published, peer, port);
	if (!connection)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair)) {
		connection_end(gate, connection);
		return NULL;
	}
	connection->state = CONNECTION_RELAYED;
	connection->published = published;
	connection->watched = (struct watched){ relay_event, pair[0] };
	gate_watch(gate, &connection->watched, EPOLLIN);
	tell_stack(gate, published, connection, pair[1]);
	close(pair[1]);
	return connection;
}

static void datagram_event(struct gate *gate, struct watched *watched, uint32_t events)
{
	struct published *published = container_of(watched, struct published, watched);
	static uint8_t data[65536];

	for (unsigned i = 0; i < DATAGRAMS; i++) {
		struct sockaddr_storage name;
		socklen_t len = sizeof(name);
		ssize_t n = recvfrom(watched->fd, data, sizeof(data), MSG_DONTWAIT,
				     (struct sockaddr *)&name, &len);
		struct connection *connection = NULL;
		struct address peer;
		uint16_t port;

		if (n < 0)
			return;
		if (address_from_socket(&name, &peer, &port))
			connection = relay_of(gate, published, &peer, port);
		if (connection)
			(void)!send(connection->watched.fd, data, (size_t)n,
				    MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

static struct published *find(struct gate *gate, const struct publish *what)
{
	struct published *at = gate->published;

	while (at && (at->what.udp != what->udp || at->what.host != what->host ||
		      !address_equal(&at->what.address, &what->address)))
		at = at->next;
	return at;
}

static int open_port(struct publish *what, struct error *err)
{
	const int on = 1;
	char text[PUBLISH_TEXT_MAX];
	struct sockaddr_storage name;
	socklen_t len = address_socket(&what->address, what->host, &name);
	cleanup_close int fd =
	    socket(name.ss_family,
		   (what->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_set(err, errno, "cannot publish %s", publish_format(what, text));
	if (!what->udp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (name.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&name, len) || (!what->udp && listen(fd, BACKLOG)))
		return error_set(err, errno, "cannot publish %s%s", publish_format(what, text),
				 errno == EADDRINUSE ? ": another program has that port" : "");
	/* Which it was, when any was asked for */
	if (!getsockname(fd, (struct sockaddr *)&name, &len)) {
		struct address ignored;

		address_from_socket(&name, &ignored, &what->host);
	}
	return steal_fd(fd);
}

int listen_start(struct gate *gate, const char *text, struct error *err)
{
	cleanup_free struct published *published = calloc(1, sizeof(*published));
	unsigned count = 0;

	for (struct published *at = gate->published; at; at = at->next)
		count++;
	if (!published || count >= GATE_PUBLISHED_MAX)
		return error_set(err, 0, "more than %d published ports", GATE_PUBLISHED_MAX);
	if (publish_parse(text, &published->what, err))
		return -1;
	published->watched.event = published->what.udp ? datagram_event : stream_event;
	published->watched.fd = open_port(&published->what, err);
	if (published->watched.fd < 0)
		return -1;
	if (!gate_watch(gate, &published->watched, EPOLLIN))
		return error_set(err, errno, "cannot publish %s", text);
	published->next = gate->published;
	gate->published = steal_ptr(published);
	return 0;
}

int listen_stop(struct gate *gate, const char *text, struct error *err)
{
	struct published *published, **at = &gate->published;
	struct publish what;

	if (publish_parse(text, &what, err))
		return -1;
	published = find(gate, &what);
	if (!published || published->what.guest != what.guest)
		return error_set(err, 0, "%s is not published", text);
	while (*at != published)
		at = &(*at)->next;
	*at = published->next;
	for (unsigned i = 0; i < GATE_BUCKETS; i++) {
		for (struct connection *c = gate->buckets[i]; c; c = c->next) {
			if (c->published == published)
				c->published = NULL;
		}
	}
	gate_unwatch(gate, &published->watched);
	free(published);
	return 0;
}
