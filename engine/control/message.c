// SPDX-License-Identifier: GPL-2.0-only
/* message.c - messages of the control socket
 *
 * Theory of operation
 * What a client may say is a table: for each operation its fields, for each field its type and
 * range. Everything that the server acts on has passed through message_parse(), and nothing but
 * this file looks at a client's JSON. Unknown fields are ignored, so that a newer client can talk
 * to an older sandbox.
 *
 * Host system calls: sendmsg, recvmsg, close.
 */
#include "message.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "observe/region/names.h"
#include "vitrine/abi.h"
#include "vitrine/telemetry.h"
#include "vitrine/util.h"

enum field_type {
	FIELD_INT,
	FIELD_BOOL,
	FIELD_STRING,
	FIELD_STRINGS,
	FIELD_BITMAP,
	FIELD_VIEW, /* the name of one */
};

/**
 * struct field - one field of an operation
 * @absent: value of a FIELD_INT that did not come
 */
struct field {
	const char *name;
	enum field_type type;
	size_t offset;
	bool required;
	int64_t min, max, absent;
};

#define EVERY_KIND ((1LL << VT_NR_EVENT_KINDS) - 1)
#define INTERVAL_MIN 10 /* milliseconds between samples */
#define INTERVAL_MAX 3600000

#define FIELDS_MAX 8
#define AT(member) offsetof(struct message, member)

