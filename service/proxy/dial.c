// SPDX-License-Identifier: GPL-2.0-only
/* dial.c - a connection to a server that listens in a sandbox
 *
 * The guest's kernel makes it (the message `connect` of the control socket), so neither a network
 * of the sandbox nor a port of the host is needed.
 */
#include "dial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service/life/sandbox.h"
#include "vitrine/util.h"

#define PATIENCE 15

static int ask(struct dial *dial, unsigned port, int theirs, struct error *err)
{
	const int fds[2] = { theirs, theirs };
	struct answer answer = { 0 };
	int ret;

	if (message_send(dial->client->fd,
			 json_pack("{s:s, s:i}", "op", "connect", "port", (int)port), NULL, 0, fds,
			 ARRAY_SIZE(fds)))
		return error_set(err, 0, "the sandbox cannot be reached");
	client_timeout(dial->client, PATIENCE);
	ret = client_receive(dial->client, &answer, err);
	client_timeout(dial->client, 0);
	json_decref(answer.json);
	return ret > 0 ? 0 : ret == 0 ? error_set(err, 0, "the sandbox has ended") : -1;
}

int dial_open(struct service *service, const char *id, unsigned port, struct dial *dial,
	      struct fault *fault)
{
	char name[SANDBOX_NAME_LEN + 1];
	struct error err = { 0 };
	int pair[2], ret;

	*dial = (struct dial){ .fd = -1, .client = malloc(sizeof(*dial->client)) };
	if (!dial->client)
		return fault_set(fault, FAULT_BUSY, "no memory");
	sandbox_name(service, id, name);
	if (client_open(dial->client, name, &err))
		return fault_error(fault, FAULT_SANDBOX_GONE, &err);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return fault_set(fault, FAULT_BUSY, "no descriptors are left");
	dial->fd = pair[0];
	ret = ask(dial, port, pair[1], &err);
	close(pair[1]);
	if (!ret)
		return 0;
	return fault_set(fault,
			 err.code == ECONNREFUSED ? FAULT_NOT_FOUND
			 : err.code		  ? FAULT_UNAVAILABLE
						  : FAULT_SANDBOX_GONE,
			 "port %u: %s", port, err.text[0] ? err.text : strerror(err.code));
}

void dial_close(struct dial *dial)
{
	cleanup_close_fn(&dial->fd);
	if (dial->client)
		client_close(dial->client);
	free(dial->client);
	dial->client = NULL;
}
