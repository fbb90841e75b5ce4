// SPDX-License-Identifier: GPL-2.0-only
/* names.c - the guest finds, makes, moves and removes names
 *
 * Theory of operation
 * A name is one component below a directory that we have a descriptor of (message.c, node.c), and
 * the host's calls here do not follow it when it is a link.
 *
 * Devices are not made: on the host the user may not, and for the guest they would mean other
 * devices than the host's. A FIFO and a socket are names for the guest's own kernel.
 *
 * Host system calls: mkdirat, mknodat, symlinkat, linkat, unlinkat, renameat2, readlinkat,
 * fchmodat.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "folder.h"
#include "operations.h"
#include "owner.h"
#include "vitrine/share.h"
#include "vitrine/util.h"

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static int answer_node(struct message *m, struct node *node, const struct statx *st)
{
	struct fuse_entry_out *entry = message_answer(m, sizeof(*entry));

	if (entry)
		message_entry(node, st, entry);
	else
		node_untell(node);
	node_put(node);
	return entry ? 0 : -EINVAL;
}

/* There is no such name, and the guest may remember that for a while */
static int answer_nothing(struct message *m)
{
	struct fuse_entry_out *entry = message_answer(m, sizeof(*entry));

	if (!entry)
		return -ENOENT;
	entry->entry_valid_nsec = CACHED_NS;
	return 0;
}

/* Above the folders: their numbers */
static int lookup_folder(struct message *m)
{
	char *end, again[12];
	unsigned long number = strtoul(m->names[0], &end, 10);
	struct node *node;
	struct statx st;
	int ret;

	snprintf(again, sizeof(again), "%lu", number);
	if (strcmp(again, m->names[0]) || number >= folders.count)
		return -ENOENT;
	node = node_folder(number);
	ret = node_get(node->id, &node) ?: node_stat(node, &st);
	if (ret)
		return ret;
	node_tell(node);
	return answer_node(m, node, &st);
}

int names_answer(struct message *m, const char *name)
{
	struct node *node;
	struct statx st;
	int ret = node_find(m->node, name, &node, &st);

	return ret ?: answer_node(m, node, &st);
}

/* The guest looks at one file after the other: those beside it are told along, if it wants that */
static void tell_beside(struct message *m)
{
	const size_t count = m->rest_len / sizeof(uint64_t);
	struct vt_share_beside beside;
	struct node *node;
	struct statx st;
	uint64_t id;

	if (!count || m->rest_len % sizeof(uint64_t) || count > VT_SHARE_BESIDE_MAX ||
	    m->room_len < m->answer_len + count * sizeof(beside))
		return;
	for (size_t i = 0; i < count; i++) {
		beside = (struct vt_share_beside){ 0 };
		memcpy(&id, m->rest + i * sizeof(id), sizeof(id));
		if (!node_still(m->node, id, &node, &st)) {
			beside.node = id;
			message_attr(node, &st, &beside.attr);
			node_put(node);
		}
		memcpy(m->answer + m->answer_len, &beside, sizeof(beside));
		m->answer_len += sizeof(beside);
	}
}

int op_lookup(struct message *m)
{
	int ret;

	if (!m->node->folder)
		return lookup_folder(m);
	if (m->node->type != S_IFDIR)
		return -ENOTDIR;
	ret = names_answer(m, m->names[0]);
	if (!ret)
		tell_beside(m);
	return ret == -ENOENT ? answer_nothing(m) : ret;
}

int names_born(struct message *m, struct node *node, struct statx *st, uint32_t mode)
{
	struct owner owner;
	const bool keep =
	    owner_born(m->node, m->header.uid, m->header.gid, node->type == S_IFDIR, &owner);
	int ret;

	owner.special |= mode & (node->type == S_IFDIR ? S_ISGID : OWNER_SPECIAL);
	if (!keep && !(mode & OWNER_SPECIAL))
		return 0;
	ret = owner_keep(node, st, &owner);
	/* A file system without attributes: the file is the user's then, and nothing special */
	return ret && ret != -EPERM ? ret : node_stat(node, st);
}

