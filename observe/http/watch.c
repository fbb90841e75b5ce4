// SPDX-License-Identifier: GPL-2.0-only
/* watch.c - the server's first thread: what it looks at, and when
 *
 * Theory of operation
 * A round drains the rings, takes a row of the history when it is time, ticks the event stream, and
 * now and then has the kernel asked for a view that the album is to have (asks.c does it). What
 * comes is recorded on the way, when somebody wants that.
 *
 * Kinds of events are recorded by the kernel while somebody reads them and for KINDS_LINGER_NS
 * longer, so that a browser that reconnects does not switch them off and on.
 *
 * A session ends once. Its readers are told, and their streams end; requests are answered until the
 * time for lookers-on is over. A recording has ended from the start, and its streams go on, since
 * it can be taken to another moment.
 *
 * Host system calls: clock_nanosleep, poll.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/say.h"
#include "observe/api/api.h"
#include "observe/api/ask.h"
#include "observe/region/ring.h"
#include "server.h"
#include "vitrine/util.h"

#define NSEC 1000000000ULL
#define LOOK_BUSY_NS 40000000ULL /* a full ring of routine events lasts 130 ms at least */
#define LOOK_IDLE_NS 100000000ULL
#define LOOK_CHILD_NS 10000000ULL
#define SWEEP_NS NSEC
#define KINDS_LINGER_NS (10 * NSEC)
#define ASK_AGAIN_NS NSEC
#define ENDED_LINGER_NS (3 * NSEC)
#define CHILD_LINGER_NS (NSEC / 2)	  /* the sandbox waits for its own observer */
#define ALBUM_FIRST_NS (300 * 1000000ULL) /* between views in the first rounds, */
#define ALBUM_NS NSEC			  /* and later */
#define ALBUM_FIRST_ROUNDS 4
#define REGION_NS NSEC /* the region is recorded this often */
#define EVENTS_AT_ONCE 512
#define EVENTS_PER_LOOK 200000 /* a broken writer could feed us for ever */

/**
 * struct watch - what the first thread remembers
 * @seen:     newest seq in each ring
 * @readable: @reader reads from where the rings are
 * @wanted_ns: when a kind of events was wanted last; @asked_ns: when the kernel was last asked
 * @turn:     of the album
 */
struct watch {
	struct event_reader reader;
	struct event event;
	uint64_t seen[VT_NR_RINGS], sampled_ns, swept_ns, ticked_ns, wanted_ns, asked_ns, album_ns,
	    region_ns;
	uint64_t recorded;
	unsigned turn;
	bool readable, columns;
};

static void lose(struct server *server, struct watch *watch)
{
	const unsigned ring = watch->reader.gap.ring;
	uint64_t to;

	if (ring >= VT_NR_RINGS)
		return;
	/* The reader holds the first one behind the gap */
	to = watch->reader.rings[ring].event.head.seq;
	to = to > watch->seen[ring] + 1 ? to - 1 : watch->seen[ring] + 1;
	server->session.events_lost[ring] += watch->reader.gap.lost;
	events_gap(&server->stream, ring, watch->seen[ring] + 1, to, watch->reader.gap.lost);
	record_lost(&server->session.writer, ring, watch->seen[ring] + 1, to,
		    watch->reader.gap.lost, clock_now_ns());
}

/* Returns false when all has been read */
static bool drain_some(struct server *server, struct watch *watch)
{
	struct session *session = &server->session;
	bool more = true;

	pthread_mutex_lock(&session->lock);
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
			session_event(session, &watch->event);
			events_feed(&server->stream, &watch->event);
			record_event(&session->writer, &watch->event);
			break;
		}
	}
	pthread_mutex_unlock(&server->stream.lock);
	pthread_mutex_unlock(&session->lock);
	return more;
}

static void drain(struct server *server, struct watch *watch)
{
	struct error err;

	if (!watch->readable &&
	    event_reader_init(&watch->reader, server->session.region, EVENTS_FROM_OLDEST, &err) < 0)
		return;
	watch->readable = true;
	for (unsigned i = 0; i < EVENTS_PER_LOOK / EVENTS_AT_ONCE && drain_some(server, watch);)
		i++;
}

static void record_columns(struct session *session, struct watch *watch, uint64_t now_ns)
{
	json_t *columns = watch->columns ? NULL : history_columns(&session->history);
	cleanup_free char *text = columns ? json_dumps(columns, API_JSON) : NULL;

	if (text)
		record_text(&session->writer, RECORD_COLUMNS, text, now_ns);
	watch->columns = true;
	json_decref(columns);
}

