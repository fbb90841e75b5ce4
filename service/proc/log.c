// SPDX-License-Identifier: GPL-2.0-only
/* log.c - what a process has written, for any number of readers */
#include "log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

/* In front of each piece in the ring */
struct head {
	uint32_t kind, len;
};

/**
 * struct log - a ring of pieces
 * @ring: NULL when it has ended and nobody reads it any more
 * @head, @tail: bytes that were written and forgotten, ever; both at the beginning of a piece
 */
struct log {
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct reader *readers;
	uint64_t head, tail;
	bool ended;
	enum piece_kind end;
	int status;
	char *ring;
};

struct log *log_make(void)
{
	struct log *log = malloc(sizeof(*log));

	if (!log)
		return NULL;
	*log = (struct log){ .ring = malloc(LOG_SIZE) };
	if (!log->ring) {
		free(log);
		return NULL;
	}
	pthread_mutex_init(&log->lock, NULL);
	pthread_cond_init(&log->change, NULL);
	return log;
}

void log_free(struct log *log)
{
	if (!log)
		return;
	pthread_mutex_destroy(&log->lock);
	pthread_cond_destroy(&log->change);
	free(log->ring);
	free(log);
}

static void put(struct log *log, uint64_t at, const void *data, size_t len)
{
	const size_t from = at % LOG_SIZE, first = len < LOG_SIZE - from ? len : LOG_SIZE - from;

	memcpy(log->ring + from, data, first);
	memcpy(log->ring, (const char *)data + first, len - first);
}

static void get(const struct log *log, uint64_t at, void *data, size_t len)
{
	const size_t from = at % LOG_SIZE, first = len < LOG_SIZE - from ? len : LOG_SIZE - from;

	memcpy(data, log->ring + from, first);
	memcpy((char *)data + first, log->ring, len - first);
}

static size_t piece_size(const struct log *log, uint64_t at)
{
	struct head head;

	get(log, at, &head, sizeof(head));
	return sizeof(head) + head.len;
}

/* Forget what is oldest until there is room, unless somebody has not read it. With the lock held */
static bool make_room(struct log *log, size_t len)
{
	while (log->head - log->tail + len > LOG_SIZE) {
		for (struct reader *reader = log->readers; reader; reader = reader->next) {
			if (reader->at == log->tail)
				return false;
		}
		log->tail += piece_size(log, log->tail);
	}
	return true;
}

void log_write(struct log *log, enum piece_kind kind, const void *data, size_t len)
{
	const struct head head = { kind, (uint32_t)len };

	pthread_mutex_lock(&log->lock);
	while (!make_room(log, sizeof(head) + len))
		pthread_cond_wait(&log->change, &log->lock);
	put(log, log->head, &head, sizeof(head));
	put(log, log->head + sizeof(head), data, len);
	log->head += sizeof(head) + len;
	pthread_cond_broadcast(&log->change);
	pthread_mutex_unlock(&log->lock);
}

/* Whoever comes late reads nothing but the end; with the lock held */
static void shrink(struct log *log)
{
	if (!log->ended || log->readers)
		return;
	free(log->ring);
	log->ring = NULL;
	log->tail = log->head;
}

void log_end(struct log *log, enum piece_kind kind, int status)
{
	pthread_mutex_lock(&log->lock);
	log->ended = true;
	log->end = kind;
	log->status = status;
	shrink(log);
	pthread_cond_broadcast(&log->change);
	pthread_mutex_unlock(&log->lock);
}

void log_open(struct log *log, struct reader *reader, bool all)
{
	pthread_mutex_lock(&log->lock);
	*reader =
	    (struct reader){ .log = log, .next = log->readers, .at = all ? log->tail : log->head };
	log->readers = reader;
	pthread_mutex_unlock(&log->lock);
}

void log_close(struct reader *reader)
{
	struct log *log = reader->log;
	struct reader **at;

	if (!log)
		return;
	pthread_mutex_lock(&log->lock);
	for (at = &log->readers; *at != reader; at = &(*at)->next)
		;
	*at = reader->next;
	shrink(log);
	pthread_cond_broadcast(&log->change);
	pthread_mutex_unlock(&log->lock);
	reader->log = NULL;
}

int log_read(struct reader *reader, struct piece *piece, int ms)
{
	const struct timespec until = clock_deadline((uint64_t)ms);
	struct log *log = reader->log;
	int ret = LOG_PIECE_READ;
	struct head head;

	pthread_mutex_lock(&log->lock);
	while (reader->at == log->head && !log->ended &&
	       !pthread_cond_clockwait(&log->change, &log->lock, CLOCK_MONOTONIC, &until))
		;
	if (reader->at != log->head) {
		get(log, reader->at, &head, sizeof(head));
		piece->kind = head.kind;
		piece->len = head.len;
		get(log, reader->at + sizeof(head), piece->data, head.len);
		reader->at += sizeof(head) + head.len;
		pthread_cond_broadcast(&log->change);
	} else if (log->ended) {
		piece->kind = log->end;
		piece->status = log->status;
		piece->len = 0;
	} else {
		ret = LOG_WAIT;
	}
	pthread_mutex_unlock(&log->lock);
	return ret;
}

bool log_ended(struct log *log, int *status)
{
	bool ended;

	pthread_mutex_lock(&log->lock);
	ended = log->ended;
	*status = log->end == PIECE_EXIT ? log->status : -1;
	pthread_mutex_unlock(&log->lock);
	return ended;
}
