// SPDX-License-Identifier: GPL-2.0-only
/* message.c - one request of the guest, and its answer
 *
 * Theory of operation
 * A request lies in memory that the guest can change at any instant. So all of it but the data of a
 * write is copied, once, and what is checked is the copy: that every buffer is physical memory, the
 * length, that the operation's structure is there, that names end, are one component of a path and
 * none that goes up. Operations (operations.h) see what has been checked here.
 *
 * The answer is built in memory of ours and copied, but for the data of a read, which the host puts
 * where the guest wants it.
 *
 * Host system calls: those of the operations.
 */
#include "message.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "engine/memory/memory.h"
#include "folder.h"
#include "foreign.h"
#include "operations.h"
#include "owner.h"
#include "vitrine/util.h"

#define NODE OPERATION_NODE
#define CHANGE OPERATION_CHANGE
#define DATA OPERATION_DATA
#define SILENT OPERATION_SILENT
#define DIR_ (OPERATION_DIR | OPERATION_NODE)
#define NAMES (DIR_ | OPERATION_CHANGE | OPERATION_TELL)
#define INSIDE (OPERATION_INSIDE | OPERATION_NODE)

/* clang-format off */
static const struct operation operations[CHANNEL_OPERATIONS] = {
	[FUSE_LOOKUP] = { "lookup", 0, 1, NODE, op_lookup },
	[FUSE_FORGET] = { "forget", sizeof(struct fuse_forget_in), 0, SILENT, op_forget },
	[FUSE_GETATTR] = { "getattr", sizeof(struct fuse_getattr_in), 0, NODE, op_getattr },
	[FUSE_SETATTR] = { "setattr", sizeof(struct fuse_setattr_in), 0, INSIDE | CHANGE, op_setattr },
	[FUSE_READLINK] = { "readlink", 0, 0, INSIDE, op_readlink },
	[FUSE_SYMLINK] = { "symlink", 0, 1, NAMES, op_symlink },
	[FUSE_MKNOD] = { "mknod", sizeof(struct fuse_mknod_in), 1, NAMES, op_mknod },
	[FUSE_MKDIR] = { "mkdir", sizeof(struct fuse_mkdir_in), 1, NAMES, op_mkdir },
	[FUSE_UNLINK] = { "unlink", 0, 1, NAMES, op_unlink },
	[FUSE_RMDIR] = { "rmdir", 0, 1, NAMES, op_rmdir },
	[FUSE_RENAME] = { "rename", sizeof(struct fuse_rename_in), 2, NAMES, op_rename },
	[FUSE_LINK] = { "link", sizeof(struct fuse_link_in), 1, NAMES, op_link },
	[FUSE_OPEN] = { "open", sizeof(struct fuse_open_in), 0, NODE, op_open },
	[FUSE_READ] = { "read", sizeof(struct fuse_read_in), 0, 0, op_read },
	[FUSE_WRITE] = { "write", sizeof(struct fuse_write_in), 0, DATA, op_write },
	[FUSE_STATFS] = { "statfs", 0, 0, NODE, op_statfs },
	[FUSE_RELEASE] = { "release", sizeof(struct fuse_release_in), 0, 0, op_release },
	[FUSE_FSYNC] = { "fsync", sizeof(struct fuse_fsync_in), 0, 0, op_fsync },
	[FUSE_SETXATTR] = { "setxattr", FUSE_COMPAT_SETXATTR_IN_SIZE, 0, NODE | CHANGE, op_setxattr },
	[FUSE_GETXATTR] = { "getxattr", sizeof(struct fuse_getxattr_in), 0, NODE, op_getxattr },
	[FUSE_LISTXATTR] = { "listxattr", sizeof(struct fuse_getxattr_in), 0, NODE, op_listxattr },
	[FUSE_REMOVEXATTR] = { "removexattr", 0, 0, NODE | CHANGE, op_removexattr },
	[FUSE_FLUSH] = { "flush", sizeof(struct fuse_flush_in), 0, 0, op_flush },
	[FUSE_INIT] = { "init", sizeof(struct fuse_init_in) - 12 * 4, 0, 0, op_init },
	[FUSE_OPENDIR] = { "opendir", sizeof(struct fuse_open_in), 0, NODE | OPERATION_TELL, op_opendir },
	[FUSE_READDIR] = { "readdir", sizeof(struct fuse_read_in), 0, DIR_, op_readdir },
	[FUSE_RELEASEDIR] = { "releasedir", sizeof(struct fuse_release_in), 0, 0, op_releasedir },
	[FUSE_FSYNCDIR] = { "fsyncdir", sizeof(struct fuse_fsync_in), 0, 0, op_fsyncdir },
	[FUSE_CREATE] = { "create", sizeof(struct fuse_create_in), 1, NAMES, op_create },
	[FUSE_DESTROY] = { "destroy", 0, 0, 0, op_destroy },
	[FUSE_BATCH_FORGET] = { "batch_forget", sizeof(struct fuse_batch_forget_in), 0, SILENT,
				op_batch_forget },
	[FUSE_FALLOCATE] = { "fallocate", sizeof(struct fuse_fallocate_in), 0, 0, op_fallocate },
	[FUSE_READDIRPLUS] = { "readdirplus", sizeof(struct fuse_read_in), 0, DIR_, op_readdirplus },
	[FUSE_RENAME2] = { "rename2", sizeof(struct fuse_rename2_in), 2, NAMES, op_rename2 },
	[FUSE_LSEEK] = { "lseek", sizeof(struct fuse_lseek_in), 0, 0, op_lseek },
	[FUSE_COPY_FILE_RANGE] = { "copy_file_range", sizeof(struct fuse_copy_file_range_in), 0, 0,
				   op_copy },
	[FUSE_TMPFILE] = { "tmpfile", sizeof(struct fuse_create_in), 0, DIR_ | CHANGE, op_tmpfile },
};
/* clang-format on */

