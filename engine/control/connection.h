/* SPDX-License-Identifier: GPL-2.0-only */
/* connection.h - one client of the control socket; private to engine/control */
#ifndef ENGINE_CONTROL_CONNECTION_H
#define ENGINE_CONTROL_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "control.h"
#include "engine/jobs/request.h"
#include "engine/sandbox.h"
#include "message.h"
#include "vitrine/abi.h"

#define CONNECTION_HANDLES 16

/**
 * struct connection - one client, served by one thread
 * @fd:      its socket
 * @config:  the sandbox
 * @fds:     descriptors that came with the message that is being served
 * @handles: guest files that it has open, 0 for none; closed when it goes
 * @wish:    what it observes, and @next_observer: in the list of those that do
 * @reserve: it is one more than CONTROL_CLIENTS
 * @observes: it says nothing for long because it looks
 * @waits_since: for the client (nanoseconds), which has to send or to receive; 0: for the sandbox
 * @packet:  the message that is being served
 */
struct connection {
	int fd;
	const struct sandbox_config *config;
	int fds[MESSAGE_FDS];
	size_t nfds;
	int64_t handles[CONNECTION_HANDLES];
	struct vt_observe wish;
	struct connection *next_observer;
	bool reserve, observes;
	uint64_t waits_since;
	struct connection *next;
	char packet[MESSAGE_MAX];
};

/**
 * connection_open() - A client has come
 * @fd:     its socket; taken over
 * @config: the sandbox
 *
 * When there are too many, one that has left the sandbox waiting for long has to go. When there is
 * none, or no memory, the client is told so.
 *
 * Return: the connection, or NULL.
 */
struct connection *connection_open(int fd, const struct sandbox_config *config);

/**
 * connection_close() - The client is served
 */
void connection_close(struct connection *conn);

/**
 * connection_send() - Send an object with @len bytes of payload and @nfds descriptors
 * @json: consumed; NULL counts as a lack of memory
 *
 * Return: 0, or -1 when the client is gone.
 */
int connection_send(struct connection *conn, json_t *json, const void *payload, size_t len,
		    const int *fds, size_t nfds);

/**
 * connection_answer() - Send an object alone
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

/**
 * connection_ask() - Ask the guest kernel, as long as the client waits
 *
 * As request_call().
 */
int64_t connection_ask(struct connection *conn, const struct question *question,
		       struct reply *reply);

/**
 * connection_asked() - A client has asked something, or has its answer
 */
void connection_asked(bool yes);

/**
 * connections_stop() - The sandbox is over: wait until who asked something has an answer
 *
 * For three seconds at the most.
 */
void connections_stop(void);

/**
 * connections_stopping() - Is the sandbox over?
 *
 * An operation that would go on for ever says its last word then.
 */
bool connections_stopping(void);

/**
 * connection_gone() - Has the client gone?
 */
bool connection_gone(const struct connection *conn);

#endif
