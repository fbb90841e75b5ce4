/* SPDX-License-Identifier: GPL-2.0-only */
/* message.h - messages of the control socket
 *
 * A packet is one JSON object, optionally followed by a NUL and raw bytes (the payload), which is
 * where paths and file contents go: they need not be UTF-8. The first message from a client names
 * an operation ("op"); see message.c for the fields of each. An answer has "error" with a text when
 * the operation failed.
 */
#ifndef ENGINE_CONTROL_MESSAGE_H
#define ENGINE_CONTROL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "vitrine/error.h"

#define MESSAGE_MAX (160 * 1024) /* a packet; the kernel's default socket buffer holds it */
#define MESSAGE_PAYLOAD_MAX (64 * 1024)
#define MESSAGE_FDS 24 /* at most; three of them are standard streams */
#define MESSAGE_STRINGS_MAX 4096

enum message_op {
	MESSAGE_EXEC,
	MESSAGE_CONNECT,
	MESSAGE_RESIZE,
	MESSAGE_SIGNAL,
	MESSAGE_INFO,
	MESSAGE_PS,
	MESSAGE_KILL,
	MESSAGE_LOGS,
	MESSAGE_OPEN,
	MESSAGE_CLOSE,
	MESSAGE_READ,
	MESSAGE_WRITE,
	MESSAGE_STAT,
	MESSAGE_LIST,
	MESSAGE_MKDIR,
	MESSAGE_UNLINK,
	MESSAGE_SYMLINK,
	MESSAGE_READLINK,
	MESSAGE_RENAME,
	MESSAGE_RMDIR,
	MESSAGE_CHOWN,
	MESSAGE_ATTRIBUTE,
	MESSAGE_ATTRIBUTES,
	MESSAGE_OBSERVE,
	MESSAGE_VIEW,
	MESSAGE_FOLLOW,
	MESSAGE_NET,
	MESSAGE_PAUSE,
	MESSAGE_ATTACH,
	MESSAGE_AWAIT,
	MESSAGE_NOPS,
};

/**
 * struct message_bitmap - bits that came as hexadecimal digits, two for a byte
 * @present: did it come at all?
 * @words:   bit n of byte m is number 8 * m + n
 */
struct message_bitmap {
	bool present;
	uint64_t words[8];
};

/**
 * struct message - a client's message, checked
 * @argv, @env, @layers: NULL terminated, NULL when absent; strings belong to @json
 * @view:       enum vt_view
 * @payload:    points into the packet
 * @json:       owned; message_free()
 */
struct message {
	enum message_op op;
	int64_t rows, columns, signal, pid, flags, mode, uid, gid, port, handle, offset, length;
	int64_t tail;
	int64_t generation;
	int64_t kinds, capture, interval_ms, call, min_ns, arg, view;
	bool input, tty, kernel, follow, goes_on, live, unless_busy;
	bool counters, events, sampler, paths;
	struct message_bitmap calls;
	const char **argv, **env, **layers;
	const char *cwd, *user, *what, *spec, *failed;
	const uint8_t *payload;
	size_t payload_len;
	json_t *json;
};

/**
 * message_parse() - Check a packet and take it apart
 * @packet: @len bytes, as received; may be hostile
 * @msg:    filled on success; the caller calls message_free()
 * @err:    filled on failure
 *
 * Return: 0 or -1.
 */
int message_parse(const char *packet, size_t len, struct message *msg, struct error *err);

void message_free(struct message *msg);

/**
 * message_send() - Send one packet
 * @fd:      socket
 * @json:    the object; the reference is consumed
 * @payload: @payload_len bytes to append, may be NULL
 * @fds:     @nfds descriptors to attach
 *
 * Blocks while the receiver's queue is full.
 *
 * Return: 0, or -1 with errno.
 */
int message_send(int fd, json_t *json, const void *payload, size_t payload_len, const int *fds,
		 size_t nfds);

/**
 * message_receive() - Receive one packet
 * @buf, @size: destination; a longer packet is an error
 * @fds, @nfds: descriptors that came with it (at most MESSAGE_FDS), owned by the caller
 *
 * Return: length, 0 at the end of the connection, -1 with errno.
 */
ssize_t message_receive(int fd, char *buf, size_t size, int fds[MESSAGE_FDS], size_t *nfds);

/**
 * message_split() - Find the payload of a packet
 * @packet: @len bytes
 * @json_len: set to the length of the JSON text
 *
 * Return: the payload, which ends with the packet, or NULL.
 */
const uint8_t *message_split(const char *packet, size_t len, size_t *json_len);

#endif
