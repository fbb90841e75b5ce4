// SPDX-License-Identifier: GPL-2.0-only
/* replay.c - a session out of a recording
 *
 * Theory of operation
 * The file is walked through from its beginning: blocks go into memory that stands for the region,
 * answers into the album, events to whoever wants them, rows into the history. What stands there in
 * the end is what the sandbox's own server would have said at that moment, and is asked by the same
 * code. Another moment is another walk, up to there; only the history is kept as it is.
 *
 * Whoever reads meanwhile sees the region change, as that of a sandbox that runs.
 *
 * The file may come from anybody. Its structure is checked in record/reader.c, what is in the
 * region where every reader of a region checks it, and texts here: those that go out unparsed
 * (names of columns) are made of few characters.
 *
 * Host system calls: openat (once), read, lseek.
 */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "observe/events/event_json.h"
#include "observe/record/reader.h"
#include "vitrine/util.h"

#define REGION_HEAD 16	       /* magic, version and size are the same at every moment */
#define HISTORY_ROWS_MAX 86400 /* a day */

/**
 * struct replay - the file, and where in it we are
 * @first_ns, @last_ns: of its records
 * @rows:    coarse ones
 * @loading: for the first time: what comes once is taken as well
 * @until_ns: what is behind it is not to be seen
 */
struct replay {
	struct record_reader reader;
	struct replay_sink sink;
	uint8_t *memory;
	uint64_t first_ns, last_ns, rows, until_ns;
	bool loading, over;
};

static void take_sandbox(struct session *session, const struct record *record)
{
	json_t *sandbox =
	    json_loadb((const char *)record->payload, record->len, JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_string_value(json_object_get(sandbox, "name"));
	json_int_t memory = json_integer_value(json_object_get(sandbox, "memory_bytes"));
	json_int_t cpus = json_integer_value(json_object_get(sandbox, "cpus"));
	json_t *words, *command, *word;
	const char *image = json_string_value(json_object_get(sandbox, "image"));
	size_t i;

	if (session->sandbox || !name || !image) {
		json_decref(sandbox);
		return;
	}
	command = json_array();
	words = json_object_get(sandbox, "command");
	json_array_foreach(words, i, word)
	{
		if (json_is_string(word))
			json_array_append(command, word);
	}
	session->sandbox = json_pack(
	    "{s:s, s:I, s:s, s:o, s:f, s:I, s:i}", "name", name, "pid",
	    json_integer_value(json_object_get(sandbox, "pid")), "image", image, "command", command,
	    "started_ms", json_number_value(json_object_get(sandbox, "started_ms")), "memory_bytes",
	    memory > 0 ? memory : 0, "cpus", cpus > 0 && cpus < 1024 ? (int)cpus : 1);
	json_decref(sandbox);
	session->name = json_string_value(json_object_get(session->sandbox, "name"));
}

static void take_columns(struct session *session, const struct record *record)
{
	json_t *columns =
	    json_loadb((const char *)record->payload, record->len, JSON_REJECT_DUPLICATES, NULL);

	history_restore_columns(&session->history, columns);
	json_decref(columns);
}

static void take_row(struct session *session, const struct record *record)
{
	float values[FIGURES_MAX];
	bool coarse;

	if (record_values(record, values, FIGURES_MAX, &coarse))
		history_restore(&session->history, values, record->time_ns, coarse);
}

static void take_region(struct session *session, const struct record *record)
{
	struct replay *replay = session->replay;
	uint64_t ticks;

	if (!record_patch(record, replay->memory, &ticks))
		return;
	session->mapped.then_ns = record->time_ns;
	session->mapped.then_ticks = ticks;
}

static void take_events(struct session *session, const struct record *record)
{
	const struct replay_sink *sink = &session->replay->sink;
	struct event event;
	size_t at = 0;

	while (record_event_next(record, &at, &event)) {
		pthread_mutex_lock(&session->lock);
		session_event(session, &event);
		pthread_mutex_unlock(&session->lock);
		sink->event(sink->context, &event);
	}
}

static void take_lost(struct session *session, const struct record *record)
{
	const struct replay_sink *sink = &session->replay->sink;
	struct record_lost lost;

	if (!record_loss(record, &lost))
		return;
	pthread_mutex_lock(&session->lock);
	session->events_lost[lost.ring] += lost.lost;
	pthread_mutex_unlock(&session->lock);
	sink->lost(sink->context, (unsigned)lost.ring, lost.to);
}

static void take_view(struct session *session, const struct record *record)
{
	char path[RECORD_PATH_MAX + 1];
	struct record_view view;
	const char *text;
	size_t len;

	if (record_answer(record, &view, path, &text, &len))
		album_put(&session->album, view.view, view.pid, *path ? path : NULL, text, len,
			  record->time_ns);
}

/* What a kind of record means; @once: it is the same at every moment */
static const struct {
	void (*take)(struct session *session, const struct record *record);
	bool once;
} takers[] = {
	[RECORD_SANDBOX] = { take_sandbox, true }, [RECORD_COLUMNS] = { take_columns, true },
	[RECORD_REGION] = { take_region, false },  [RECORD_ROW] = { take_row, true },
	[RECORD_EVENTS] = { take_events, false },  [RECORD_LOST] = { take_lost, false },
	[RECORD_VIEW] = { take_view, false },	   [RECORD_END] = { NULL, true },
};

static void walk(struct session *session)
{
	struct replay *replay = session->replay;
	struct record record;

	while (record_next(&replay->reader, &record)) {
		const bool known = record.kind < ARRAY_SIZE(takers) && takers[record.kind].take;

		if (known && takers[record.kind].once ? replay->loading
						      : record.time_ns <= replay->until_ns) {
			if (known)
				takers[record.kind].take(session, &record);
		}
	}
}

/* How long it is, before there is memory for it */
static int measure(struct replay *replay, struct error *err)
{
	struct record record;
	float value;
	bool coarse;

	replay->first_ns = replay->last_ns = replay->reader.head.began_ns;
	while (record_next(&replay->reader, &record)) {
		if (record.kind != RECORD_EVENTS && record.time_ns > replay->last_ns)
			replay->last_ns = record.time_ns;
		if (record_values(&record, &value, 1, &coarse) && coarse)
			replay->rows++;
		replay->over |= record.kind == RECORD_END;
	}
	return record_rewind(&replay->reader, err);
}

static int replay_make(struct session *session, FILE *file, struct error *err)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	uint64_t rows;

	if (!replay)
		return error_set(err, 0, "no memory");
	session->replay = replay;
	if (record_open(&replay->reader, file, err) < 0 || measure(replay, err) < 0)
		return -1;
	replay->memory = calloc(1, VT_TELEMETRY_SIZE);
	if (!replay->memory)
		return error_set(err, 0, "no memory for the recording");
	rows = replay->rows < HISTORY_COARSE_ROWS ? HISTORY_COARSE_ROWS : replay->rows;
	session->realtime_ns = replay->reader.head.realtime_ns;
	session->began_ns = replay->first_ns;
	return session_prepare(session, rows < HISTORY_ROWS_MAX ? rows : HISTORY_ROWS_MAX, err);
}

