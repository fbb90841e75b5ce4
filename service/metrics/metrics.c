// SPDX-License-Identifier: GPL-2.0-only
/* metrics.c - figures of sandboxes: measured twice a second, kept in rings and in the store
 *
 * Theory of operation
 * One thread has a connection to each sandbox that runs, with the files of its /proc open, and
 * reads them again and again: no program runs in the sandbox for it. Points of half minutes and of
 * five minutes go into the store as they are made; those of half seconds when a sandbox is paused,
 * when it ends and when the daemon does, so that of a daemon that is killed only they are missing.
 * The store has each point once: its moment is part of the key.
 */
#include "metrics.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cp/guestfs.h"
#include "lib/clock.h"
#include "disk.h"
#include "proc.h"
#include "service/files/guest.h"
#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

#define TICK_MS 500
#define PATIENCE_SECONDS 2
#define TEXT_MAX 8192
#define TICKS_A_SECOND 100 /* USER_HZ */
#define LIST_TICKS 2
#define DISK_TICKS 60
#define NEWEST_MS 3000

enum source { SOURCE_STAT, SOURCE_MEMORY, SOURCE_NETWORK, SOURCES };
static const char *const paths[] = { "/proc/stat", "/proc/meminfo", "/proc/1/net/dev" };
static_assert(ARRAY_SIZE(paths) == SOURCES, "paths[]");

/**
 * struct watched - a sandbox that is measured
 * @handles: of its files; 0 for one that there is not
 * @there:   it is among those that run
 */
struct watched {
	struct watched *next;
	struct guest guest;
	char id[SANDBOX_ID_LEN + 1];
	int64_t handles[SOURCES], at_ms;
	uint64_t busy, network, disk;
	unsigned ticks;
	struct series *series;
	bool there, open;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the list, and the series in it */
static struct watched *all;
static pthread_t thread;
static _Atomic bool stopping;

static void open_files(struct service *service, struct watched *w)
{
	struct fault ignored;

	if (guest_open(service, w->id, &w->guest, &ignored)) {
		guest_close(&w->guest);
		return;
	}
	client_timeout(w->guest.client, PATIENCE_SECONDS);
	for (unsigned i = 0; i < SOURCES; i++) {
		w->handles[i] = guestfs_open(w->guest.client, paths[i], O_RDONLY, 0, NULL);
		if (w->handles[i] < 0)
			w->handles[i] = 0;
	}
	/* Without the first it is in the middle of something: again, later */
	w->open = w->handles[SOURCE_STAT] > 0;
	if (!w->open)
		guest_close(&w->guest);
}

/*
 * Return: 0, or -1 when the sandbox does not answer, or has gone back to a snapshot, which does not
 * know what we have opened: the first source can always be read otherwise
 */
static int read_source(struct watched *w, enum source source, char text[TEXT_MAX])
{
	const uint8_t *data;
	struct error err = { 0 };
	ssize_t n;

	text[0] = '\0';
	if (!w->handles[source])
		return 0;
	n = guestfs_read(w->guest.client, w->handles[source], 0, &data, &err);
	if (n < 0)
		return err.code && source != SOURCE_STAT ? 0 : -1;
	if (n > TEXT_MAX - 1)
		n = TEXT_MAX - 1;
	memcpy(text, data, (size_t)n);
	text[n] = '\0';
	return 0;
}

static void store_points(struct service *service, const struct watched *w, enum series_step step,
			 int64_t after_ms)
{
	struct figures *points = calloc(series_rules[step].count, sizeof(*points));
	size_t count = 0;
	struct change change;

	if (!points)
		return;
	pthread_mutex_lock(&lock);
	count = series_read(w->series, step, after_ms, points, series_rules[step].count);
	pthread_mutex_unlock(&lock);
	if (count && !change_begin(&change, service->store, NULL)) {
		for (size_t i = 0; i < count; i++)
			change_run(&change, NULL, NULL,
				   "INSERT INTO point (sandbox_id, step_ms, at_ms, cpu_millis, "
				   "mem_bytes, disk_bytes, net_bytes) VALUES ($1, $2, $3, $4, $5, "
				   "$6, $7) ON CONFLICT (sandbox_id, step_ms, at_ms) DO NOTHING",
				   "siiiiii", w->id, series_rules[step].ms, points[i].at_ms,
				   (int64_t)points[i].cpu_permille, (int64_t)points[i].mem_bytes,
				   (int64_t)points[i].disk_bytes, (int64_t)points[i].net_bytes);
		change_end(&change, true, NULL);
	}
	free(points);
}

/* Return: 0, or -1 when the sandbox does not answer */
static int measure(struct service *service, struct watched *w)
{
	struct figures f = { .at_ms = now_ms() };
	char text[TEXT_MAX];
	uint64_t busy, network;
	unsigned rings;

	if (read_source(w, SOURCE_STAT, text))
		return -1;
	busy = proc_busy(text);
	if (read_source(w, SOURCE_MEMORY, text))
		return -1;
	f.mem_bytes = proc_memory(text);
	if (read_source(w, SOURCE_NETWORK, text))
		return -1;
	network = proc_network(text);
	if (w->ticks++ % DISK_TICKS == 0 && disk_used(w->guest.client, &w->disk))
		return -1;
	f.disk_bytes = w->disk;
	if (w->at_ms && f.at_ms > w->at_ms) {
		const uint64_t ticks = busy > w->busy ? busy - w->busy : 0;

		f.cpu_permille = (uint32_t)(ticks * 1000 * (1000 / TICKS_A_SECOND) /
					    (uint64_t)(f.at_ms - w->at_ms));
		f.net_bytes = network > w->network ? network - w->network : 0;
	}
	w->busy = busy;
	w->network = network;
	w->at_ms = f.at_ms;
	pthread_mutex_lock(&lock);
	rings = series_add(w->series, &f);
	pthread_mutex_unlock(&lock);
	for (enum series_step step = SERIES_MIDDLE; step < SERIES_STEPS; step++) {
		if (rings & 1U << step)
			store_points(service, w, step, f.at_ms - series_rules[step].ms / 2);
	}
	return 0;
}

static struct watched *find(const char *id)
{
	struct watched *w = all;

