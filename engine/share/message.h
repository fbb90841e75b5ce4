/* SPDX-License-Identifier: GPL-2.0-only */
/* message.h - one request of the guest, and its answer; private to the file server */
#ifndef ENGINE_SHARE_MESSAGE_H
#define ENGINE_SHARE_MESSAGE_H

#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "channel.h"
#include "node.h"

#define MESSAGE_MAX (96 * 1024) /* of a request but for the data of a write */
#define ANSWER_MAX (128 * 1024) /* but for the data of a read */
#define WRITE_MAX (480 * 1024)	/* what fits in CHANNEL_BUFFERS pages, and to spare */
#define CACHED_NS 700000000	/* the guest may believe an answer for so long */

/**
 * struct message - one request
 * @header:  as the guest wrote it
 * @arg:     the operation's structure, behind it
 * @names:   that follow it: as many as the operation has, each one component of a path
 * @rest, @rest_len: what follows those
 * @data:    buffers that follow the structure, @data_len bytes; of a write only
 * @room:    buffers for the answer behind its header, @room_len bytes
 * @node:    header.nodeid; held
 * @answer:  what is to be copied there, @answer_len bytes
 * @direct:  or so many bytes are there already
 * @error:   how it ended
 */
struct message {
	struct fuse_in_header header;
	const void *arg;
	const char *names[2];
	const uint8_t *rest;
	size_t rest_len;
	struct iovec *data, *room;
	unsigned ndata, nroom;
	uint64_t data_len, room_len;
	struct node *node;
	uint8_t *answer;
	size_t answer_len, direct;
	int error;

	struct iovec buffers[CHANNEL_BUFFERS + 2];
	_Alignas(8) uint8_t copy[MESSAGE_MAX + 1];
	_Alignas(8) uint8_t answer_space[ANSWER_MAX];
};

/**
 * struct operation - one kind of request
 * @name:  for people
 * @size:  of the structure behind the header; the guest may send more
 * @names: that follow it
 * @flags: OPERATION_*
 * @run:   0, or a negative errno
 */
struct operation {
	const char *name;
	uint16_t size;
	uint8_t names, flags;
	int (*run)(struct message *m);
};

#define OPERATION_NODE 1    /* of a file */
#define OPERATION_CHANGE 2  /* not in a folder that is read-only */
#define OPERATION_DATA 4    /* what follows the structure stays where it is */
#define OPERATION_SILENT 8  /* nobody waits for an answer */
#define OPERATION_DIR 16    /* of a directory in a folder: its names are used */
#define OPERATION_TELL 64   /* answered with the attributes of the directory, too */
#define OPERATION_INSIDE 32 /* of a file that has to be below its folder at this moment */

/* The requests that there are, by number; NULL for the others */
const struct operation *operation_of(uint32_t number);

/**
 * message_serve() - Do what a request wants
 * @m:    scratch space, of one worker
 * @slot: our own copy
 *
 * Return: bytes of the answer.
 */
uint32_t message_serve(struct message *m, struct channel_slot *slot);

/* Does a request say that it removes a name? What the guest writes there may be anything */
bool message_removes(const volatile struct channel_slot *slot);

/* An answer of @size bytes, all zero; NULL when the guest has no room for it */
void *message_answer(struct message *m, size_t size);

/* An answer that is a file: its attributes as the guest shall see them */
void message_attr(struct node *node, const struct statx *st, struct fuse_attr *attr);
void message_entry(struct node *node, const struct statx *st, struct fuse_entry_out *entry);

#endif
