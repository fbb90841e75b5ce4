// SPDX-License-Identifier: GPL-2.0-only
/* lookup.c - names that clients want to talk to, asked of the host's resolvers
 *
 * Theory of operation
 * The relay asks for IPv4 addresses, and for IPv6 ones when there are none. Each question has a
 * socket and a number of its own, which nobody can guess; resolvers are asked in turn until one
 * answers. Of an answer that does not fit into a datagram the addresses that did are enough.
 *
 * Host system calls: openat, read (before the process is confined); socket, connect, sendto,
 * recvfrom, close, getrandom.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "internal.h"
#include "vitrine/util.h"

#define FILE_NAME "/etc/resolv.conf"
#define PORT_DNS 53
#define ROUNDS 2 /* of all resolvers */
#define PATIENCE_MS 2500
#define QUERIES_MAX 1024

/**
 * struct query - a question that waits for an answer
 * @asked: resolvers so far
 */
struct query {
	struct watched watched;
	struct query *next;
	struct stream *stream;
	struct dns_query what;
	unsigned asked;
	uint16_t number;
	uint64_t deadline;
};

static bool parse_resolver(const char *text, struct resolver *resolver)
{
	char copy[ADDRESS_TEXT_MAX + 8];
	char *colon;

	snprintf(copy, sizeof(copy), "%s", text);
	resolver->port = PORT_DNS;
	if (address_parse(copy, &resolver->address))
		return true;
	colon = strrchr(copy, ':');
	if (!colon)
		return false;
	*colon = '\0';
	resolver->port = (uint16_t)atoi(colon + 1);
	return resolver->port && address_parse(copy, &resolver->address);
}

static void read_file(struct relay *relay)
{
	cleanup_fclose FILE *file = fopen(FILE_NAME, "re");
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		char *rest = line, *word = strsep(&rest, " \t");

		if (strcmp(word, "nameserver") || !rest)
			continue;
		rest += strspn(rest, " \t");
		rest[strcspn(rest, " \t\r\n%")] = '\0';
		if (relay->nresolvers < RELAY_RESOLVERS_MAX)
			relay->nresolvers +=
			    parse_resolver(rest, &relay->resolvers[relay->nresolvers]);
	}
}

int lookup_begin(struct relay *relay, struct error *err)
{
	for (size_t i = 0; i < relay->options->nresolvers; i++) {
		if (!parse_resolver(relay->options->resolvers[i],
				    &relay->resolvers[relay->nresolvers++]))
			return error_set(err, 0, "'%s' is not of the form ADDRESS[:PORT]",
					 relay->options->resolvers[i]);
	}
	if (!relay->nresolvers)
		read_file(relay);
	return 0;
}

static void query_end(struct relay *relay, struct query *query)
{
	struct query **at = &relay->queries;

	while (*at != query)
		at = &(*at)->next;
	*at = query->next;
	relay->nqueries--;
	relay_unwatch(relay, &query->watched);
	if (query->watched.fd >= 0)
		close(query->watched.fd);
	free(query);
}

/* Ends the question */
static void give(struct relay *relay, struct query *query, const struct dns_answer *answer)
{
	struct stream *stream = query->stream;
	struct client *client = stream->client;

	query_end(relay, query);
	dial_resolved(stream, answer->addresses, answer->count, answer->code);
	client_look(client);
}

static void on_answer(struct relay *relay, struct watched *watched, uint32_t events);

/* Return: false when no resolver could be asked */
static bool ask(struct relay *relay, struct query *query)
{
	while (query->asked < relay->nresolvers * ROUNDS) {
		const struct resolver *to = &relay->resolvers[query->asked++ % relay->nresolvers];
		struct sockaddr_storage name;
		const socklen_t len = address_socket(&to->address, to->port, &name);
		uint8_t message[DNS_PLAIN_MAX];
		size_t size;

		relay_unwatch(relay, &query->watched);
		if (query->watched.fd >= 0)
			close(query->watched.fd);
		query->watched.fd =
		    socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (query->watched.fd < 0 ||
		    getrandom(&query->number, sizeof(query->number), 0) < 0)
			continue;
		size = dns_query_build(&query->what, query->number, message);
		query->deadline = relay->now + PATIENCE_MS;
		if (!connect(query->watched.fd, (struct sockaddr *)&name, len) &&
		    send(query->watched.fd, message, size, MSG_NOSIGNAL) == (ssize_t)size &&
		    relay_watch(relay, &query->watched, EPOLLIN))
			return true;
	}
	return false;
}

static void ask_or_fail(struct relay *relay, struct query *query)
{
	const struct dns_answer none = { .code = DNS_FAILED };

	if (!ask(relay, query))
		give(relay, query, &none);
}

static void on_answer(struct relay *relay, struct watched *watched, uint32_t events)
{
	struct query *query = (struct query *)watched;
	uint8_t message[4096];
	const ssize_t len = recv(watched->fd, message, sizeof(message), MSG_DONTWAIT);
	struct dns_answer answer;

	if (len < 0) {
		if (errno != EAGAIN)
			ask_or_fail(relay, query);
		return;
	}
	if (!dns_answer_parse(message, (size_t)len, &query->what, query->number, &answer))
		return;
	if (answer.code != DNS_FINE && answer.code != DNS_NO_NAME) {
		ask_or_fail(relay, query); /* the next one may know better */
		return;
	}
	if (!answer.count && answer.code == DNS_FINE && query->what.type == DNS_A) {
		query->what.type = DNS_AAAA;
		query->asked = 0;
		ask_or_fail(relay, query);
		return;
	}
	give(relay, query, &answer);
}

void lookup_ask(struct stream *stream)
{
	struct relay *relay = stream->client->relay;
	struct query *query = relay->nqueries < QUERIES_MAX ? calloc(1, sizeof(*query)) : NULL;

	if (!query) {
		stream_end(stream, WISP_THROTTLED, 0);
		return;
	}
	query->watched = (struct watched){ on_answer, -1, 0 };
	query->stream = stream;
	query->what =
	    (struct dns_query){ .type = DNS_A, .class = 1, .size = 1232, .recursion = true };
	snprintf(query->what.name, sizeof(query->what.name), "%s", stream->asked.host);
	query->next = relay->queries;
	relay->queries = query;
	relay->nqueries++;
	ask_or_fail(relay, query);
}

void lookup_forget(struct stream *stream)
{
	struct relay *relay = stream->client->relay;

	for (struct query *next, *query = relay->queries; query; query = next) {
		next = query->next;
		if (query->stream == stream)
			query_end(relay, query);
	}
}

void lookup_tick(struct relay *relay)
{
	struct query *query = relay->queries;

	while (query) {
		if (relay->now < query->deadline) {
			query = query->next;
			continue;
		}
		ask_or_fail(relay, query);
		query = relay->queries; /* any of them may have gone with it */
	}
}
