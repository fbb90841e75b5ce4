// SPDX-License-Identifier: GPL-2.0-only
/* files.c - files that the guest opens, and what is in them
 *
 * Theory of operation
 * Only regular files are opened, through the descriptor of their node, so that what is opened is
 * what was looked at: no FIFO that would wait for its other end, no device that would wake up.
 *
 * Reading and writing go between the host's page cache and the guest's memory without a copy of
 * ours. What was opened to append is written with RWF_APPEND, so that no writer, here or on the
 * host, overwrites another; but pages that the guest's cache writes back go where they belong.
 *
 * The guest keeps what it has in its cache across an open when the file is as it was when we looked
 * last: at its last open, or behind the guest's last change of it. A change of the guest's counts
 * as seen when the file was as we knew it immediately before. A change of the host's in these
 * microseconds cannot be told from it, as two within a tick of the host's clock cannot.
 *
 * Host system calls: openat, openat2, preadv2, pwritev2, fsync, fdatasync, fallocate, lseek,
 * copy_file_range, dup, close.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "folder.h"
#include "handle.h"
#include "operations.h"
#include "owner.h"
#include "vitrine/share.h"
#include "vitrine/util.h"

#define FLAGS_KEPT (O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC)
#define FLAGS_OURS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW)
#define COPY_MAX 0x7ffff000U

static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;

/* Is it as it was? From now on this is how it was */
static bool seen_before(struct node *node, const struct statx *st)
{
	bool same;

	pthread_mutex_lock(&seen_lock);
	same = node->seen.tv_sec == st->stx_ctime.tv_sec &&
	       node->seen.tv_nsec == st->stx_ctime.tv_nsec;
	node->seen = st->stx_ctime;
	pthread_mutex_unlock(&seen_lock);
	return same;
}

void files_changed(struct node *node, const struct statx *before, const struct statx *after)
{
	pthread_mutex_lock(&seen_lock);
	if (node->seen.tv_sec == before->stx_ctime.tv_sec &&
	    node->seen.tv_nsec == before->stx_ctime.tv_nsec)
		node->seen = after->stx_ctime;
	pthread_mutex_unlock(&seen_lock);
}

/* A file that may be mapped to be written has to write what is dirty, and to say what became of it,
 * before it is closed: FUSE leaves that out where nothing is to be flushed */
static int answer_open(struct message *m, struct node *node, const struct statx *st, int fd,
		       uint32_t flags, struct fuse_open_out *out)
{
	int ret = handle_new(node, fd, flags, false, &out->fh);

	if (ret)
		return ret;
	if (seen_before(node, st))
		out->open_flags |= FOPEN_KEEP_CACHE;
	if (!node->folder->remote && (flags & O_ACCMODE) != O_RDWR)
		out->open_flags |= FOPEN_NOFLUSH;
	return 0;
}

/* Open a node's file. Return: a descriptor or a negative errno */
static int open_node(struct node *node, uint32_t flags)
{
	int fd, ret;

	if (node->type != S_IFREG)
		return node->type == S_IFDIR ? -EISDIR : -ENXIO;
	if (node->folder->read_only && ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC))
		return -EROFS;
	/* What is lost by opening is asked for before */
	if (flags & O_TRUNC && folder_inside(node, true))
		return -ESTALE;
	/* The last part of its name is a link, of the host's making */
	fd = openat(AT_FDCWD, node_link(node).name,
		    (int)(flags & FLAGS_KEPT) | (FLAGS_OURS & ~O_NOFOLLOW));
	if (fd < 0)
		return -errno;
	ret = folder_inside(node, true);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int op_open(struct message *m)
{
	const struct fuse_open_in *in = m->arg;
	struct fuse_open_out *out = message_answer(m, sizeof(*out));
	struct statx st;
	int fd, ret;

	if (!out || !m->node->folder)
		return -EINVAL;
	fd = open_node(m->node, in->flags);
	if (fd < 0)
		return fd;
	if (in->open_flags & FUSE_OPEN_KILL_SUIDGID && in->flags & O_TRUNC)
		owner_written(m->node);
	ret = node_stat(m->node, &st);
	if (ret) {
		close(fd);
		return ret;
	}
	return answer_open(m, m->node, &st, fd, in->flags, out);
}

struct created {
	struct fuse_entry_out entry;
	struct fuse_open_out open;
};

/* Answer with a file that is open. Takes node and descriptor, whatever happens */
static int answer_created(struct message *m, struct node *node, const struct statx *st, int fd,
			  uint32_t flags)
{
	struct created *out = message_answer(m, sizeof(*out));
	int ret = -EINVAL;

	if (out)
		ret = answer_open(m, node, st, fd, flags, &out->open);
	else
		close(fd);
	if (ret)
		node_untell(node);
	else
		message_entry(node, st, &out->entry);
	node_put(node);
	return ret;
}

