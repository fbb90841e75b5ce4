// SPDX-License-Identifier: GPL-2.0-only
/* resolve.c - the guest's questions for names, asked of the host's resolvers
 *
 * Theory of operation
 * When the policy allows a question, the gate asks it anew, from a socket and with a number that
 * nobody can guess: each resolver in turn until one answers, and over TCP when the answer does not
 * fit in a datagram. The guest gets the addresses of the answer that it may use, and the policy
 * learns which name they belong to. They stay valid for as long as the answer says, but for a few
 * minutes at least, because programs keep addresses for longer than they should.
 *
 * The host's file of resolvers is read again when it is older than a few seconds, since machines
 * move between networks.
 *
 * Host system calls: openat, read, socket, connect, send, recv, close, getrandom, epoll_ctl.
 */
#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/dns.h"
#include "vitrine/util.h"

#define FILE_NAME "/etc/resolv.conf"
#define FILE_AGE_MS 5000
#define QUERIES_MAX 512
#define ROUNDS 2 /* of all resolvers */
#define PATIENCE_MS 2500
#define PIN_LEAST 300 /* seconds */
#define PIN_MOST 86400
#define STREAM_MAX (2 + DNS_MESSAGE_MAX)

/**
 * struct query - a question that waits for an answer
 * @connection: whose it is
 * @asked:  resolvers so far; @number: what it was asked under
 * @stream: of the answer, when it comes in one; @got: bytes of it
 */
struct query {
	struct watched watched;
	struct query *next;
	struct dns_query what;
	uint32_t connection;
	unsigned asked;
	uint16_t number;
	uint64_t deadline;
	uint8_t *stream;
	size_t got;
};

static char directory[PATH_MAX];

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

