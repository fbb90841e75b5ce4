/* SPDX-License-Identifier: GPL-2.0-only */
/* internal.h - what the parts of the relay share
 *
 * One thread has everything; libmicrohttpd's only gives it sockets (door.c). Nothing waits but for
 * events.
 */
#ifndef RELAY_INTERNAL_H
#define RELAY_INTERNAL_H

#include <netinet/in.h>

#include "lib/address.h"
#include "lib/dns.h"
#include "lib/policy.h"
#include "lib/wisp.h"
#include "relay.h"

#define TOKEN_NAME_MAX 64
#define STREAM_BUCKETS 64
#define WINDOW 128		 /* packets that a stream may have sent before the next CONTINUE */
#define MESSAGE_MAX (256 * 1024) /* of a client */
#define HELD_MAX (4 * 1024 * 1024) /* bytes for hosts that do not take them, of a client */
#define BACKLOG_MAX (512 * 1024)   /* bytes for a client that does not take them */
#define READ_MAX 65536		   /* of a host at a time */

struct relay;
struct client;
struct stream;

/**
 * struct watched - something that epoll tells of
 * @events: that are waited for
 */
struct watched {
	void (*event)(struct relay *relay, struct watched *watched, uint32_t events);
	int fd;
	uint32_t events;
};

/**
 * struct rate - so many are left, so many come each second
 * @left: below zero: more was taken than there was, and is paid for first
 */
struct rate {
	uint64_t each;
	int64_t left;
	uint64_t at;
};

/**
 * struct peer - whoever has an address: all of its clients share this
 * @address: of a /64, for IPv6
 */
struct peer {
	struct peer *next;
	struct address address;
	unsigned clients;
	struct rate opens, up, down;
};

enum stream_state {
	STREAM_RESOLVES,
	STREAM_DIALS,
	STREAM_OPEN,
};

/**
 * struct chunk - a client's packet that its host has not taken
 */
struct chunk {
	struct chunk *next;
	size_t len, done;
	uint8_t data[];
};

/**
 * struct stream - a connection of a client's
 * @asked:   as the client has said it
 * @choice:  addresses that may be dialled, of which @tried were
 * @address: that is dialled
 * @chunks:  packets for the host: @npackets of them, @held bytes
 * @taken:   packets since the last CONTINUE
 * @credit:  bytes that the client takes: WISP_EXTENSION_DUPLEX
 * @client_done, @host_done: that side sends nothing any more
 * @why:     the rule that allowed it
 * @active:  milliseconds of relay->now
 */
struct stream {
	struct watched watched;
	struct client *client;
	struct stream *next;
	uint32_t id;
	enum stream_state state;
	struct wisp_connect asked;
	struct address choice[DNS_ADDRESSES_MAX], address;
	unsigned nchoices, tried;
	struct chunk *chunks, **last;
	unsigned npackets, taken;
	size_t held;
	uint64_t credit, sent, received, since, active;
	bool client_done, host_done, shut;
	const char *why;
	char rule[POLICY_TEXT_MAX];
};

struct door_socket;

/**
 * struct client - a WebSocket
 * @socket:  of libmicrohttpd; @frames: of wslay
 * @info:    what both sides can; @v2: it has asked for version 2; @ready: it may open streams
 * @token:   name of its token, or ""
 * @stalled: its hosts are not read: it takes too little
 * @full:    it is not read: its hosts take too little, or its rate is used up
 * @over:    it is to be ended when nobody is in the middle of it
 */
struct client {
	struct watched watched;
	struct relay *relay;
	struct client *next;
	struct door_socket *socket;
	struct wslay_event_context *frames;
	const uint8_t *extra;
	size_t extra_len;
	struct peer *peer;
	struct wisp_info info;
	bool v2, ready, stalled, full, over;
	struct stream *streams[STREAM_BUCKETS];
	unsigned nstreams;
	size_t held;
	uint64_t since, active, pinged, opened;
	char token[TOKEN_NAME_MAX + 1], origin[256];
	struct address address;
};

struct token {
	char name[TOKEN_NAME_MAX + 1];
	uint8_t digest[32];
};

struct resolver {
	struct address address;
	uint16_t port;
};

struct query;

/**
 * struct relay - all there is
 * @now: milliseconds, of the monotonic clock, at the beginning of this round
 * @throttled: somebody has used up a rate; @woke: when those were last looked at
 */
