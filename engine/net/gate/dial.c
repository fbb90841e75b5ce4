// SPDX-License-Identifier: GPL-2.0-only
/* dial.c - connections that the guest asks for
 *
 * Theory of operation
 * The address that the guest has named becomes the one that is dialled (the gateway is the host's
 * loopback), the policy is asked about that one, and the host's kernel is given that one. An
 * address of the host's own, whatever kind it is, leads to services that may be meant for nobody
 * outside; the host's routing tells which those are. They count as loopback unless a rule names
 * them.
 *
 * A connection that has come about is the stack's. What is kept is what the log will say.
 *
 * Host system calls: socket, connect, setsockopt, getsockopt, getsockname, close.
 */
#include "gate.h"

#include <errno.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vitrine/util.h"

static struct connection **bucket_of(struct gate *gate, uint32_t id)
{
	return &gate->buckets[(id * 2654435761U >> 16) % GATE_BUCKETS];
}

struct connection *connection_find(struct gate *gate, uint32_t id)
{
	struct connection *connection = *bucket_of(gate, id);

	while (connection && connection->id != id)
		connection = connection->next;
	return connection;
}

struct connection *connection_new(struct gate *gate, uint32_t id, uint8_t protocol)
{
	struct connection *connection, **bucket = bucket_of(gate, id);

	if (gate->connections >= GATE_CONNECTIONS_MAX || connection_find(gate, id))
		return NULL;
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return NULL;
	connection->watched.fd = connection->kept = -1;
	connection->id = id;
	connection->protocol = protocol;
	connection->since = gate->now;
	connection->why = "";
	connection->next = *bucket;
	*bucket = connection;
	gate->connections++;
	return connection;
}

void connection_end(struct gate *gate, struct connection *connection)
{
	struct connection **at = bucket_of(gate, connection->id);

	while (*at != connection)
		at = &(*at)->next;
	*at = connection->next;
	gate->connections--;
	gate->served -= connection->served;
	gate_unwatch(gate, &connection->watched);
	if (connection->kept >= 0)
		close(connection->kept);
	free(connection->governed);
	free(connection->input);
	free(connection);
}

/* The stack has its descriptor, or hears why there is none; @code 0 with a descriptor */
static void answer(struct gate *gate, uint32_t id, uint32_t code, int fd)
{
	const struct wire wire = { .kind = WIRE_OPENED, .id = id, .code = code };

	gate_tell(gate, &wire, fd);
}

static void failed(struct gate *gate, struct connection *connection, int code)
{
	log_connection(gate, connection, "failed", code, 0, 0);
	answer(gate, connection->id, (uint32_t)code, -1);
	connection_end(gate, connection);
}

static void refused(struct gate *gate, struct connection *connection)
{
	log_connection(gate, connection, "refused", 0, 0, 0);
	answer(gate, connection->id, WIRE_REFUSED, -1);
	connection_end(gate, connection);
}

/* It has come about: from here on it is the stack's, or the proxy's */
static void opened(struct gate *gate, struct connection *connection)
{
	const int fd = connection->watched.fd;
	int guest = -1;

	if (connection->governed && !govern_give(gate, connection, fd, &guest)) {
		failed(gate, connection, ENFILE);
		return;
	}
	connection->state = CONNECTION_OPEN;
	answer(gate, connection->id, 0, guest >= 0 ? guest : fd);
	if (guest >= 0)
		close(guest);
	if (connection->protocol == IPPROTO_TCP && connection_keep(gate, connection, fd)) {
		epoll_ctl(gate->epoll, EPOLL_CTL_DEL, fd, NULL);
		connection->watched.fd = -1;
	}
	gate_unwatch(gate, &connection->watched);
}

static void dial_event(struct gate *gate, struct watched *watched, uint32_t events)
{
	struct connection *connection = container_of(watched, struct connection, watched);
	int code = 0;
	socklen_t len = sizeof(code);

	if (getsockopt(watched->fd, SOL_SOCKET, SO_ERROR, &code, &len))
		code = errno;
	if (code)
		failed(gate, connection, code);
	else
		opened(gate, connection);
}

static const char *const gateways[] = { NET_GATEWAY4, NET_GATEWAY6 };
static const char *const resolvers[] = { NET_RESOLVER4, NET_RESOLVER6 };
static const char *const loopbacks[] = { "127.0.0.1", "::1" };

static bool is_one_of(const struct address *address, const char *const names[2], unsigned *which)
{
	struct address known;

	for (*which = 0; *which < 2; ++*which) {
		if (address_parse(names[*which], &known) && address_equal(&known, address))
			return true;
	}
	return false;
}

/* Is it one of the host's own? No packet is sent for that */
static bool is_own(const struct address *address)
{
	struct sockaddr_storage name, own;
	socklen_t len = address_socket(address, 1, &name), own_len = sizeof(own);
	cleanup_close int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct address source;
	uint16_t port;

	if (fd < 0)
		return true; /* who cannot tell does not dial */
	return !connect(fd, (struct sockaddr *)&name, len) &&
	       !getsockname(fd, (struct sockaddr *)&own, &own_len) &&
	       address_from_socket(&own, &source, &port) && address_equal(&source, address);
}

