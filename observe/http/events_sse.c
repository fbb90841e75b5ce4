// SPDX-License-Identifier: GPL-2.0-only
/* events_sse.c - the event stream: who reads, what they want, and what they get
 *
 * Theory of operation
 * Readers with the same wishes share a channel. Ten times a second the events that have come
 * (backlog.c) are chosen (select.c) and encoded once for each channel, as one chunk of text; a
 * reader is a place in his channel's list of chunks. 200 readers cost 200 copies of a text that is
 * there, and no decision.
 *
 * A reader who has everything is suspended; the tick wakes him. Chunks are kept for
 * STREAM_WINDOW_NS: that is all that a slow reader has for a buffer. Who falls behind it is
 * dropped, and who takes nothing at all for that long is dropped by the daemon's timeout. Both
 * come back with Last-Event-ID when they are browsers.
 *
 * What a new reader gets alone - the greeting, and what he missed - is a private text before the
 * channel's chunks. It covers the events up to the last tick (stream.told), the channel's next
 * chunk those behind it: no event comes twice or not at all.
 *
 * Lock order: stream.lock, then the daemon's own.
 */
#include "events_sse.h"
#include "observe/api/api.h"
#include "observe/text/guest_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "observe/region/names.h"
#include "observe/events/select.h"
#include "vitrine/util.h"

#define BLOCK_SIZE (32 * 1024)
#define SILENT_SECONDS 5
#define CHUNK_EVENTS_MAX STREAM_LAST_MAX /* in one chunk, whatever the limit is */

/**
 * struct chunk - text that all readers of a channel get
 * @number: consecutive in its channel
 */
struct chunk {
	struct chunk *next;
	uint64_t number, made_ns;
	size_t len;
	char text[];
};

/**
 * struct channel - readers with one filter
 * @oldest, @newest: chunks
 * @number:  of the next chunk
 * @credit:  events that may be sent at once; grows with time up to a second's worth
 * @pending: text for the next chunk that is no event
 */
struct channel {
	struct channel *next;
	struct filter filter;
	struct reader *readers;
	struct chunk *oldest, *newest;
	uint64_t number, ticked_ns;
	double credit;
	char *pending;
	size_t pending_len;
};

/**
 * struct reader - one connection
 * @own:    private text, sent first; @own_len: its length
 * @number: of the chunk that he is at; @offset: in it, or in his own text
 */
struct reader {
	struct reader *next;
	struct stream *stream;
	struct channel *channel;
	struct request *request;
	char *own;
	size_t own_len, offset;
	uint64_t number;
	bool suspended;
};

int events_init(struct stream *stream, struct error *err)
{
	*stream = (struct stream){ .lock = PTHREAD_MUTEX_INITIALIZER };
	return backlog_init(&stream->backlog, err);
}

void events_feed(struct stream *stream, const struct event *event)
{
	backlog_add(&stream->backlog, event);
}

void events_refeed(struct stream *stream, const struct event *event)
{
	if (event->head.seq <= stream->seen[event->head.ring] || event->head.seq > INT64_MAX)
		return;
	stream->seen[event->head.ring] = event->head.seq;
	backlog_add(&stream->backlog, event);
	stream->told = stream->backlog.newest;
}

void events_clear(struct stream *stream)
{
	backlog_clear(&stream->backlog);
	memset(stream->seen, 0, sizeof(stream->seen));
	stream->told = 0;
}

/* Append a message to text; a failure loses the message, not the stream */
static void message(char **text, size_t *len, uint64_t id, const char *event, const json_t *data)
{
	cleanup_free char *json = guest_dumps(data, API_JSON);
	char head[64] = "", *grown;
	size_t head_len, json_len;

	if (!json)
		return;
	if (id)
		snprintf(head, sizeof(head), "id: %" PRIu64 "\nevent: %s\ndata: ", id, event);
	else
		snprintf(head, sizeof(head), "event: %s\ndata: ", event);
	head_len = strlen(head);
	json_len = strlen(json);
	grown = realloc(*text, *len + head_len + json_len + 3);
	if (!grown)
		return;
	memcpy(grown + *len, head, head_len);
	memcpy(grown + *len + head_len, json, json_len);
	memcpy(grown + *len + head_len + json_len, "\n\n", 3);
	*text = grown;
	*len += head_len + json_len + 2;
}

