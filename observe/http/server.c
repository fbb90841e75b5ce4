// SPDX-License-Identifier: GPL-2.0-only
/* server.c - the observatory's HTTP server: one process that watches one sandbox
 *
 * Theory of operation
 * Three threads. The first, here, looks at the region: it drains the rings, takes the rows of the
 * history and ticks the event stream. The second answers requests (http.c), from the region and
 * from what the first one keeps. The third puts questions to the kernel (asks.c).
 *
 * What the kernel records follows from who looks: the counters and the sampler while the server
 * runs, rare events always, the others while somebody reads them and for KINDS_LINGER_NS longer,
 * so that a browser that reconnects does not switch them off and on.
 *
 * The server runs at a lower priority than the guest: who watches must not slow down what he
 * watches.
 *
 * Start-up, in this order: connect to the sandbox, have it record, listen, give up privileges,
 * start the threads, which inherit that.
 *
 * Host system calls: socket, bind, listen, setpriority, sigaction, clock_nanosleep.
 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "observe/api/api.h"
#include "mhd.h"
#include "confine.h"
#include "lib/say.h"
#include "observe/text/guest_text.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define LOOK_BUSY_NS 40000000ULL /* a full ring of routine events lasts 130 ms at least */
#define LOOK_IDLE_NS 100000000ULL
#define LOOK_CHILD_NS 10000000ULL
#define SWEEP_NS NS_PER_SECOND
#define KINDS_LINGER_NS (10 * NS_PER_SECOND)
#define ASK_AGAIN_NS NS_PER_SECOND
#define ENDED_LINGER_NS (3 * NS_PER_SECOND)
#define CHILD_LINGER_NS (NS_PER_SECOND / 2) /* the sandbox waits for its own observer */
#define EVENTS_AT_ONCE 512
#define EVENTS_PER_LOOK 200000 /* a broken writer could feed us for ever */
#define PRIORITY 10
#define BACKLOG 128

static const char *const state_name[] = {
	[SERVER_RUNNING] = "running",
	[SERVER_PAUSED] = "paused",
	[SERVER_ENDED] = "ended",
};
static_assert(ARRAY_SIZE(state_name) == SERVER_NSTATES, "state_name[]");

static volatile sig_atomic_t stop;

/**
 * struct watch - what the first thread remembers
 * @seen:     newest seq in each ring
 * @readable: @reader reads from where the rings are
 * @wanted_ns: when a kind of events was wanted last; @asked_ns: when the kernel was last asked
 */
struct watch {
	struct event_reader reader;
	struct event event;
	uint64_t seen[VT_NR_RINGS], sampled_ns, swept_ns, ticked_ns, wanted_ns, asked_ns;
	uint64_t recorded;
	bool readable;
};

uint64_t server_now(void)
{
	return clock_now_ns();
}

static int64_t realtime_offset(void)
{
	return (int64_t)(clock_read_ns(CLOCK_REALTIME) - server_now());
}

json_t *server_time(const struct server *server)
{
	return json_real((double)(((int64_t)server_now() + server->realtime_ns) / 1000) / 1000);
}

static enum server_state state_get(struct server *server)
{
	enum server_state state;

	pthread_mutex_lock(&server->lock);
	state = server->state;
	pthread_mutex_unlock(&server->lock);
	return state;
}

const char *server_state_name(struct server *server)
{
	return state_name[state_get(server)];
}

/* Who was the last to ask for a call that does not exist */
static void note(struct server *server, const struct event *event)
{
	const struct vt_event_syscall *call = event_syscall(event);

	server->events_read++;
	if (!call || call->result != -ENOSYS || call->nr < 0 || call->nr >= VT_TELEMETRY_CALLS)
		return;
	server->enosys[call->nr] = (struct last_call){ event->head.time_ns, event->head.pid };
	memcpy(server->enosys[call->nr].comm, event->head.comm, sizeof(event->head.comm));
}

static void lose(struct server *server, struct watch *watch)
{
	const unsigned ring = watch->reader.gap.ring;
	uint64_t to;

	if (ring >= VT_NR_RINGS)
		return;
	/* The reader holds the first one behind the gap */
	to = watch->reader.rings[ring].event.head.seq;
	to = to > watch->seen[ring] + 1 ? to - 1 : watch->seen[ring] + 1;
	server->events_lost[ring] += watch->reader.gap.lost;
	events_gap(&server->stream, ring, watch->seen[ring] + 1, to, watch->reader.gap.lost);
}

