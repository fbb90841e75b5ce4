// SPDX-License-Identifier: GPL-2.0-only
/* session.c - a command in a sandbox whose streams are ours
 *
 * Our descriptors went to the sandbox, which reads and writes them itself. What is left to do here
 * is the terminal's mode, passing on signals and window sizes, and the exit status.
 *
 * Signals are the command's, from before there is one: it has been asked for, and would run on
 * without us. But a sandbox that hangs must not make us deaf: a second signal ends us when the
 * sandbox has not said that it passed the first one on.
 */
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "cli/common/cli.h"
#include "engine/jobs/terminal.h"
#include "lib/patience.h"
#include "lib/say.h"
#include "vitrine/util.h"

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

int session_signals(struct error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (unsigned i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(&set, forwarded[i]);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "signalfd") : fd;
}

/* Die of the signal itself, so that our parent sees what happened */
static void die_of(int sig)
{
	sigset_t set;

	terminal_restore();
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void window_forward(struct session *session)
{
	uint16_t rows, columns;

	terminal_size(&rows, &columns);
	if (rows && columns)
		client_send(session->client,
			    json_pack("{s:s, s:i, s:i}", "op", "resize", "rows", (int)rows,
				      "columns", (int)columns),
			    NULL, 0, NULL);
}

static void signal_forward(struct session *session)
{
	struct signalfd_siginfo info;
	int sig;

	if (read(session->signals, &info, sizeof(info)) != sizeof(info))
		return;
	sig = (int)info.ssi_signo;
	if (sig == SIGCONT)
		terminal_resumed();
	if (sig == SIGCONT || sig == SIGWINCH) {
		window_forward(session);
		return;
	}
	if (session->unheard)
		die_of(sig);
	session->unheard++;
	client_send(session->client, json_pack("{s:s, s:i}", "op", "signal", "signal", sig), NULL,
		    0, NULL);
}

/* Output that could not be written, by the sandbox, to our descriptors */
static bool output_lost(const json_t *answer)
{
	json_int_t code = json_integer_value(json_object_get(answer, "lost"));
	json_int_t fd = json_integer_value(json_object_get(answer, "lost_fd"));

	if (code)
		say("standard %s: %s", fd == 1 ? "output" : "error", strerror((int)code));
	return code;
}

static void begin(struct session *session, const json_t *answer)
{
	const pid_t pid = (pid_t)json_integer_value(json_object_get(answer, "pid"));

	session->runs = true;
	terminal_keys(false);
	/* Nobody may listen any more */
	if (session->tell >= 0 && write(session->tell, &pid, sizeof(pid)) < 0)
		session->tell = -1;
}

/* A message of the sandbox: the exit status, -1 when something failed, or NOT_YET */
#define NOT_YET (-2)

static int message_take(struct session *session, struct error *err)
{
	struct answer answer;
	json_t *status;
	int ret = client_receive(session->client, &answer, err);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return error_set(err, 0, "the sandbox %s has ended", session->client->name);
	ret = NOT_YET;
	status = json_object_get(answer.json, "exit");
	if (json_is_integer(status))
		ret = output_lost(answer.json) && !json_integer_value(status)
			  ? EXIT_VITRINE
			  : (int)json_integer_value(status);
	else if (json_object_get(answer.json, "signal"))
		session->unheard = 0;
	else if (!session->runs)
		begin(session, answer.json);
	json_decref(answer.json);
	return ret;
}

int session_await(struct session *session, struct error *err)
{
	struct pollfd fds[2] = {
		{ .fd = session->client->fd, .events = POLLIN },
		{ .fd = session->signals, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	for (;;) {
		int ready = poll(fds, 2, (int)patience_seconds() * 1000);

		if (ready == 0)
			return error_set(err, 0, "the sandbox %s does not answer",
					 session->client->name);
		if (ready > 0 && fds[0].revents)
			return 0;
		if (ready > 0 && read(session->signals, &info, sizeof(info)) == sizeof(info) &&
		    info.ssi_signo != SIGCONT && info.ssi_signo != SIGWINCH)
			die_of((int)info.ssi_signo);
	}
}

int session_attend(struct session *session, struct error *err)
{
	struct pollfd fds[2] = {
		{ .fd = session->client->fd, .events = POLLIN },
		{ .fd = session->signals, .events = POLLIN },
	};
	int status = NOT_YET;

	while (status == NOT_YET) {
		int ready = poll(fds, 2, session->runs ? -1 : (int)patience_seconds() * 1000);

		if (ready == 0)
			return error_set(err, 0, "the sandbox %s does not answer",
					 session->client->name);
		if (ready < 0)
			continue;
		if (fds[1].revents)
			signal_forward(session);
		if (fds[0].revents)
			status = message_take(session, err);
	}
	return status;
}
