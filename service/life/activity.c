// SPDX-License-Identifier: GPL-2.0-only
/* activity.c - who is busy
 *
 * The moment of the last activity is in the store, so that a restart does not forget it, but it is
 * written once in a second at most. While something is going on, activity_now() is true and the
 * stored moment does not matter.
 */
#include "activity.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "keeper.h"
#include "sandbox.h"
#include "service/service.h"
#include "service/store/store.h"

#define BUCKETS 256
#define WRITE_MS 1000

struct busy {
	struct busy *next;
	char id[SANDBOX_ID_LEN + 1];
	unsigned users;
	int64_t written_ms;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct busy *buckets[BUCKETS];

/* With the lock held */
static struct busy **find(const char *id)
{
	unsigned hash = 5381;
	struct busy **at;

	for (const char *c = id; *c; c++)
		hash = hash * 33 + (unsigned char)*c;
	for (at = &buckets[hash % BUCKETS]; *at && strcmp((*at)->id, id) != 0; at = &(*at)->next)
		;
	return at;
}

void activity_begin(const char *id)
{
	struct busy **at;

	pthread_mutex_lock(&lock);
	at = find(id);
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (*at)
			snprintf((*at)->id, sizeof((*at)->id), "%s", id);
	}
	if (*at)
		(*at)->users++;
	pthread_mutex_unlock(&lock);
}

void activity_end(struct service *service, const char *id)
{
	const int64_t now = now_ms();
	bool write = false;
	struct busy **at;

	pthread_mutex_lock(&lock);
	at = find(id);
	if (*at && (*at)->users) {
		(*at)->users--;
		write = now - (*at)->written_ms >= WRITE_MS;
		if (write)
			(*at)->written_ms = now;
	}
	pthread_mutex_unlock(&lock);
	if (write)
		store_run(service->store, NULL, NULL,
			  "UPDATE sandbox SET idle_ms = $1 WHERE id = $2", "is", now, id);
}

bool activity_now(const char *id)
{
	struct busy **at;
	bool now;

	pthread_mutex_lock(&lock);
	at = find(id);
	now = *at && (*at)->users;
	pthread_mutex_unlock(&lock);
	return now;
}

void activity_forget(const char *id)
{
	struct busy **at, *busy;

	pthread_mutex_lock(&lock);
	at = find(id);
	busy = *at;
	if (busy && !busy->users) {
		*at = busy->next;
		free(busy);
	}
	pthread_mutex_unlock(&lock);
}
