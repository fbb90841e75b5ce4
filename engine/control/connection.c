// SPDX-License-Identifier: GPL-2.0-only
/* connection.c - clients of the control socket: their number, and what goes to and fro
 *
 * Theory of operation
 * A thread serves each client, so their number is bounded. CONTROL_CLIENTS can do anything, and
 * CONTROL_RESERVE more can ask who the sandbox is and end it, so that no client, alive or dead,
 * keeps a user from that.
 *
 * A client that has died is noticed by whatever its thread does: reading finds the end, writing
 * fails, and waiting for the guest kernel looks at the socket now and then. One that lives and does
 * nothing (stopped, or written by somebody who forgot to close) keeps its place until another needs
 * it and the sandbox has waited for it for ten seconds. Observers and commands that run do not
 * count as idle.
 *
 * A client that was served gets its answer, even when what it asked for ends the sandbox: the
 * process of the supervisor waits for threads that have an answer to send (connections_stop()).
 *
 * Host system calls: getsockopt, poll, recvmsg, sendmsg, shutdown, close, futex.
 */
#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/clock.h"
#include "vitrine/util.h"

#define IDLE_NS (10 * NS_PER_SECOND)
#define ANSWER_PATIENCE 3000 /* milliseconds */
#define GONE_MS 1000	     /* in which the thread of a client that has left ends */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct connection *connections;
static unsigned count;
static pthread_cond_t closed = PTHREAD_COND_INITIALIZER; /* a connection was */

/* Clients that asked and have no answer yet */
static unsigned unanswered;
static pthread_cond_t none_unanswered = PTHREAD_COND_INITIALIZER;
static bool stopping;

static bool peer_allowed(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	return peer.uid == geteuid() || peer.uid == 0;
}

/* With the lock held: the client that has kept us waiting longest goes; false when none has */
static bool make_room(void)
{
	struct connection *idle = NULL;
	const uint64_t now = clock_now_ns();

	for (struct connection *conn = connections; conn; conn = conn->next) {
		if (!conn->waits_since || conn->observes || now - conn->waits_since < IDLE_NS)
			continue;
		if (!idle || conn->waits_since < idle->waits_since)
			idle = conn;
	}
	if (!idle)
		return false;
	shutdown(idle->fd, SHUT_RDWR);
	idle->waits_since = 0; /* it is on its way */
	return true;
}

/* Is there one whose client has left? Its thread is about to find out. With the lock held */
static bool some_gone(void)
{
	for (const struct connection *conn = connections; conn; conn = conn->next) {
		struct pollfd client = { .fd = conn->fd, .events = POLLRDHUP };

		if (poll(&client, 1, 0) > 0)
			return true;
	}
	return false;
}

/*
 * After the supervisor stood still there are many that nobody waits for any more: who comes then
 * has a place as soon as they are gone
 */
static bool admit(struct connection *conn)
{
	const struct timespec until = clock_deadline(GONE_MS);
	bool room = true;
	int ret = 0;

	pthread_mutex_lock(&lock);
	while (count >= CONTROL_CLIENTS && !ret && some_gone())
		ret = pthread_cond_clockwait(&closed, &lock, CLOCK_MONOTONIC, &until);
	if (count >= CONTROL_CLIENTS && !make_room()) {
		conn->reserve = true;
		room = count < CONTROL_CLIENTS + CONTROL_RESERVE;
	}
	if (room) {
		count++;
		conn->next = connections;
		connections = conn;
	}
	pthread_mutex_unlock(&lock);
	return room;
}

static void refuse(int fd)
{
	char c;

	/* What it has sent and we have not read would cut off what we send */
	recv(fd, &c, sizeof(c), MSG_DONTWAIT);
	message_send(fd,
		     json_pack("{s:s, s:i}", "error",
			       "the sandbox serves as many clients as it can", "errno", 0),
		     NULL, 0, NULL, 0);
	close(fd);
}

struct connection *connection_open(int fd, const struct sandbox_config *config)
{
	struct connection *conn = NULL;

	if (!peer_allowed(fd)) {
		close(fd);
		return NULL;
	}
	conn = calloc(1, sizeof(*conn));
	if (!conn) {
		close(fd);
		return NULL;
	}
	conn->fd = fd;
	conn->config = config;
	if (admit(conn))
		return conn;
	refuse(fd);
	free(conn);
	return NULL;
}

static void close_fds(struct connection *conn)
{
	while (conn->nfds)
		close(conn->fds[--conn->nfds]);
}

void connection_close(struct connection *conn)
{
	pthread_mutex_lock(&lock);
	for (struct connection **at = &connections; *at; at = &(*at)->next) {
		if (*at == conn) {
			*at = conn->next;
			break;
		}
	}
	count--;
	pthread_cond_broadcast(&closed);
	pthread_mutex_unlock(&lock);
	close_fds(conn);
	close(conn->fd);
	free(conn);
}

static void waits(struct connection *conn, bool yes)
{
	pthread_mutex_lock(&lock);
	conn->waits_since = yes ? clock_now_ns() : 0;
	pthread_mutex_unlock(&lock);
}

int connection_send(struct connection *conn, json_t *json, const void *payload, size_t len,
		    const int *fds, size_t nfds)
{
	int ret;

	waits(conn, true);
	ret = message_send(conn->fd, json, payload, len, fds, nfds);
	waits(conn, false);
	return ret;
}

int connection_answer(struct connection *conn, json_t *json)
{
	return connection_send(conn, json, NULL, 0, NULL, 0);
}

int connection_error(struct connection *conn, const struct error *err)
{
	return connection_answer(conn,
				 json_pack("{s:s, s:i}", "error", err->text, "errno", err->code));
}

ssize_t connection_receive(struct connection *conn)
{
	ssize_t len;

	close_fds(conn);
	waits(conn, true);
	len = message_receive(conn->fd, conn->packet, sizeof(conn->packet), conn->fds, &conn->nfds);
	waits(conn, false);
	return len;
}

void connection_asked(bool yes)
{
	pthread_mutex_lock(&lock);
	unanswered += yes ? 1 : -1;
	if (!unanswered)
		pthread_cond_broadcast(&none_unanswered);
	pthread_mutex_unlock(&lock);
}

void connections_stop(void)
{
	const struct timespec until = clock_deadline(ANSWER_PATIENCE);
	int ret = 0;

	pthread_mutex_lock(&lock);
	stopping = true;
	while (unanswered && !ret)
		ret = pthread_cond_clockwait(&none_unanswered, &lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&lock);
}

bool connections_stopping(void)
{
	bool yes;

	pthread_mutex_lock(&lock);
	yes = stopping;
	pthread_mutex_unlock(&lock);
	return yes;
}

int64_t connection_ask(struct connection *conn, const struct question *question,
		       struct reply *reply)
{
	const struct patience patience = { REQUEST_PATIENCE, conn->fd };

	return request_call(question, &patience, reply);
}

bool connection_gone(const struct connection *conn)
{
	struct pollfd client = { .fd = conn->fd, .events = POLLIN | POLLRDHUP };

	return poll(&client, 1, 0) > 0;
}