static void sample(struct server *server, struct watch *watch, uint64_t now_ns)
{
	struct session *session = &server->session;
	const float *row;
	bool coarse;

	pthread_mutex_lock(&session->lock);
	row = history_take(&session->history, session->region, now_ns, &coarse);
	if (row && session->writer.file) {
		record_columns(session, watch, now_ns);
		record_row(&session->writer, row, session->history.set.count, coarse, now_ns);
	}
	pthread_mutex_lock(&server->stream.lock);
	if (row && server->stream.readers) {
		json_t *json = row_json(session, row, now_ns);

		events_sample(&server->stream, json, coarse);
		json_decref(json);
	}
	pthread_mutex_unlock(&server->stream.lock);
	pthread_mutex_unlock(&session->lock);
}

static void record_all(struct server *server, struct watch *watch, uint64_t now_ns)
{
	struct session *session = &server->session;

	if (now_ns < watch->region_ns + REGION_NS)
		return;
	watch->region_ns = now_ns;
	record_region(&session->writer, session->region, now_ns);
	record_flush(&session->writer, now_ns);
}

/*
 * Many sandboxes live for seconds only: all views at once in the beginning, then one after the
 * other, soon less often.
 */
static void fill_album(struct server *server, struct watch *watch, uint64_t now_ns)
{
	const bool young = watch->turn < ALBUM_FIRST_ROUNDS * ask_rounds();

	if (now_ns < watch->album_ns + (young ? ALBUM_FIRST_NS : ALBUM_NS))
		return;
	watch->album_ns = now_ns;
	do {
		struct question question = ask_next(watch->turn++);

		asks_post(&server->asks, &question);
	} while (watch->turn < ask_rounds());
}

static bool take_announcement(struct session *session)
{
	bool due;

	pthread_mutex_lock(&session->lock);
	due = session->announce;
	session->announce = false;
	pthread_mutex_unlock(&session->lock);
	return due;
}

/* Tell readers of a new state, and before it of all that happened in the old one */
static void announce(struct server *server, uint64_t now_ns)
{
	json_t *json = json_state(&server->session);
	cleanup_free char *text = json_dumps(json, API_JSON);
	uint64_t standard;

	pthread_mutex_lock(&server->session.lock);
	standard = server->session.wishes.kinds;
	pthread_mutex_unlock(&server->session.lock);
	pthread_mutex_lock(&server->stream.lock);
	server->stream.standard = standard;
	events_state(&server->stream, json, now_ns);
	pthread_mutex_unlock(&server->stream.lock);
	record_text(&server->session.writer, RECORD_STATE, text, now_ns);
	json_decref(json);
}

/* Of the kinds that are wanted, those that the kernel has not been told of */
static uint64_t untold(struct session *session, uint64_t wanted)
{
	uint64_t kinds = 0;

	pthread_mutex_lock(&session->lock);
	if (session->state == SESSION_RUNNING && session->wishes.tracing)
		kinds = wanted & ~session->kinds;
	pthread_mutex_unlock(&session->lock);
	return kinds;
}

/*
 * More kinds at once, fewer after a while. A change of wishes while nobody reads tells the kernel
 * of fewer, too, so what it was told is looked at and not what was asked for.
 */
static void follow_readers(struct server *server, struct watch *watch, uint64_t now_ns)
{
	const uint64_t wanted = session_audience(&server->session).kinds;
	struct question question;

	if (wanted != watch->recorded) {
		if (!(wanted & ~watch->recorded) && watch->wanted_ns + KINDS_LINGER_NS > now_ns)
			return;
	} else {
		watch->wanted_ns = now_ns;
		if (!untold(&server->session, wanted) || watch->asked_ns + ASK_AGAIN_NS > now_ns)
			return;
	}
	watch->recorded = wanted;
	watch->asked_ns = now_ns;
	memset(&question, 0, sizeof(question));
	question.kind = ASK_OBSERVE;
	question.serial = asks_serial(&server->asks);
	asks_post(&server->asks, &question);
}

static bool over(const struct session *session)
{
	struct pollfd fd = { .events = POLLRDHUP };
	struct region_head head;

	if (!session->observer)
		return true;
	fd.fd = observer_fd(session->observer);
	region_head(session->region, &head);
	return head.state == VT_TELEMETRY_ENDED ||
	       (poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)));
}

static uint64_t interval(struct session *session)
{
	uint64_t ns;

	pthread_mutex_lock(&session->lock);
	ns = session->wishes.interval_ms * 1000000ULL;
	pthread_mutex_unlock(&session->lock);
	return ns;
}

/* Pausing: what happens meanwhile is nobody's, and is no gap */
static void skip(struct server *server, struct watch *watch)
{
	struct session *session = &server->session;
	struct region_head head;

	region_head(session->region, &head);
	pthread_mutex_lock(&session->lock);
	history_break(&session->history);
	pthread_mutex_lock(&server->stream.lock);
	events_skip(&server->stream, head.events);
	pthread_mutex_unlock(&server->stream.lock);
	pthread_mutex_unlock(&session->lock);
	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		if (head.events <= INT64_MAX && head.events > watch->seen[i])
			watch->seen[i] = head.events;
	}
	watch->readable = false;
}

