// SPDX-License-Identifier: GPL-2.0-only
/* pause.c - a client of the control socket wants the sandbox to be paused, or a snapshot of it
 *
 * The client sends descriptors of the files that the sandbox is to be written to, and says what has
 * a name there already that an earlier generation has written. The supervisor
 * answers {"paused": b} when all of it is durable. With b it ends then, without b it goes on. With
 * "live", memory is not written: the answer has descriptors of it.
 */
#include <errno.h>

#include "idle.h"
#include "operations.h"

static int (*pauser)(struct pause_wish *wish, struct error *err);

void control_on_pause(int (*pause)(struct pause_wish *wish, struct error *err))
{
	pauser = pause;
}

int control_pause(struct connection *conn, struct message *msg)
{
	struct pause_wish wish = { .fds = conn->fds,
				   .nfds = conn->nfds,
				   .goes_on = msg->goes_on,
				   .live = msg->live,
				   .generation = msg->generation,
				   .names = msg->layers };
	struct error err;

	/* Of who waits no longer, the files may be gone, and with them what is written there */
	if (connection_gone(conn))
		return -1;
	/* Who comes while it is being paused finds nothing begun */
	if (!msg->goes_on && !idle_close(msg->unless_busy)) {
		error_set(&err, EBUSY, "the sandbox has something to do");
		return connection_error(conn, &err);
	}
	if (!pauser || pauser(&wish, &err)) {
		if (!pauser)
			error_set(&err, 0, "the sandbox cannot be paused yet");
		if (!msg->goes_on)
			idle_open();
		return connection_error(conn, &err);
	}
	if (!msg->goes_on)
		idle_over();
	return connection_send(conn,
			       json_pack("{s:b, s:I}", "paused", (int)!msg->goes_on, "stopped_ns",
					 (json_int_t)wish.stopped_ns),
			       NULL, 0, wish.layers, wish.count);
}