static json_t *gap_json(uint64_t from, uint64_t to, uint64_t lost, const char *reason)
{
	return json_pack("{s:I, s:I, s:I, s:s}", "from", (json_int_t)from, "to", (json_int_t)to,
			 "lost", (json_int_t)lost, "reason", reason);
}

void events_gap(struct stream *stream, unsigned ring, uint64_t from, uint64_t to, uint64_t lost)
{
	json_t *gap = gap_json(from, to, lost, "overwritten");

	backlog_lose(&stream->backlog, ring, to);
	for (struct channel *channel = stream->channels; channel; channel = channel->next) {
		if (filter_rings(&channel->filter, stream->standard) >> ring & 1)
			message(&channel->pending, &channel->pending_len, 0, "gap", gap);
	}
	json_decref(gap);
}

void events_skip(struct stream *stream, uint64_t seq)
{
	if (seq > stream->told)
		stream->told = seq;
	if (seq > stream->backlog.newest)
		stream->backlog.newest = seq;
}

void events_sample(struct stream *stream, const json_t *row, bool coarse)
{
	for (struct channel *channel = stream->channels; channel; channel = channel->next) {
		if (channel->filter.samples == SAMPLES_FINE ||
		    (coarse && channel->filter.samples == SAMPLES_COARSE))
			message(&channel->pending, &channel->pending_len, stream->told, "sample",
				row);
	}
}

static unsigned channel_limit(const struct stream *stream, const struct filter *filter)
{
	unsigned share = STREAM_BUDGET / (stream->readers ? stream->readers : 1);

	if (share < STREAM_LEAST)
		share = STREAM_LEAST;
	return filter->limit < share ? filter->limit : share;
}

static void channel_events(struct stream *stream, struct channel *channel, uint64_t now_ns)
{
	const unsigned limit = channel_limit(stream, &channel->filter);
	struct selection what = { .filter = &channel->filter,
				  .standard = stream->standard,
				  .after = stream->told,
				  .until = stream->backlog.newest,
				  .limit = limit,
				  .realtime_ns = stream->realtime_ns };
	uint64_t newest = 0;
	unsigned chosen;
	json_t *events;

	channel->credit += (double)limit * (double)(now_ns - channel->ticked_ns) / 1e9;
	channel->ticked_ns = now_ns;
	if (channel->credit > limit)
		channel->credit = limit;
	what.room =
	    channel->credit > CHUNK_EVENTS_MAX ? CHUNK_EVENTS_MAX : (unsigned)channel->credit;
	events = select_events(&stream->backlog, &what, &chosen, &newest);
	channel->credit -= chosen;
	if (events)
		message(&channel->pending, &channel->pending_len, newest, "events", events);
	json_decref(events);
}

static void chunk_add(struct channel *channel, const char *text, size_t len, uint64_t now_ns)
{
	struct chunk *chunk = malloc(sizeof(*chunk) + len);

	if (!chunk)
		return;
	*chunk = (struct chunk){ .number = channel->number++, .made_ns = now_ns, .len = len };
	memcpy(chunk->text, text, len);
	*(channel->newest ? &channel->newest->next : &channel->oldest) = chunk;
	channel->newest = chunk;
}

/* Always keeps the newest one: it says when there was something last */
static void chunks_expire(struct channel *channel, uint64_t now_ns)
{
	while (channel->oldest != channel->newest &&
	       channel->oldest->made_ns + STREAM_WINDOW_NS < now_ns) {
		struct chunk *chunk = channel->oldest;

		channel->oldest = chunk->next;
		free(chunk);
	}
}

static void channel_wake(struct channel *channel)
{
	for (struct reader *reader = channel->readers; reader; reader = reader->next) {
		if (!reader->suspended)
			continue;
		reader->suspended = false;
		http_resume(reader->request);
	}
}

void events_state(struct stream *stream, const json_t *state, uint64_t now_ns)
{
	for (struct channel *channel = stream->channels; channel; channel = channel->next) {
		channel_events(stream, channel, now_ns);
		message(&channel->pending, &channel->pending_len, 0, "state", state);
	}
	stream->told = stream->backlog.newest;
}