/* What is due at times, whatever the state is */
static void tend(struct server *server, struct watch *watch, uint64_t now_ns)
{
	if (now_ns >= watch->ticked_ns + STREAM_TICK_NS) {
		watch->ticked_ns = now_ns;
		pthread_mutex_lock(&server->stream.lock);
		events_tick(&server->stream, now_ns);
		pthread_mutex_unlock(&server->stream.lock);
	}
	if (now_ns >= watch->swept_ns + SWEEP_NS) {
		watch->swept_ns = now_ns;
		asks_sweep(&server->asks, now_ns);
		http_sweep(now_ns);
	}
}

/*
 * One round; returns how long to sleep. A change that is to be announced was made before the rings
 * are drained: what it has ended is then in the stream before its announcement, and not after it.
 */
static uint64_t look(struct server *server, struct watch *watch, uint64_t now_ns)
{
	struct session *session = &server->session;
	const uint64_t every = interval(session);
	const bool due = take_announcement(session);
	const bool running = session_state(session) == SESSION_RUNNING;
	uint64_t next = watch->recorded ? LOOK_BUSY_NS : LOOK_IDLE_NS;

	if (running) {
		drain(server, watch);
		record_all(server, watch, now_ns);
		fill_album(server, watch, now_ns);
	} else {
		skip(server, watch);
	}
	if (running && now_ns >= watch->sampled_ns + every) {
		/* On the grid, unless we are late */
		watch->sampled_ns =
		    now_ns - watch->sampled_ns < 2 * every ? watch->sampled_ns + every : now_ns;
		sample(server, watch, now_ns);
	}
	if (due)
		announce(server, now_ns);
	tend(server, watch, now_ns);
	follow_readers(server, watch, now_ns);
	return running && watch->sampled_ns + every < now_ns + next
		   ? watch->sampled_ns + every - now_ns
		   : next;
}

static void doze(uint64_t ns)
{
	struct timespec time = { .tv_sec = (time_t)(ns / NSEC), .tv_nsec = (long)(ns % NSEC) };

	nanosleep(&time, NULL);
}

/* What the sandbox did last, and that it is over */
static void finish(struct server *server, struct watch *watch)
{
	struct session *session = &server->session;
	const uint64_t now_ns = clock_now_ns();

	drain(server, watch);
	sample(server, watch, now_ns);
	record_region(&session->writer, session->region, now_ns);
	session_end(session);
	take_announcement(session);
	announce(server, now_ns);
	record_flush(&session->writer, now_ns);
}

/* How long others can look on, in nanoseconds from the end */
static uint64_t linger_ns(const struct server *server)
{
	const struct server_options *options = &server->options;

	if (options->replay || (options->lingers && options->linger == SERVER_LINGER_FOREVER))
		return UINT64_MAX / 2;
	if (options->listen_fd && !options->linger)
		return CHILD_LINGER_NS;
	if (options->lingers)
		return options->linger * NSEC;
	return server->terminal ? UINT64_MAX / 2 : ENDED_LINGER_NS;
}

static void say_ended(const struct server *server)
{
	const struct server_options *options = &server->options;

	if (options->quiet || options->replay || options->listen_fd || options->lingers ||
	    !server->terminal)
		return;
	say("the sandbox %s has ended; what it did can be looked at until Ctrl-C",
	    server->session.name);
}

/* The sandbox waits for its own observer, unless that was told to linger: if nobody reads it goes
 */
static void linger(struct server *server, struct watch *watch, const volatile int *stop)
{
	const struct server_options *options = &server->options;
	const bool child = options->listen_fd && !options->linger;
	const uint64_t until = clock_now_ns() + linger_ns(server);

	say_ended(server);
	/* What a recording is, its readers have been told in their greeting */
	take_announcement(&server->session);
	if (!options->replay) {
		pthread_mutex_lock(&server->stream.lock);
		events_tick(&server->stream, clock_now_ns());
		pthread_mutex_unlock(&server->stream.lock);
		events_close(&server->stream);
	}
	while (!*stop && clock_now_ns() < until) {
		if (child && !session_audience(&server->session).readers)
			break;
		if (take_announcement(&server->session))
			announce(server, clock_now_ns());
		tend(server, watch, clock_now_ns());
		doze(child ? LOOK_CHILD_NS : LOOK_IDLE_NS);
	}
}

void watch_run(struct server *server, const volatile int *stop)
{
	cleanup_free struct watch *watch = calloc(1, sizeof(*watch));
	uint64_t pause = 0;

	if (!watch)
		return;
	while (!*stop && !over(&server->session)) {
		doze(pause);
		pause = look(server, watch, clock_now_ns());
	}
	if (*stop)
		return;
	if (server->session.observer)
		finish(server, watch);
	linger(server, watch, stop);
}
