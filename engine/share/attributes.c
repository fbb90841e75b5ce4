// SPDX-License-Identifier: GPL-2.0-only
/* attributes.c - what a file is like, and how the guest changes that
 *
 * Theory of operation
 * Descriptors of nodes are O_PATH, which cannot be changed through. The server's working directory
 * is /proc/self/fd, where the name of a descriptor leads to its very file, whatever it is called
 * now (node_link()).
 *
 * Host system calls: statx, fchmodat, utimensat, openat, ftruncate, fstatfs, close.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "folder.h"
#include "handle.h"
#include "operations.h"
#include "owner.h"
#include "vitrine/util.h"

static int answer(struct message *m, const struct statx *st)
{
	struct fuse_attr_out *out = message_answer(m, sizeof(*out));

	if (!out)
		return -EINVAL;
	out->attr_valid_nsec = CACHED_NS;
	message_attr(m->node, st, &out->attr);
	return 0;
}

/* Above the folders */
static int answer_root(struct message *m)
{
	struct fuse_attr_out *out = message_answer(m, sizeof(*out));

	if (!out)
		return -EINVAL;
	out->attr_valid_nsec = CACHED_NS;
	out->attr.ino = NODE_ROOT;
	out->attr.mode = S_IFDIR | 0555;
	out->attr.nlink = 2;
	out->attr.blksize = 4096;
	return 0;
}

int op_getattr(struct message *m)
{
	struct statx st;
	int ret;

	if (!m->node->folder)
		return answer_root(m);
	ret = node_stat(m->node, &st);
	return ret ?: answer(m, &st);
}

static int truncate_to(struct message *m, const struct fuse_setattr_in *in)
{
	struct handle *handle = in->valid & FATTR_FH ? handle_get(in->fh, false) : NULL;
	cleanup_close int own = -1;
	int ret;

	if (m->node->type != S_IFREG)
		return -EINVAL;
	if (in->size > INT64_MAX)
		return -EFBIG;
	if (!handle || handle->node != m->node) {
		own = openat(AT_FDCWD, node_link(m->node).name,
			     O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		ret = own < 0 || ftruncate(own, (off_t)in->size) ? -errno : 0;
	} else {
		ret = ftruncate(handle->fd, (off_t)in->size) ? -errno : 0;
	}
	if (handle)
		handle_put(handle);
	if (!ret && in->valid & FATTR_KILL_SUIDGID)
		owner_written(m->node);
	return ret;
}

static struct timespec moment(uint32_t valid, unsigned set, unsigned now, uint64_t s, uint32_t ns)
{
	if (valid & now)
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	if (valid & set)
		return (struct timespec){ .tv_sec = (time_t)s, .tv_nsec = ns % 1000000000 };
	return (struct timespec){ .tv_nsec = UTIME_OMIT };
}

static int set_times(struct message *m, const struct fuse_setattr_in *in)
{
	const struct timespec times[2] = {
		moment(in->valid, FATTR_ATIME, FATTR_ATIME_NOW, in->atime, in->atimensec),
		moment(in->valid, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime, in->mtimensec),
	};

	/* The name of a descriptor leads to a link itself, and not beyond */
	return utimensat(AT_FDCWD, node_link(m->node).name, times, 0) ? -errno : 0;
}

/* Who has it, and which bits the host's file does not get; then the mode of the host's file */
static int set_owner(struct message *m, const struct fuse_setattr_in *in, const struct statx *st)
{
	struct owner owner = owner_of(m->node, st);
	int ret;

	if (in->valid & FATTR_UID)
		owner.uid = in->uid;
	if (in->valid & FATTR_GID)
		owner.gid = in->gid;
	/* What is given away runs as nobody else */
	if (in->valid & (FATTR_UID | FATTR_GID) && m->node->type == S_IFREG)
		owner.special &= ~(S_ISUID | (st->stx_mode & S_IXGRP ? S_ISGID : 0));
	if (in->valid & FATTR_MODE)
		owner.special = in->mode & OWNER_SPECIAL;
	ret = owner_keep(m->node, st, &owner);
	if (ret || !(in->valid & FATTR_MODE))
		return ret;
	return fchmodat(AT_FDCWD, node_link(m->node).name, in->mode & 01777, 0) ? -errno : 0;
}

int op_setattr(struct message *m)
{
	const struct fuse_setattr_in *in = m->arg;
	struct statx st, before;
	int ret = node_stat(m->node, &before);

	if (!ret && in->valid & (FATTR_UID | FATTR_GID | FATTR_MODE))
		ret = set_owner(m, in, &before);
	if (!ret && in->valid & FATTR_SIZE)
		ret = truncate_to(m, in);
	if (!ret && in->valid & (FATTR_ATIME | FATTR_MTIME | FATTR_ATIME_NOW | FATTR_MTIME_NOW))
		ret = set_times(m, in);
	if (!ret)
		ret = node_stat(m->node, &st);
	if (!ret)
		files_changed(m->node, &before, &st);
	return ret ?: answer(m, &st);
}

int op_statfs(struct message *m)
{
	struct fuse_statfs_out *out = message_answer(m, sizeof(*out));
	struct statfs fs;

	if (!out)
		return -EINVAL;
	if (fstatfs(m->node->folder ? m->node->fd : folders.folder[0].fd, &fs))
		return -errno;
	out->st = (struct fuse_kstatfs){
		.blocks = fs.f_blocks,
		.bfree = fs.f_bfree,
		.bavail = fs.f_bavail,
		.files = fs.f_files,
		.ffree = fs.f_ffree,
		.bsize = fs.f_bsize,
		.namelen = fs.f_namelen,
		.frsize = fs.f_frsize,
	};
	return 0;
}
