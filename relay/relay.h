/* SPDX-License-Identifier: GPL-2.0-only */
/* relay.h - connections for machines in tabs, which have none of their own */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vitrine/error.h"

#define RELAY_ORIGINS_MAX 32
#define RELAY_RESOLVERS_MAX 3

/**
 * struct relay_options - what a relay does
 * @address: numeric, NULL for loopback; @port: 0 for any that is free
 * @policy:  lines as in lib/policy.h, NULL-terminated, in the order in which they count
 * @origins: whose pages may use it; "*": anybody's; empty: those of this machine
 * @resolvers: ADDRESS[:PORT]; empty: the host's
 * @tokens:  file with a NAME and a TOKEN in each line; NULL: none is needed
 * @log:     file for the audit lines, "-" for standard output; NULL: none
 * @whole:   clients' addresses are logged whole
 * @proxy:   address of a proxy whose X-Forwarded-For is believed, or NULL
 * @clients: most WebSockets; @per_address: of one client address
 * @streams: most connections of a WebSocket; @opens: of a client address, a second
 * @rate:    bytes a second of a client address, in each direction; 0: no limit
 * @idle:    seconds after which a connection without bytes ends
 * @quiet:   print nothing but errors
 */
struct relay_options {
	const char *address;
	unsigned port;
	const char *const *policy;
	const char *origins[RELAY_ORIGINS_MAX];
	size_t norigins;
	const char *resolvers[RELAY_RESOLVERS_MAX];
	size_t nresolvers;
	const char *tokens, *log, *proxy;
	bool whole, quiet;
	unsigned clients, per_address, streams, opens, idle;
	uint64_t rate;
};

/* What is not said otherwise */
#define RELAY_CLIENTS 256
#define RELAY_PER_ADDRESS 16
#define RELAY_STREAMS 128
#define RELAY_OPENS 50
#define RELAY_IDLE 300

/**
 * relay_serve() - Serve until SIGINT or SIGTERM comes
 *
 * Return: 0, or -1 with @err filled: it could not begin.
 */
int relay_serve(const struct relay_options *options, struct error *err);

#endif
