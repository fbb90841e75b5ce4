/* SPDX-License-Identifier: GPL-2.0-only */
/* gate.h - who decides and dials for the guest; private to this folder */
#ifndef ENGINE_NET_GATE_GATE_H
#define ENGINE_NET_GATE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <netinet/in.h>

#include "lib/publish.h"
#include "engine/net/wire.h"
#include "engine/sandbox.h"
#include "lib/address.h"
#include "lib/policy.h"

#define GATE_BUCKETS 1024
#define GATE_CONNECTIONS_MAX 8192
#define GATE_PUBLISHED_MAX 256
#define GATE_RESOLVERS_MAX 3
#define GATE_LINES 256 /* of the log that can be asked for */
#define GATE_REQUESTS 64

struct gate;
struct connection;

/**
 * struct watched - something that epoll tells of
 * @event: called with what happened; may free what it is in, after gate_unwatch()
 */
struct watched {
	void (*event)(struct gate *gate, struct watched *watched, uint32_t events);
	int fd;
};

enum connection_state {
	CONNECTION_DIALLED, /* the host's kernel is on it */
	CONNECTION_OPEN,    /* the stack has it; or the proxy, and the stack what leads to that */
	CONNECTION_SERVED,  /* by us: the resolver */
	CONNECTION_RELAYED, /* datagrams of a published port */
};

/**
 * struct connection - what is logged of one, and what is needed until it is over
 * @watched: our end while it is dialled, and as long as we serve it
 * @address, @port: whom the host really talks to
 * @served:  it is with our resolver, and in no log
 * @implied: a rule about requests has let it come about
 * @kept:    the socket of a TCP connection, so that the host can be asked what it has carried
 * @governed: of a connection that the proxy gets; owned
 * @input:   what was read of a stream that we serve
 */
struct connection {
	struct watched watched;
	struct connection *next;
	uint32_t id;
	enum connection_state state;
	uint8_t protocol;
	bool incoming, served, implied;
	int kept;
	struct wire_governed *governed;
	struct address address;
	uint16_t port, guest_port;
	uint64_t since;
	const char *why;
	struct published *published;
	char name[POLICY_NAME_MAX + 1];
	uint8_t *input;
	size_t input_len;
};

/**
 * struct published - a port of the host's that leads to the guest
 */
struct published {
	struct watched watched;
	struct publish what;
	struct published *next;
};

struct resolver {
	struct address address;
	uint16_t port;
};

struct query;

/**
 * struct gate - all there is
 * @now: milliseconds, of the monotonic clock
 * @counts: of connections so far
 */
struct gate {
	const struct sandbox_config *config;
	int epoll, log;
	struct watched stack, control, proxy;
	struct policy policy;
	uint64_t now;
	struct connection *buckets[GATE_BUCKETS];
	unsigned connections, served; /* of them, how many are with our resolver */
	uint32_t next_id;
	struct published *published;
	struct resolver resolvers[GATE_RESOLVERS_MAX];
	unsigned nresolvers;
	bool own_resolvers;
	uint64_t resolvers_read;
	struct query *queries;
	unsigned nqueries;
	char *lines[GATE_LINES];
	uint64_t nlines;
	char *requests[GATE_REQUESTS]; /* the last of them, JSON */
	uint64_t nrequests;
	struct http_secret secrets[HTTP_SECRETS_MAX]; /* where they go; not what they are */
	unsigned nsecrets;
	struct gate_counts {
		uint64_t allowed, refused, failed;
	} counts, request_counts;
	int most_kept; /* descriptors from here on are not kept */
	bool over;
};

/* gate.c */
bool gate_watch(struct gate *gate, struct watched *watched, uint32_t events);
void gate_unwatch(struct gate *gate, struct watched *watched);

/**
 * gate_tell() - A message to the stack
 * @fd: a descriptor that goes with it, and stays open here; -1 for none
 */
void gate_tell(struct gate *gate, const struct wire *wire, int fd);

/* dial.c */
void dial_open(struct gate *gate, const struct wire *wire);
void dial_closed(struct gate *gate, const struct wire *wire);

/**
 * dial_end_all() - The sandbox is over: what is still there is logged
 */
void dial_end_all(struct gate *gate);

struct connection *connection_new(struct gate *gate, uint32_t id, uint8_t protocol);
struct connection *connection_find(struct gate *gate, uint32_t id);
void connection_end(struct gate *gate, struct connection *connection);

/**
 * connection_bytes() - What the host's kernel says that a connection has carried
 * @sent, @received: by the guest; left alone when the host does not know
 */
void connection_bytes(const struct connection *connection, uint64_t *sent, uint64_t *received);

/**
 * connection_keep() - Keep a descriptor of a TCP connection, if there may be one more
 *
 * Return: whether it is the connection's now.
 */
bool connection_keep(struct gate *gate, struct connection *connection, int fd);

/* govern.c: connections whose requests the proxy judges */
int govern_begin(struct gate *gate, struct error *err);

/**
 * govern_find() - Is a connection to this address for the proxy?
 * @address: as the guest was told it
 */
void govern_find(struct gate *gate, struct connection *connection, const struct address *address);

/**
 * govern_give() - The peer has answered: the proxy gets it, and the stack what leads to the proxy
 *
 * Return: false when that did not work; then nobody has got anything.
 */
bool govern_give(struct gate *gate, struct connection *connection, int peer, int *guest);

/**
 * govern_end() - Hear the last of the proxy
 */
void govern_end(struct gate *gate);

/* listen.c */
int listen_start(struct gate *gate, const char *text, struct error *err);
int listen_stop(struct gate *gate, const char *text, struct error *err);
void listen_relay_end(struct connection *connection);

/* serve.c: the resolver as the guest sees it */
bool serve_start(struct gate *gate, struct connection *connection, const struct wire *wire);

/**
 * serve_answer() - An answer to one of its questions
 */
void serve_answer(struct gate *gate, uint32_t connection, const uint8_t *message, size_t len);

/* resolve.c: the resolvers of the host */
int resolve_begin(struct gate *gate, struct error *err);

/**
 * resolve_directory() - Where the file that names them lies; NULL when it is not read
 */
const char *resolve_directory(struct gate *gate);

/**
 * resolve_ask() - Answer a guest's question with serve_answer(), now or later
 */
void resolve_ask(struct gate *gate, uint32_t connection, const uint8_t *message, size_t len);

/**
 * resolve_patience() - Milliseconds until somebody has waited long enough; -1: nobody waits
 */
int resolve_patience(struct gate *gate);
void resolve_time(struct gate *gate);

/* log.c */
int log_begin(struct gate *gate, struct error *err);

/**
 * log_connection() - A connection is over, or was refused
 * @verdict: "allowed", "refused", "failed"
 * @code:    errno value of the failure, or 0
 */
void log_connection(struct gate *gate, const struct connection *connection, const char *verdict,
		    int code, uint64_t sent, uint64_t received);

/**
 * log_request() - A request is over, or was refused
 */
void log_request(struct gate *gate, const struct wire_request *request);

/**
 * log_name() - A question that was not answered, or not all of it
 */
void log_name(struct gate *gate, const char *name, const struct address *address,
	      const char *verdict, const char *why);

/* ask.c: what the supervisor asks */
char *ask_answer(struct gate *gate, const char *command);

/* JSON of a connection, as it is logged and listed */
json_t *connection_json(const struct gate *gate, const struct connection *connection);

#endif
