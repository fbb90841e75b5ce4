// SPDX-License-Identifier: GPL-2.0-only
/* idle.c - a sandbox that is paused by itself: when it has nothing to do, or its time is over
 *
 * Theory of operation
 * We can open no files and start nothing, so it is a process beside us that pauses us, as a user
 * would (cli/snapshot/keeper.c). It waits on a connection ("await") for us to say when:
 *
 *   keeper ---- await -------------------> remembered
 *          <--- {"due": "idle"} ---------- nothing was asked, no command runs but the first one,
 *                                          and the vCPUs have slept, for config->idle_pause
 *          ---- pause, unless busy ------> control_pause()
 *          ---- await, failed: why ------> it could not: said once, and looked at again later
 *
 * or for {"due": "timeout"}; when that pause fails, the sandbox ends as without it.
 *
 * A vCPU that is in the guest's kernel or waits for a guest's process is busy, whatever the host
 * does meanwhile. A server looks at its timers now and then, so up to one percent of one CPU is
 * none. Whoever only looks (ps, logs, top, the dashboard) is no activity.
 *
 * What comes in while the sandbox is being paused waits at a gate: idle_enter().
 *
 * Host system calls: futex; clone in idle_init().
 */
#include "idle.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "engine/jobs/jobs.h"
#include "engine/jobs/signals.h"
#include "engine/vcpu/vcpu.h"
#include "lib/clock.h"
#include "lib/say.h"
#include "operations.h"
#include "vitrine/util.h"

#define BUSY_SHARE 100 /* one part of so many is no activity */
#define LOOKS 8	       /* in the time after which it is idle */
#define SETTLE_NS (2 * NS_PER_SECOND)
#define LOOK_MIN_MS 100
#define LOOK_MAX_MS 10000
#define STATUS_TIMEOUT 124

static const struct sandbox_config *config;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/*
 * @keeper: who awaits; @told: has heard
 * @inside: clients that are served with something; @asked: how often one came
 * @closed: nobody comes in; @over: nor ever will
 * @timed_out: the time is over
 * @since: nothing has happened from that moment on; @busy_ns, @looked_ns: at the last look
 * @refused: the last reason that was said
 */
static struct {
	struct connection *keeper;
	bool told, closed, over, timed_out;
	unsigned inside;
	uint64_t asked, asked_at_look;
	uint64_t since, busy_ns, looked_ns;
	char refused[sizeof(((struct error *)0)->text)];
} idle;

static unsigned look_ms(void)
{
	const uint64_t ms = config->idle_pause * 1000ULL / LOOKS;

	return ms < LOOK_MIN_MS ? LOOK_MIN_MS : ms > LOOK_MAX_MS ? LOOK_MAX_MS : (unsigned)ms;
}

/* With the lock held */
static void look(uint64_t now)
{
	const uint64_t busy = vcpu_busy_ns();
	const int64_t spent = (int64_t)(busy - idle.busy_ns);

	if (idle.inside || idle.asked != idle.asked_at_look || idle.closed ||
	    spent * BUSY_SHARE > (int64_t)(now - idle.looked_ns) || job_pid(JOB_MAIN) <= 0)
		idle.since = now > idle.since ? now : idle.since;
	idle.asked_at_look = idle.asked;
	idle.busy_ns = busy;
	idle.looked_ns = now;
}

/* With the lock held. Return: what to tell the keeper, or NULL */
static const char *due(uint64_t now)
{
	if (!idle.keeper || idle.told || idle.closed)
		return NULL;
	if (idle.timed_out)
		return "timeout";
	if (config->idle_pause && now >= idle.since + config->idle_pause * NS_PER_SECOND)
		return "idle";
	return NULL;
}

static void *idle_thread(void *arg)
{
	pthread_mutex_lock(&lock);
	for (;;) {
		const struct timespec next = clock_deadline(look_ms());
		uint64_t now;
		const char *why;

		if (config->idle_pause)
			pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, &next);
		else
			pthread_cond_wait(&changed, &lock);
		now = clock_now_ns();
		if (now - idle.looked_ns >= look_ms() * NS_PER_MS / 2)
			look(now);
		why = due(now);
		if (!why)
			continue;
		idle.told = true;
		message_send(idle.keeper->fd, json_pack("{s:s}", "due", why), NULL, 0, NULL, 0);
	}
	return NULL;
}

/* Return: will it be paused? */
static bool time_is_over(void)
{
	bool paused;

	pthread_mutex_lock(&lock);
	idle.timed_out = true;
	paused = idle.keeper;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return paused;
}

int idle_init(const struct sandbox_config *sandbox, struct error *err)
{
	pthread_t thread;
	int ret;

	config = sandbox;
	if (!config->idle_pause && !config->pause_on_timeout)
		return 0;
	idle.looked_ns = clock_now_ns();
	idle.since = idle.looked_ns + SETTLE_NS; /* who has let it go on has not asked yet */
	if (config->pause_on_timeout)
		signals_on_timeout(time_is_over);
	ret = pthread_create(&thread, NULL, idle_thread, NULL);
	if (ret)
		return error_set(err, ret, "cannot start the thread that looks whether to pause");
	pthread_detach(thread);
	return 0;
}

bool idle_enter(void)
{
	bool over;

	pthread_mutex_lock(&lock);
	while (idle.closed && !idle.over)
		pthread_cond_wait(&changed, &lock);
	over = idle.over;
	if (!over) {
		idle.inside++;
		idle.asked++;
	}
	pthread_mutex_unlock(&lock);
	return !over;
}

void idle_leave(void)
{
	pthread_mutex_lock(&lock);
	idle.inside--;
	pthread_mutex_unlock(&lock);
}

bool idle_close(bool unless_busy)
{
	bool closed;

	pthread_mutex_lock(&lock);
	closed = !idle.closed && (!unless_busy || idle.timed_out ||
				  (!idle.inside && idle.asked == idle.asked_at_look));
	if (closed)
		idle.closed = true;
	pthread_mutex_unlock(&lock);
	return closed;
}

void idle_open(void)
{
	pthread_mutex_lock(&lock);
	idle.closed = false;
	idle.since = clock_now_ns();
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

void idle_over(void)
{
	pthread_mutex_lock(&lock);
	idle.over = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

void idle_forget(const struct connection *conn)
{
	pthread_mutex_lock(&lock);
	if (idle.keeper == conn)
		idle.keeper = NULL;
	pthread_mutex_unlock(&lock);
}

/* With the lock held. Return: is it news? */
static bool refused(const char *why)
{
	const bool news = strcmp(idle.refused, why) != 0;

	snprintf(idle.refused, sizeof(idle.refused), "%s", why);
	return news;
}

int control_await(struct connection *conn, struct message *msg)
{
	bool news = false, ends;

	conn->observes = true; /* and says nothing for long */
	pthread_mutex_lock(&lock);
	idle.keeper = conn;
	idle.told = false;
	if (msg->failed)
		idle.since = clock_now_ns();
	ends = msg->failed && idle.timed_out;
	if (msg->failed && msg->failed[0])
		news = refused(msg->failed);
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	if (news)
		say("cannot pause: %s", msg->failed);
	if (ends)
		jobs_shutdown(STATUS_TIMEOUT);
	return 0;
}
