// SPDX-License-Identifier: GPL-2.0-only
/* network.c - what a client of the control socket can ask of the sandbox's network
 *
 * Theory of operation
 * The question is passed to the gate (engine/net/gate), which answers with JSON. That process talks
 * to strangers, so its answer is parsed before it is passed on.
 */
#include <stdlib.h>
#include <string.h>
#include "engine/net/net.h"
#include "operations.h"
#include "vitrine/util.h"

int control_net(struct connection *conn, struct message *msg)
{
	cleanup_free char *answer = NULL;
	char command[NET_COMMAND_MAX];
	struct error err = { 0 };
	json_t *json;

	if (snprintf(command, sizeof(command), "%s%s%s", msg->what, msg->spec ? " " : "",
		     msg->spec ?: "") >= (int)sizeof(command)) {
		error_set(&err, 0, "net: too long");
		return connection_error(conn, &err);
	}
	if (net_ask(command, &answer, &err))
		return connection_error(conn, &err);
	json = json_loads(answer, 0, NULL);
	if (json_is_object(json))
		return connection_answer(conn, json);
	json_decref(json);
	error_set(&err, 0, "the network process does not answer");
	return connection_error(conn, &err);
}