/* It was there already, or somebody was faster */
static int open_existing(struct message *m, uint32_t flags)
{
	struct node *node;
	struct statx st;
	int ret = node_find(m->node, m->names[0], &node, &st), fd;

	if (ret)
		return ret;
	fd = open_node(node, flags);
	if (fd >= 0)
		return answer_created(m, node, &st, fd, flags);
	node_untell(node);
	node_put(node);
	return fd;
}

/* A file that was made and is open gets a node. Takes the descriptor */
static int answer_new(struct message *m, const char *name, int fd, const struct fuse_create_in *in)
{
	char link[12];
	struct node *node;
	struct statx st;
	int path, ret;

	snprintf(link, sizeof(link), "%d", fd);
	path = openat(AT_FDCWD, link, O_PATH | O_CLOEXEC);
	ret = path < 0 ? -errno : node_adopt(m->node, name, path, &node, &st);
	if (ret) {
		close(fd);
		return ret;
	}
	ret = names_born(m, node, &st, in->mode);
	if (!ret)
		return answer_created(m, node, &st, fd, in->flags);
	close(fd);
	node_untell(node);
	node_put(node);
	return ret;
}

int op_create(struct message *m)
{
	const struct fuse_create_in *in = m->arg;
	struct open_how how = {
		.flags = (in->flags & FLAGS_KEPT) | FLAGS_OURS | O_CREAT | O_EXCL,
		.mode = in->mode & 01777,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	/* What cannot be opened is not made */
	if (handles_full() || nodes_make_room())
		return -ENFILE;
	fd = syscall(SYS_openat2, m->node->fd, m->names[0], &how, sizeof(how));
	if (fd >= 0)
		return answer_new(m, m->names[0], fd, in);
	if (errno != EEXIST || in->flags & O_EXCL)
		return -errno;
	return open_existing(m, in->flags);
}

int op_tmpfile(struct message *m)
{
	const struct fuse_create_in *in = m->arg;
	/* What cannot be read may not be opened so, and who reads asks the guest's kernel */
	int flags = (int)(in->flags & (FLAGS_KEPT & ~O_TRUNC)) | (FLAGS_OURS & ~O_NOFOLLOW);
	int fd;

	if (handles_full() || nodes_make_room())
		return -ENFILE;
	fd = openat(m->node->fd, ".", flags | O_TMPFILE, in->mode & 01777);
	return fd < 0 ? -errno : answer_new(m, NULL, fd, in);
}

/* The first @len bytes of a vector; returns how many buffers they are */
static unsigned limit(struct iovec *iov, unsigned count, uint64_t len)
{
	for (unsigned i = 0; i < count; i++) {
		if (iov[i].iov_len >= len) {
			iov[i].iov_len = len;
			return len ? i + 1 : i;
		}
		len -= iov[i].iov_len;
	}
	return count;
}

int op_read(struct message *m)
{
	const struct fuse_read_in *in = m->arg;
	struct handle *handle = handle_get(in->fh, false);
	ssize_t len;

	if (!handle)
		return -EBADF;
	m->nroom = limit(m->room, m->nroom, in->size);
	len = preadv2(handle->fd, m->room, (int)m->nroom, (off_t)in->offset, 0);
	if (len < 0)
		len = -errno;
	else
		m->direct = len;
	handle_put(handle);
	return len < 0 ? (int)len : 0;
}

/* What the file was like and is like, for a guest that has made room for it */
static void tell_written(struct message *m, const struct statx *before, const struct statx *after)
{
	const struct vt_share_written written = {
		.was_mtime = before->stx_mtime.tv_sec,
		.was_mtimensec = before->stx_mtime.tv_nsec,
		.mtime = after->stx_mtime.tv_sec,
		.mtimensec = after->stx_mtime.tv_nsec,
		.ctime = after->stx_ctime.tv_sec,
		.ctimensec = after->stx_ctime.tv_nsec,
		.size = after->stx_size,
	};

	if (m->room_len < m->answer_len + sizeof(written))
		return;
	memcpy(m->answer + m->answer_len, &written, sizeof(written));
	m->answer_len += sizeof(written);
}

static ssize_t write_to(struct message *m, const struct fuse_write_in *in, struct handle *handle)
{
	const bool append = handle->flags & O_APPEND && !(in->write_flags & FUSE_WRITE_CACHE);
	struct statx before, after;
	const int known = node_stat(handle->node, &before);
	const ssize_t len = pwritev2(handle->fd, m->data, (int)m->ndata, (off_t)in->offset,
				     append ? RWF_APPEND : 0);

	if (len < 0)
		return -errno;
	if (len > 0 && in->write_flags & FUSE_WRITE_KILL_SUIDGID)
		owner_written(handle->node);
	if (!known && !node_stat(handle->node, &after)) {
		files_changed(handle->node, &before, &after);
		tell_written(m, &before, &after);
	}
	return len;
}

int op_write(struct message *m)
{
	const struct fuse_write_in *in = m->arg;
	struct fuse_write_out *out = message_answer(m, sizeof(*out));
	struct handle *handle = handle_get(in->fh, false);
	ssize_t len = -EINVAL;

	if (!handle)
		return -EBADF;
	if (out && in->size == m->data_len)
		len = write_to(m, in, handle);
	if (len >= 0)
		out->size = len;
	handle_put(handle);
	return len < 0 ? (int)len : 0;
}

static bool any_remote(void)
{
	for (unsigned i = 0; i < folders.count; i++) {
		if (folders.folder[i].remote)
			return true;
	}
	return false;
}

/* Some file systems of other machines say only now that there was no room. Where there are none of
 * them, the guest is told to close without asking, once */
int op_flush(struct message *m)
{
	const struct fuse_flush_in *in = m->arg;
	struct handle *handle;
	int copy, ret;

	if (!any_remote())
		return -ENOSYS;
	handle = handle_get(in->fh, false);
	if (!handle)
		return -EBADF;
	copy = dup(handle->fd);
	ret = copy < 0 || close(copy) ? -errno : 0;
	handle_put(handle);
	return ret;
}

int op_release(struct message *m)
{
	const struct fuse_release_in *in = m->arg;

	return handle_close(in->fh, false);
}

int op_fsync(struct message *m)
{
	const struct fuse_fsync_in *in = m->arg;
	struct handle *handle = handle_get(in->fh, false);
	int ret;

	if (!handle)
		return -EBADF;
	ret = in->fsync_flags & FUSE_FSYNC_FDATASYNC ? fdatasync(handle->fd) : fsync(handle->fd);
	ret = ret ? -errno : 0;
	handle_put(handle);
	return ret;
}

int op_fallocate(struct message *m)
{
	const struct fuse_fallocate_in *in = m->arg;
	struct handle *handle = handle_get(in->fh, false);
	struct statx before, after;
	int ret;

	if (!handle)
		return -EBADF;
	ret = node_stat(handle->node, &before);
	if (ret)
		;
	else if (in->offset > INT64_MAX || in->length > INT64_MAX)
		ret = -EINVAL;
	else
		ret = fallocate(handle->fd, (int)in->mode, (off_t)in->offset, (off_t)in->length)
			  ? -errno
			  : 0;
	if (!ret && !node_stat(handle->node, &after))
		files_changed(handle->node, &before, &after);
	handle_put(handle);
	return ret;
}

int op_lseek(struct message *m)
{
	const struct fuse_lseek_in *in = m->arg;
	struct fuse_lseek_out *out = message_answer(m, sizeof(*out));
	struct handle *handle = handle_get(in->fh, false);
	off_t at = -EINVAL;

	if (!handle)
		return -EBADF;
	if (out && (in->whence == SEEK_DATA || in->whence == SEEK_HOLE)) {
		at = lseek(handle->fd, (off_t)in->offset, (int)in->whence);
		if (at < 0)
			at = -errno;
		else
			out->offset = at;
	}
	handle_put(handle);
	return at < 0 ? (int)at : 0;
}

int op_copy(struct message *m)
{
	const struct fuse_copy_file_range_in *in = m->arg;
	struct fuse_write_out *out = message_answer(m, sizeof(*out));
	struct handle *from = handle_get(in->fh_in, false), *to = handle_get(in->fh_out, false);
	off_t off_in = (off_t)in->off_in, off_out = (off_t)in->off_out;
	struct statx before, after;
	ssize_t len = -EBADF;

	if (from && to && out)
		len = node_stat(to->node, &before);
	if (!len) {
		len = copy_file_range(from->fd, &off_in, to->fd, &off_out,
				      in->len < COPY_MAX ? in->len : COPY_MAX, 0);
		if (len < 0)
			len = -errno;
		else
			out->size = len;
		if (!node_stat(to->node, &after))
			files_changed(to->node, &before, &after);
	}
	if (from)
		handle_put(from);
	if (to)
		handle_put(to);
	return len < 0 ? (int)len : 0;
}
