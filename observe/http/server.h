/* SPDX-License-Identifier: GPL-2.0-only */
/* server.h - the observatory's HTTP server: one process that shows one session */
#ifndef OBSERVE_HTTP_SERVER_H
#define OBSERVE_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include "asks.h"
#include "events_sse.h"
#include "observe/api/session.h"
#include "security.h"
#include "vitrine/error.h"

#define SERVER_LINGER_USUAL 0 /* a moment, or until Ctrl-C where somebody sits at a terminal */
#define SERVER_LINGER_FOREVER UINT32_MAX

/**
 * struct server_options - how to serve
 * @name:    of the sandbox; NULL with @replay
 * @record:  a file to record into, NULL for none
 * @replay:  a recording to show in place of a sandbox, NULL for none
 * @address: numeric, NULL for loopback; @port: 0 for any that is free
 * @listen_fd: a socket that listens already, 0 for none: we are a sandbox's own observer
 * @linger:  seconds to go on after the sandbox has ended, or SERVER_LINGER_*; @lingers: it was said
 * @names:   more host names that clients may use, @nnames of them
 * @token:   demand the token on loopback too
 * @quiet:   print nothing but errors
 */
struct server_options {
	const char *name, *record, *replay, *address;
	unsigned port, listen_fd, linger;
	const char *const *names;
	size_t nnames;
	bool lingers, token, quiet;
};

enum cached { CACHED_SNAPSHOT, CACHED_METRICS, CACHED_SYSCALLS, CACHED_COUNT };

/**
 * struct server - everything
 * @session: its lock is taken before stream.lock
 * @terminal: somebody sits at standard error, and has a key to end us with
 * @cache:   answers of this moment; the HTTP thread's own
 *	     @moment: how many changes there had been (asks_changes())
 */
struct server {
	struct session session;
	struct server_options options;
	struct security security;
	struct stream stream;
	struct asks asks;
	bool terminal;
	struct {
		uint64_t made_ns, moment;
		struct MHD_Response *response;
	} cache[CACHED_COUNT];
};

/**
 * server_run() - Serve until the sandbox has ended and a while longer, or until a signal comes
 *
 * Prints the address, and the token when there is one, on standard error.
 *
 * Return: 0, or -1 with @err filled when it could not start, or not record all.
 */
int server_run(const struct server_options *options, struct error *err);

/**
 * watch_run() - Look at the region until there is nothing to be seen any more, or *@stop is set
 *
 * The first thread's whole life, see watch.c.
 */
void watch_run(struct server *server, const volatile int *stop);

/**
 * listen_on() - A socket for browsers
 * @address: set to where it listens
 *
 * Return: descriptor, which the caller closes, or -1 with @err filled.
 */
struct sockaddr_storage;
int listen_on(const struct server_options *options, struct sockaddr_storage *address,
	      struct error *err);

/** listen_port() - Of an address */
unsigned listen_port(const struct sockaddr_storage *address);

#endif
