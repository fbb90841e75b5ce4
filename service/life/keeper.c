// SPDX-License-Identifier: GPL-2.0-only
/* keeper.c - deadlines, deaths, and what an earlier daemon has left in the middle
 *
 * Theory of operation
 * When a daemon starts, no other one of this store does anything (the lock of service/vitrined.c),
 * so every row in the middle of a step is settled. Then a thread sleeps on the processes of the
 * sandboxes that run, each by a descriptor (pidfd): one that ends without having been told to is
 * noticed at once. Four times in a second it asks the store whose deadline has passed. What it does
 * then takes time, and has a thread of its own.
 *
 * Once in a minute it looks for what should not be there: rows that have been in the middle of a
 * step for long, sandboxes of this store that no row knows, snapshots that were not finished, and
 * figures of sandboxes that ended a day ago.
 */
#include "keeper.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "activity.h"
#include "cli/common/saved.h"
#include "engine/control/rundir.h"
#include "sandbox.h"
#include "service/service.h"
#include "service/starter/starter.h"
#include "service/store/store.h"
#include "vitrine/util.h"
#include "warm.h"

#define TICK_MS 250
#define CLEAN_TICKS 240
#define ACTIONS_MAX 8
#define STALE_MS (5 * 60 * 1000)
#define DAY_MS (24 * 3600 * 1000LL)

struct watch {
	int fd;
	char id[SANDBOX_ID_LEN + 1];
};

struct action {
	struct service *service;
	char id[SANDBOX_ID_LEN + 1];
	bool pauses;
};

static int watched = -1;
static pthread_t thread;
static _Atomic bool stopping;
static _Atomic int actions;

/* ---- deaths ---- */

void keeper_watch(struct service *service, const char *id)
{
	char name[SANDBOX_NAME_LEN + 1];
	cleanup_close int dir = rundir_open(NULL);
	cleanup_close int fd = -1;
	struct watch *watch = calloc(1, sizeof(*watch));
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = watch };
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	if (!watch)
		return;
	sandbox_name(service, id, name);
	snprintf(watch->id, sizeof(watch->id), "%s", id);
	fd = dir < 0 ? -1 : rundir_connect(dir, name, NULL);
	watch->fd = -1;
	if (fd >= 0 && !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		watch->fd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	if (watch->fd >= 0 && !epoll_ctl(watched, EPOLL_CTL_ADD, watch->fd, &event))
		return;
	cleanup_close_fn(&watch->fd);
	free(watch);
}

static void on_death(struct service *service, struct watch *watch)
{
	struct sandbox s cleanup_sandbox = { 0 };
	struct fault ignored;

	close(watch->fd);
	activity_forget(watch->id);
	/* In the middle of a step, whoever does it knows */
	if (!sandbox_load(service, NULL, watch->id, &s, &ignored) && s.state == STATE_RUNNING)
		sandbox_settle(service, &s);
	free(watch);
}

/* ---- deadlines ---- */

static void *act(void *context)
{
	struct action *action = context;
	struct fault fault;
	const int ret = action->pauses ? sandbox_pause(action->service, NULL, action->id, &fault)
				       : sandbox_end(action->service, NULL, action->id,
						     "its time was over", &fault);

	/* It stays as it is, says why, and is tried again later */
	if (ret)
		store_run(
		    action->service->store, NULL, NULL,
		    "UPDATE sandbox SET deadline_ms = CASE WHEN deadline_ms > 0 AND deadline_ms "
		    "< $1 THEN $1 ELSE deadline_ms END, idle_ms = $1, reason = $2 "
		    "WHERE id = $3 AND state = 'running'",
		    "iss", now_ms() + 10000, fault.text, action->id);
	actions--;
	free(action);
	return NULL;
}

static void act_on(struct service *service, const char *id, bool pauses)
{
	struct action *action = calloc(1, sizeof(*action));
	pthread_attr_t attr;
	pthread_t other;

	if (!action)
		return;
	*action = (struct action){ .service = service, .pauses = pauses };
	snprintf(action->id, sizeof(action->id), "%s", id);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	actions++;
	if (pthread_create(&other, &attr, act, action)) {
		actions--;
		free(action);
	}
	pthread_attr_destroy(&attr);
}

static void look_at_deadlines(struct service *service)
{
	const int64_t now = now_ms();
	struct rows rows cleanup_rows = { 0 };

	if (store_run(service->store, &rows, NULL,
		      "SELECT id, on_timeout, CASE WHEN deadline_ms > 0 AND deadline_ms <= $1 THEN "
		      "1 ELSE 0 END FROM sandbox WHERE state = 'running' AND ((deadline_ms > 0 AND "
		      "deadline_ms <= $1) OR (idle_timeout_sec > 0 AND "
		      "idle_ms + idle_timeout_sec * 1000 <= $1)) LIMIT 64",
		      "i", now))
		return;
	for (size_t i = 0; i < rows.count && actions < ACTIONS_MAX; i++) {
		const char *id = rows_text(&rows, i, 0);
		const bool late = rows_number(&rows, i, 2);

		if (late || !activity_now(id))
			act_on(service, id, !late || !strcmp(rows_text(&rows, i, 1), "pause"));
	}
}

/* ---- what should not be there ---- */

static bool has_row(struct service *service, const char *sql, const char *id)
{
	struct rows rows cleanup_rows = { 0 };

	/* When in doubt, it has */
	return store_run(service->store, &rows, NULL, sql, "s", id) || rows.count;
}

