/* SPDX-License-Identifier: GPL-2.0-only */
/* client.h - talk to a running sandbox over its control socket */
#ifndef CLI_COMMON_CLIENT_H
#define CLI_COMMON_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <jansson.h>
#include "engine/control/message.h"
#include "engine/control/rundir.h"
#include "vitrine/error.h"

/**
 * struct client - a connection to a sandbox
 * @fd:   socket
 * @name: of the sandbox
 */
struct client {
	int fd;
	char name[RUNDIR_NAME_MAX + 1];
	char packet[MESSAGE_MAX];
};

/**
 * struct answer - a message from the sandbox
 * @json:    the object; the caller calls json_decref()
 * @payload: @len bytes in the client's packet, valid until the next message; NULL for none
 */
struct answer {
	json_t *json;
	const uint8_t *payload;
	size_t len;
};

/**
 * client_open() - Connect to a sandbox
 * @name:   its name, or the process id of its supervisor
 *
 * On failure @err->code is EAGAIN when there is such a sandbox, but it takes no connection.
 * @client: release with client_close(), whatever is returned
 */
int client_open(struct client *client, const char *name, struct error *err);

void client_close(struct client *client);

/**
 * client_timeout() - Give up on an answer after so many seconds
 * @seconds: 0 for never; patience_seconds() when nothing was said
 */
void client_timeout(struct client *client, unsigned seconds);

/**
 * client_await() - Wait for an answer for as long as the sandbox works on it
 *
 * Return: 0 when there is something to receive, or -1: it does nothing, and says nothing.
 */
int client_await(const struct client *client, struct error *err);

/**
 * client_await_end() - Wait until the sandbox has ended, which is the end of the connection
 *
 * What it may still say is not read.
 *
 * Return: whether it has within @ms milliseconds.
 */
bool client_await_end(struct client *client, unsigned ms);

/**
 * client_end() - End the sandbox
 *
 * It is asked to end in order: its processes are killed, its file systems unmounted. One that has
 * not ended after fifteen seconds is killed from outside; its disk is then as after a power
 * failure, which ext4 recovers from.
 *
 * Return: 0 when it is over, or -1.
 */
int client_end(struct client *client, struct error *err);

/**
 * client_pid() - Host process id of the supervisor
 */
pid_t client_pid(const struct client *client);

/**
 * client_send() - Send a message
 * @json: consumed; NULL (a string that was not UTF-8, or no memory) is an error
 */
int client_send(struct client *client, json_t *json, const void *payload, size_t len,
		struct error *err);

/** client_send_fds() - The same, of a message that takes descriptors along, which stay ours */
int client_send_fds(struct client *client, json_t *json, const int *fds, size_t nfds,
		    struct error *err);

/**
 * client_receive() - Wait for a message
 *
 * Return: 1, 0 when the connection has ended, or -1 with @err filled, also when the message says
 * that something failed; @err->code is then the guest's errno value, 0 for none.
 */
int client_receive(struct client *client, struct answer *answer, struct error *err);

/** client_receive_fds() - The same, of a message that brings descriptors, the caller's then */
int client_receive_fds(struct client *client, struct answer *answer, int fds[MESSAGE_FDS],
		       size_t *nfds, struct error *err);

/**
 * client_call() - Send a message and wait for its answer
 *
 * As client_send() and client_receive(); the end of the connection is an error.
 *
 * Return: 0 or -1.
 */
int client_call(struct client *client, json_t *json, const void *payload, size_t len,
		struct answer *answer, struct error *err);

#endif