const struct operation *operation_of(uint32_t number)
{
	return number < CHANNEL_OPERATIONS && operations[number].run ? &operations[number] : NULL;
}

/* The guest's buffers as ours. Return: whether they are physical memory, all of them */
static bool map_buffers(struct message *m, const struct channel_slot *slot)
{
	if (slot->nout > CHANNEL_BUFFERS || slot->nin > CHANNEL_BUFFERS - slot->nout)
		return false;
	m->data_len = m->room_len = 0;
	for (unsigned i = 0; i < slot->nout + slot->nin; i++) {
		const struct channel_buffer *b = &slot->buffers[i];
		void *at = phys_ptr(b->address, b->len);

		if (!at)
			return false;
		m->buffers[i] = (struct iovec){ at, b->len };
		*(i < slot->nout ? &m->data_len : &m->room_len) += b->len;
	}
	m->data = m->buffers;
	m->ndata = slot->nout;
	m->room = m->buffers + slot->nout;
	m->nroom = slot->nin;
	return true;
}

/* Take @len bytes off the front of a vector, to @to or to nowhere */
static void take(struct iovec **iov, unsigned *count, uint64_t *total, void *to, size_t len)
{
	uint8_t *at = to;

	*total -= len;
	while (len) {
		size_t part = (*iov)->iov_len < len ? (*iov)->iov_len : len;

		if (at)
			at = mempcpy(at, (*iov)->iov_base, part);
		(*iov)->iov_base = (char *)(*iov)->iov_base + part;
		(*iov)->iov_len -= part;
		len -= part;
		if (!(*iov)->iov_len) {
			(*iov)++;
			(*count)--;
		}
	}
}

static void scatter(struct iovec *iov, const void *from, size_t len)
{
	for (; len; iov++) {
		size_t part = iov->iov_len < len ? iov->iov_len : len;

		memcpy(iov->iov_base, from, part);
		from = (const char *)from + part;
		len -= part;
	}
}

/* One component of a path, and none that means another directory */
static bool is_name(const char *name, size_t len)
{
	return len && len <= NAME_MAX && !memchr(name, '/', len) && strcmp(name, ".") &&
	       strcmp(name, "..");
}

static int read_names(struct message *m, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const char *name = (const char *)m->rest;
		size_t len = strnlen(name, m->rest_len);

		if (len == m->rest_len)
			return -EINVAL;
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		if (!is_name(name, len))
			return -EINVAL;
		m->names[i] = name;
		m->rest += len + 1;
		m->rest_len -= len + 1;
	}
	return 0;
}

/* Copy what is behind the header, and find its parts */
static int read_body(struct message *m, const struct operation *op)
{
	size_t len = m->data_len;

	if (len < op->size)
		return -EINVAL;
	if (op->flags & OPERATION_DATA)
		len = op->size;
	if (len > MESSAGE_MAX)
		return -E2BIG;
	take(&m->data, &m->ndata, &m->data_len, m->copy, len);
	m->copy[len] = '\0';
	m->arg = m->copy;
	m->rest = m->copy + op->size;
	m->rest_len = len - op->size;
	return read_names(m, op->names);
}

static int check_node(struct message *m, const struct operation *op)
{
	const struct folder *folder = m->node->folder;

	/* Above the folders there is nothing but them */
	if (!folder)
		return op->flags & OPERATION_CHANGE ? -EROFS : 0;
	if (op->flags & OPERATION_CHANGE && folder->read_only)
		return -EROFS;
	if (op->flags & OPERATION_DIR && m->node->type != S_IFDIR)
		return -ENOTDIR;
	/* Opening asks when it has the file, and attributes when they are the guest's to have */
	return folder_inside(m->node, op->flags & (OPERATION_INSIDE | OPERATION_CHANGE));
}

