// SPDX-License-Identifier: GPL-2.0-only
/* files.c - guest files for a client of the control socket
 *
 * Theory of operation
 * Each operation is one request to the guest kernel (pid1/files.c there), and a function that makes
 * the request's structure from the message. Handles are the kernel's numbers; a connection may only
 * use its own, which are closed when it ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "operations.h"
#include "engine/jobs/request.h"
#include "vitrine/util.h"

/* A request's structure: of whatever kind, and how long it is; no length: the payload is all */
struct head {
	size_t len;
	union {
		struct vt_open open;
		struct vt_close close;
		struct vt_read read;
		struct vt_write write;
		struct vt_list list;
		struct vt_mkdir mkdir;
		struct vt_chown chown;
	};
};

static struct head open_head(const struct message *msg)
{
	return (struct head){ sizeof(struct vt_open), .open = { msg->flags, msg->mode } };
}

static struct head close_head(const struct message *msg)
{
	return (struct head){ sizeof(struct vt_close), .close = { msg->handle } };
}

static struct head read_head(const struct message *msg)
{
	return (struct head){ sizeof(struct vt_read),
			      .read = { msg->handle, msg->length, msg->offset } };
}

static struct head write_head(const struct message *msg)
{
	return (struct head){ sizeof(struct vt_write),
			      .write = { .handle = msg->handle, .offset = msg->offset } };
}

static struct head list_head(const struct message *msg)
{
	return (struct head){ sizeof(struct vt_list),
			      .list = { msg->handle, MESSAGE_PAYLOAD_MAX } };
}

static struct head mkdir_head(const struct message *msg)
{
	return (struct head){ sizeof(struct vt_mkdir), .mkdir = { msg->mode } };
}

static struct head chown_head(const struct message *msg)
{
	return (struct head){ sizeof(struct vt_chown), .chown = { msg->uid, msg->gid } };
}

static struct head no_head(const struct message *msg)
{
	return (struct head){ 0 };
}

/* clang-format off */
static const struct file_operation {
	enum vt_request_kind kind;
	bool handle; /* of this connection */
	struct head (*head)(const struct message *msg);
} file_operations[MESSAGE_NOPS] = {
	[MESSAGE_OPEN] = { VT_REQ_OPEN, false, open_head },
	[MESSAGE_CLOSE] = { VT_REQ_CLOSE, true, close_head },
	[MESSAGE_READ] = { VT_REQ_READ, true, read_head },
	[MESSAGE_WRITE] = { VT_REQ_WRITE, true, write_head },
	[MESSAGE_STAT] = { VT_REQ_STAT, false, no_head },
	[MESSAGE_LIST] = { VT_REQ_LIST, true, list_head },
	[MESSAGE_MKDIR] = { VT_REQ_MKDIR, false, mkdir_head },
	[MESSAGE_UNLINK] = { VT_REQ_UNLINK, false, no_head },
	[MESSAGE_SYMLINK] = { VT_REQ_SYMLINK, false, no_head },
	[MESSAGE_READLINK] = { VT_REQ_READLINK, false, no_head },
	[MESSAGE_RENAME] = { VT_REQ_RENAME, false, no_head },
	[MESSAGE_RMDIR] = { VT_REQ_RMDIR, false, no_head },
	[MESSAGE_CHOWN] = { VT_REQ_CHOWN, false, chown_head },
	[MESSAGE_ATTRIBUTE] = { VT_REQ_ATTRIBUTE, false, no_head },
	[MESSAGE_ATTRIBUTES] = { VT_REQ_ATTRIBUTES, false, no_head },
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
	const struct vt_close ask = { handle };

	request_post(&(struct question){ QUESTION(VT_REQ_CLOSE, &ask) }, NULL, NULL);
}

/* The client has words of its own for Linux's errors; these are not what they seem */
static int errno_answer(struct connection *conn, int code)
{
	struct error err;

	if (code == ETIMEDOUT)
		error_set(&err, 0, "the guest's file system takes too long");
	else if (code == ENOBUFS)
		error_set(&err, 0, "too many file systems of the guest take too long");
	else
		error_set(&err, code, "%s", "");
	err.code = code;
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
	return connection_send(conn, json_pack("{s:I}", "value", (json_int_t)reply->value),
			       reply->data, reply->len, NULL, 0);
}

int control_file(struct connection *conn, struct message *msg)
{
	const struct file_operation *operation = &file_operations[msg->op];
	int64_t *slot = handle_slot(conn, operation->handle ? msg->handle : 0);
	struct head head = operation->head(msg);
	struct reply reply;
	int ret;

	if (operation->handle && !slot)
		return errno_answer(conn, EBADF);
	if (msg->op == MESSAGE_OPEN && !slot)
		return errno_answer(conn, EMFILE);
	connection_ask(conn,
		       &(struct question){ operation->kind, &head.open, head.len, msg->payload,
					   msg->payload_len },
		       &reply);
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
