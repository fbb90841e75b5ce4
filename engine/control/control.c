// SPDX-License-Identifier: GPL-2.0-only
/* control.c - the control socket of a running sandbox
 *
 * Theory of operation
 * `vitrine exec`, `ps` and so on connect to NAME.sock in the run directory. Each connection
 * (connection.c) has a thread and serves one message after the other; the operations are in the
 * other files. A client must run under our own user id (or root's): it can do no more than the user
 * could do with the process itself. All the same its messages are checked before they are used
 * (message.c), their number is bounded, and a client that dies takes down nothing but its own
 * command's streams.
 *
 * Host system calls: accept4, unlinkat, flock; clone for each connection.
 */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "idle.h"
#include "operations.h"
#include "rundir.h"
#include "config.h"
#include "lib/json_fd.h"
#include "vitrine/util.h"

#define CONNECTION_STACK (512 * 1024)

static const struct sandbox_config *sandbox;
static int run_dir = -1, listener = -1;
static sem_t serving;

/* clang-format off */
static connection_op *const operations[] = {
	[MESSAGE_EXEC] = control_exec,
	[MESSAGE_CONNECT] = control_connect,
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
	[MESSAGE_RENAME] = control_file,
	[MESSAGE_RMDIR] = control_file,
	[MESSAGE_CHOWN] = control_file,
	[MESSAGE_ATTRIBUTE] = control_file,
	[MESSAGE_ATTRIBUTES] = control_file,
	[MESSAGE_OBSERVE] = control_observe,
	[MESSAGE_VIEW] = control_view,
	[MESSAGE_FOLLOW] = control_follow,
	[MESSAGE_NET] = control_net,
	[MESSAGE_PAUSE] = control_pause,
	[MESSAGE_ATTACH] = control_attach,
	[MESSAGE_AWAIT] = control_await,
};
/* clang-format on */
static_assert(ARRAY_SIZE(operations) == MESSAGE_NOPS, "operations[]");

/* What those do that are one more than there may be */
static bool in_reserve(enum message_op op)
{
	return op == MESSAGE_INFO || op == MESSAGE_KILL;
}

/* What would not be asked of a sandbox that has nothing to do */
static bool is_activity(enum message_op op)
{
	return op == MESSAGE_EXEC || op == MESSAGE_ATTACH ||
	       (op >= MESSAGE_OPEN && op <= MESSAGE_READLINK);
}

static int operate(struct connection *conn, struct message *msg)
{
	const bool activity = is_activity(msg->op);
	int ret;

	if (activity && !idle_enter())
		return -1;
	ret = operations[msg->op](conn, msg);
	if (activity)
		idle_leave();
	return ret;
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
	} else if (conn->reserve && !in_reserve(msg.op)) {
		error_set(&err, 0, "the sandbox serves %d clients already", CONTROL_CLIENTS);
		ret = connection_error(conn, &err);
	} else {
		ret = operate(conn, &msg);
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
		connection_asked(true);
		ret = message_serve(conn, len);
		connection_asked(false);
	}
	control_files_close(conn);
	control_observe_close(conn);
	idle_forget(conn);
	connection_close(conn);
	return NULL;
}

/* Takes over @fd */
static void connection_start(int fd, const pthread_attr_t *attr)
{
	struct connection *conn = connection_open(fd, sandbox);
	pthread_t thread;

	if (conn && pthread_create(&thread, attr, connection_thread, conn))
		connection_close(conn);
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

/* While we may open files, and no guest has run; without it the sandbox cannot be paused */
static void record_config(void)
{
	cleanup_close int fd = config_open(run_dir, sandbox->name, O_WRONLY | O_CREAT | O_TRUNC);
	json_t *json = config_pack(sandbox);

	if (fd >= 0 && json)
		json_to_fd(json, fd, JSON_COMPACT); /* half of it is none */
	json_decref(json);
}

int control_init(const struct sandbox_config *config, struct error *err)
{
	pthread_t thread;
	int ret;

	sandbox = config;
	control_query_init(config);
	json_object_seed(0); /* now: it reads a file, which will not be allowed later */
	run_dir = rundir_open(err);
	if (run_dir < 0)
		return -1;
	listener = rundir_listen(run_dir, config->name, err);
	if (listener < 0) {
		close(steal_fd(run_dir));
		return -1;
	}
	record_config();
	sem_init(&serving, 0, 0);
	if (idle_init(config, err)) {
		control_stop();
		return -1;
	}
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
	connections_stop();
	control_observe_stop();
}
