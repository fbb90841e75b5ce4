// SPDX-License-Identifier: GPL-2.0-only
/* dial.c - may this connection be, and to which address exactly?
 *
 * Theory of operation
 * A name is resolved here, once. Each of its addresses is judged, and only those that may be
 * dialled are; between the judgement and connect() nobody resolves anything again. An address in
 * the client's words has to be written as addresses are: "127.1", 0x7f000001 and ::ffff:127.0.0.1
 * are neither addresses nor names, whatever a resolver or a C library would make of them.
 *
 * The host's own public addresses lead to services that its own network, and nobody else, is meant
 * to reach. So before it dials, the relay asks the host's routing table whether the address is one
 * of the host's, and takes that only when a rule names it.
 *
 * Host system calls: socket, connect, getsockname, close.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"
#include "vitrine/util.h"

static enum policy_protocol protocol_of(const struct stream *stream)
{
	return stream->asked.kind == WISP_TCP ? POLICY_TCP : POLICY_UDP;
}

static void refuse(struct stream *stream, const char *why)
{
	snprintf(stream->rule, sizeof(stream->rule), "%s", why);
	stream_end(stream, WISP_BLOCKED, 0);
}

/* The resolvers' last label of a real name is never a number: who says one means an address */
static bool ends_in_number(const char *name)
{
	const char *last = strrchr(name, '.');

	last = last ? last + 1 : name;
	if (last[0] == '0' && last[1] == 'x')
		return true;
	return *last && !last[strspn(last, "0123456789")];
}

static bool is_localhost(const char *name)
{
	const char *last = strrchr(name, '.');

	return !strcmp(last ? last + 1 : name, "localhost");
}

/* ---- judgement ---- */

/* Where would packets to it come from? From itself, if it is ours */
static bool is_own(const struct address *address, uint16_t port)
{
	struct sockaddr_storage name, from;
	const socklen_t len = address_socket(address, port, &name);
	socklen_t from_len = sizeof(from);
	cleanup_close int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct address own;
	uint16_t own_port;

	return fd >= 0 && !connect(fd, (struct sockaddr *)&name, len) &&
	       !getsockname(fd, (struct sockaddr *)&from, &from_len) &&
	       address_from_socket(&from, &own, &own_port) && address_equal(&own, address);
}

static bool judge(struct stream *stream, const char *name, const struct address *address)
{
	struct policy *policy = &stream->client->relay->policy;
	const uint64_t now = stream->client->relay->now / 1000;
	struct policy_verdict verdict;

	if (name)
		policy_learn(policy, name, address, now);
	policy_decide(policy, protocol_of(stream), address, stream->asked.port, now, &verdict);
	policy_forget(policy);
	if (verdict.allowed && !verdict.meant && is_own(address, stream->asked.port)) {
		verdict.allowed = false;
		verdict.why = "the relay's own host: no rule allows it";
	}
	snprintf(stream->rule, sizeof(stream->rule), "%s", verdict.why);
	stream->address = *address; /* for the audit line, should it be the last */
	return verdict.allowed;
}

/* ---- dialling ---- */

static enum wisp_reason reason_of(int code)
{
	switch (code) {
	case ECONNREFUSED:
		return WISP_REFUSED;
	case ETIMEDOUT:
		return WISP_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return WISP_UNREACHABLE;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
		return WISP_THROTTLED;
	default:
		return WISP_NETWORK;
	}
}

/* Return: 0 when the host is on it, or an errno value */
static int dial(struct stream *stream, const struct address *address)
{
	const int kind = stream->asked.kind == WISP_TCP ? SOCK_STREAM : SOCK_DGRAM;
	struct sockaddr_storage name;
	const socklen_t len = address_socket(address, stream->asked.port, &name);
	cleanup_close int fd = socket(name.ss_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return errno;
	if (connect(fd, (struct sockaddr *)&name, len) && errno != EINPROGRESS)
		return errno;
	stream->watched.fd = fd;
	stream->state = STREAM_DIALS;
	stream->address = *address;
	stream->active = stream->client->relay->now;
	if (!relay_watch(stream->client->relay, &stream->watched, EPOLLOUT)) {
		stream->watched.fd = -1;
		return ENOBUFS;
	}
	steal_fd(fd);
	return 0;
}

bool dial_next(struct stream *stream, int code)
{
	relay_unwatch(stream->client->relay, &stream->watched);
	if (stream->watched.fd >= 0)
		close(stream->watched.fd);
	stream->watched.fd = -1;
	while (stream->tried < stream->nchoices) {
		code = dial(stream, &stream->choice[stream->tried++]);
		if (!code)
			return true;
	}
	stream_end(stream, reason_of(code), code);
	return false;
}

void dial_resolved(struct stream *stream, const struct address *addresses, unsigned count,
		   enum dns_code code)
{
	if (!count) {
		stream_end(stream, WISP_UNREACHABLE, code == DNS_FAILED ? ETIMEDOUT : EHOSTUNREACH);
		return;
	}
	for (unsigned i = 0; i < count && stream->nchoices < ARRAY_SIZE(stream->choice); i++) {
		if (judge(stream, stream->asked.host, &addresses[i]))
			stream->choice[stream->nchoices++] = addresses[i];
	}
	if (stream->nchoices)
		dial_next(stream, 0);
	else
		stream_end(stream, WISP_BLOCKED, 0);
}

void dial_begin(struct stream *stream)
{
	const char *host = stream->asked.host, *why = "";
	struct address address;

	if (is_localhost(host))
		host = "127.0.0.1";
	if (address_parse(host, &address)) {
		if (!judge(stream, NULL, &address)) {
			stream_end(stream, WISP_BLOCKED, 0);
			return;
		}
		stream->choice[stream->nchoices++] = address;
		dial_next(stream, 0);
		return;
	}
	if (ends_in_number(host) || !policy_name_valid(host))
		refuse(stream, "neither an address nor a name");
	else if (!policy_resolves(&stream->client->relay->policy, host, &why))
		refuse(stream, why);
	else
		lookup_ask(stream);
}