void events_tick(struct stream *stream, uint64_t now_ns)
{
	char heartbeat[64];
	int len = snprintf(heartbeat, sizeof(heartbeat), ": heartbeat\nid: %" PRIu64 "\n\n",
			   stream->backlog.newest);

	for (struct channel *channel = stream->channels; channel; channel = channel->next) {
		channel_events(stream, channel, now_ns);
		chunks_expire(channel, now_ns);
		if (channel->pending_len)
			chunk_add(channel, channel->pending, channel->pending_len, now_ns);
		else if (!channel->newest || channel->newest->made_ns + STREAM_SILENCE_NS < now_ns)
			chunk_add(channel, heartbeat, len, now_ns);
		else
			continue;
		free(steal_ptr(channel->pending));
		channel->pending_len = 0;
		channel_wake(channel);
	}
	stream->told = stream->backlog.newest;
}

uint64_t events_kinds(const struct stream *stream)
{
	uint64_t kinds = 0;

	for (const struct channel *channel = stream->channels; channel; channel = channel->next)
		kinds |= channel->filter.kinds ? channel->filter.kinds : stream->standard;
	return kinds;
}

static void channel_free(struct stream *stream, struct channel *channel)
{
	for (struct channel **at = &stream->channels; *at; at = &(*at)->next) {
		if (*at == channel) {
			*at = channel->next;
			break;
		}
	}
	while (channel->oldest) {
		struct chunk *chunk = channel->oldest;

		channel->oldest = chunk->next;
		free(chunk);
	}
	free(channel->pending);
	free(channel);
}

static struct channel *channel_get(struct stream *stream, const struct filter *filter)
{
	struct channel *channel;

	for (channel = stream->channels; channel; channel = channel->next) {
		if (!memcmp(&channel->filter, filter, sizeof(*filter)))
			return channel;
	}
	channel = calloc(1, sizeof(*channel));
	if (!channel)
		return NULL;
	memcpy(&channel->filter, filter, sizeof(*filter));
	channel->credit = filter->limit;
	channel->number = 1;
	channel->next = stream->channels;
	stream->channels = channel;
	return channel;
}

static void on_free(void *context)
{
	struct reader *reader = context;
	struct stream *stream = reader->stream;
	struct channel *channel = reader->channel;

	pthread_mutex_lock(&stream->lock);
	for (struct reader **at = &channel->readers; *at; at = &(*at)->next) {
		if (*at == reader) {
			*at = reader->next;
			break;
		}
	}
	if (!channel->readers)
		channel_free(stream, channel);
	stream->readers--;
	pthread_mutex_unlock(&stream->lock);
	free(reader->own);
	free(reader);
}

static size_t copy(struct reader *reader, const char *text, size_t len, char *out, size_t max)
{
	size_t n = len - reader->offset < max ? len - reader->offset : max;

	memcpy(out, text + reader->offset, n);
	reader->offset += n;
	return n;
}

/* As much as is there; 0 when there is nothing, -1 when it is not there any more */
static ssize_t take(struct reader *reader, char *out, size_t max)
{
	const struct chunk *chunk = reader->channel->oldest;
	size_t used = 0;

	if (reader->own) {
		used = copy(reader, reader->own, reader->own_len, out, max);
		if (reader->offset < reader->own_len)
			return (ssize_t)used;
		free(steal_ptr(reader->own));
		reader->offset = 0;
	}
	if (chunk && chunk->number > reader->number)
		return -1;
	for (; chunk && used < max; chunk = chunk->next) {
		if (chunk->number < reader->number)
			continue;
		used += copy(reader, chunk->text, chunk->len, out + used, max - used);
		if (reader->offset < chunk->len)
			break;
		reader->offset = 0;
		reader->number = chunk->number + 1;
	}
	return (ssize_t)used;
}

static ssize_t on_read(void *context, uint64_t position, char *out, size_t max)
{
	struct reader *reader = context;
	struct stream *stream = reader->stream;
	ssize_t n;

	pthread_mutex_lock(&stream->lock);
	n = take(reader, out, max);
	if (n < 0) {
		stream->dropped++;
		n = MHD_CONTENT_READER_END_WITH_ERROR;
	} else if (!n && stream->closing) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else if (!n) {
		reader->suspended = true;
		MHD_suspend_connection(reader->request->connection);
	}
	pthread_mutex_unlock(&stream->lock);
	return n;
}

