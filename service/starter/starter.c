// SPDX-License-Identifier: GPL-2.0-only
/* starter.c - the process that starts programs for the daemon, which may not
 *
 * Theory of operation
 * The daemon talks to strangers and is confined: it can open few files and start nothing, and a
 * seccomp filter would be inherited by a sandbox, which needs other calls than it does. So a
 * process that is forked before that takes its orders, in packets of a socket, checks them
 * (order.c) and executes them with vitrine's own command line. Each order has a process of its own,
 * which has the other end of a socket for the answer.
 *
 * When the daemon is gone the socket ends. A sandbox that is being started has nobody then: the
 * process that starts it is told to end, and ends it (cli/run/detach.c). What has to be finished,
 * as a pause, is finished. Only then the starter ends, and with it the last descriptor of the lock
 * that the next daemon waits for: it finds everything at rest.
 *
 * Host system calls: fork, execve, prctl, pipe2, kill, wait4, recvmsg, sendmsg, signals.
 */
#include "starter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/control/message.h"
#include "order.h"
#include "vitrine/abi.h"
#include "vitrine/util.h"

#define CHILDREN_MAX 256
#define PATIENCE_MS 180000

static volatile sig_atomic_t running;
static volatile sig_atomic_t cut;

static void on_term(int sig)
{
	if (running > 0 && cut)
		kill(running, SIGTERM);
}

/* Everything that the program says, to its end */
static size_t listen_to(int fd, char text[STARTER_TEXT_MAX])
{
	char waste[1024];
	size_t used = 0;
	ssize_t n;

	for (;;) {
		if (used < STARTER_TEXT_MAX - 1)
			n = read(fd, text + used, STARTER_TEXT_MAX - 1 - used);
		else
			n = read(fd, waste, sizeof(waste));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += used < STARTER_TEXT_MAX - 1 ? (size_t)n : 0;
	}
	while (used && (text[used - 1] == '\n' || text[used - 1] == '\r'))
		used--;
	text[used] = '\0';
	return used;
}

static void __attribute__((noreturn))
program_run(const struct order *order, int words, pid_t parent)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };

	prctl(PR_SET_PDEATHSIG, order->cut ? SIGTERM : 0);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
	if (getppid() != parent || dup2(words, STDERR_FILENO) < 0 || dup2(words, STDOUT_FILENO) < 0)
		_exit(125);
	execv(order->words[0], order->words);
	dprintf(STDERR_FILENO, "cannot execute %s: %s", order->words[0], strerror(errno));
	_exit(125);
}

static int execute(const struct order *order, char text[STARTER_TEXT_MAX])
{
	const pid_t self = getpid();
	int words[2], status = 0;
	pid_t pid;

	if (pipe2(words, O_CLOEXEC) < 0)
		return 125;
	cut = order->cut;
	pid = fork();
	if (pid == 0)
		program_run(order, words[1], self);
	close(words[1]);
	running = pid;
	/* A sandbox has no descriptor of ours: this ends when the program does */
	listen_to(words[0], text);
	close(words[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 ? (int)vt_exit_status((vt_u32)status) : 125;
}

/* A process of its own for each order */
static void __attribute__((noreturn))
serve_one(const char *program, const char *packet, size_t len, int answer)
{
	char text[STARTER_TEXT_MAX] = "";
	struct sigaction action = { .sa_handler = on_term };
	struct error err = { 0 };
	struct order order;
	json_t *json = json_loadb(packet, len, 0, NULL), *said;
	int status;

	sigaction(SIGTERM, &action, NULL);
	if (order_parse(json, program, &order, &err)) {
		status = 2;
		snprintf(text, sizeof(text), "%s", err.text);
	} else {
		status = execute(&order, text);
	}
	said = json_string(text) ?: json_string("(what it said is not text)");
	message_send(answer, json_pack("{s:i, s:o}", "status", status, "text", said), NULL, 0, NULL,
		     0);
	_exit(0);
}

static void __attribute__((noreturn)) starter_run(const char *program, int orders)
{
	static char packet[MESSAGE_MAX];
	pid_t children[CHILDREN_MAX] = { 0 };
	unsigned nchildren = 0;

	prctl(PR_SET_NAME, "vitrined-start");
	signal(SIGINT, SIG_IGN); /* the terminal's: the daemon says when it is over */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (;;) {
		int fds[MESSAGE_FDS];
		ssize_t len;
		size_t nfds;

		for (unsigned i = 0; i < nchildren; i++) {
			if (waitpid(children[i], NULL, WNOHANG) != 0)
				children[i--] = children[--nchildren];
		}
		if (nchildren == CHILDREN_MAX) {
			usleep(10000);
			continue;
		}
		len = message_receive(orders, packet, sizeof(packet), fds, &nfds);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			break;
		if (nfds == 1) {
			pid_t pid = fork();

			if (pid == 0) {
				close(orders);
				serve_one(program, packet, (size_t)len, fds[0]);
			}
			if (pid > 0)
				children[nchildren++] = pid;
		}
		while (nfds)
			close(fds[--nfds]);
	}
	for (unsigned i = 0; i < nchildren; i++)
		kill(children[i], SIGTERM);
	while (wait(NULL) > 0)
		;
	_exit(0);
}

int starter_fork(const char *program, int held, struct error *err)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, errno, "cannot make a socket");
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		setsid();
		starter_run(program, pair[1]);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return error_set(err, errno, "cannot start a process");
	}
	return pair[0];
}

int starter_order(int starter, json_t *order, char text[STARTER_TEXT_MAX], struct error *err)
{
	cleanup_free char *packet = malloc(MESSAGE_MAX);
	struct pollfd fd = { .fd = -1, .events = POLLIN };
	int pair[2], fds[MESSAGE_FDS], status = -1, ret;
	json_t *answer = NULL;
	size_t nfds;
	ssize_t len;

	if (!packet || !order || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		json_decref(order);
		return error_set(err, errno, "cannot give an order to the starter");
	}
	ret = message_send(starter, order, NULL, 0, &pair[1], 1);
	close(pair[1]);
	fd.fd = pair[0];
	if (ret == 0 && poll(&fd, 1, PATIENCE_MS) > 0) {
		len = message_receive(pair[0], packet, MESSAGE_MAX, fds, &nfds);
		while (len > 0 && nfds)
			close(fds[--nfds]);
		answer = len > 0 ? json_loadb(packet, (size_t)len, 0, NULL) : NULL;
	}
	close(pair[0]);
	if (json_unpack(answer, "{s:i}", "status", &status) || status < 0)
		status = error_set(err, 0, "the starter did not do it");
	snprintf(text, STARTER_TEXT_MAX, "%s",
		 json_string_value(json_object_get(answer, "text")) ?: "");
	json_decref(answer);
	return status;
}
