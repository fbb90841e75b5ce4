// SPDX-License-Identifier: GPL-2.0-only
/* files.c - guest files for a client of the control socket
 *
 * Theory of operation
 * Each operation is one request to the guest kernel (files.c there), and the table says how the
 * fields of the message become its arguments. Handles are the kernel's numbers; a connection may
 * only use its own, which are closed when it ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "connection.h"
#include "engine/jobs/request.h"
#include "vitrine/util.h"

#define AT(member) offsetof(struct message, member)
#define NONE ((size_t)-1)

/* clang-format off */
static const struct file_operation {
	enum vt_request_kind kind;
	bool handle; /* args[0] is a handle of this connection */
	size_t args[3];
} file_operations[MESSAGE_NOPS] = {
	[MESSAGE_OPEN] = { VT_REQ_OPEN, false, { AT(flags), AT(mode), NONE } },
	[MESSAGE_CLOSE] = { VT_REQ_CLOSE, true, { AT(handle), NONE, NONE } },
	[MESSAGE_READ] = { VT_REQ_READ, true, { AT(handle), AT(offset), AT(length) } },
	[MESSAGE_WRITE] = { VT_REQ_WRITE, true, { AT(handle), AT(offset), NONE } },
	[MESSAGE_STAT] = { VT_REQ_STAT, false, { NONE, NONE, NONE } },
	[MESSAGE_LIST] = { VT_REQ_LIST, true, { AT(handle), AT(length), NONE } },
	[MESSAGE_MKDIR] = { VT_REQ_MKDIR, false, { AT(mode), NONE, NONE } },
	[MESSAGE_UNLINK] = { VT_REQ_UNLINK, false, { NONE, NONE, NONE } },
	[MESSAGE_SYMLINK] = { VT_REQ_SYMLINK, false, { NONE, NONE, NONE } },
	[MESSAGE_READLINK] = { VT_REQ_READLINK, false, { NONE, NONE, NONE } },
};
/* clang-format on */

static int64_t *handle_slot(struct connection *conn, int64_t handle)
{
	for (size_t i = 0; i < CONNECTION_HANDLES; i++) {
		if (conn->handles[i] == handle)
			return &conn->handles[i];
	}
	return NULL;
}

static void handle_close(int64_t handle)
{
	const uint64_t args[4] = { handle };

	request_post(VT_REQ_CLOSE, args, NULL, 0, NULL, NULL);
}

static int errno_answer(struct connection *conn, int code)
{
	struct error err;

	error_set(&err, code, "%s", "");
	return connection_error(conn, &err);
}

/* struct vt_file_stat as an object */
static json_t *stat_pack(const struct reply *reply)
{
	struct vt_file_stat st;

	if (reply->len != sizeof(st))
		return NULL;
	memcpy(&st, reply->data, sizeof(st));
	return json_pack("{s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:I}", "mode", (int)st.mode, "uid",
			 (int)st.uid, "gid", (int)st.gid, "nlink", (int)st.nlink, "size",
			 (json_int_t)st.size, "mtime", (json_int_t)st.mtime_s, "mtime_ns",
			 (json_int_t)st.mtime_ns, "ino", (json_int_t)st.ino);
}

static int file_answer(struct connection *conn, const struct message *msg,
		       const struct reply *reply)
{
	if (msg->op == MESSAGE_STAT)
		return connection_answer(conn, stat_pack(reply));
	return message_send(conn->fd, json_pack("{s:I}", "value", (json_int_t)reply->value),
			    reply->data, reply->len, NULL, 0);
}

int control_file(struct connection *conn, struct message *msg)
{
	const struct file_operation *operation = &file_operations[msg->op];
	int64_t *slot = handle_slot(conn, operation->handle ? msg->handle : 0);
	uint64_t args[4] = { 0 };
	struct reply reply;
	int ret;

	if (operation->handle && !slot)
		return errno_answer(conn, EBADF);
	if (msg->op == MESSAGE_OPEN && !slot)
		return errno_answer(conn, EMFILE);
	if (msg->op == MESSAGE_LIST)
		msg->length = MESSAGE_PAYLOAD_MAX;
	for (int i = 0; i < 3; i++) {
		if (operation->args[i] != NONE)
			args[i] = *(int64_t *)((char *)msg + operation->args[i]);
	}
	request_call(operation->kind, args, msg->payload, msg->payload_len, &reply);
	if (reply.value < 0) {
		ret = errno_answer(conn, -reply.value);
	} else {
		if (msg->op == MESSAGE_OPEN)
			*slot = reply.value;
		else if (msg->op == MESSAGE_CLOSE)
			*slot = 0;
		ret = file_answer(conn, msg, &reply);
	}
	free(reply.data);
	return ret;
}

void control_files_close(struct connection *conn)
{
	for (size_t i = 0; i < CONNECTION_HANDLES; i++) {
		if (conn->handles[i])
			handle_close(conn->handles[i]);
	}
}