/* Returns false when all has been read */
static bool drain_some(struct server *server, struct watch *watch)
{
	bool more = true;

	pthread_mutex_lock(&server->lock);
	pthread_mutex_lock(&server->stream.lock);
	for (unsigned i = 0; more && i < EVENTS_AT_ONCE; i++) {
		const struct vt_event *head = &watch->event.head;

		switch (event_next(&watch->reader, &watch->event)) {
		case EVENT_NONE:
			more = false;
			break;
		case EVENT_GAP:
			lose(server, watch);
			break;
		case EVENT_HERE:
			/* The guest's side could tell the same story again and again */
			if (head->ring >= VT_NR_RINGS || head->seq <= watch->seen[head->ring] ||
			    head->seq > INT64_MAX)
				break;
			watch->seen[head->ring] = head->seq;
			note(server, &watch->event);
			events_feed(&server->stream, &watch->event);
			break;
		}
	}
	pthread_mutex_unlock(&server->stream.lock);
	pthread_mutex_unlock(&server->lock);
	return more;
}

static void drain(struct server *server, struct watch *watch)
{
	struct error err;

	if (!watch->readable &&
	    event_reader_init(&watch->reader, server->region, EVENTS_FROM_OLDEST, &err) < 0)
		return;
	watch->readable = true;
	for (unsigned i = 0; i < EVENTS_PER_LOOK / EVENTS_AT_ONCE && drain_some(server, watch);)
		i++;
}

static json_t *row_json(const struct server *server, const float *row, uint64_t now_ns)
{
	json_t *values = json_array();

	for (size_t i = 0; i < server->history.set.count; i++)
		json_array_append_new(values, row[i] == row[i] ? json_real(row[i]) : json_null());
	return json_pack("{s:f, s:o}", "time_ms",
			 (double)(((int64_t)now_ns + server->realtime_ns) / 1000000), "values",
			 values);
}

static void sample(struct server *server, uint64_t now_ns)
{
	const float *row;
	bool coarse;

	pthread_mutex_lock(&server->lock);
	row = history_take(&server->history, server->region, now_ns, &coarse);
	pthread_mutex_lock(&server->stream.lock);
	if (row && server->stream.readers) {
		json_t *json = row_json(server, row, now_ns);

		events_sample(&server->stream, json, coarse);
		json_decref(json);
	}
	pthread_mutex_unlock(&server->stream.lock);
	pthread_mutex_unlock(&server->lock);
}

static bool take_announcement(struct server *server)
{
	bool due;

	pthread_mutex_lock(&server->lock);
	due = server->announce;
	server->announce = false;
	pthread_mutex_unlock(&server->lock);
	return due;
}

/* Tell readers of a new state, and before it of all that happened in the old one */
static void announce(struct server *server, uint64_t now_ns)
{
	json_t *json;

	json = json_pack("{s:s, s:o}", "state", server_state_name(server), "observation",
			 json_observation(server));
	pthread_mutex_lock(&server->stream.lock);
	events_state(&server->stream, json, now_ns);
	pthread_mutex_unlock(&server->stream.lock);
	json_decref(json);
}

/* Of the kinds that are wanted, those that the kernel has not been told of */
static uint64_t untold(struct server *server, uint64_t wanted)
{
	uint64_t kinds = 0;

	pthread_mutex_lock(&server->lock);
	if (server->state == SERVER_RUNNING && server->wishes.tracing)
		kinds = wanted & ~server->kinds;
	pthread_mutex_unlock(&server->lock);
	return kinds;
}

/*
 * More kinds at once, fewer after a while. A change of wishes while nobody reads tells the kernel
 * of fewer, too, so what it was told is looked at and not what was asked for.
 */
static void follow_readers(struct server *server, struct watch *watch, uint64_t now_ns)
{
	struct question question;
	uint64_t wanted;

	pthread_mutex_lock(&server->stream.lock);
	wanted = events_kinds(&server->stream);
	pthread_mutex_unlock(&server->stream.lock);
	if (wanted != watch->recorded) {
		if (!(wanted & ~watch->recorded) && watch->wanted_ns + KINDS_LINGER_NS > now_ns)
			return;
	} else {
		watch->wanted_ns = now_ns;
		if (!untold(server, wanted) || watch->asked_ns + ASK_AGAIN_NS > now_ns)
			return;
	}
	watch->recorded = wanted;
	watch->asked_ns = now_ns;
	memset(&question, 0, sizeof(question));
	question.kind = ASK_OBSERVE;
	question.serial = asks_serial(&server->asks);
	asks_post(&server->asks, &question);
}

static bool over(const struct server *server)
{
	struct pollfd fd = { .fd = observer_fd(server->observer), .events = POLLRDHUP };
	struct region_head head;

	region_head(server->region, &head);
	return head.state == VT_TELEMETRY_ENDED ||
	       (poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)));
}