static void say_gap(struct reader *reader, uint64_t from, uint64_t to, uint64_t lost,
		    const char *reason)
{
	json_t *gap = lost ? gap_json(from, to, lost, reason) : NULL;

	if (gap)
		message(&reader->own, &reader->own_len, 0, "gap", gap);
	json_decref(gap);
}

/* Behind which seq the newest @last begin that fit; @older: how many there are before them */
static uint64_t newest_begin(const struct selection *what, const struct backlog *backlog,
			     unsigned last, uint64_t *older)
{
	const uint64_t fit = select_count(backlog, what);

	*older = fit > last ? fit - last : 0;
	return *older ? select_nth(backlog, what, *older) : 0;
}

/* The greeting, and what the reader has missed */
static void greet(struct reader *reader, uint64_t after, unsigned last, json_t *hello)
{
	static const char retry[] = "retry: 1000\n\n";
	struct stream *stream = reader->stream;
	const struct filter *filter = &reader->channel->filter;
	const unsigned limit = channel_limit(stream, filter);
	struct selection what = { .filter = filter,
				  .standard = stream->standard,
				  .after = after,
				  .until = stream->told,
				  .room = CHUNK_EVENTS_MAX,
				  .limit = limit,
				  .realtime_ns = stream->realtime_ns };
	uint64_t missing, newest, older = 0;
	unsigned chosen;
	json_t *events;

	reader->own = strdup(retry);
	reader->own_len = reader->own ? sizeof(retry) - 1 : 0;
	json_object_set_new(hello, "newest", json_integer((json_int_t)stream->told));
	json_object_set_new(hello, "limit", json_integer(limit));
	message(&reader->own, &reader->own_len, 0, "hello", hello);
	if (last) {
		what.after = 0;
		what.after = after = newest_begin(&what, &stream->backlog, last, &older);
		say_gap(reader, older ? 1 : 0, after, older, "older");
	}
	if (after >= stream->told)
		return;
	missing = backlog_missing(&stream->backlog, after, filter_rings(filter, stream->standard));
	if (missing && !last)
		say_gap(reader, after + 1, missing, missing - after, "backlog");
	events = select_events(&stream->backlog, &what, &chosen, &newest);
	if (events)
		message(&reader->own, &reader->own_len, newest, "events", events);
	json_decref(events);
}

static struct reader *reader_new(struct stream *stream, struct request *request,
				 const struct filter *filter)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->channel = channel_get(stream, filter);
	if (!reader->channel) {
		free(reader);
		return NULL;
	}
	reader->stream = stream;
	reader->request = request;
	reader->number = reader->channel->number;
	reader->next = reader->channel->readers;
	reader->channel->readers = reader;
	stream->readers++;
	return reader;
}

enum MHD_Result events_open(struct stream *stream, struct request *request,
			    const struct filter *filter, uint64_t after, unsigned last,
			    json_t *hello)
{
	struct MHD_Response *response;
	struct reader *reader = NULL;
	bool full;

	pthread_mutex_lock(&stream->lock);
	full = stream->readers >= STREAM_READERS_MAX;
	if (!full)
		reader = reader_new(stream, request, filter);
	if (reader)
		greet(reader, after, last, hello);
	pthread_mutex_unlock(&stream->lock);
	json_decref(hello);
	if (full)
		return http_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many readers");
	if (!reader)
		return MHD_NO;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, on_read, reader,
						     on_free);
	if (!response) {
		on_free(reader);
		return MHD_NO;
	}
	http_headers(response, "text/event-stream");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Accel-Buffering", "no");
	MHD_set_connection_option(request->connection, MHD_CONNECTION_OPTION_TIMEOUT,
				  SILENT_SECONDS);
	return http_answer(request, MHD_HTTP_OK, response);
}

void events_close(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->closing = true;
	for (struct channel *channel = stream->channels; channel; channel = channel->next)
		channel_wake(channel);
	pthread_mutex_unlock(&stream->lock);
}
