// SPDX-License-Identifier: GPL-2.0-only
/* pause.c - a client of the control socket wants the sandbox to be paused
 *
 * The client sends descriptors of the files that the sandbox is to go to. The answer {"paused":
 * true} comes when all of it is there, durably, and is the last that is heard of this process.
 */
#include "operations.h"

static int (*pauser)(const int *fds, size_t nfds, struct error *err);

void control_on_pause(int (*pause)(const int *fds, size_t nfds, struct error *err))
{
	pauser = pause;
}

int control_pause(struct connection *conn, struct message *msg)
{
	struct error err;

	if (!pauser || pauser(conn->fds, conn->nfds, &err)) {
		if (!pauser)
			error_set(&err, 0, "the sandbox cannot be paused yet");
		return connection_error(conn, &err);
	}
	return connection_answer(conn, json_pack("{s:b}", "paused", 1));
}