/* clang-format off */
static const struct operation {
	const char *name;
	bool payload; /* needs one */
	struct field fields[FIELDS_MAX + 1];
} operations[] = {
	[MESSAGE_EXEC] = { "exec", false, {
		{ "argv", FIELD_STRINGS, AT(argv), true },
		{ "env", FIELD_STRINGS, AT(env) },
		{ "cwd", FIELD_STRING, AT(cwd) },
		{ "user", FIELD_STRING, AT(user) },
		{ "stdin", FIELD_BOOL, AT(input) },
		{ "tty", FIELD_BOOL, AT(tty) },
		{ "rows", FIELD_INT, AT(rows), false, 0, UINT16_MAX },
		{ "columns", FIELD_INT, AT(columns), false, 0, UINT16_MAX } } },
	[MESSAGE_CONNECT] = { "connect", false, {
		{ "port", FIELD_INT, AT(port), true, 1, UINT16_MAX } } },
	[MESSAGE_RESIZE] = { "resize", false, {
		{ "rows", FIELD_INT, AT(rows), true, 0, UINT16_MAX },
		{ "columns", FIELD_INT, AT(columns), true, 0, UINT16_MAX } } },
	[MESSAGE_SIGNAL] = { "signal", false, {
		{ "signal", FIELD_INT, AT(signal), true, 1, 64 } } },
	[MESSAGE_INFO] = { "info", false, { { 0 } } },
	[MESSAGE_PS] = { "ps", false, { { 0 } } },
	[MESSAGE_KILL] = { "kill", false, {
		{ "signal", FIELD_INT, AT(signal), false, 0, 64 },
		{ "pid", FIELD_INT, AT(pid), false, 1, INT32_MAX } } },
	[MESSAGE_LOGS] = { "logs", false, {
		{ "kernel", FIELD_BOOL, AT(kernel) },
		{ "follow", FIELD_BOOL, AT(follow) },
		{ "tail", FIELD_INT, AT(tail), false, 0, INT64_MAX, INT64_MAX } } },
	[MESSAGE_OPEN] = { "open", true, {
		{ "flags", FIELD_INT, AT(flags), true, 0, INT32_MAX },
		{ "mode", FIELD_INT, AT(mode), false, 0, 07777 } } },
	[MESSAGE_CLOSE] = { "close", false, {
		{ "handle", FIELD_INT, AT(handle), true, 1, INT32_MAX } } },
	[MESSAGE_READ] = { "read", false, {
		{ "handle", FIELD_INT, AT(handle), true, 1, INT32_MAX },
		{ "offset", FIELD_INT, AT(offset), true, 0, INT64_MAX },
		{ "length", FIELD_INT, AT(length), true, 1, MESSAGE_PAYLOAD_MAX } } },
	[MESSAGE_WRITE] = { "write", true, {
		{ "handle", FIELD_INT, AT(handle), true, 1, INT32_MAX },
		{ "offset", FIELD_INT, AT(offset), true, 0, INT64_MAX } } },
	[MESSAGE_STAT] = { "stat", true, { { 0 } } },
	[MESSAGE_LIST] = { "list", false, {
		{ "handle", FIELD_INT, AT(handle), true, 1, INT32_MAX } } },
	[MESSAGE_MKDIR] = { "mkdir", true, {
		{ "mode", FIELD_INT, AT(mode), true, 0, 07777 } } },
	[MESSAGE_UNLINK] = { "unlink", true, { { 0 } } },
	[MESSAGE_SYMLINK] = { "symlink", true, { { 0 } } },
	[MESSAGE_READLINK] = { "readlink", true, { { 0 } } },
	[MESSAGE_RENAME] = { "rename", true, { { 0 } } },
	[MESSAGE_RMDIR] = { "rmdir", true, { { 0 } } },
	[MESSAGE_CHOWN] = { "chown", true, {
		{ "uid", FIELD_INT, AT(uid), true, 0, UINT32_MAX - 1 },
		{ "gid", FIELD_INT, AT(gid), true, 0, UINT32_MAX - 1 } } },
	[MESSAGE_ATTRIBUTE] = { "attribute", true, { { 0 } } },
	[MESSAGE_ATTRIBUTES] = { "attributes", true, { { 0 } } },
	[MESSAGE_OBSERVE] = { "observe", false, {
		{ "counters", FIELD_BOOL, AT(counters) },
		{ "events", FIELD_BOOL, AT(events) },
		{ "sampler", FIELD_BOOL, AT(sampler) },
		{ "kinds", FIELD_INT, AT(kinds), false, 0, EVERY_KIND, EVERY_KIND },
		{ "calls", FIELD_BITMAP, AT(calls) },
		{ "capture", FIELD_INT, AT(capture), false, 0, VT_EVENT_MAX, VT_CAPTURE_DEFAULT },
		{ "paths", FIELD_BOOL, AT(paths) },
		{ "interval_ms", FIELD_INT, AT(interval_ms), false, INTERVAL_MIN, INTERVAL_MAX,
		  VT_SAMPLE_FAST_NS / 1000000 } } },
	[MESSAGE_VIEW] = { "view", false, {
		{ "view", FIELD_VIEW, AT(view), true },
		{ "pid", FIELD_INT, AT(pid), false, 0, INT32_MAX },
		{ "arg", FIELD_INT, AT(arg), false, 0, INT64_MAX } } },
	[MESSAGE_FOLLOW] = { "follow", false, {
		{ "call", FIELD_INT, AT(call), false, VT_FOLLOW_OFF, VT_TELEMETRY_CALLS - 1, VT_FOLLOW_ANY },
		{ "pid", FIELD_INT, AT(pid), false, 0, INT32_MAX },
		{ "min_ns", FIELD_INT, AT(min_ns), false, 0, INT64_MAX } } },
	[MESSAGE_NET] = { "net", false, {
		{ "what", FIELD_STRING, AT(what), true },
		{ "spec", FIELD_STRING, AT(spec) } } },
	[MESSAGE_PAUSE] = { "pause", false, {
		{ "goes_on", FIELD_BOOL, AT(goes_on) },
		{ "live", FIELD_BOOL, AT(live) },
		{ "unless_busy", FIELD_BOOL, AT(unless_busy) },
		{ "generation", FIELD_INT, AT(generation), true, 1, UINT32_MAX - 1 },
		{ "layers", FIELD_STRINGS, AT(layers) } } },
	[MESSAGE_AWAIT] = { "await", false, {
		{ "failed", FIELD_STRING, AT(failed) } } },
	[MESSAGE_ATTACH] = { "attach", false, {
		{ "stdin", FIELD_BOOL, AT(input) },
		{ "rows", FIELD_INT, AT(rows), false, 0, UINT16_MAX },
		{ "columns", FIELD_INT, AT(columns), false, 0, UINT16_MAX } } },
};
/* clang-format on */
static_assert(ARRAY_SIZE(operations) == MESSAGE_NOPS, "operations[]");