static const enum policy_protocol protocol_of[] = {
	[IPPROTO_ICMP] = POLICY_ICMP,
	[IPPROTO_TCP] = POLICY_TCP,
	[IPPROTO_UDP] = POLICY_UDP,
};

static bool allowed(struct gate *gate, struct connection *connection)
{
	const enum policy_protocol protocol = protocol_of[connection->protocol];
	struct policy_verdict verdict;
	struct address loopback;

	policy_decide(&gate->policy, protocol, &connection->address, connection->port,
		      gate->now / 1000, &verdict);
	strcpy(connection->name, verdict.name);
	connection->why = verdict.why;
	connection->implied = verdict.implied;
	if (!verdict.allowed || verdict.meant ||
	    address_kind(&connection->address) == ADDRESS_LOOPBACK || !is_own(&connection->address))
		return verdict.allowed;
	address_parse(loopbacks[!address_is_v4(&connection->address)], &loopback);
	policy_decide(&gate->policy, protocol, &loopback, connection->port, gate->now / 1000,
		      &verdict);
	connection->why =
	    verdict.allowed ? verdict.why : "an address of the host: no rule allows it";
	return verdict.allowed;
}

static int make_socket(const struct connection *connection, int family)
{
	static const int one = 1;
	const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd;

	if (connection->protocol == IPPROTO_ICMP)
		return socket(family, SOCK_DGRAM | flags,
			      family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (connection->protocol == IPPROTO_UDP)
		return socket(family, SOCK_DGRAM | flags, 0);
	fd = socket(family, SOCK_STREAM | flags, 0);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void dial(struct gate *gate, struct connection *connection)
{
	struct sockaddr_storage name;
	socklen_t len = address_socket(&connection->address, connection->port, &name);

	connection->watched =
	    (struct watched){ dial_event, make_socket(connection, name.ss_family) };
	if (connection->watched.fd < 0) {
		failed(gate, connection, errno);
		return;
	}
	if (!connect(connection->watched.fd, (struct sockaddr *)&name, len)) {
		opened(gate, connection);
		return;
	}
	if (errno != EINPROGRESS || !gate_watch(gate, &connection->watched, EPOLLOUT))
		failed(gate, connection, errno);
}

void dial_open(struct gate *gate, const struct wire *wire)
{
	struct connection *connection = NULL;
	unsigned which;

	/* A stack that was taken over says what it likes */
	if ((wire->protocol == IPPROTO_TCP || wire->protocol == IPPROTO_UDP ||
	     wire->protocol == IPPROTO_ICMP) &&
	    !(wire->id & WIRE_FROM_GATE))
		connection = connection_new(gate, wire->id, wire->protocol);
	if (!connection) {
		answer(gate, wire->id, ENFILE, -1);
		return;
	}
	connection->address = wire->address;
	connection->port = wire->port;
	connection->guest_port = wire->guest_port;
	if (is_one_of(&wire->address, resolvers, &which)) {
		if (wire->port == PORT_DNS && wire->protocol != IPPROTO_ICMP &&
		    serve_start(gate, connection, wire))
			return;
		failed(gate, connection, ECONNREFUSED);
		return;
	}
	if (is_one_of(&wire->address, gateways, &which))
		address_parse(loopbacks[which], &connection->address);
	if (!allowed(gate, connection)) {
		refused(gate, connection);
		return;
	}
	govern_find(gate, connection, &wire->address);
	if (gate->policy.connections &&
	    gate->connections - gate->served > gate->policy.connections) {
		connection->why = "limit connections";
		refused(gate, connection);
	} else if (connection->governed && gate->proxy.fd < 0) {
		connection->why = "the process that reads requests has ended";
		refused(gate, connection);
	} else {
		dial(gate, connection);
	}
}

bool connection_keep(struct gate *gate, struct connection *connection, int fd)
{
	if (fd >= gate->most_kept)
		return false;
	connection->kept = fd;
	return true;
}

void connection_bytes(const struct connection *connection, uint64_t *sent, uint64_t *received)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (connection->kept < 0 ||
	    getsockopt(connection->kept, IPPROTO_TCP, TCP_INFO, &info, &len) ||
	    len < offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(info.tcpi_bytes_retrans))
		return;
	*sent = info.tcpi_bytes_sent - info.tcpi_bytes_retrans + info.tcpi_notsent_bytes;
	/* The peer's FIN counts as one; whether it has come cannot always be told. Who knows better
	 * is believed that much */
	if (info.tcpi_bytes_received - *received != 1)
		*received = info.tcpi_bytes_received;
}

void dial_closed(struct gate *gate, const struct wire *wire)
{
	struct connection *connection = connection_find(gate, wire->id);
	uint64_t sent = wire->sent, received = wire->received;

	if (!connection)
		return;
	connection_bytes(connection, &sent, &received);
	if (!connection->served)
		log_connection(gate, connection, "allowed", 0, sent, received);
	connection_end(gate, connection);
}

void dial_end_all(struct gate *gate)
{
	for (unsigned i = 0; i < GATE_BUCKETS; i++) {
		while (gate->buckets[i]) {
			uint64_t sent = 0, received = 0;

			connection_bytes(gate->buckets[i], &sent, &received);
			if (!gate->buckets[i]->served)
				log_connection(gate, gate->buckets[i], "allowed", 0, sent,
					       received);
			connection_end(gate, gate->buckets[i]);
		}
	}
}
