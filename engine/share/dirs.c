// SPDX-License-Identifier: GPL-2.0-only
/* dirs.c - what is in a directory
 *
 * Theory of operation
 * The host's entries are read into the handle's buffer and told from there, as many as the guest
 * has room for. It says where it wants to go on; when that is not where we are, the buffer is
 * thrown away and the host asked from there.
 *
 * With FUSE_READDIRPLUS each entry comes with what a look-up would say, and counts as one. "." and
 * ".." do not, and what lies above a folder has no number.
 *
 * Host system calls: openat, getdents64, lseek, fsync, close, and those of node.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "folder.h"
#include "foreign.h"
#include "handle.h"
#include "operations.h"
#include "vitrine/share.h"

/* As the host's kernel writes it */
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

int op_opendir(struct message *m)
{
	struct fuse_open_out *out = message_answer(m, sizeof(*out));
	int fd = -1, ret;

	if (!out)
		return -EINVAL;
	if (m->node->type != S_IFDIR)
		return -ENOTDIR;
	if (m->node->folder) {
		fd = openat(m->node->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			return -errno;
		ret = folder_inside(m->node, true);
		if (ret) {
			close(fd);
			return ret;
		}
	}
	return handle_new(m->node, fd, 0, true, &out->fh);
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static void fill_dirent(struct message *m, const struct entry *entry, size_t len,
			struct fuse_dirent *out)
{
	out->ino = is_dots(entry->name) ? foreign_ino(m->node->dev, m->node->ino)
					: foreign_ino(m->node->dev, entry->ino);
	out->off = entry->off;
	out->namelen = len;
	out->type = entry->type;
	memcpy(out->name, entry->name, len);
}

/* Return: whether there was room */
static bool tell(struct message *m, const struct entry *entry, size_t room)
{
	const size_t len = strlen(entry->name);
	const size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + len);

	if (m->answer_len + size > room)
		return false;
	memset(m->answer + m->answer_len, 0, size);
	fill_dirent(m, entry, len, (struct fuse_dirent *)(m->answer + m->answer_len));
	m->answer_len += size;
	return true;
}

static bool tell_plus(struct message *m, const struct entry *entry, size_t room)
{
	const size_t len = strlen(entry->name);
	const size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + len);
	struct fuse_direntplus *out = (struct fuse_direntplus *)(m->answer + m->answer_len);
	struct node *node;
	struct statx st;

	if (m->answer_len + size > room)
		return false;
	memset(out, 0, size);
	fill_dirent(m, entry, len, &out->dirent);
	/* One that cannot be looked up has a name all the same */
	if (!is_dots(entry->name) && len <= NAME_MAX && !strchr(entry->name, '/') &&
	    !node_find(m->node, entry->name, &node, &st)) {
		message_entry(node, &st, &out->entry_out);
		node_put(node);
	}
	m->answer_len += size;
	return true;
}

/* Whoever knows what it means need not ask once more. Others find too little for an entry */
static void tell_end(struct message *m, size_t room)
{
	const uint64_t end = VT_SHARE_END;

	if (!m->answer_len || m->answer_len + sizeof(end) > room)
		return;
	memcpy(m->answer + m->answer_len, &end, sizeof(end));
	m->answer_len += sizeof(end);
}

/* More from the host. Return: 1, 0 at the end, or a negative errno */
static int fill(struct handle *handle)
{
	struct listing *listing = handle->listing;
	long len = syscall(SYS_getdents64, handle->fd, listing->buffer, LISTING_SIZE);

	int ret = len < 0 ? -errno : folder_inside(handle->node, true);

	listing->at = 0;
	listing->len = len > 0 && !ret ? len : 0;
	return ret ?: len > 0;
}

/* With the listing's lock held */
static int list(struct message *m, struct handle *handle, uint64_t offset, size_t room,
		bool (*told)(struct message *m, const struct entry *entry, size_t room))
{
	struct listing *listing = handle->listing;

	if (offset != listing->next) {
		if (lseek(handle->fd, (off_t)offset, SEEK_SET) < 0)
			return -errno;
		listing->next = offset;
		listing->at = listing->len = 0;
	}
	for (;;) {
		const struct entry *entry = (void *)(listing->buffer + listing->at);

		if (listing->at >= listing->len) {
			int ret = fill(handle);

			if (!ret)
				tell_end(m, room);
			if (ret <= 0) /* what was told so far is no failure */
				return m->answer_len ? 0 : ret;
			continue;
		}
		if (!told(m, entry, room))
			return 0;
		listing->at += entry->len;
		listing->next = entry->off;
	}
}

static int read_entries(struct message *m,
			bool (*told)(struct message *m, const struct entry *entry, size_t room))
{
	const struct fuse_read_in *in = m->arg;
	struct handle *handle = handle_get(in->fh, true);
	size_t room = in->size < m->room_len ? in->size : m->room_len;
	int ret = 0;

	if (!handle)
		return -EBADF;
	if (handle->node != m->node)
		ret = -EBADF;
	else if (m->node->folder) {
		pthread_mutex_lock(&handle->listing->lock);
		ret = list(m, handle, in->offset, room < ANSWER_MAX ? room : ANSWER_MAX, told);
		pthread_mutex_unlock(&handle->listing->lock);
	}
	handle_put(handle);
	return ret;
}

int op_readdir(struct message *m)
{
	return read_entries(m, tell);
}

int op_readdirplus(struct message *m)
{
	return read_entries(m, tell_plus);
}

int op_releasedir(struct message *m)
{
	const struct fuse_release_in *in = m->arg;

	return handle_close(in->fh, true);
}

int op_fsyncdir(struct message *m)
{
	const struct fuse_fsync_in *in = m->arg;
	struct handle *handle = handle_get(in->fh, true);
	int ret;

	if (!handle)
		return -EBADF;
	ret = handle->fd >= 0 && fsync(handle->fd) ? -errno : 0;
	handle_put(handle);
	return ret;
}
