// SPDX-License-Identifier: GPL-2.0-only
/* observe.c - clients of the control socket that watch the kernel work
 *
 * Theory of operation
 * An observer says what it wants to see and gets a read-only descriptor of the telemetry region;
 * from then on it costs nobody anything but what the kernel does for it. A connection has one wish,
 * which a further `observe` replaces and the connection's end takes back. The kernel gets the union
 * of all wishes, whenever that changes: what is switched on is never less than what one of them
 * asked for, but can be more, so that observers filter what they read. Only one call is followed at
 * a time: for who asked last, until it is there or the connection ends.
 *
 * What a sandbox was started with (vitrine.observe= on its command line) stays on whoever comes and
 * goes. Of what --web starts it with, events do not: they are for the observer that comes with it,
 * and cost too much to be recorded for nobody.
 *
 * The lock is held while the kernel is told, so that it hears of changes in their order. A kernel
 * that hangs says nothing; who asked is told so after a while, and its connection stays good.
 *
 * Host system calls: futex, shutdown, and those of message.c.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "operations.h"
#include "control.h"
#include "engine/jobs/request.h"
#include "engine/telemetry/telemetry.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define EVERYTHING (VT_OBSERVE_COUNTERS | VT_OBSERVE_EVENTS | VT_OBSERVE_SAMPLER)

/* The kernel is told whoever hears of it: the next observer relies on it */
static const struct patience patience = { REQUEST_PATIENCE, -1 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t arrival_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrival = PTHREAD_COND_INITIALIZER;
/* Under arrival_lock: the other one is held while the kernel is asked */
static bool arrived, answered;
static struct connection *observers;
static struct vt_observe current; /* as the kernel knows it */
static struct vt_observe always;  /* from the start; what is not zero in it stays */
static const struct vt_observe unknown = { .what = ~0U }; /* nobody's: it is told anew */
static bool asked;
static const struct connection *follower; /* who asked last that a call be followed */

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

static void wish_add(struct vt_observe *sum, const struct vt_observe *wish)
{
	sum->what |= wish->what;
	sum->kinds |= wish->kinds;
	sum->flags |= wish->flags;
	sum->interval_ns = smaller(sum->interval_ns, wish->interval_ns);
	for (size_t i = 0; i < ARRAY_SIZE(sum->calls); i++)
		sum->calls[i] |= wish->calls[i];
	if (wish->capture > sum->capture)
		sum->capture = wish->capture;
}

static struct vt_observe wish_of(const struct message *msg)
{
	struct vt_observe wish = {
		.what = (msg->counters ? VT_OBSERVE_COUNTERS : 0) |
			(msg->events ? VT_OBSERVE_EVENTS : 0) |
			(msg->sampler ? VT_OBSERVE_SAMPLER : 0),
	};

	if (msg->sampler)
		wish.interval_ns = msg->interval_ms * 1000000;
	if (!msg->events)
		return wish;
	wish.kinds = msg->kinds;
	wish.flags = msg->paths ? VT_OBSERVE_PATHS : 0;
	wish.capture = msg->capture;
	if (msg->calls.present)
		memcpy(wish.calls, msg->calls.words, sizeof(wish.calls));
	else
		memset(wish.calls, 0xff, sizeof(wish.calls));
	return wish;
}

/* What is on without a client's doing; not what the region says, which may be written later */
static uint64_t started_with(const struct sandbox_config *config)
{
	static const char word[] = "vitrine.observe=";
	const char *at = config->cmdline ? strstr(config->cmdline, word) : NULL;

	if (config->web.argv)
		return EVERYTHING;
	return at ? strtoul(at + sizeof(word) - 1, NULL, 0) & EVERYTHING : 0;
}

static void always_take(const struct sandbox_config *config)
{
	const uint64_t on = started_with(config);

	if (asked)
		return;
	asked = true;
	always.what = on & (VT_OBSERVE_COUNTERS | VT_OBSERVE_SAMPLER);
	if (on & VT_OBSERVE_SAMPLER)
		always.interval_ns = VT_SAMPLE_FAST_NS;
	if ((on & VT_OBSERVE_EVENTS) && !config->web.argv) {
		always.what |= VT_OBSERVE_EVENTS;
		always.kinds = ~0UL;
		always.flags = VT_OBSERVE_PATHS;
		always.capture = VT_CAPTURE_DEFAULT;
		memset(always.calls, 0xff, sizeof(always.calls));
	}
	current = always;
	current.what |= on;
}

/* Tell the kernel, if it does not know yet; with the lock held. Return: 0 or a negative errno */
static int64_t observe_update(void)
{
	struct vt_observe sum = always;
	struct reply reply;

	for (const struct connection *conn = observers; conn; conn = conn->next_observer)
		wish_add(&sum, &conn->wish);
	if (!memcmp(&sum, &current, sizeof(sum)))
		return 0;
	request_call(&(struct question){ QUESTION(VT_REQ_OBSERVE, &sum) }, &patience, &reply);
	free(reply.data);
	if (reply.value == -ETIMEDOUT)
		current = unknown;
	if (reply.value < 0)
		return reply.value;
	current = sum;
	return 0;
}

/* With the lock held */
static void observer_remove(struct connection *conn)
{
	for (struct connection **at = &observers; *at; at = &(*at)->next_observer) {
		if (*at == conn) {
			*at = conn->next_observer;
			break;
		}
	}
	conn->wish = (struct vt_observe){ 0 };
	conn->observes = false;
}

static void observer_add(struct connection *conn, const struct vt_observe *wish)
{
	conn->wish = *wish;
	conn->observes = wish->what;
	conn->next_observer = observers;
	observers = conn;
}

int observe_error(int64_t value, const char *what, struct error *err)
{
	if (value == -ENOSYS)
		error_set(err, 0,
			  "this guest kernel was built without the observatory: build it "
			  "with `make`");
	else if (value == -ETIMEDOUT)
		error_set(err, 0, "%s: the guest's kernel does not answer", what);
	else if (value == -EAGAIN)
		error_set(err, 0, "%s: the guest's file system takes too long to look that up",
			  what);
	else if (value == -EBUSY)
		error_set(err, 0,
			  "%s: the guest's file systems take too long to look up other names",
			  what);
	else if (value == -ESHUTDOWN)
		error_set(err, 0, "%s: the sandbox is ending", what);
	else
		error_set(err, (int)-value, "%s", what);
	return -1;
}

static int errno_error(struct connection *conn, int64_t value, const char *what)
{
	struct error err;

	observe_error(value, what, &err);
	err.code = (int)-value;
	return connection_error(conn, &err);
}

static void announce(bool *what)
{
	pthread_mutex_lock(&arrival_lock);
	*what = true;
	pthread_cond_broadcast(&arrival);
	pthread_mutex_unlock(&arrival_lock);
}

/* With the arrival lock held */
static void await(const bool *what, unsigned ms)
{
	const struct timespec until = clock_deadline(ms);
	int ret = 0;

	while (!*what && !ret)
		ret = pthread_cond_clockwait(&arrival, &arrival_lock, CLOCK_MONOTONIC, &until);
}

void control_await_observer(unsigned ms)
{
	pthread_mutex_lock(&arrival_lock);
	await(&arrived, ms);
	pthread_mutex_unlock(&arrival_lock);
}

void control_await_answer(unsigned ms)
{
	pthread_mutex_lock(&arrival_lock);
	if (arrived)
		await(&answered, ms);
	pthread_mutex_unlock(&arrival_lock);
}

static int send_region(struct connection *conn)
{
	const int fd = telemetry_fd();

	return connection_send(conn,
			       json_pack("{s:I, s:i}", "size", (json_int_t)VT_TELEMETRY_SIZE,
					 "version", VT_TELEMETRY_VERSION),
			       NULL, 0, &fd, 1);
}

int control_observe(struct connection *conn, struct message *msg)
{
	const struct vt_observe before = conn->wish, wish = wish_of(msg);
	int64_t value;
	int ret;

	announce(&arrived);
	pthread_mutex_lock(&lock);
	always_take(conn->config);
	observer_remove(conn);
	observer_add(conn, &wish);
	value = observe_update();
	if (value < 0) {
		observer_remove(conn);
		if (before.what)
			observer_add(conn, &before);
	}
	pthread_mutex_unlock(&lock);
	/* A traced guest that was quick has left what it did in the region */
	if (value < 0 && !(value == -ESHUTDOWN && conn->config->traced))
		ret = errno_error(conn, value, "observe");
	else
		ret = send_region(conn);
	announce(&answered);
	return ret;
}

static int64_t follow(const struct vt_follow *ask)
{
	struct reply reply;

	request_call(&(struct question){ QUESTION(VT_REQ_FOLLOW, ask) }, &patience, &reply);
	free(reply.data);
	return reply.value;
}

void control_observe_close(struct connection *conn)
{
	pthread_mutex_lock(&lock);
	observer_remove(conn);
	if (asked)
		observe_update();
	if (follower == conn) {
		follower = NULL;
		follow(&(struct vt_follow){ .call = VT_FOLLOW_OFF });
	}
	pthread_mutex_unlock(&lock);
}

/* The sandbox is over: observers see the end of their connections */
void control_observe_stop(void)
{
	pthread_mutex_lock(&lock);
	for (const struct connection *conn = observers; conn; conn = conn->next_observer)
		shutdown(conn->fd, SHUT_RDWR);
	pthread_mutex_unlock(&lock);
}

/* The view's text, in as many packets as it takes; the last one has no "more" */
static int view_send(struct connection *conn, const struct reply *reply)
{
	size_t at = 0, len;
	bool more;

	do {
		len = reply->len - at < MESSAGE_PAYLOAD_MAX ? reply->len - at : MESSAGE_PAYLOAD_MAX;
		more = at + len < reply->len;
		if (connection_send(conn, json_pack("{s:b}", "more", (int)more),
				    (char *)reply->data + at, len, NULL, 0))
			return -1;
		at += len;
	} while (more);
	return 0;
}

int control_view(struct connection *conn, struct message *msg)
{
	const struct vt_view_of ask = { .view = msg->view, .pid = msg->pid, .arg = msg->arg };
	struct reply reply;
	int ret;

	connection_ask(conn,
		       &(struct question){ QUESTION(VT_REQ_VIEW, &ask), .rest = msg->payload,
					   .rest_len = msg->payload_len },
		       &reply);
	ret = reply.value < 0 ? errno_error(conn, reply.value, "view") : view_send(conn, &reply);
	free(reply.data);
	return ret;
}

int control_follow(struct connection *conn, struct message *msg)
{
	const struct vt_follow ask = { .call = msg->call, .pid = msg->pid, .min_ns = msg->min_ns };
	int64_t value;

	pthread_mutex_lock(&lock);
	/* What another observer waits for is not ours to give up */
	if (msg->call == VT_FOLLOW_OFF && follower && follower != conn)
		value = -EBUSY;
	else
		value = follow(&ask);
	if (value >= 0)
		follower = msg->call == VT_FOLLOW_OFF ? NULL : conn;
	pthread_mutex_unlock(&lock);
	if (value < 0)
		return errno_error(conn, value, "follow");
	return connection_answer(conn, json_object());
}
