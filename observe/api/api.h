/* SPDX-License-Identifier: GPL-2.0-only */
/* api.h - what is known of a session, as the objects of web/openapi.yaml
 *
 * Nothing here knows of HTTP: http/ asks for these and sends them. All return new references, NULL
 * without memory.
 */
#ifndef OBSERVE_API_API_H
#define OBSERVE_API_API_H

#include <stddef.h>
#include <jansson.h>
#include "session.h"

#define API_JSON (JSON_COMPACT | JSON_REAL_PRECISION(16)) /* flags for json_dumps() */

json_t *json_snapshot(struct session *session);
json_t *json_syscalls_answer(struct session *session);
json_t *json_enosys(struct session *session);
json_t *json_stats(struct session *session);
json_t *json_recorded(struct session *session);

/* Parts of the snapshot */
json_t *json_syscalls(struct session *session);
json_t *json_scheduler(struct session *session);
json_t *json_memory(struct session *session);
json_t *json_block(struct session *session);
json_t *json_network(struct session *session);
json_t *json_pressure(struct session *session);
json_t *json_sampler(struct session *session);
json_t *json_event_counts(struct session *session);
json_t *json_task(struct session *session, unsigned pid); /* NULL: there is none */
json_t *json_observation(struct session *session);	  /* takes the lock */
json_t *json_state(struct session *session);		  /* StreamState */

/* Parts that several of them have */
json_t *json_count(uint64_t value);
json_t *json_percentiles(const uint64_t buckets[VT_BUCKETS]);
json_t *json_buckets(const uint64_t buckets[VT_BUCKETS]);

/**
 * metrics_text() - OpenMetrics; @len is set, the caller frees
 */
char *metrics_text(struct session *session, size_t *len);

/**
 * row_json() - A row of the history as a StreamSample
 * @now_ns: when it was taken
 */
json_t *row_json(const struct session *session, const float *row, uint64_t now_ns);

/**
 * call_label() - Name of a system call, or "syscall_NR" for one without
 */
const char *call_label(int nr, char text[32]);

#endif
