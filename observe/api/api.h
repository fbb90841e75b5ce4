/* SPDX-License-Identifier: GPL-2.0-only */
/* api.h - what the server answers: the paths of web/openapi.yaml and the objects in it */
#ifndef OBSERVE_API_API_H
#define OBSERVE_API_API_H

#include <stddef.h>
#include <jansson.h>
#include "observe/http/asks.h"
#include "observe/http/http.h"
#include "observe/http/server.h"

extern const struct route api_routes[];
extern const size_t api_nroutes;

/* Handlers, one or a few to a file: routes.c, views.c, control.c, metrics.c */
http_handler api_snapshot, api_syscalls, api_enosys;
http_handler api_history, api_events, api_stats;
http_handler api_view, api_task, api_page_cache, api_files;
http_handler api_control, api_follow_arm;
http_handler metrics_get;

/**
 * api_ask() - Put a question to the kernel: the asker of server.asks
 */
struct ask_answer api_ask(void *server, const struct question *question);

/**
 * api_wish() - Have the kernel record what is wanted now; for the one thread there is at the start
 *
 * Return: 0, or -1 with @err filled.
 */
int api_wish(struct server *server, struct error *err);

/** control_defaults() - What is wished for before anybody has said anything */
void control_defaults(struct server *server);

/**
 * api_cached() - Answer with a text that is made at most ten times a second
 * @make: makes it; returns NULL without memory
 */
enum MHD_Result api_cached(struct request *request, enum cached which, const char *type,
			   char *(*make)(struct server *server, size_t *len));

/* Objects of openapi.yaml, new, NULL without memory */
json_t *json_syscalls(struct server *server);
json_t *json_scheduler(struct server *server);
json_t *json_memory(struct server *server);
json_t *json_block(struct server *server);
json_t *json_network(struct server *server);
json_t *json_pressure(struct server *server);
json_t *json_sampler(struct server *server);
json_t *json_event_counts(struct server *server);
json_t *json_task(struct server *server, unsigned pid); /* NULL: there is none */
json_t *json_observation(struct server *server);	/* takes the locks */

/* Parts that several of them have */
json_t *json_count(uint64_t value);
json_t *json_percentiles(const uint64_t buckets[VT_BUCKETS]);
json_t *json_buckets(const uint64_t buckets[VT_BUCKETS]);

/**
 * call_label() - Name of a system call, or "syscall_NR" for one without
 */
const char *call_label(int nr, char text[32]);

#endif