/* What was made is found, and given to whom the guest made it as */
static int answer_born(struct message *m, const char *name, uint32_t mode)
{
	struct node *node;
	struct statx st;
	int ret = node_find(m->node, name, &node, &st);

	if (ret)
		return ret;
	ret = names_born(m, node, &st, mode);
	if (!ret)
		return answer_node(m, node, &st);
	node_untell(node);
	node_put(node);
	return ret;
}

int op_mknod(struct message *m)
{
	const struct fuse_mknod_in *in = m->arg;
	const mode_t type = in->mode & S_IFMT ?: S_IFREG;

	if (type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
		return -EPERM;
	if (mknodat(m->node->fd, m->names[0], type | (in->mode & 01777), 0))
		return -errno;
	return answer_born(m, m->names[0], in->mode);
}

int op_mkdir(struct message *m)
{
	const struct fuse_mkdir_in *in = m->arg;

	if (mkdirat(m->node->fd, m->names[0], in->mode & 01777))
		return -errno;
	return answer_born(m, m->names[0], in->mode);
}

int op_symlink(struct message *m)
{
	const char *target = (const char *)m->rest;

	if (strnlen(target, m->rest_len) == m->rest_len)
		return -EINVAL;
	if (symlinkat(target, m->node->fd, m->names[0]))
		return -errno;
	return names_answer(m, m->names[0]);
}

int op_link(struct message *m)
{
	const struct fuse_link_in *in = m->arg;
	struct node *old;
	int ret = node_get(in->oldnodeid, &old);

	if (ret)
		return ret;
	ret = old->folder != m->node->folder ? -EXDEV : folder_inside(old, true);
	if (!ret)
		ret = result(linkat(AT_FDCWD, node_link(old).name, m->node->fd, m->names[0],
				    AT_SYMLINK_FOLLOW));
	node_put(old);
	return ret ?: names_answer(m, m->names[0]);
}

/*
 * What the guest has no other use for is closed before: the host would have to keep a file that has
 * no name, and whoever removes its directory meanwhile waits for it to go.
 */
static int remove_name(struct message *m, int flags)
{
	struct vt_share_removed removed = { 0 };

	if (m->rest_len == sizeof(removed)) {
		memcpy(&removed, m->rest, sizeof(removed));
		node_let_go(m->node, m->names[0], removed.node);
	}
	if (unlinkat(m->node->fd, m->names[0], flags))
		return -errno;
	node_unlinked(m->node, m->names[0]);
	if (removed.node)
		node_forget(removed.node, removed.lookups);
	return 0;
}

int op_unlink(struct message *m)
{
	return remove_name(m, 0);
}

int op_rmdir(struct message *m)
{
	return remove_name(m, AT_REMOVEDIR);
}

static int move(struct message *m, uint64_t newdir, unsigned flags)
{
	struct node *to;
	int ret = node_get(newdir, &to);

	if (ret)
		return ret;
	if (to->folder != m->node->folder)
		ret = -EXDEV;
	else if (to->type != S_IFDIR)
		ret = -ENOTDIR;
	else
		ret = folder_inside(to, true);
	if (!ret)
		ret = result(
		    syscall(SYS_renameat2, m->node->fd, m->names[0], to->fd, m->names[1], flags));
	if (!ret && flags & RENAME_EXCHANGE)
		node_unlinked(to, m->names[1]); /* both are looked for again */
	if (!ret)
		node_moved(m->node, m->names[0], to, m->names[1]);
	node_put(to);
	return ret;
}

int op_rename(struct message *m)
{
	const struct fuse_rename_in *in = m->arg;

	return move(m, in->newdir, 0);
}

int op_rename2(struct message *m)
{
	const struct fuse_rename2_in *in = m->arg;

	/* A whiteout is a device */
	if (in->flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	return move(m, in->newdir, in->flags);
}

int op_readlink(struct message *m)
{
	const size_t room = m->room_len < PATH_MAX ? m->room_len : PATH_MAX;
	char *target = message_answer(m, room);
	ssize_t len;

	if (m->node->type != S_IFLNK)
		return -EINVAL;
	len = readlinkat(m->node->fd, "", target, room);
	if (len < 0)
		return -errno;
	m->answer_len = len;
	return 0;
}
