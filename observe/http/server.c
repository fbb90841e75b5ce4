// SPDX-License-Identifier: GPL-2.0-only
/* server.c - the observatory's HTTP server: one process that shows one session
 *
 * Theory of operation
 * Three threads. The first looks at the region (watch.c): it drains the rings, takes the rows of
 * the history and ticks the event stream. The second answers requests (http.c), from the region and
 * from what the first one keeps. The third puts questions to the kernel (asks.c).
 *
 * The server runs at a lower priority than the guest: who watches must not slow down what he
 * watches.
 *
 * Start-up, in this order: make the file to record into, connect to the sandbox and have it record
 * (or load a recording), listen, give up privileges, start the threads, which inherit that.
 *
 * Host system calls: setpriority, sigaction, prctl.
 */
#include "server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answers.h"
#include "confine.h"
#include "lib/say.h"
#include "mhd.h"
#include "observe/api/replay.h"
#include "vitrine/util.h"

#define PRIORITY 10

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	stop = 1;
}

/* Find who we are, where the server is, and who may use it */
static int rules_make(struct server *server, unsigned port, struct error *err)
{
	const struct server_options *options = &server->options;
	const char *text = options->address ? options->address : "127.0.0.1";

	if (security_init(&server->security, text, port, err) < 0)
		return -1;
	for (size_t i = 0; i < options->nnames; i++) {
		if (security_name(&server->security, options->names[i], err) < 0)
			return -1;
	}
	if (options->token)
		server->security.closed = true;
	server->options.port = port;
	return 0;
}

static void print_address(const struct server *server)
{
	const struct security *security = &server->security;
	const bool six = strchr(security->address, ':');
	const char *shown = security->any ? (six ? "::1" : "127.0.0.1") : security->address;

	say("observatory of %s at http://%s%s%s:%u/%s%s", server->session.name, six ? "[" : "",
	    shown, six ? "]" : "", server->options.port, security->closed ? "?token=" : "",
	    security->closed ? security->token : "");
}

/* What the session wants to know of the readers of its events */
static void look(struct session *session, struct audience *audience)
{
	struct stream *stream = &((struct server *)session)->stream;

	pthread_mutex_lock(&stream->lock);
	*audience = (struct audience){ .readers = stream->readers,
				       .kinds = events_kinds(stream),
				       .dropped = stream->dropped,
				       .newest = stream->backlog.newest,
				       .oldest = backlog_oldest(&stream->backlog) };
	pthread_mutex_unlock(&stream->lock);
}
static_assert(offsetof(struct server, session) == 0, "look()");

/* A recording's events */
static void sink_clear(void *context)
{
	struct stream *stream = context;

	pthread_mutex_lock(&stream->lock);
	events_clear(stream);
	pthread_mutex_unlock(&stream->lock);
}

static void sink_event(void *context, const struct event *event)
{
	struct stream *stream = context;

	pthread_mutex_lock(&stream->lock);
	events_refeed(stream, event);
	pthread_mutex_unlock(&stream->lock);
}

static void sink_lost(void *context, unsigned ring, uint64_t seq)
{
	struct stream *stream = context;

	pthread_mutex_lock(&stream->lock);
	backlog_lose(&stream->backlog, ring, seq);
	pthread_mutex_unlock(&stream->lock);
}

static int load(struct server *server, struct error *err)
{
	const struct replay_sink sink = { .clear = sink_clear,
					  .event = sink_event,
					  .lost = sink_lost,
					  .context = &server->stream };
	const char *path = server->options.replay;
	bool cut;

	if (replay_open(&server->session, path, &sink, &cut, err) < 0)
		return -1;
	if (cut && !server->options.quiet)
		say("%s ends in the middle: who recorded was cut off", path);
	return 0;
}

static int prepare(struct server *server, struct error *err)
{
	struct session *session = &server->session;
	int ret;

	session->name = server->options.name;
	session->look = look;
	if (events_init(&server->stream, err) < 0)
		return -1;
	ret = server->options.replay ? load(server, err) : session_open(session, err);
	server->stream.realtime_ns = session->realtime_ns;
	server->stream.standard = session->wishes.kinds;
	return ret;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGXFSZ, &action, NULL); /* a recording that is too large is told of otherwise */
}

static int serve(struct server *server, int fd, struct error *err)
{
	struct record_writer *writer = &server->session.writer;
	struct MHD_Daemon *daemon;

	catch_signals();
	setpriority(PRIO_PROCESS, 0, PRIORITY);
	if (serve_confine_user(err) < 0)
		return -1;
	/* A sandbox's own observer goes with it, however that ends; a change of user forgets this
	 */
	if (server->options.listen_fd)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (serve_confine_enter(err) < 0 || asks_start(&server->asks, server_ask, server, err) < 0)
		return -1;
	daemon = http_start(server, fd, err);
	if (!daemon)
		return -1;
	if (!server->options.quiet)
		print_address(server);
	watch_run(server, &stop);
	asks_close(&server->asks);
	events_close(&server->stream);
	http_stop(daemon);
	return record_finish(writer, session_state(&server->session) == SESSION_ENDED,
			     session_now(&server->session), err);
}

int server_run(const struct server_options *options, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server));
	struct sockaddr_storage address;
	int fd = -1, ret = -1;

	if (!server)
		return error_set(err, 0, "no memory");
	server->options = *options;
	server->terminal = isatty(STDERR_FILENO);
	if (mhd_load(err) < 0 || serve_confine_begin(err) < 0)
		return -1;
	if (options->record && record_create(&server->session.writer, options->record, err) < 0)
		return -1;
	if (prepare(server, err) == 0)
		fd = listen_on(options, &address, err);
	/* A recording of nothing is not worth a file */
	if (fd < 0 && options->record)
		unlink(options->record);
	if (fd >= 0 && rules_make(server, listen_port(&address), err) == 0)
		ret = serve(server, steal_fd(fd), err);
	if (fd >= 0)
		close(fd);
	/* The worker may be waiting for the kernel still: what it uses stays until the exit */
	return ret;
}
