/* SPDX-License-Identifier: GPL-2.0-only */
/* replay.h - a session out of a recording */
#ifndef OBSERVE_API_REPLAY_H
#define OBSERVE_API_REPLAY_H

#include <stdint.h>
#include "observe/events/backlog.h"
#include "session.h"
#include "vitrine/error.h"

/**
 * struct replay_sink - who wants the events of a recording
 * @clear: forget all of them; others follow
 * @event: the next one
 * @lost:  some of a ring, up to that seq, are not in the file
 */
struct replay_sink {
	void (*clear)(void *context);
	void (*event)(void *context, const struct event *event);
	void (*lost)(void *context, unsigned ring, uint64_t seq);
	void *context;
};

/**
 * replay_open() - Load a recording; it stands at its end
 * @session: zeroed but for @look; its name becomes the recorded sandbox's
 * @path:    of the file, which stays open
 * @cut:     set when the file ends in the middle of something
 *
 * Return: 0, or -1 with @err filled.
 */
int replay_open(struct session *session, const char *path, const struct replay_sink *sink,
		bool *cut, struct error *err);

/**
 * replay_seek() - Go to another moment of the recording
 * @time_ns: CLOCK_MONOTONIC of the recording; before its beginning: there, behind its end: there
 *
 * The history stays whole: what is now is as it was then.
 *
 * Return: 0, or -1 with @err filled: EINVAL when the session is no recording.
 */
int replay_seek(struct session *session, uint64_t time_ns, struct error *err);

#endif
