// SPDX-License-Identifier: GPL-2.0-only
/* message.c - buffers of a vector, and messages, which consist of more than that
 *
 * Parts of a message are records of one argument, by index (enum vt_message_part); the parts of the
 * next message of an array follow. A part that was not kept is shown as the pointer to it.
 */

#include <stddef.h>
#include <sys/socket.h>
#include "parts.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

/**
 * struct message - one that is shown
 * @first: index of its first part
 * @head:  struct msghdr, as far as it was kept
 * @total: bytes that its buffers hold
 */
struct message {
	const struct call *call;
	unsigned arg, first;
	const struct event_data *head;
	uint64_t total;
};

/* @count buffers from @index on, which hold @total bytes together; those that have no record are
 * NULL, or behind the last one that was kept when @cut says that not all were
 */
static void vector_text(struct text *t, const struct call *call, unsigned arg, unsigned index,
			uint64_t count, const struct event_data *cut, uint64_t total)
{
	unsigned most = count < VT_VECTORS_MAX ? (unsigned)count : VT_VECTORS_MAX;

	while (cut && most && !call_data(call, arg, index + most - 1))
		most--;
	text_char(t, '[');
	for (unsigned i = 0; i < most; i++) {
		const struct event_data *data = call_data(call, arg, index + i);
		uint64_t here = data && data->full < total ? data->full : total;

		text_put(t, i ? ", {iov_base=" : "{iov_base=");
		if (data)
			bytes_text(t, call, data, here, TEXT_ESCAPE);
		else
			text_put(t, "NULL");
		text_put(t, ", iov_len=");
		text_unsigned(t, data ? data->full : 0);
		text_char(t, '}');
		total -= data ? here : 0;
	}
	text_put(t, !cut ? "]" : most ? ", ...]" : "...]");
}

static bool any_part(const struct call *call, unsigned arg, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (call_data(call, arg, first + i))
			return true;
	}
	return false;
}

void print_vector(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *cut = call_data(call, arg, VT_DATA_COUNT);
	bool out = arg_capture[call_argument(call->nr, arg)].capture == VT_CAPTURE_OUT_VECTOR;

	if (any_part(call, arg, 0, VT_VECTORS_MAX))
		vector_text(t, call, arg, 0, call->args[arg + 1], cut,
			    out ? (uint64_t)call->result : UINT64_MAX);
	else
		pointer_text(t, call->args[arg]);
}

static const struct event_data *part_of(const struct message *m, enum vt_message_part part)
{
	return call_data(m->call, m->arg, m->first + part);
}

static void name_text(struct text *t, const struct message *m, uint32_t before)
{
	const struct event_data *name = part_of(m, VT_MESSAGE_NAME);
	uint32_t length = data_u32(m->head, offsetof(struct msghdr, msg_namelen));

	text_put(t, "msg_name=");
	if (name && name->len >= 2)
		sockaddr_text(t, name);
	else
		pointer_text(t, data_u64(m->head, offsetof(struct msghdr, msg_name)));
	text_format(t, ", msg_namelen=%d", (int32_t)before);
	if (length != before)
		text_format(t, " => %d", (int32_t)length);
}

static void rights_text(struct text *t, const struct message *m, const struct event_data *control,
			size_t at, size_t end)
{
	unsigned n = 0;

	text_char(t, '[');
	for (; at + sizeof(int) <= end; at += sizeof(int), n++) {
		int32_t fd = (int32_t)data_u32(control, at);

		text_put(t, n ? ", " : "");
		if (n < VT_MESSAGE_PATHS)
			fd_text(t, m->call, m->arg, m->first + VT_MESSAGE_PATH + n, fd);
		else
			text_signed(t, fd);
	}
	text_char(t, ']');
}

/* Elsewhere than at the level of sockets, control data is named after the option that asks for it
 */
static void control_type_text(struct text *t, uint32_t level, uint32_t type)
{
	if (level == SOL_SOCKET)
		names_text(t, &names_control, type);
	else
		option_text(t, level, type);
}

/* One of them, from @at to @end */
static void control_one_text(struct text *t, const struct message *m,
			     const struct event_data *control, size_t at, size_t end)
{
	uint32_t level = data_u32(control, at + offsetof(struct cmsghdr, cmsg_level));
	uint32_t type = data_u32(control, at + offsetof(struct cmsghdr, cmsg_type));
	size_t data = at + sizeof(struct cmsghdr);

	text_format(t, "{cmsg_len=%zu, cmsg_level=", end - at);
	names_text(t, &names_level, level);
	text_put(t, ", cmsg_type=");
	control_type_text(t, level, type);
	if (level == SOL_SOCKET && type == SCM_RIGHTS) {
		text_put(t, ", cmsg_data=");
		rights_text(t, m, control, data, end);
	} else if (level == SOL_SOCKET && type == SCM_CREDENTIALS && end - data >= 12) {
		text_format(t, ", cmsg_data={pid=%d, uid=%u, gid=%u}",
			    (int32_t)data_u32(control, data), data_u32(control, data + 4),
			    data_u32(control, data + 8));
	} else if (data < end) {
		text_put(t, ", cmsg_data=");
		text_quoted(t, control->bytes + data, end - data, TEXT_HEX);
	}
	text_char(t, '}');
}