	while (w && strcmp(w->id, id) != 0)
		w = w->next;
	return w;
}

/* Those that run now are measured; those that do not any more are stored and forgotten */
static void look_around(struct service *service)
{
	struct rows rows cleanup_rows = { 0 };
	struct watched **at = &all;

	if (store_run(service->store, &rows, NULL, "SELECT id FROM sandbox WHERE state = 'running'",
		      ""))
		return;
	for (struct watched *w = all; w; w = w->next)
		w->there = false;
	for (size_t i = 0; i < rows.count; i++) {
		struct watched *w = find(rows_text(&rows, i, 0));

		if (!w) {
			w = calloc(1, sizeof(*w));
			if (!w)
				continue;
			snprintf(w->id, sizeof(w->id), "%s", rows_text(&rows, i, 0));
			w->series = series_make(now_ms());
			if (!w->series) {
				free(w);
				continue;
			}
			pthread_mutex_lock(&lock);
			w->next = all;
			all = w;
			pthread_mutex_unlock(&lock);
		}
		w->there = true;
	}
	while (*at) {
		struct watched *w = *at;

		if (w->there) {
			at = &w->next;
			continue;
		}
		store_points(service, w, SERIES_FINE, 0);
		pthread_mutex_lock(&lock);
		*at = w->next;
		pthread_mutex_unlock(&lock);
		guest_close(&w->guest);
		free(w->series);
		free(w);
	}
}

static void *run(void *context)
{
	struct service *service = context;
	uint64_t next = clock_now_ns();

	for (unsigned ticks = 0; !stopping; ticks++) {
		struct timespec until;

		if (ticks % LIST_TICKS == 0)
			look_around(service);
		for (struct watched *w = all; w && !stopping; w = w->next) {
			if (!w->open)
				open_files(service, w);
			if (w->open && measure(service, w)) {
				guest_close(&w->guest);
				w->open = false;
				w->at_ms = 0;
			}
		}
		next += TICK_MS * NS_PER_MS;
		if (next < clock_now_ns())
			next = clock_now_ns();
		until = clock_timespec(next);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	return NULL;
}

int metrics_start(struct service *service, struct error *err)
{
	const int ret = pthread_create(&thread, NULL, run, service);

	return ret ? error_set(err, ret, "cannot start a thread") : 0;
}

void metrics_stop(struct service *service)
{
	stopping = true;
	pthread_join(thread, NULL);
	for (struct watched *w = all; w; w = w->next)
		store_points(service, w, SERIES_FINE, 0);
}

/* Of points that are in the store, and those in memory behind them */
int metrics_read(struct service *service, const char *id, enum series_step step, int64_t after_ms,
		 struct figures **out, size_t *count, struct fault *fault)
{
	struct rows rows cleanup_rows = { 0 };
	const struct watched *w;
	struct error err;
	size_t n = 0;

	if (store_run(service->store, &rows, &err,
		      "SELECT at_ms, cpu_millis, mem_bytes, net_bytes, disk_bytes FROM point WHERE "
		      "sandbox_id = $1 AND step_ms = $2 AND at_ms > $3 ORDER BY at_ms LIMIT 4000",
		      "sii", id, series_rules[step].ms, after_ms))
		return fault_error(fault, FAULT_INTERNAL, &err);
	*out = calloc(rows.count + series_rules[step].count, sizeof(**out));
	if (!*out)
		return fault_set(fault, FAULT_BUSY, "no memory");
	for (; n < rows.count; n++) {
		(*out)[n] =
		    (struct figures){ rows_number(&rows, n, 0), (uint32_t)rows_number(&rows, n, 1),
				      (uint64_t)rows_number(&rows, n, 2),
				      (uint64_t)rows_number(&rows, n, 3),
				      (uint64_t)rows_number(&rows, n, 4) };
		after_ms = (*out)[n].at_ms;
	}
	pthread_mutex_lock(&lock);
	w = find(id);
	if (w)
		n += series_read(w->series, step, after_ms, *out + n, series_rules[step].count);
	pthread_mutex_unlock(&lock);
	*count = n;
	return 0;
}

bool metrics_newest(const char *id, struct figures *newest)
{
	struct figures points[NEWEST_MS / TICK_MS + 1];
	const struct watched *w;
	size_t n = 0;

	pthread_mutex_lock(&lock);
	w = find(id);
	if (w)
		n = series_read(w->series, SERIES_FINE, now_ms() - NEWEST_MS, points,
				ARRAY_SIZE(points));
	pthread_mutex_unlock(&lock);
	if (n)
		*newest = points[n - 1];
	return n > 0;
}