/* A guest that has made room for it is told what the directory is like now */
static void tell_directory(struct message *m)
{
	struct fuse_attr_out out = { .attr_valid_nsec = CACHED_NS };
	struct statx st;

	if (!m->node->folder || m->room_len < m->answer_len + sizeof(out) ||
	    node_stat(m->node, &st))
		return;
	message_attr(m->node, &st, &out.attr);
	memcpy(m->answer + m->answer_len, &out, sizeof(out));
	m->answer_len += sizeof(out);
}

static int run(struct message *m, const struct operation *op)
{
	int ret = read_body(m, op);

	if (ret || !(op->flags & OPERATION_NODE))
		return ret ?: op->run(m);
	ret = node_get(m->header.nodeid, &m->node);
	if (ret)
		return ret;
	/* Looking again at a file that was in the folder says nothing new */
	if (op->run != op_getattr)
		ret = check_node(m, op);
	if (!ret)
		ret = op->run(m);
	if (!ret && op->flags & OPERATION_TELL)
		tell_directory(m);
	node_put(m->node);
	return ret;
}

bool message_removes(const volatile struct channel_slot *slot)
{
	const volatile struct fuse_in_header *header =
	    phys_ptr(slot->buffers[0].address, sizeof(*header));
	const uint32_t operation = header ? header->opcode : 0;

	return operation == FUSE_UNLINK || operation == FUSE_RMDIR;
}

uint32_t message_serve(struct message *m, struct channel_slot *slot)
{
	struct fuse_out_header out = { .len = sizeof(out) };
	const struct operation *op;
	void *header;
	int ret = -EINVAL;

	slot->operation = 0;
	m->answer = m->answer_space;
	m->answer_len = m->direct = 0;
	m->error = 0;
	if (!map_buffers(m, slot) || m->data_len < sizeof(m->header))
		return 0;
	take(&m->data, &m->ndata, &m->data_len, &m->header, sizeof(m->header));
	op = operation_of(m->header.opcode);
	if (op)
		slot->operation = m->header.opcode;
	if (!m->nroom || m->room->iov_len < sizeof(out)) {
		/* Who gives no room for an answer wants none */
		if (op && op->flags & OPERATION_SILENT)
			run(m, op);
		return 0;
	}
	header = m->room->iov_base;
	take(&m->room, &m->nroom, &m->room_len, NULL, sizeof(out));
	if (!op)
		ret = -ENOSYS;
	else if (m->header.len == m->data_len + sizeof(m->header))
		ret = run(m, op);
	out.error = m->error = ret;
	out.unique = m->header.unique;
	if (!ret) {
		out.len += m->direct ?: m->answer_len;
		scatter(m->room, m->answer, m->direct ? 0 : m->answer_len);
	}
	memcpy(header, &out, sizeof(out));
	return out.len;
}

void *message_answer(struct message *m, size_t size)
{
	if (size > m->room_len || size > ANSWER_MAX)
		return NULL;
	m->answer_len = size;
	return memset(m->answer, 0, size);
}

void message_attr(struct node *node, const struct statx *st, struct fuse_attr *attr)
{
	const struct owner owner = owner_of(node, st);
	uint32_t special = node->type == S_IFDIR ? st->stx_mode & S_ISGID : 0;

	*attr = (struct fuse_attr){
		.ino = foreign_ino(node->dev, st->stx_ino),
		.size = st->stx_size,
		.blocks = st->stx_blocks,
		.atime = st->stx_atime.tv_sec,
		.mtime = st->stx_mtime.tv_sec,
		.ctime = st->stx_ctime.tv_sec,
		.atimensec = st->stx_atime.tv_nsec,
		.mtimensec = st->stx_mtime.tv_nsec,
		.ctimensec = st->stx_ctime.tv_nsec,
		.mode = (st->stx_mode & ~OWNER_SPECIAL) | special | owner.special,
		.nlink = st->stx_nlink,
		.uid = owner.uid,
		.gid = owner.gid,
		/* Linux's own layout of a device number in 32 bits; devices are not opened */
		.rdev = (st->stx_rdev_minor & 0xff) | (st->stx_rdev_major & 0xfff) << 8 |
			(st->stx_rdev_minor & ~0xffU) << 12,
		.blksize = st->stx_blksize,
	};
}

void message_entry(struct node *node, const struct statx *st, struct fuse_entry_out *entry)
{
	*entry = (struct fuse_entry_out){
		.nodeid = node->id,
		.entry_valid_nsec = CACHED_NS,
		.attr_valid_nsec = CACHED_NS,
	};
	message_attr(node, st, &entry->attr);
}