static void order(struct service *service, const char *op, const char *name)
{
	char text[STARTER_TEXT_MAX];

	starter_order(service->starter, json_pack("{s:s, s:s}", "op", op, "name", name), text,
		      NULL);
}

/* Sandboxes that run under a name of this store's, but have no row */
static void end_orphans(struct service *service)
{
	int fd = rundir_open(NULL);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const size_t prefix = strlen("vd-") + INSTANCE_MAX;
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char name[SANDBOX_NAME_LEN + 1], expected[SANDBOX_NAME_LEN + 1];
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || dot - entry->d_name != (ptrdiff_t)(prefix + SANDBOX_ID_LEN))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(dot - entry->d_name), entry->d_name);
		sandbox_name(service, name + prefix, expected);
		if (!strcmp(name, expected) && !warm_making(name) &&
		    !has_row(service, "SELECT id FROM sandbox WHERE id = $1 AND state <> 'ended'",
			     name + prefix))
			order(service, "end", name);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

static void forget_saved(struct service *service, enum saved kind, const char *op, const char *sql)
{
	json_t *all = saved_list(kind, NULL), *one;
	size_t i;

	json_array_foreach(all, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "directory"));
		char expected[SANDBOX_NAME_LEN + 1];
		size_t len = name ? strlen(name) : 0;

		if (len < SANDBOX_ID_LEN)
			continue;
		sandbox_name(service, name + len - SANDBOX_ID_LEN, expected);
		if (!strcmp(name, expected) &&
		    !(kind == SAVED_SNAPSHOT && warm_is(service, name)) &&
		    !has_row(service, sql,
			     kind == SAVED_PAUSED ? name + len - SANDBOX_ID_LEN : name))
			order(service, op, name);
	}
	json_decref(all);
}

static void settle_rows(struct service *service, const char *condition, int64_t before)
{
	char sql[1024];
	struct rows rows cleanup_rows = { 0 };

	snprintf(sql, sizeof(sql), "SELECT " SANDBOX_COLUMNS " FROM sandbox WHERE %s", condition);
	if (store_run(service->store, &rows, NULL, sql, "i", before))
		return;
	for (size_t i = 0; i < rows.count; i++) {
		struct sandbox s cleanup_sandbox = { 0 };

		if (!sandbox_take(&rows, i, &s))
			sandbox_settle(service, &s);
	}
}

static void clean(struct service *service)
{
	const int64_t now = now_ms();

	settle_rows(service, "state NOT IN ('running', 'paused', 'ended') AND changed_ms < $1",
		    now - STALE_MS);
	end_orphans(service);
	order(service, "prune", "vd-all");
	warm_clean(service);
	store_run(service->store, NULL, NULL,
		  "DELETE FROM point WHERE at_ms < $1 OR sandbox_id IN (SELECT id FROM sandbox "
		  "WHERE state = 'ended' AND ended_ms < $1)",
		  "i", now - DAY_MS);
	store_run(service->store, NULL, NULL,
		  "DELETE FROM sandbox_metadata WHERE sandbox_id IN (SELECT id FROM sandbox WHERE "
		  "state = 'ended' AND ended_ms < $1)",
		  "i", now - DAY_MS);
	store_run(service->store, NULL, NULL,
		  "DELETE FROM sandbox WHERE state = 'ended' AND ended_ms < $1", "i", now - DAY_MS);
	store_run(service->store, NULL, NULL, "DELETE FROM idempotency WHERE created_ms < $1", "i",
		  now - DAY_MS);
}

/* Before anything else happens: this daemon is alone */
static void settle_all(struct service *service)
{
	struct rows rows cleanup_rows = { 0 };

	store_run(service->store, NULL, NULL, "DELETE FROM snapshot WHERE state <> 'ready'", "");
	settle_rows(service, "state <> 'ended' AND created_ms > $1", 0);
	end_orphans(service);
	forget_saved(service, SAVED_PAUSED, "end",
		     "SELECT id FROM sandbox WHERE id = $1 AND state <> 'ended'");
	forget_saved(service, SAVED_SNAPSHOT, "forget", "SELECT id FROM snapshot WHERE id = $1");
	order(service, "prune", "vd-all");
	if (store_run(service->store, &rows, NULL, "SELECT id FROM sandbox WHERE state = 'running'",
		      ""))
		return;
	for (size_t i = 0; i < rows.count; i++)
		keeper_watch(service, rows_text(&rows, i, 0));
}

static void *keep(void *context)
{
	struct service *service = context;
	unsigned ticks = 0;

	while (!stopping) {
		struct epoll_event events[16];
		const int n = epoll_wait(watched, events, ARRAY_SIZE(events), TICK_MS);

		for (int i = 0; i < n; i++)
			on_death(service, events[i].data.ptr);
		look_at_deadlines(service);
		if (++ticks % CLEAN_TICKS == 0)
			clean(service);
	}
	return NULL;
}

int keeper_start(struct service *service, struct error *err)
{
	int ret;

	watched = epoll_create1(EPOLL_CLOEXEC);
	if (watched < 0)
		return error_set(err, errno, "cannot make an epoll descriptor");
	settle_all(service);
	warm_prepare(service);
	ret = pthread_create(&thread, NULL, keep, service);
	return ret ? error_set(err, ret, "cannot start a thread") : 0;
}

void keeper_stop(void)
{
	stopping = true;
	pthread_join(thread, NULL);
	warm_stop();
	/* What was begun comes to its end: it is a matter of a second */
	for (unsigned i = 0; actions && i < 300; i++)
		usleep(100000);
}
