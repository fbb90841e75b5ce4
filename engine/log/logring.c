// SPDX-License-Identifier: GPL-2.0-only
/* logring.c - the last part of what a sandbox said, for `vitrine logs`
 *
 * Theory of operation
 * A log is an array of fixed size that is overwritten from the front; positions count from the
 * beginning of the log and never wrap, so a reader that was overtaken notices it. Appending is a
 * copy under a lock, because it happens on the vCPU thread.
 *
 * Host system calls: futex.
 */
#include "logring.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lib/clock.h"

#include "lib/lines.h"

#define LOGRING_SIZE (256 * 1024)

struct log {
	char text[LOGRING_SIZE];
	uint64_t end;
};

static struct log logs[LOGRING_COUNT];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t grown = PTHREAD_COND_INITIALIZER;

/* Copy between the ring and @buf in at most two pieces */
static void log_copy(struct log *log, uint64_t at, char *buf, size_t len, int out)
{
	size_t start = at % LOGRING_SIZE;
	size_t first = LOGRING_SIZE - start < len ? LOGRING_SIZE - start : len;

	if (out) {
		memcpy(buf, log->text + start, first);
		memcpy(buf + first, log->text, len - first);
	} else {
		memcpy(log->text + start, buf, first);
		memcpy(log->text, buf + first, len - first);
	}
}

void logring_append(enum logring which, const void *text, size_t len)
{
	struct log *log = &logs[which];
	const char *tail = text;

	pthread_mutex_lock(&lock);
	if (len > LOGRING_SIZE) {
		log->end += len - LOGRING_SIZE;
		tail += len - LOGRING_SIZE;
		len = LOGRING_SIZE;
	}
	log_copy(log, log->end, (char *)tail, len, 0);
	log->end += len;
	pthread_cond_broadcast(&grown);
	pthread_mutex_unlock(&lock);
}

size_t logring_read(enum logring which, uint64_t *offset, void *buf, size_t size)
{
	struct log *log = &logs[which];
	uint64_t oldest;
	size_t len;

	pthread_mutex_lock(&lock);
	oldest = log->end > LOGRING_SIZE ? log->end - LOGRING_SIZE : 0;
	if (*offset < oldest)
		*offset = oldest;
	if (*offset > log->end)
		*offset = log->end;
	len = log->end - *offset < size ? log->end - *offset : size;
	log_copy(log, *offset, buf, len, 1);
	*offset += len;
	pthread_mutex_unlock(&lock);
	return len;
}

uint64_t logring_tail(enum logring which, uint64_t lines)
{
	char *text = malloc(LOGRING_SIZE);
	uint64_t offset = 0, begin;
	size_t len;

	if (!text)
		return 0;
	/* What is written meanwhile is behind it, and is not lost */
	len = logring_read(which, &offset, text, LOGRING_SIZE);
	begin = offset - len + lines_last(text, len, lines);
	free(text);
	return begin;
}

void logring_wait(enum logring which, uint64_t offset, int timeout)
{
	const struct timespec deadline = clock_deadline(timeout);

	pthread_mutex_lock(&lock);
	if (logs[which].end <= offset)
		pthread_cond_clockwait(&grown, &lock, CLOCK_MONOTONIC, &deadline);
	pthread_mutex_unlock(&lock);
}
