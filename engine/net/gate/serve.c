// SPDX-License-Identifier: GPL-2.0-only
/* serve.c - the resolver as the guest sees it
 *
 * Theory of operation
 * To the stack a conversation with the resolver is a connection like any other; its descriptor is
 * one end of a pair of sockets, datagrams or a stream, and we have the other. So the stack, which
 * may be the guest's, reads no names and changes none.
 *
 * Host system calls: socketpair, recvfrom, send.
 */
#include "gate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/dns.h"
#include "vitrine/util.h"

#define PREFIX 2 /* a message in a stream stands behind its length */
#define QUESTION_MAX 4096
#define INPUT_MAX (PREFIX + QUESTION_MAX)
#define QUESTIONS 32 /* until others have their turn */

static void datagrams(struct gate *gate, struct connection *connection)
{
	uint8_t message[QUESTION_MAX];

	for (unsigned i = 0; i < QUESTIONS; i++) {
		ssize_t len = recv(connection->watched.fd, message, sizeof(message), MSG_DONTWAIT);

		if (len <= 0)
			return;
		resolve_ask(gate, connection->id, message, (size_t)len);
	}
}

static void stream(struct gate *gate, struct connection *connection)
{
	uint8_t *input = connection->input;
	size_t want;
	ssize_t len = recv(connection->watched.fd, input + connection->input_len,
			   INPUT_MAX - connection->input_len, MSG_DONTWAIT);

	if (len <= 0) {
		if (len == 0)
			epoll_ctl(gate->epoll, EPOLL_CTL_DEL, connection->watched.fd, NULL);
		return;
	}
	connection->input_len += (size_t)len;
	while (connection->input_len >= PREFIX) {
		want = PREFIX + (size_t)(input[0] << 8 | input[1]);
		if (want > INPUT_MAX) {
			shutdown(connection->watched.fd, SHUT_RDWR);
			epoll_ctl(gate->epoll, EPOLL_CTL_DEL, connection->watched.fd, NULL);
			return;
		}
		if (connection->input_len < want)
			return;
		resolve_ask(gate, connection->id, input + PREFIX, want - PREFIX);
		connection->input_len -= want;
		memmove(input, input + want, connection->input_len);
	}
}

static void serve_event(struct gate *gate, struct watched *watched, uint32_t events)
{
	struct connection *connection = container_of(watched, struct connection, watched);

	if (connection->protocol == IPPROTO_TCP)
		stream(gate, connection);
	else if (events & EPOLLIN)
		datagrams(gate, connection);
	else
		epoll_ctl(gate->epoll, EPOLL_CTL_DEL, watched->fd, NULL);
}

bool serve_start(struct gate *gate, struct connection *connection, const struct wire *wire)
{
	const struct wire opened = { .kind = WIRE_OPENED, .id = connection->id };
	const int type = connection->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_SEQPACKET;
	int pair[2];

	if (connection->protocol == IPPROTO_TCP) {
		connection->input = malloc(INPUT_MAX);
		if (!connection->input)
			return false;
	}
	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
		return false;
	connection->state = CONNECTION_SERVED;
	connection->served = true;
	gate->served++;
	connection->watched = (struct watched){ serve_event, pair[0] };
	gate_watch(gate, &connection->watched, EPOLLIN);
	gate_tell(gate, &opened, pair[1]);
	close(pair[1]);
	return true;
}

void serve_answer(struct gate *gate, uint32_t id, const uint8_t *message, size_t len)
{
	struct connection *connection = connection_find(gate, id);
	uint8_t prefix[PREFIX] = { (uint8_t)(len >> 8), (uint8_t)len };
	struct iovec parts[2] = { { prefix, PREFIX }, { (void *)message, len } };
	struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };

	if (!connection || connection->state != CONNECTION_SERVED)
		return; /* who asked has gone */
	if (connection->protocol == IPPROTO_UDP) {
		header.msg_iov++;
		header.msg_iovlen--;
	}
	(void)!sendmsg(connection->watched.fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}