static void read_file(struct gate *gate)
{
	cleanup_close int fd = open(FILE_NAME, O_RDONLY | O_CLOEXEC);
	char text[4096], *line, *rest = text;
	ssize_t len;

	gate->resolvers_read = gate->now;
	if (fd < 0)
		return; /* as before */
	len = read(fd, text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	gate->nresolvers = 0;
	while ((line = strsep(&rest, "\n"))) {
		char *word, *words = line;

		word = strsep(&words, " \t");
		if (strcmp(word, "nameserver"))
			continue;
		while ((word = strsep(&words, " \t")) && !*word)
			;
		if (word && gate->nresolvers < GATE_RESOLVERS_MAX) {
			word[strcspn(word, "%")] = '\0';
			gate->nresolvers +=
			    parse_resolver(word, &gate->resolvers[gate->nresolvers]);
		}
	}
}

int resolve_begin(struct gate *gate, struct error *err)
{
	const char *const *text = gate->config->net.resolvers;
	char path[PATH_MAX];

	for (; text && *text; text++) {
		if (gate->nresolvers == GATE_RESOLVERS_MAX)
			return error_set(err, 0, "more than %d resolvers", GATE_RESOLVERS_MAX);
		if (!parse_resolver(*text, &gate->resolvers[gate->nresolvers++]))
			return error_set(err, 0, "'%s' is no address of a resolver", *text);
		gate->own_resolvers = true;
	}
	if (gate->own_resolvers)
		return 0;
	if (realpath(FILE_NAME, path))
		snprintf(directory, sizeof(directory), "%s", dirname(path));
	read_file(gate);
	return 0;
}

const char *resolve_directory(struct gate *gate)
{
	return directory[0] ? directory : NULL;
}

static void query_end(struct gate *gate, struct query *query)
{
	struct query **at = &gate->queries;

	while (*at != query)
		at = &(*at)->next;
	*at = query->next;
	gate->nqueries--;
	gate_unwatch(gate, &query->watched);
	free(query->stream);
	free(query);
}

static void give(struct gate *gate, const struct query *query, const struct dns_answer *answer)
{
	static uint8_t message[DNS_MESSAGE_MAX];
	const struct connection *connection = connection_find(gate, query->connection);
	const size_t size =
	    connection && connection->protocol == IPPROTO_TCP ? sizeof(message) : query->what.size;

	serve_answer(gate, query->connection, message,
		     dns_answer_build(&query->what, answer, message, size));
}

static void give_code(struct gate *gate, struct query *query, enum dns_code code)
{
	const struct dns_answer answer = { .code = code };

	give(gate, query, &answer);
	query_end(gate, query);
}

/* Keep the addresses that the guest may use, and let the policy know them */
static void judge(struct gate *gate, const char *name, struct dns_answer *answer)
{
	const uint64_t now = gate->now / 1000;
	const uint64_t ttl = answer->ttl < PIN_LEAST  ? PIN_LEAST
			     : answer->ttl > PIN_MOST ? PIN_MOST
						      : answer->ttl;
	unsigned kept = 0;

	for (unsigned i = 0; i < answer->count; i++) {
		const struct address *address = &answer->addresses[i];

		/* The guest's own loopback is what nobody else may have an address in */
		if (address_kind(address) == ADDRESS_LOOPBACK ||
		    !policy_answers(&gate->policy, name, address)) {
			log_name(gate, name, address, "refused", "the address is not public");
			continue;
		}
		policy_learn(&gate->policy, name, address, now + ttl);
		answer->addresses[kept++] = *address;
	}
	if (answer->count && !kept)
		answer->code = DNS_REFUSED;
	answer->count = kept;
}

static void ask_next(struct gate *gate, struct query *query);
static void ask_stream(struct gate *gate, struct query *query);

/* Return: false when it is no answer to this */
static bool take(struct gate *gate, struct query *query, uint8_t *message, size_t len)
{
	struct dns_answer answer;
	const bool addresses = query->what.type == DNS_A || query->what.type == DNS_AAAA;

	if (!dns_answer_parse(message, len, &query->what, query->number, &answer))
		return false;
	if (answer.truncated && !query->stream) {
		ask_stream(gate, query);
		return true;
	}
	/* The next one may know better */
	if (answer.code != DNS_FINE && answer.code != DNS_NO_NAME &&
	    query->asked < gate->nresolvers * ROUNDS) {
		ask_next(gate, query);
		return true;
	}
	if (addresses) {
		judge(gate, query->what.name, &answer);
		give(gate, query, &answer);
	} else {
		const struct connection *connection = connection_find(gate, query->connection);

		/* The number is the guest's own again; what it cannot take is asked for in a stream
		 */
		message[0] = (uint8_t)(query->what.id >> 8);
		message[1] = (uint8_t)query->what.id;
		if (connection && connection->protocol == IPPROTO_UDP && len > query->what.size) {
			answer = (struct dns_answer){ .count = 0 };
			len = dns_answer_build(&query->what, &answer, message, DNS_PLAIN_MAX);
			message[2] |= 2;
		}
		serve_answer(gate, query->connection, message, len);
	}
	query_end(gate, query);
	return true;
}

static void datagram_event(struct gate *gate, struct watched *watched, uint32_t events)
{
	struct query *query = container_of(watched, struct query, watched);
	static uint8_t message[DNS_MESSAGE_MAX];
	ssize_t len = recv(watched->fd, message, sizeof(message), MSG_DONTWAIT);

	if (len >= 0)
		take(gate, query, message, (size_t)len);
	else if (errno != EAGAIN)
		ask_next(gate, query);
}

static void stream_event(struct gate *gate, struct watched *watched, uint32_t events)
{
	struct query *query = container_of(watched, struct query, watched);
	size_t want = 2;
	ssize_t len;

	if (!query->stream) {
		uint8_t message[2 + DNS_PLAIN_MAX];
		const size_t size = dns_query_build(&query->what, query->number, message + 2);
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = watched };

		message[0] = (uint8_t)(size >> 8);
		message[1] = (uint8_t)size;
		query->stream = malloc(STREAM_MAX);
		if (!query->stream || send(watched->fd, message, size + 2,
					   MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size + 2)
			give_code(gate, query, DNS_FAILED);
		else
			epoll_ctl(gate->epoll, EPOLL_CTL_MOD, watched->fd, &event);
		return;
	}
	len = recv(watched->fd, query->stream + query->got, STREAM_MAX - query->got, MSG_DONTWAIT);
	if (len < 0 && errno == EAGAIN)
		return;
	query->got += len > 0 ? (size_t)len : 0;
	if (query->got >= 2)
		want += (size_t)(query->stream[0] << 8 | query->stream[1]);
	if (query->got >= want && want > 2) {
		if (!take(gate, query, query->stream + 2, want - 2))
			give_code(gate, query, DNS_FAILED);
	} else if (len <= 0) {
		give_code(gate, query, DNS_FAILED);
	}
}

static bool connect_to(struct gate *gate, struct query *query, int type)
{
	const struct resolver *to =
	    &gate->resolvers[(query->asked ? query->asked - 1 : 0) % gate->nresolvers];
	struct sockaddr_storage name;
	socklen_t len = address_socket(&to->address, to->port, &name);

	gate_unwatch(gate, &query->watched);
	query->watched.fd = socket(name.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return query->watched.fd >= 0 &&
	       (!connect(query->watched.fd, (struct sockaddr *)&name, len) || errno == EINPROGRESS);
}

static void ask_stream(struct gate *gate, struct query *query)
{
	query->deadline = gate->now + 2 * PATIENCE_MS;
	query->watched.event = stream_event;
	if (!connect_to(gate, query, SOCK_STREAM) || !gate_watch(gate, &query->watched, EPOLLOUT))
		give_code(gate, query, DNS_FAILED);
}

/* Ask the next resolver, or give up */
static void ask_next(struct gate *gate, struct query *query)
{
	uint8_t message[DNS_PLAIN_MAX];

	free(steal_ptr(query->stream));
	query->got = 0;
	while (query->asked < gate->nresolvers * ROUNDS) {
		query->asked++;
		query->watched.event = datagram_event;
		if (getrandom(&query->number, sizeof(query->number), 0) < 0 ||
		    !connect_to(gate, query, SOCK_DGRAM) ||
		    send(query->watched.fd, message,
			 dns_query_build(&query->what, query->number, message),
			 MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ||
		    !gate_watch(gate, &query->watched, EPOLLIN))
			continue;
		query->deadline = gate->now + PATIENCE_MS;
		return;
	}
	log_name(gate, query->what.name, NULL, "failed",
		 gate->nresolvers ? "no resolver answers" : "the host has no resolver");
	give_code(gate, query, DNS_FAILED);
}

void resolve_ask(struct gate *gate, uint32_t connection, const uint8_t *message, size_t len)
{
	struct query *query;
	enum dns_code code;
	const char *why;

	if (len < 2 || gate->nqueries == QUERIES_MAX)
		return; /* who asks asks again */
	query = calloc(1, sizeof(*query));
	if (!query)
		return;
	query->watched.fd = -1;
	query->connection = connection;
	query->next = gate->queries;
	gate->queries = query;
	gate->nqueries++;
	if (!dns_query_parse(message, len, &query->what, &code)) {
		give_code(gate, query, code);
		return;
	}
	if (!policy_resolves(&gate->policy, query->what.name, &why)) {
		log_name(gate, query->what.name, NULL, "refused", why);
		give_code(gate, query, DNS_REFUSED);
		return;
	}
	if (!gate->own_resolvers && gate->now - gate->resolvers_read > FILE_AGE_MS)
		read_file(gate);
	ask_next(gate, query);
}

int resolve_patience(struct gate *gate)
{
	uint64_t first = UINT64_MAX;

	for (const struct query *query = gate->queries; query; query = query->next)
		first = query->deadline < first ? query->deadline : first;
	if (first == UINT64_MAX)
		return -1;
	return first > gate->now ? (int)(first - gate->now) + 1 : 0;
}

void resolve_time(struct gate *gate)
{
	struct query *query = gate->queries, *next;

	for (; query; query = next) {
		next = query->next;
		if (query->deadline <= gate->now)
			ask_next(gate, query);
	}
}
