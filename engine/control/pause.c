// SPDX-License-Identifier: GPL-2.0-only
/* pause.c - a client of the control socket wants the sandbox to be paused, or a snapshot of it
 *
 * The client sends descriptors of the files that the sandbox is to be written to. The supervisor
 * answers {"paused": b} when all of it is durable. With b it ends then, without b it goes on.
 */
#include "operations.h"

static int (*pauser)(const int *fds, size_t nfds, bool goes_on, struct error *err);

void control_on_pause(int (*pause)(const int *fds, size_t nfds, bool goes_on, struct error *err))
{
	pauser = pause;
}

int control_pause(struct connection *conn, struct message *msg)
{
	struct error err;

	if (!pauser || pauser(conn->fds, conn->nfds, msg->goes_on, &err)) {
		if (!pauser)
			error_set(&err, 0, "the sandbox cannot be paused yet");
		return connection_error(conn, &err);
	}
	return connection_answer(conn, json_pack("{s:b}", "paused", (int)!msg->goes_on));
}