static void control_text(struct text *t, const struct message *m)
{
	const struct event_data *control = part_of(m, VT_MESSAGE_CONTROL);
	uint64_t len;
	size_t at = 0;

	text_put(t, ", msg_control=");
	if (!control || control->len < sizeof(struct cmsghdr)) {
		pointer_text(t, data_u64(m->head, offsetof(struct msghdr, msg_control)));
		return;
	}
	text_char(t, '[');
	for (; at + sizeof(struct cmsghdr) <= control->len; at += (len + 7) & ~7ULL) {
		len = data_u64(control, at);
		if (len < sizeof(struct cmsghdr) || len > control->len - at)
			break;
		text_put(t, at ? ", " : "");
		control_one_text(t, m, control, at, at + len);
	}
	text_put(t, at < control->full ? (at ? ", ...]" : "...]") : "]");
}

/* @before: the length of the name, where the call changes it */
static void message_text(struct text *t, const struct message *m, uint32_t before)
{
	uint64_t buffers = data_u64(m->head, offsetof(struct msghdr, msg_iov));
	uint64_t count = data_u64(m->head, offsetof(struct msghdr, msg_iovlen));
	uint64_t control = data_u64(m->head, offsetof(struct msghdr, msg_controllen));
	const struct event_data *cut = part_of(m, VT_MESSAGE_CUT);

	text_char(t, '{');
	name_text(t, m, before);
	text_put(t, ", msg_iov=");
	if (buffers && (!count || cut ||
			any_part(m->call, m->arg, m->first + VT_MESSAGE_VECTOR, VT_VECTORS_MAX)))
		vector_text(t, m->call, m->arg, m->first + VT_MESSAGE_VECTOR, count, cut, m->total);
	else
		pointer_text(t, buffers);
	text_put(t, ", msg_iovlen=");
	text_unsigned(t, count);
	if (control)
		control_text(t, m);
	text_put(t, ", msg_controllen=");
	text_unsigned(t, control);
	text_put(t, ", msg_flags=");
	names_text(t, &names_message, data_u32(m->head, offsetof(struct msghdr, msg_flags)));
	text_char(t, '}');
}

static bool message_at(struct message *m, const struct call *call, unsigned arg, unsigned n)
{
	*m = (struct message){
		.call = call,
		.arg = arg,
		.first = n * VT_MESSAGE_PARTS,
		.head = call_data(call, arg, n * VT_MESSAGE_PARTS + VT_MESSAGE_HEAD),
		.total = UINT64_MAX,
	};
	return m->head && m->head->len >= sizeof(struct msghdr);
}

static uint32_t name_length(const struct message *m)
{
	return data_u32(m->head, offsetof(struct msghdr, msg_namelen));
}

/* What it was before, if that was kept */
static uint32_t name_length_before(const struct message *m)
{
	const struct event_data *before = part_of(m, VT_MESSAGE_LENGTH);

	return before ? data_u32(before, 0) : name_length(m);
}

void print_sent(struct text *t, const struct call *call, unsigned arg)
{
	struct message m;

	if (message_at(&m, call, arg, 0))
		message_text(t, &m, name_length(&m));
	else
		pointer_text(t, call->args[arg]);
}

void print_received(struct text *t, const struct call *call, unsigned arg)
{
	struct message m;

	if (message_at(&m, call, arg, 0)) {
		m.total = (uint64_t)call->result;
		message_text(t, &m, name_length_before(&m));
	} else if (part_of(&m, VT_MESSAGE_LENGTH)) {
		text_format(t, "{msg_namelen=%d}",
			    (int32_t)data_u32(part_of(&m, VT_MESSAGE_LENGTH), 0));
	} else {
		pointer_text(t, call->args[arg]);
	}
}

/* Up to @count messages of an array; @received: what came, and not what is sent */
static void messages_text(struct text *t, const struct call *call, unsigned arg, uint64_t count,
			  bool received)
{
	struct message m;
	unsigned n = 0;

	if (!message_at(&m, call, arg, 0)) {
		pointer_text(t, call->args[arg]);
		return;
	}
	text_char(t, '[');
	for (; n < count && n < VT_MESSAGES_MAX && message_at(&m, call, arg, n); n++) {
		uint32_t length = data_u32(m.head, sizeof(struct msghdr));
		const struct event_data *sent = part_of(&m, VT_MESSAGE_LENGTH);

		text_put(t, n ? ", {msg_hdr=" : "{msg_hdr=");
		if (received)
			m.total = length;
		message_text(t, &m, received ? name_length_before(&m) : name_length(&m));
		if (received || sent)
			text_format(t, ", msg_len=%u", received ? length : data_u32(sent, 0));
		text_char(t, '}');
	}
	text_put(t, n < count ? ", ...]" : "]");
}

/* Those that were sent, or those that should have been */
void print_sent_messages(struct text *t, const struct call *call, unsigned arg)
{
	uint64_t all = (uint32_t)call->args[arg + 1];

	messages_text(t, call, arg, call_failed(call) ? all : (uint64_t)call->result, false);
}

void print_received_messages(struct text *t, const struct call *call, unsigned arg)
{
	messages_text(t, call, arg, (uint64_t)call->result, true);
}