static uint64_t interval(struct server *server)
{
	uint64_t ns;

	pthread_mutex_lock(&server->lock);
	ns = server->wishes.interval_ms * 1000000ULL;
	pthread_mutex_unlock(&server->lock);
	return ns;
}

/* Pausing: what happens meanwhile is nobody's, and is no gap */
static void skip(struct server *server, struct watch *watch)
{
	struct region_head head;

	region_head(server->region, &head);
	pthread_mutex_lock(&server->lock);
	history_break(&server->history);
	pthread_mutex_lock(&server->stream.lock);
	events_skip(&server->stream, head.events);
	pthread_mutex_unlock(&server->stream.lock);
	pthread_mutex_unlock(&server->lock);
	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		if (head.events <= INT64_MAX && head.events > watch->seen[i])
			watch->seen[i] = head.events;
	}
	watch->readable = false;
}

/*
 * One round; returns how long to sleep. A change that is to be announced was made before the rings
 * are drained: what it has ended is then in the stream before its announcement, and not after it.
 */
static uint64_t look(struct server *server, struct watch *watch, uint64_t now_ns)
{
	const uint64_t every = interval(server);
	const bool due = take_announcement(server);
	const bool running = state_get(server) == SERVER_RUNNING;
	uint64_t next = watch->recorded ? LOOK_BUSY_NS : LOOK_IDLE_NS;

	if (running)
		drain(server, watch);
	else
		skip(server, watch);
	if (running && now_ns >= watch->sampled_ns + every) {
		/* On the grid, unless we are late */
		watch->sampled_ns =
		    now_ns - watch->sampled_ns < 2 * every ? watch->sampled_ns + every : now_ns;
		sample(server, now_ns);
	}
	if (due)
		announce(server, now_ns);
	if (now_ns >= watch->ticked_ns + STREAM_TICK_NS) {
		watch->ticked_ns = now_ns;
		pthread_mutex_lock(&server->stream.lock);
		events_tick(&server->stream, now_ns);
		pthread_mutex_unlock(&server->stream.lock);
		follow_readers(server, watch, now_ns);
	}
	if (now_ns >= watch->swept_ns + SWEEP_NS) {
		watch->swept_ns = now_ns;
		asks_sweep(&server->asks, now_ns);
		http_sweep(now_ns);
	}
	return running && watch->sampled_ns + every < now_ns + next
		   ? watch->sampled_ns + every - now_ns
		   : next;
}

static void doze(uint64_t ns)
{
	struct timespec time = { .tv_sec = (time_t)(ns / NS_PER_SECOND),
				 .tv_nsec = (long)(ns % NS_PER_SECOND) };

	nanosleep(&time, NULL);
}

static bool anybody_reads(struct server *server)
{
	bool any;

	pthread_mutex_lock(&server->stream.lock);
	any = server->stream.readers > 0;
	pthread_mutex_unlock(&server->stream.lock);
	return any;
}

/*
 * Readers get what was left and the news of the end; others can look for a moment longer, unless
 * the sandbox waits for us to end with it.
 */
static void finish(struct server *server, struct watch *watch)
{
	const bool child = server->options.listen_fd;
	const uint64_t until = server_now() + (child ? CHILD_LINGER_NS : ENDED_LINGER_NS);

	drain(server, watch);
	pthread_mutex_lock(&server->lock);
	server->state = SERVER_ENDED;
	pthread_mutex_unlock(&server->lock);
	asks_close(&server->asks);
	announce(server, server_now());
	pthread_mutex_lock(&server->stream.lock);
	events_tick(&server->stream, server_now());
	pthread_mutex_unlock(&server->stream.lock);
	events_close(&server->stream);
	while (!stop && server_now() < until && (!child || anybody_reads(server)))
		doze(child ? LOOK_CHILD_NS : LOOK_IDLE_NS);
}

static void watch_run(struct server *server)
{
	cleanup_free struct watch *watch = calloc(1, sizeof(*watch));
	uint64_t pause = 0;

	if (!watch)
		return;
	while (!stop && !over(server)) {
		doze(pause);
		pause = look(server, watch, server_now());
	}
	if (!stop)
		finish(server, watch);
}

static void on_signal(int sig)
{
	stop = 1;
}

/* A socket that our parent has made, and listens already */
static int listen_inherited(unsigned fd, struct sockaddr_storage *address, struct error *err)
{
	socklen_t len = sizeof(*address), size = sizeof(int);
	int listens = 0;

	*address = (struct sockaddr_storage){ 0 };
	if (getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens ||
	    getsockname((int)fd, (struct sockaddr *)address, &len) ||
	    fcntl((int)fd, F_SETFL, O_NONBLOCK) || fcntl((int)fd, F_SETFD, FD_CLOEXEC))
		return error_set(err, errno, "descriptor %u is no listening socket", fd);
	return (int)fd;
}