/* An array of strings as a NULL-terminated vector, which the caller frees */
static const char **strings_parse(const json_t *array, struct error *err)
{
	size_t count = json_array_size(array);
	const char **list;

	if (!json_is_array(array) || count > MESSAGE_STRINGS_MAX) {
		error_set(err, 0, "not an array of at most %d strings", MESSAGE_STRINGS_MAX);
		return NULL;
	}
	list = calloc(count + 1, sizeof(*list));
	for (size_t i = 0; list && i < count; i++) {
		list[i] = json_string_value(json_array_get(array, i));
		if (!list[i]) {
			free(list);
			error_set(err, 0, "not an array of strings");
			return NULL;
		}
	}
	if (!list)
		error_set(err, ENOMEM, "no memory");
	return list;
}

static int digit_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = digit ? strchr(digits, digit) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int bitmap_parse(const char *text, struct message_bitmap *bitmap, struct error *err)
{
	size_t len = text ? strlen(text) : 1;

	if (len % 2 || len / 2 > sizeof(bitmap->words))
		return error_set(err, 0, "not hexadecimal digits for up to %zu bytes",
				 sizeof(bitmap->words));
	for (size_t i = 0; i < len; i += 2) {
		int high = digit_value(text[i]), low = digit_value(text[i + 1]);

		if (high < 0 || low < 0)
			return error_set(err, 0, "not hexadecimal digits (0-9, a-f)");
		bitmap->words[i / 16] |= (uint64_t)(high << 4 | low) << (i / 2 % 8 * 8);
	}
	bitmap->present = true;
	return 0;
}

static int view_parse(const char *name, int64_t *view, struct error *err)
{
	*view = name ? name_find(NAMES_VIEW, name) : -1;
	return *view < 0 ? error_set(err, 0, "there is no such view") : 0;
}

static int field_parse(const struct field *field, const json_t *value, struct message *msg,
		       struct error *err)
{
	void *at = (char *)msg + field->offset;

	switch (field->type) {
	case FIELD_INT:
		if (!json_is_integer(value) || json_integer_value(value) < field->min ||
		    json_integer_value(value) > field->max)
			return error_set(err, 0, "not a number from %lld to %lld",
					 (long long)field->min, (long long)field->max);
		*(int64_t *)at = json_integer_value(value);
		return 0;
	case FIELD_BOOL:
		if (!json_is_boolean(value))
			return error_set(err, 0, "neither true nor false");
		*(bool *)at = json_is_true(value);
		return 0;
	case FIELD_STRING:
		*(const char **)at = json_string_value(value);
		return *(const char **)at ? 0 : error_set(err, 0, "not a string");
	case FIELD_STRINGS:
		*(const char ***)at = strings_parse(value, err);
		return *(const char ***)at ? 0 : -1;
	case FIELD_BITMAP:
		return bitmap_parse(json_string_value(value), at, err);
	case FIELD_VIEW:
		return view_parse(json_string_value(value), at, err);
	}
	return -1;
}

