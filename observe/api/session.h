/* SPDX-License-Identifier: GPL-2.0-only */
/* session.h - a sandbox that is watched, or was: what is known of it, and what is wished of it
 *
 * Two kinds: a live one has an observer, and its region is the sandbox's. One of a recording
 * (replay.h) has neither: its region is memory that the recording has filled, and it has ended
 * from its first moment on. Whoever asks the session cannot tell.
 */
#ifndef OBSERVE_API_SESSION_H
#define OBSERVE_API_SESSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "album.h"
#include "history.h"
#include "observe/client/client.h"
#include "observe/record/writer.h"
#include "observe/region/event.h"
#include "orders.h"
#include "lib/clock.h"
#include "vitrine/error.h"

struct replay;

enum session_state { SESSION_RUNNING, SESSION_PAUSED, SESSION_ENDED, SESSION_NSTATES };

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

/**
 * struct audience - who reads events now
 * @kinds:   of events that somebody reads
 * @dropped: readers who were too slow, ever
 * @newest, @oldest: seq of events that are kept for them
 */
struct audience {
	unsigned readers;
	uint64_t kinds, dropped, newest, oldest;
};

/**
 * struct session - everything about one sandbox that is not HTTP
 * @observer: used by one thread at a time, after the start by the one that asks; NULL: a recording
 * @region:   is @mapped, once there is one
 * @look:     fills in who reads; may take a lock, which is then taken after @lock
 * @lock:     protects what follows it
 * @ended_ns: CLOCK_MONOTONIC of its time, 0 while it has not ended
 * @recorded: it is a recording, which begins at @began_ns
 * @kinds:    of events that the kernel was asked for
 * @announce: the state or what is observed has changed, and readers do not know
 * @following: a call is waited for, whose event is wanted for its arguments: @followed, once it
 * came
 * @writer:   records what comes; has a lock of its own
 */
struct session {
	const char *name;
	struct observer *observer;
	const struct region *region;
	struct region mapped;
	json_t *sandbox;
	int64_t realtime_ns;
	void (*look)(struct session *session, struct audience *audience);
	struct record_writer writer;
	struct album album;
	struct replay *replay;

	pthread_mutex_t lock;
	enum session_state state;
	bool recorded;
	uint64_t began_ns, ended_ns;
	struct wishes wishes;
	uint64_t kinds;
	bool announce;
	struct history history;
	struct last_call enosys[VT_TELEMETRY_CALLS];
	uint64_t events_read, events_lost[VT_NR_RINGS];
	bool following;
	struct event followed;
};

/**
 * session_open() - Connect to a sandbox, and have its kernel record
 * @session: zeroed but for @name, @look, and @writer, which may write already
 *
 * Return: 0, or -1 with @err filled.
 */
int session_open(struct session *session, struct error *err);

/**
 * session_prepare() - Make what both kinds of session need: session_open() and replay_open() do
 * @history_rows: of one second each
 */
int session_prepare(struct session *session, unsigned history_rows, struct error *err);

/**
 * session_wish() - Tell the kernel what is to be recorded now; on the thread that has the observer
 *
 * Return: 0, or -1 with @err filled.
 */
int session_wish(struct session *session, struct error *err);

/** session_order() - Do what a client has POSTed; session_wish() is due afterwards */
void session_order(struct session *session, const struct control *control);

/** session_event() - An event has come: count it; the caller holds the lock */
void session_event(struct session *session, const struct event *event);

/** session_over() - Fill @err with EPIPE and a text: the sandbox has ended. Return: -1 */
int session_over(struct error *err, const char *why);

/** session_end() - The sandbox is over; time stands still from now on */
void session_end(struct session *session);

enum session_state session_state(struct session *session);
const char *session_state_name(struct session *session); /* "running", "paused", "ended" */

/** clock_now_ns() - CLOCK_MONOTONIC in nanoseconds */
uint64_t clock_now(void);

/** session_now() - clock_now_ns(), but for a session that has ended: when that was */
uint64_t session_now(struct session *session);

/** session_time() - session_now() as openapi.yaml's time_ms */
json_t *session_time(struct session *session);

/** session_audience() - Who reads now */
struct audience session_audience(struct session *session);

#endif
