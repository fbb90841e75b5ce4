/* SPDX-License-Identifier: GPL-2.0-only */
/* events_sse.h - the event stream: who reads, what they want, and what they get */
#ifndef OBSERVE_HTTP_EVENTS_SSE_H
#define OBSERVE_HTTP_EVENTS_SSE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "observe/events/backlog.h"
#include "observe/events/filter.h"
#include "http.h"

#define STREAM_TICK_NS 100000000ULL
#define STREAM_READERS_MAX 256
#define STREAM_LAST_MAX 4000
#define STREAM_BUDGET 20000	       /* events a second, all readers together */
#define STREAM_LEAST 20		       /* that each may have nevertheless */
#define STREAM_WINDOW_NS 5000000000ULL /* a reader who is further behind is dropped */
#define STREAM_SILENCE_NS 5000000000ULL

struct channel;

/**
 * struct stream - all readers; @lock protects everything in it
 * @standard: kinds of events for a reader who names none
 * @told:     readers have been told of all events up to this seq
 * @seen:     newest seq of each ring of a recording
 * @closing:  nothing more comes; readers, new ones too, end when they have read all
 */
struct stream {
	pthread_mutex_t lock;
	struct backlog backlog;
	struct channel *channels;
	uint64_t standard, told, dropped, seen[VT_NR_RINGS];
	unsigned readers;
	int64_t realtime_ns;
	bool closing;
};

/**
 * events_init() - Make a stream without readers
 *
 * Return: 0, or -1 with @err filled.
 */
int events_init(struct stream *stream, struct error *err);

/**
 * events_feed() - An event has come: kept for the next tick and for readers that come back
 *
 * As backlog_add(); the caller holds the lock.
 */
void events_feed(struct stream *stream, const struct event *event);

/**
 * events_refeed() - The same with an event of a recording: readers that are there are not told
 * events_clear() - Forget all events; the next ones may be older. The caller holds the lock.
 */
void events_refeed(struct stream *stream, const struct event *event);
void events_clear(struct stream *stream);

/**
 * events_gap() - Events were overwritten before they were read: tell the readers of such events
 * @ring: their class
 * @from, @to: first and last seq that may be missing; @lost: how many at most
 *
 * The caller holds the lock.
 */
void events_gap(struct stream *stream, unsigned ring, uint64_t from, uint64_t to, uint64_t lost);

/**
 * events_skip() - Events up to @seq are nobody's: the observation was paused
 */
void events_skip(struct stream *stream, uint64_t seq);

/**
 * events_sample() - Send a row of the history to those who want rows
 * @row:    a StreamSample; borrowed
 * @coarse: it is also one of those that come once a second
 *
 * The caller holds the lock.
 */
void events_sample(struct stream *stream, const json_t *row, bool coarse);

/**
 * events_state() - Tell all readers that the state has changed, behind all events that were fed
 * @state:  a StreamState; borrowed
 * @now_ns: CLOCK_MONOTONIC
 *
 * The caller holds the lock.
 */
void events_state(struct stream *stream, const json_t *state, uint64_t now_ns);

/**
 * events_tick() - Send each reader what has come since the last tick
 * @now_ns: CLOCK_MONOTONIC
 *
 * The caller holds the lock.
 */
void events_tick(struct stream *stream, uint64_t now_ns);

/**
 * events_kinds() - Kinds of events that somebody reads now
 *
 * The caller holds the lock.
 */
uint64_t events_kinds(const struct stream *stream);

/**
 * events_open() - Answer a request with the stream
 * @filter: what the reader wants
 * @after:  he has seen everything up to this seq; UINT64_MAX: he is new
 * @last:   so many of the newest events are wanted first, STREAM_LAST_MAX at most; 0: @after counts
 * @hello:  StreamHello without newest and limit; consumed
 *
 * Takes the lock. On the HTTP thread.
 */
enum MHD_Result events_open(struct stream *stream, struct request *request,
			    const struct filter *filter, uint64_t after, unsigned last,
			    json_t *hello);

/**
 * events_close() - End all readers after what they have not read yet
 *
 * Takes the lock.
 */
void events_close(struct stream *stream);

#endif