int replay_open(struct session *session, const char *path, const struct replay_sink *sink,
		bool *cut, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	struct replay *replay;

	if (!file)
		return error_set(err, errno, "cannot open %s", path);
	if (replay_make(session, file, err) < 0)
		return -1;
	replay = session->replay;
	replay->sink = *sink;
	replay->loading = true;
	replay->until_ns = session->ended_ns = replay->last_ns;
	session->state = SESSION_ENDED;
	session->recorded = true;
	walk(session);
	replay->loading = false;
	*cut = replay->reader.cut;
	session->mapped.memory = replay->memory;
	session->mapped.size = VT_TELEMETRY_SIZE;
	session->region = &session->mapped;
	if (!session->sandbox)
		return error_set(err, 0, "%s does not say what was recorded", path);
	return region_check(session->region, err);
}

int replay_seek(struct session *session, uint64_t time_ns, struct error *err)
{
	struct replay *replay = session->replay;

	if (!replay)
		return error_set(err, EINVAL, "only a recording can show another moment");
	if (record_rewind(&replay->reader, err) < 0)
		return -1;
	time_ns = time_ns < replay->first_ns ? replay->first_ns : time_ns;
	replay->until_ns = time_ns < replay->last_ns ? time_ns : replay->last_ns;
	replay->sink.clear(replay->sink.context);
	memset(replay->memory + REGION_HEAD, 0, RECORD_REGION_SIZE - REGION_HEAD);
	album_clear(&session->album);
	pthread_mutex_lock(&session->lock);
	session->ended_ns = replay->until_ns;
	memset(session->enosys, 0, sizeof(session->enosys));
	memset(session->events_lost, 0, sizeof(session->events_lost));
	session->events_read = 0;
	pthread_mutex_unlock(&session->lock);
	walk(session);
	pthread_mutex_lock(&session->lock);
	session->announce = true;
	pthread_mutex_unlock(&session->lock);
	return 0;
}

json_t *json_recorded(struct session *session)
{
	const struct replay *replay = session->replay;

	if (!replay)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:b}", "from_ms",
			 time_ms(replay->first_ns, session->realtime_ns), "to_ms",
			 time_ms(replay->last_ns, session->realtime_ns), "moment_ms",
			 session_time(session), "complete", (int)replay->over);
}
