/* SPDX-License-Identifier: GPL-2.0-only */
/* operations.h - what a client of the control socket can ask for; private to engine/control */
#ifndef ENGINE_CONTROL_OPERATIONS_H
#define ENGINE_CONTROL_OPERATIONS_H

#include "connection.h"
#include "message.h"

/* An operation: 0 to go on with the connection, -1 to end it */
typedef int connection_op(struct connection *conn, struct message *msg);

/* exec.c */
connection_op control_exec, control_connect, control_attach;

/* pause.c */
connection_op control_pause;

/* idle.c */
connection_op control_await;

/* files.c: MESSAGE_OPEN to MESSAGE_ATTRIBUTES */
connection_op control_file;
void control_files_close(struct connection *conn);

/* query.c */
connection_op control_info, control_ps, control_logs, control_kill;
void control_query_init(const struct sandbox_config *config);

/* observe.c */
connection_op control_observe, control_view, control_follow;
void control_observe_close(struct connection *conn);
void control_observe_stop(void);

/* network.c */
connection_op control_net;

#endif
