/* SPDX-License-Identifier: GPL-2.0-only */
/* events.h - what happens to sandboxes, for whoever listens at this moment */
#ifndef SERVICE_LIFE_EVENTS_H
#define SERVICE_LIFE_EVENTS_H

#include <stdint.h>

struct service;

#define EVENTS_KEPT 1024

struct event {
	uint64_t number;
	int64_t at_ms;
	char owner[64], kind[32], object[65];
};

/** events_tell() - Something has happened */
void events_tell(struct service *service, const char *owner, const char *kind, const char *object);

/**
 * events_next() - Wait for the next event after one
 * @after: number of the last one that was seen
 * @ms:    at most
 *
 * Return: 1, or 0 when there was none. What is older than EVENTS_KEPT is left out.
 */
int events_next(uint64_t after, int ms, struct event *event);

/** events_newest() - Number of the newest one */
uint64_t events_newest(void);

/** events_stop() - Nobody waits any more */
void events_stop(void);

#endif
