// SPDX-License-Identifier: GPL-2.0-only
/* events.c - what happens to sandboxes, for whoever listens at this moment */
#include "events.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "lib/clock.h"
#include "service/service.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct event kept[EVENTS_KEPT];
static uint64_t newest;
static bool stopped;

void events_tell(struct service *service, const char *owner, const char *kind, const char *object)
{
	struct event *event;

	pthread_mutex_lock(&lock);
	event = &kept[++newest % EVENTS_KEPT];
	event->number = newest;
	event->at_ms = now_ms();
	snprintf(event->owner, sizeof(event->owner), "%s", owner);
	snprintf(event->kind, sizeof(event->kind), "%s", kind);
	snprintf(event->object, sizeof(event->object), "%s", object);
	pthread_cond_broadcast(&more);
	pthread_mutex_unlock(&lock);
}

int events_next(uint64_t after, int ms, struct event *event)
{
	const struct timespec until = clock_deadline((uint64_t)ms);
	int found = 0;

	pthread_mutex_lock(&lock);
	while (!stopped && after >= newest &&
	       !pthread_cond_clockwait(&more, &lock, CLOCK_MONOTONIC, &until))
		;
	if (after < newest && !stopped) {
		if (newest - after > EVENTS_KEPT)
			after = newest - EVENTS_KEPT;
		*event = kept[(after + 1) % EVENTS_KEPT];
		found = 1;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

uint64_t events_newest(void)
{
	uint64_t number;

	pthread_mutex_lock(&lock);
	number = newest;
	pthread_mutex_unlock(&lock);
	return number;
}

void events_stop(void)
{
	pthread_mutex_lock(&lock);
	stopped = true;
	pthread_cond_broadcast(&more);
	pthread_mutex_unlock(&lock);
}