struct relay {
	const struct relay_options *options;
	int epoll, log;
	struct watched door, signals;
	struct policy policy;
	uint64_t now, woke;
	struct client *clients;
	struct peer *peers;
	struct token *tokens;
	size_t ntokens;
	struct address proxy;
	bool has_proxy, over, throttled;
	struct resolver resolvers[RELAY_RESOLVERS_MAX];
	unsigned nresolvers;
	struct query *queries;
	unsigned nqueries, nclients;
	uint8_t buffer[READ_MAX + WISP_HEAD];
	struct relay_figures {
		/* read by libmicrohttpd's thread */
		_Atomic uint64_t clients, clients_total, streams, streams_total, up, down, allowed,
		    refused, failed, doors_refused, invalid;
	} figures;
};

/* relay.c */
bool relay_watch(struct relay *relay, struct watched *watched, uint32_t events);
void relay_change(struct relay *relay, struct watched *watched, uint32_t events);
void relay_unwatch(struct relay *relay, struct watched *watched);

/* door.c: HTTP, until a request has become a WebSocket */

/**
 * struct door_socket - what the door hands over
 * @extra: bytes that have come behind the request
 */
struct door_socket {
	struct door_socket *next;
	struct MHD_UpgradeResponseHandle *handle;
	int fd;
	bool v2;
	struct address address;
	char token[TOKEN_NAME_MAX + 1], origin[256];
	size_t extra_len;
	uint8_t extra[];
};

int door_open(struct relay *relay, int fd, struct error *err);
void door_close(struct relay *relay);
/* Return: the next one, or NULL */
struct door_socket *door_next(void);
void door_end(struct door_socket *socket);

/* tokens.c */
int tokens_read(struct relay *relay, const char *path, struct error *err);

/**
 * token_find() - Whose token is this?
 *
 * Takes time that does not depend on how much of one is right.
 *
 * Return: its name, or NULL.
 */
const char *token_find(const struct relay *relay, const char *text);

/* metrics.c: OpenMetrics; freed by the caller */
char *relay_metrics(struct relay *relay, size_t *len);

/* limit.c */
struct peer *peer_get(struct relay *relay, const struct address *address);
void peer_put(struct relay *relay, struct peer *peer);
bool rate_has(struct relay *relay, struct rate *rate);
void rate_take(struct rate *rate, uint64_t amount);

/* client.c */
void client_new(struct relay *relay, struct door_socket *socket);
void client_free(struct client *client);

/**
 * client_say() - Send a packet
 *
 * Never waits: it is kept until the client takes it. Who takes nothing gets nothing more read.
 */
void client_say(struct client *client, const void *packet, size_t len);

/* It has broken the rules, or takes too long: end it */
void client_fail(struct client *client, unsigned code);

/* After anything that may have changed what it is to be watched for */
void client_look(struct client *client);
void client_tick(struct client *client);

/* Its rates may have something left again */
void client_refill(struct client *client);

/* session.c: packets of a client's */
void session_begin(struct client *client);
void session_packet(struct client *client, const uint8_t *message, size_t len);

/* stream.c */
void stream_new(struct client *client, uint32_t id, const struct wisp_connect *asked);
struct stream *stream_find(struct client *client, uint32_t id);

/**
 * stream_end() - It is over: tell the client, write the audit line, forget it
 * @reason: 0 when the client need not be told
 * @code:   errno value for the line, or 0
 */
void stream_end(struct stream *stream, unsigned reason, int code);

/* The client's own CLOSE */
void stream_closed(struct stream *stream, unsigned reason);
void stream_data(struct stream *stream, const uint8_t *data, size_t len);
void stream_credit(struct stream *stream, uint32_t bytes);
void stream_look(struct stream *stream);
void stream_tick(struct stream *stream);

/* dial.c */

/**
 * dial_begin() - Find out where it leads, and whether it may
 *
 * Ends the stream when it may not.
 */
void dial_begin(struct stream *stream);

/* The names' answers; @count 0: there are none, because of @code */
void dial_resolved(struct stream *stream, const struct address *addresses, unsigned count,
		   enum dns_code code);
/* The next address; false when the stream has ended */
bool dial_next(struct stream *stream, int code);

/* lookup.c */
int lookup_begin(struct relay *relay, struct error *err);
void lookup_ask(struct stream *stream);
/* The stream is over */
void lookup_forget(struct stream *stream);
void lookup_tick(struct relay *relay);

/* audit.c */
int audit_begin(struct relay *relay, struct error *err);
void audit_stream(struct stream *stream, const char *verdict, unsigned reason, int code);
void audit_client(struct client *client, const char *event);

/* confine.c */
int confine_relay(struct error *err);

#endif
