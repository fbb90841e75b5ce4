// SPDX-License-Identifier: GPL-2.0-only
/* message.c - what struct msghdr leads to: a name, buffers, control data
 *
 * Theory of operation
 * An argument may be an array of messages; the parts of each have indices of their own (enum
 * vt_message_part). Parts that have no room are not there, and are shown as pointers. Of control
 * data that carries descriptors their paths are kept too: when it is sent as the sender's, when it
 * is received as the receiver's.
 */
#include <linux/kernel.h>
#include <linux/socket.h>
#include "capture.h"

#define NAME_MAX_KEPT 128
#define CONTROL_MAX_KEPT 128
#define LENGTH_OFFSET sizeof(struct user_msghdr) /* of struct mmsghdr's msg_len */

static_assert(VT_MESSAGES_MAX * VT_MESSAGE_PARTS <= VT_DATA_COUNT, "indices are bytes");

static unsigned int part(unsigned int message, enum vt_message_part which)
{
	return message * VT_MESSAGE_PARTS + which;
}

/* Descriptors in control data that has been kept */
static void keep_rights(struct vt_captured *captured, unsigned int arg, unsigned int message,
			const struct vt_event_data *control)
{
	const u8 *bytes = (const u8 *)(control + 1);
	unsigned int kept = 0;
	struct cmsghdr head;

	for (size_t at = 0; at + sizeof(head) <= control->len; at += CMSG_ALIGN(head.cmsg_len)) {
		memcpy(&head, bytes + at, sizeof(head));
		if (head.cmsg_len < sizeof(head) || head.cmsg_len > control->len - at)
			break;
		if (head.cmsg_level != SOL_SOCKET || head.cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t fd = sizeof(head); fd + sizeof(int) <= head.cmsg_len;
		     fd += sizeof(int)) {
			if (kept == VT_MESSAGE_PATHS)
				return;
			vt_keep_descriptor(captured, arg, part(message, VT_MESSAGE_PATH) + kept++,
					   *(const int *)(bytes + at + fd));
		}
	}
}

/**
 * vt_keep_message() - Keep one message
 * @from:  struct user_msghdr, or with @size bytes more than that
 * @total: bytes that its buffers hold
 *
 * Return: false when its memory is not there.
 */
bool vt_keep_message(struct vt_captured *captured, unsigned int arg, unsigned int message, u64 from,
		     size_t size, u64 total)
{
	const struct vt_event_data *control = NULL;
	struct user_msghdr head;

	if (!vt_fetch(&head, from, sizeof(head)) ||
	    !vt_keep_bytes(captured, arg, part(message, VT_MESSAGE_HEAD), from, size, size))
		return false;
	if (head.msg_name && head.msg_namelen > 0)
		vt_keep_bytes(captured, arg, part(message, VT_MESSAGE_NAME), (u64)head.msg_name,
			      head.msg_namelen, NAME_MAX_KEPT);
	vt_keep_vector(captured, arg, part(message, VT_MESSAGE_VECTOR),
		       part(message, VT_MESSAGE_CUT), (u64)head.msg_iov, head.msg_iovlen, total,
		       vt_wishes.capture);
	if (head.msg_control && head.msg_controllen)
		control =
		    vt_keep_bytes(captured, arg, part(message, VT_MESSAGE_CONTROL),
				  (u64)head.msg_control, head.msg_controllen, CONTROL_MAX_KEPT);
	if (control && vt_wishes.paths)
		keep_rights(captured, arg, message, control);
	return true;
}

/**
 * vt_keep_messages() - Keep an array of struct mmsghdr
 * @received: how much its buffers hold is said by msg_len
 */
bool vt_keep_messages(struct vt_captured *captured, unsigned int arg, u64 from, u64 count,
		      bool received)
{
	for (unsigned int i = 0; i < count && i < VT_MESSAGES_MAX; i++) {
		u64 at = from + i * sizeof(struct mmsghdr);
		unsigned int length = U32_MAX;

		if (received && !vt_fetch(&length, at + LENGTH_OFFSET, sizeof(length)))
			return i > 0;
		if (!vt_keep_message(captured, arg, i, at, LENGTH_OFFSET + sizeof(length),
				     received ? length : U64_MAX))
			return i > 0;
	}
	return true;
}

/**
 * vt_keep_name_length() - Keep how much room there is for the name of who sent a message
 */
bool vt_keep_name_length(struct vt_captured *captured, unsigned int arg, unsigned int message,
			 u64 from)
{
	const size_t size = sizeof_field(struct user_msghdr, msg_namelen);

	return vt_keep_bytes(captured, arg, part(message, VT_MESSAGE_LENGTH),
			     from + offsetof(struct user_msghdr, msg_namelen), size, size);
}

void vt_keep_name_lengths(struct vt_captured *captured, unsigned int arg, u64 from, u64 count)
{
	for (unsigned int i = 0; i < count && i < VT_MESSAGES_MAX; i++)
		vt_keep_name_length(captured, arg, i, from + i * sizeof(struct mmsghdr));
}

/**
 * vt_keep_message_lengths() - Keep how much of each message was sent
 */
void vt_keep_message_lengths(struct vt_captured *captured, unsigned int arg, u64 from, u64 count)
{
	for (unsigned int i = 0; i < count && i < VT_MESSAGES_MAX; i++)
		vt_keep_bytes(captured, arg, part(i, VT_MESSAGE_LENGTH),
			      from + i * sizeof(struct mmsghdr) + LENGTH_OFFSET, sizeof(u32),
			      sizeof(u32));
}
