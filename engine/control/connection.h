/* SPDX-License-Identifier: GPL-2.0-only */
/* connection.h - one client of the control socket; private to control*.c */
#ifndef ENGINE_CONTROL_CONNECTION_H
#define ENGINE_CONTROL_CONNECTION_H

#include <stddef.h>
#include <stdint.h>
#include "message.h"
#include "engine/sandbox.h"
#include "vitrine/abi.h"

#define CONNECTION_HANDLES 16

/**
 * struct observe_wish - what a client wants to observe
 * @what:     VT_OBSERVE_*; 0 when it does not observe
 * @kinds:    bit per enum vt_event_kind; only with VT_OBSERVE_EVENTS
 * @flags:    VT_OBSERVE_PATHS
 * @interval: nanoseconds between samples; only with VT_OBSERVE_SAMPLER
 * @filter:   calls whose events are wanted, and how much of their buffers
 */
struct observe_wish {
	uint64_t what, kinds, flags, interval;
	struct vt_observe_filter filter;
};

/**
 * struct connection - one client, served by one thread
 * @fd:      its socket
 * @config:  the sandbox
 * @fds:     descriptors that came with the message that is being served
 * @handles: guest files that it has open, 0 for none; closed when it goes
 * @wish:    what it observes, and @next_observer: in the list of those that do
 * @packet:  the message that is being served
 */
struct connection {
	int fd;
	const struct sandbox_config *config;
	int fds[MESSAGE_FDS];
	size_t nfds;
	int64_t handles[CONNECTION_HANDLES];
	struct observe_wish wish;
	struct connection *next_observer;
	char packet[MESSAGE_MAX];
};

/* An operation: 0 to go on with the connection, -1 to end it */
typedef int connection_op(struct connection *conn, struct message *msg);

/**
 * connection_answer() - Send an object; NULL counts as a lack of memory
 */
int connection_answer(struct connection *conn, json_t *json);

/**
 * connection_error() - Send {"error": text, "errno": code}
 */
int connection_error(struct connection *conn, const struct error *err);

/**
 * connection_receive() - Next message into @conn->packet, descriptors into @conn->fds
 *
 * Return: length, 0 when the client has gone, -1 when it misbehaves.
 */
ssize_t connection_receive(struct connection *conn);

void connection_close_fds(struct connection *conn);

/* The sandbox is over: an operation that would go on for ever says its last word */
bool control_stopping(void);

/* exec.c */
connection_op control_exec;

/* files.c: MESSAGE_OPEN to MESSAGE_READLINK */
connection_op control_file;
void control_files_close(struct connection *conn);

/* query.c */
connection_op control_info, control_ps, control_logs, control_kill;
void control_query_init(void);

/* observe.c */
connection_op control_observe, control_view, control_follow;
void control_observe_close(struct connection *conn);
void control_observe_stop(void);

#endif
