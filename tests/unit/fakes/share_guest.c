// SPDX-License-Identifier: GPL-2.0-only
/* share_guest.c - a guest that talks to the file server, without a sandbox */
#include "share_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/memory/memory.h"
#include "engine/share/handle.h"
#include "engine/share/message.h"
#include "engine/share/owner.h"

#define ANSWER_AT (SHARE_MEMORY / 2)

static unsigned char memory[SHARE_MEMORY];
static struct message message;

void *phys_ptr(uint64_t pa, uint64_t len)
{
	return pa > SHARE_MEMORY || len > SHARE_MEMORY - pa ? NULL : memory + pa;
}

void *share_memory(void)
{
	return memory;
}

void share_guest_start(const char *const *paths, unsigned count, unsigned open_files,
		       unsigned known_files)
{
	static _Atomic uint32_t root;
	int links = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);

	umask(0);
	owner_init(&root, &root);
	for (unsigned i = 0; i < count; i++) {
		struct folder *folder = &folders.folder[folders.count++];

		folder->fd = open(paths[i], O_PATH | O_CLOEXEC);
		folder->read_only = i == 1;
		if (folder->fd < 0 || !realpath(paths[i], folder->path))
			abort();
	}
	if (links < 0 || fchdir(links) || handles_init(open_files) || nodes_init(known_files))
		abort();
	close(links);
}

uint32_t share_ask_raw(struct channel_slot *slot)
{
	return message_serve(&message, slot);
}

int share_ask(uint32_t operation, uint64_t node, const void *arg, size_t len, const void *tail,
	      size_t tail_len, void *out, size_t room)
{
	const struct fuse_in_header header = { .len = sizeof(header) + len + tail_len,
					       .opcode = operation,
					       .unique = 7,
					       .nodeid = node };
	struct channel_slot slot = { .nout = 1, .nin = 1 };
	struct fuse_out_header answer;
	uint32_t written;

	memcpy(memory, &header, sizeof(header));
	if (len)
		memcpy(memory + sizeof(header), arg, len);
	if (tail_len)
		memcpy(memory + sizeof(header) + len, tail, tail_len);
	slot.buffers[0].len = header.len;
	slot.buffers[1].address = ANSWER_AT;
	slot.buffers[1].len = sizeof(answer) + room;
	memset(memory + ANSWER_AT, 0, sizeof(answer) + room);
	written = share_ask_raw(&slot);
	if (written < sizeof(answer) || written > sizeof(answer) + room)
		return SHARE_NO_ANSWER;
	memcpy(&answer, memory + ANSWER_AT, sizeof(answer));
	if (answer.len != written || answer.unique != 7)
		return SHARE_NO_ANSWER;
	if (out)
		memcpy(out, memory + ANSWER_AT + sizeof(answer), room);
	return answer.error ?: (int)(written - sizeof(answer));
}

int share_find(uint64_t parent, const char *name, struct fuse_entry_out *entry)
{
	int ret =
	    share_ask(FUSE_LOOKUP, parent, NULL, 0, name, strlen(name) + 1, entry, sizeof(*entry));

	if (ret < 0)
		return ret;
	return entry->nodeid ? 0 : -ENOENT;
}

uint64_t share_folder(unsigned i)
{
	struct fuse_entry_out entry;
	char name[12];

	snprintf(name, sizeof(name), "%u", i);
	if (share_find(FUSE_ROOT_ID, name, &entry))
		abort();
	return entry.nodeid;
}

int share_open_file(uint64_t node, uint32_t flags, uint64_t *handle)
{
	const struct fuse_open_in in = { .flags = flags };
	struct fuse_open_out out;
	int ret = share_ask(FUSE_OPEN, node, &in, sizeof(in), NULL, 0, &out, sizeof(out));

	*handle = out.fh;
	return ret < 0 ? ret : 0;
}
