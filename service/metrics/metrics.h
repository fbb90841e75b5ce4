/* SPDX-License-Identifier: GPL-2.0-only */
/* metrics.h - figures of sandboxes: measured twice a second, kept in rings and in the store */
#ifndef SERVICE_METRICS_METRICS_H
#define SERVICE_METRICS_METRICS_H

#include <stdbool.h>
#include "series.h"
#include "service/fault.h"
#include "vitrine/error.h"

struct service;

/** metrics_start() - Measure all that run, on a thread of its own. Return: 0 or -1 */
int metrics_start(struct service *service, struct error *err);
void metrics_stop(struct service *service);

/**
 * metrics_read() - Points of a sandbox after a moment
 * @out: set to points in order, which the caller frees
 *
 * Those in the store and those that are not there yet; each once.
 */
int metrics_read(struct service *service, const char *id, enum series_step step, int64_t after_ms,
		 struct figures **out, size_t *count, struct fault *fault);

/** metrics_newest() - The newest point of half seconds, if there is one of these seconds */
bool metrics_newest(const char *id, struct figures *newest);

#endif