static int listen_on(const struct server_options *options, struct sockaddr_storage *address,
		     struct error *err)
{
	const char *text = options->address ? options->address : "127.0.0.1";
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	socklen_t len = sizeof(*four);
	cleanup_close int fd = -1;
	const int on = 1;

	*address = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)options->port);
	} else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)options->port);
		len = sizeof(*six);
	} else {
		return error_set(err, 0, "'%s' is not a numeric address", text);
	}
	fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(err, errno, "cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)address, len) || listen(fd, BACKLOG))
		return error_set(err, errno, "cannot listen on %s port %u", text, options->port);
	getsockname(fd, (struct sockaddr *)address, &len);
	return steal_fd(fd);
}

/* Find who we are, where the server is, and who may use it */
static int rules_make(struct server *server, const struct sockaddr_storage *address,
		      struct error *err)
{
	const struct server_options *options = &server->options;
	const char *text = options->address ? options->address : "127.0.0.1";
	/* The port is at the same place in both */
	const unsigned port = ntohs(((const struct sockaddr_in *)address)->sin_port);

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

	say("observatory of %s at http://%s%s%s:%u/%s%s", server->options.name, six ? "[" : "",
	    shown, six ? "]" : "", server->options.port, security->closed ? "?token=" : "",
	    security->closed ? security->token : "");
}

/* What the sandbox says about itself, as openapi.yaml's Sandbox */
static json_t *sandbox_json(const json_t *info, const struct region *region)
{
	struct region_head head;
	json_t *command = json_object_get(info, "command");

	region_head(region, &head);
	return json_pack("{s:O, s:I, s:O, s:O, s:f, s:o, s:i}", "name",
			 json_object_get(info, "name"), "pid",
			 json_integer_value(json_object_get(info, "pid")), "image",
			 json_object_get(info, "image"), "command", command, "started_ms",
			 (double)json_integer_value(json_object_get(info, "started")) * 1000,
			 "memory_bytes", json_count(head.mem_size), "cpus",
			 head.cpus > 0 && head.cpus < 1024 ? (int)head.cpus : 1);
}

static int sandbox_connect(struct server *server, struct error *err)
{
	json_t *info;

	server->observer = observer_connect(server->options.name, err);
	if (!server->observer)
		return -1;
	server->options.name = observer_name(server->observer); /* it may have been a process id */
	info = observer_info(server->observer, err);
	if (!info)
		return -1;
	control_defaults(server);
	if (api_wish(server, err) == 0) {
		server->region = observer_region(server->observer);
		server->sandbox = sandbox_json(info, server->region);
	}
	json_decref(info);
	/* who asks through us is told in time (asks.c), and a sandbox that was stopped goes on */
	observer_patience(server->observer, 0);
	if (server->region && !server->sandbox)
		return error_set(err, 0, "the sandbox says strange things about itself");
	return server->region ? 0 : -1;
}

static int prepare(struct server *server, struct error *err)
{
	server->realtime_ns = realtime_offset();
	pthread_mutex_init(&server->lock, NULL);
	if (events_init(&server->stream, err) < 0 || history_init(&server->history, err) < 0)
		return -1;
	server->stream.realtime_ns = server->realtime_ns;
	return sandbox_connect(server, err);
}

static int serve(struct server *server, int fd, struct error *err)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct MHD_Daemon *daemon;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	setpriority(PRIO_PROCESS, 0, PRIORITY);
	if (serve_confine_user(err) < 0 || serve_confine_enter(err) < 0 ||
	    asks_start(&server->asks, api_ask, server, err) < 0)
		return -1;
	daemon = http_start(server, fd, err);
	if (!daemon)
		return -1;
	if (!server->options.quiet)
		print_address(server);
	watch_run(server);
	asks_close(&server->asks);
	events_close(&server->stream);
	http_stop(daemon);
	return 0;
}

int server_run(const struct server_options *options, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server));
	struct sockaddr_storage address;
	int fd, ret = -1;

	if (!server)
		return error_set(err, 0, "no memory");
	server->options = *options;
	if (mhd_load(err) < 0 || serve_confine_begin(err) < 0)
		return -1;
	fd = options->listen_fd ? listen_inherited(options->listen_fd, &address, err)
				: listen_on(options, &address, err);
	if (fd >= 0 && rules_make(server, &address, err) == 0 && prepare(server, err) == 0)
		ret = serve(server, steal_fd(fd), err);
	if (fd >= 0)
		close(fd);
	/* The worker may be waiting for the kernel still: what it uses stays until the exit */
	return ret;
}
