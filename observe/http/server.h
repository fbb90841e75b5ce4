/* SPDX-License-Identifier: GPL-2.0-only */
/* server.h - the observatory's HTTP server: one process that watches one sandbox */
#ifndef OBSERVE_HTTP_SERVER_H
#define OBSERVE_HTTP_SERVER_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "asks.h"
#include "observe/client/client.h"
#include "events_sse.h"
#include "observe/api/history.h"
#include "observe/region/ring.h"
#include "security.h"
#include "vitrine/error.h"

#define SERVER_INTERVAL_MS 100
#define SERVER_INTERVAL_MIN 20
#define SERVER_INTERVAL_MAX 10000
#define SERVER_CAPTURE_MAX 1024

enum server_state { SERVER_RUNNING, SERVER_PAUSED, SERVER_ENDED, SERVER_NSTATES };

/**
 * struct server_options - how to serve
 * @name:    of the sandbox
 * @address: numeric, NULL for loopback; @port: 0 for any that is free
 * @listen_fd: a socket that listens already, 0 for none: we are a sandbox's own observer
 * @names:   more host names that clients may use, @nnames of them
 * @token:   demand the token on loopback too
 * @quiet:   print nothing but errors
 */
struct server_options {
	const char *name, *address;
	unsigned port, listen_fd;
	const char *const *names;
	size_t nnames;
	bool token, quiet;
};

/**
 * struct wishes - what somebody has asked for by POST /api/control
 * @kinds: of events for readers who name none
 * @calls: whose events are recorded, if @by_call
 */
struct wishes {
	bool tracing, paths, by_call;
	uint64_t kinds, calls[VT_TELEMETRY_CALLS / 64];
	unsigned capture, interval_ms;
};

/** struct last_call - who made a call last that the kernel does not have */
struct last_call {
	uint64_t time_ns;
	uint32_t pid;
	char comm[16];
};

enum cached { CACHED_SNAPSHOT, CACHED_METRICS, CACHED_SYSCALLS, CACHED_COUNT };

/**
 * struct server - everything
 * @lock:     protects what follows it, up to @stream. Taken before stream.lock
 * @kinds:    of events that the kernel was asked for
 * @announce: the state or what is observed has changed, and readers do not know
 * @cache:    answers of this moment; the HTTP thread's own
 * @worker:   @observer is used by the worker's thread only
 */
struct server {
	struct server_options options;
	struct security security;
	struct observer *observer;
	const struct region *region;
	json_t *sandbox;
	int64_t realtime_ns;

	pthread_mutex_t lock;
	enum server_state state;
	struct wishes wishes;
	uint64_t kinds;
	bool announce;
	struct history history;
	struct last_call enosys[VT_TELEMETRY_CALLS];
	uint64_t events_read, events_lost[VT_NR_RINGS];

	struct stream stream;
	struct asks asks;
	struct {
		uint64_t made_ns;
		struct MHD_Response *response;
	} cache[CACHED_COUNT];
};

/**
 * server_run() - Serve until the sandbox ends or a signal comes
 *
 * Prints the address, and the token when there is one, on standard error.
 *
 * Return: 0, or -1 with @err filled when it could not start.
 */
int server_run(const struct server_options *options, struct error *err);

/** server_now() - CLOCK_MONOTONIC in nanoseconds */
uint64_t server_now(void);

/** server_state_name() - "running", "paused", "ended"; takes the lock */
const char *server_state_name(struct server *server);

/** server_time() - Now, as openapi.yaml's time_ms */
json_t *server_time(const struct server *server);

#endif
