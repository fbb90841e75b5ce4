// SPDX-License-Identifier: GPL-2.0-only
/* control.c - the control socket of a running sandbox
 *
 * Theory of operation
 * `vitrine exec`, `ps` and so on connect to NAME.sock in the run directory. Each connection has a
 * thread and serves one message after the other; the operations are in the control_*.c files. A
 * client must run under our own user id (or root's): it can do no more than the user could do with
 * the process itself. All the same its messages are checked before they are used (message.c), their
 * number is bounded, and a client that dies takes down nothing but its own command's streams.
 *
 * A client that was served gets its answer, even when what it asked for ends the sandbox: the
 * process of the supervisor waits for threads that have an answer to send (control_stop()).
 *
 * Host system calls: accept4, getsockopt, poll, recvmsg, sendmsg, close, unlinkat, flock; clone for
 * each connection.
 */
#include "control.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "connection.h"
#include "rundir.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define CONNECTIONS_MAX 32
#define CONNECTION_STACK (512 * 1024)

static const struct sandbox_config *sandbox;
static int run_dir = -1, listener = -1;
static atomic_int connections;
static sem_t serving;

/* Clients that asked and have no answer yet; who ends the sandbox waits for them, but not for ever
 */
#define ANSWER_PATIENCE 3000 /* milliseconds */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t none;
	unsigned count;
} unanswered = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
static atomic_bool stopping;

/* clang-format off */
static connection_op *const operations[] = {
	[MESSAGE_EXEC] = control_exec,
	[MESSAGE_RESIZE] = NULL, /* only while a command runs, see exec.c */
	[MESSAGE_SIGNAL] = NULL,
	[MESSAGE_INFO] = control_info,
	[MESSAGE_PS] = control_ps,
	[MESSAGE_KILL] = control_kill,
	[MESSAGE_LOGS] = control_logs,
	[MESSAGE_OPEN] = control_file,
	[MESSAGE_CLOSE] = control_file,
	[MESSAGE_READ] = control_file,
	[MESSAGE_WRITE] = control_file,
	[MESSAGE_STAT] = control_file,
	[MESSAGE_LIST] = control_file,
	[MESSAGE_MKDIR] = control_file,
	[MESSAGE_UNLINK] = control_file,
	[MESSAGE_SYMLINK] = control_file,
	[MESSAGE_READLINK] = control_file,
	[MESSAGE_OBSERVE] = control_observe,
	[MESSAGE_VIEW] = control_view,
	[MESSAGE_FOLLOW] = control_follow,
};
/* clang-format on */
static_assert(ARRAY_SIZE(operations) == MESSAGE_NOPS, "operations[]");

int connection_answer(struct connection *conn, json_t *json)
{
	return message_send(conn->fd, json, NULL, 0, NULL, 0);
}

int connection_error(struct connection *conn, const struct error *err)
{
	return connection_answer(conn,
				 json_pack("{s:s, s:i}", "error", err->text, "errno", err->code));
}

void connection_close_fds(struct connection *conn)
{
	while (conn->nfds)
		close(conn->fds[--conn->nfds]);
}

ssize_t connection_receive(struct connection *conn)
{
	connection_close_fds(conn);
	return message_receive(conn->fd, conn->packet, sizeof(conn->packet), conn->fds,
			       &conn->nfds);
}

static void unanswered_add(int n)
{
	pthread_mutex_lock(&unanswered.lock);
	unanswered.count += n;
	if (!unanswered.count)
		pthread_cond_broadcast(&unanswered.none);
	pthread_mutex_unlock(&unanswered.lock);
}

static void unanswered_await(void)
{
	const struct timespec until = clock_deadline(ANSWER_PATIENCE);
	int ret = 0;

	pthread_mutex_lock(&unanswered.lock);
	while (unanswered.count && !ret)
		ret = pthread_cond_clockwait(&unanswered.none, &unanswered.lock, CLOCK_MONOTONIC,
					     &until);
	pthread_mutex_unlock(&unanswered.lock);
}

bool control_stopping(void)
{
	return stopping;
}

static int message_serve(struct connection *conn, size_t len)
{
	struct message msg;
	struct error err;
	int ret;

	if (message_parse(conn->packet, len, &msg, &err) < 0)
		return connection_error(conn, &err);
	if (!operations[msg.op]) {
		error_set(&err, 0, "no command runs on this connection");
		ret = connection_error(conn, &err);
	} else {
		ret = operations[msg.op](conn, &msg);
	}
	message_free(&msg);
	return ret;
}

static void *connection_thread(void *arg)
{
	struct connection *conn = arg;
	ssize_t len;
	int ret = 0;

	while (!ret && (len = connection_receive(conn)) > 0) {
		unanswered_add(1);
		ret = message_serve(conn, len);
		unanswered_add(-1);
	}
	connection_close_fds(conn);
	control_files_close(conn);
	control_observe_close(conn);
	close(conn->fd);
	free(conn);
	atomic_fetch_sub(&connections, 1);
	return NULL;
}

static bool peer_allowed(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	return peer.uid == geteuid() || peer.uid == 0;
}

/* Takes over @fd */
static void connection_start(int fd, const pthread_attr_t *attr)
{
	struct connection *conn;
	struct error err;
	pthread_t thread;

	if (!peer_allowed(fd)) {
		close(fd);
		return;
	}
	conn = calloc(1, sizeof(*conn));
	if (!conn) {
		close(fd);
		return;
	}
	conn->fd = fd;
	conn->config = sandbox;
	if (atomic_fetch_add(&connections, 1) < CONNECTIONS_MAX &&
	    !pthread_create(&thread, attr, connection_thread, conn))
		return;
	atomic_fetch_sub(&connections, 1);
	error_set(&err, 0, "the sandbox serves as many clients as it can");
	connection_error(conn, &err);
	close(fd);
	free(conn);
}

static void *accept_thread(void *arg)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, CONNECTION_STACK);
	while (sem_wait(&serving))
		;
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			connection_start(fd, &attr);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			usleep(100000);
		else if (errno != EINTR && errno != ECONNABORTED)
			break;
	}
	pthread_attr_destroy(&attr);
	return NULL;
}

int control_init(const struct sandbox_config *config, struct error *err)
{
	pthread_t thread;
	int ret;

	sandbox = config;
	control_query_init();
	json_object_seed(0); /* now: it reads a file, which will not be allowed later */
	json_object_seed(0); /* reads /dev/urandom, which later is out of reach */
	run_dir = rundir_open(err);
	if (run_dir < 0)
		return -1;
	listener = rundir_listen(run_dir, config->name, err);
	if (listener < 0) {
		close(steal_fd(run_dir));
		return -1;
	}
	sem_init(&serving, 0, 0);
	ret = pthread_create(&thread, NULL, accept_thread, NULL);
	if (ret) {
		control_stop();
		return error_set(err, ret, "cannot start the thread of the control socket");
	}
	pthread_detach(thread);
	return 0;
}

void control_serve(void)
{
	sem_post(&serving);
}

void control_stop(void)
{
	if (listener < 0)
		return;
	rundir_remove(run_dir, sandbox->name);
	shutdown(listener, SHUT_RDWR);
	listener = -1;
	stopping = true;
	unanswered_await();
	control_observe_stop();
}