static int fields_parse(const struct operation *operation, struct message *msg, struct error *err)
{
	for (const struct field *field = operation->fields; field->name; field++) {
		json_t *value = json_object_get(msg->json, field->name);
		struct error why;

		if (!value && field->required)
			return error_set(err, 0, "%s: no %s", operation->name, field->name);
		if (!value && field->type == FIELD_INT)
			*(int64_t *)((char *)msg + field->offset) = field->absent;
		if (value && field_parse(field, value, msg, &why) < 0)
			return error_set(err, 0, "%s: %s: %.100s", operation->name, field->name,
					 why.text);
	}
	if (operation->payload && !msg->payload_len)
		return error_set(err, 0, "%s: no payload", operation->name);
	if (msg->argv && !msg->argv[0])
		return error_set(err, 0, "exec: argv is empty");
	return 0;
}

static int operation_find(const json_t *json)
{
	const char *name = json_string_value(json_object_get(json, "op"));

	for (int op = 0; name && op < MESSAGE_NOPS; op++) {
		if (!strcmp(operations[op].name, name))
			return op;
	}
	return -1;
}

const uint8_t *message_split(const char *packet, size_t len, size_t *json_len)
{
	const char *end = memchr(packet, 0, len);

	*json_len = end ? (size_t)(end - packet) : len;
	return end ? (const uint8_t *)end + 1 : NULL;
}

int message_parse(const char *packet, size_t len, struct message *msg, struct error *err)
{
	json_error_t why;
	size_t json_len;
	int op;

	*msg = (struct message){ .payload = message_split(packet, len, &json_len) };
	if (msg->payload)
		msg->payload_len = len - json_len - 1;
	if (msg->payload_len > MESSAGE_PAYLOAD_MAX)
		return error_set(err, 0, "the payload is too long");
	msg->json = json_loadb(packet, json_len, JSON_REJECT_DUPLICATES, &why);
	if (!msg->json)
		return error_set(err, 0, "not JSON: %.100s", why.text);
	op = operation_find(msg->json);
	if (op < 0) {
		message_free(msg);
		return error_set(err, 0, "no such operation");
	}
	msg->op = op;
	if (fields_parse(&operations[op], msg, err) < 0) {
		message_free(msg);
		return -1;
	}
	return 0;
}

void message_free(struct message *msg)
{
	free(steal_ptr(msg->argv));
	free(steal_ptr(msg->env));
	free(steal_ptr(msg->layers));
	json_decref(steal_ptr(msg->json));
}

int message_send(int fd, json_t *json, const void *payload, size_t payload_len, const int *fds,
		 size_t nfds)
{
	cleanup_free char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	union {
		char space[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov[2];
	struct msghdr header = { .msg_iov = iov, .msg_iovlen = payload_len ? 2 : 1 };
	ssize_t n;

	json_decref(json);
	if (!text) {
		errno = ENOMEM;
		return -1;
	}
	/* The text's own NUL separates it from the payload */
	iov[0] = (struct iovec){ text, strlen(text) + (payload_len ? 1 : 0) };
	iov[1] = (struct iovec){ (void *)payload, payload_len };
	if (nfds) {
		header.msg_control = control.space;
		header.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.align = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						  .cmsg_type = SCM_RIGHTS,
						  .cmsg_len = CMSG_LEN(nfds * sizeof(int)) };
		memcpy(CMSG_DATA(&control.align), fds, nfds * sizeof(int));
	}
	do
		n = sendmsg(fd, &header, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

static void descriptors_take(struct msghdr *header, int fds[MESSAGE_FDS], size_t *nfds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (*nfds < MESSAGE_FDS)
				fds[(*nfds)++] = fd;
			else
				close(fd);
		}
	}
}

ssize_t message_receive(int fd, char *buf, size_t size, int fds[MESSAGE_FDS], size_t *nfds)
{
	union {
		char space[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { buf, size };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space) };
	ssize_t n;

	*nfds = 0;
	do
		n = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	descriptors_take(&header, fds, nfds);
	if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		while (*nfds)
			close(fds[--*nfds]);
		errno = EMSGSIZE;
		return -1;
	}
	return n;
}
