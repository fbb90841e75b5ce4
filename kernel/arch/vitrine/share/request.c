// SPDX-License-Identifier: GPL-2.0-only
/* request.c - requests of shared folders that need not be waited for, or say more than FUSE's do
 *
 * Theory of operation
 * Each request of a shared folder is two switches of the host's, so the cheapest is the one that is
 * not made. vmlinux is linked with --wrap=__fuse_simple_request, through which FUSE sends what it
 * waits for. What goes to the supervisor's file server is looked at:
 *
 * - The capabilities of a file are asked for before it is written to for the first time. The server
 *   has none of them, nor any other attribute outside of "user." (engine/share/xattrs.c).
 * - virtiofs waits until a closed file is closed on the host. Nothing depends on it: errors were
 *   told before, and the server holds what it needs by the number of the handle. Ours is a request
 *   with memory of its own, which unmounting waits for as for any other.
 * - What would be asked next is told along (include/vitrine/share.h), and answered from there:
 *   directories.c, lookups.c, listings.c, files.c.
 *
 * Nothing is believed for longer than the server has said. Other FUSE file systems, whose servers
 * are programs of the guest, are none of ours.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include "share.h"

#define MORE_MAX (sizeof(struct fuse_open_out) + sizeof(struct fuse_attr_out))

struct closing {
	struct fuse_args args;
	struct fuse_release_in in;
};

static void closing_end(struct fuse_mount *fm, struct fuse_args *args, int error)
{
	kfree(container_of(args, struct closing, args));
}

static int close_later(struct fuse_mount *fm, const struct fuse_args *args)
{
	struct closing *closing = kzalloc(sizeof(*closing), GFP_KERNEL);
	int ret;

	if (!closing)
		return -ENOMEM;
	memcpy(&closing->in, args->in_args[0].value, sizeof(closing->in));
	closing->args = (struct fuse_args){
		.opcode = args->opcode,
		.nodeid = args->nodeid,
		.in_numargs = 1,
		.force = true,
		.nocreds = true,
		.end = closing_end,
	};
	closing->args.in_args[0].size = sizeof(closing->in);
	closing->args.in_args[0].value = &closing->in;
	ret = fuse_simple_background(fm, &closing->args, GFP_KERNEL);
	if (ret)
		kfree(closing);
	return ret;
}

static bool is_close(const struct fuse_args *args)
{
	return args->in_numargs == 1 && args->in_args[0].size == sizeof(struct fuse_release_in);
}

static int node_is(struct inode *inode, void *nodeid)
{
	return get_node_id(inode) == *(u64 *)nodeid;
}

struct inode *share_inode(struct fuse_mount *fm, u64 nodeid)
{
	return fm->sb ? ilookup5(fm->sb, nodeid, node_is, &nodeid) : NULL;
}

ssize_t __real___fuse_simple_request(struct mnt_idmap *idmap, struct fuse_mount *fm,
				     struct fuse_args *args);
ssize_t __wrap___fuse_simple_request(struct mnt_idmap *idmap, struct fuse_mount *fm,
				     struct fuse_args *args);

ssize_t share_ask(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args)
{
	return __real___fuse_simple_request(idmap, fm, args);
}

int share_ask_more(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args,
		   void *more, size_t size, bool *told)
{
	struct {
		u8 bytes[MORE_MAX];
	} room;
	struct fuse_arg *last, own = { 0 };
	ssize_t ret;

	BUILD_BUG_ON(sizeof(struct vt_share_written) + sizeof(struct fuse_write_out) > MORE_MAX);
	*told = false;
	/* A first answer is one by itself: what there is no room for then is ours alone */
	if (!args->out_numargs || args->out_args[args->out_numargs - 1].size + size > MORE_MAX) {
		if (args->out_numargs == ARRAY_SIZE(args->out_args))
			return share_ask(idmap, fm, args);
		last = &args->out_args[args->out_numargs++];
	} else {
		last = &args->out_args[args->out_numargs - 1];
		own = *last;
	}
	*last = (struct fuse_arg){ own.size + size, room.bytes };
	args->out_argvar = true;
	ret = share_ask(idmap, fm, args);
	args->out_argvar = false;
	if (ret >= 0 && ret < own.size)
		ret = -EIO;
	if (ret >= 0) {
		memcpy(own.value ?: room.bytes, room.bytes, own.size);
		*told = ret == own.size + size;
		if (*told)
			memcpy(more, room.bytes + own.size, size);
	}
	*last = own;
	if (!own.value)
		args->out_numargs--;
	return ret < 0 ? ret : 0;
}

static ssize_t ask(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args)
{
	switch (args->opcode) {
	case FUSE_GETXATTR:
		if (args->in_numargs == 2 &&
		    strncmp(args->in_args[1].value, XATTR_USER_PREFIX, XATTR_USER_PREFIX_LEN))
			return -EOPNOTSUPP;
		break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		if (is_close(args) && !close_later(fm, args))
			return 0;
		break;
	case FUSE_LOOKUP:
		if (share_known_missing(fm, args))
			return -ENOENT;
		return share_lookup(idmap, fm, args);
	case FUSE_GETATTR:
		if (share_known_attr(fm, args))
			return 0;
		break;
	case FUSE_OPENDIR:
		return share_open_directory(idmap, fm, args);
	case FUSE_CREATE:
	case FUSE_MKDIR:
	case FUSE_MKNOD:
	case FUSE_SYMLINK:
	case FUSE_LINK:
	case FUSE_UNLINK:
	case FUSE_RMDIR:
	case FUSE_RENAME:
	case FUSE_RENAME2:
		return share_change(idmap, fm, args);
	case FUSE_READDIR:
	case FUSE_READDIRPLUS:
		return share_known_end(fm, args) ? 0 : share_list(idmap, fm, args);
	case FUSE_WRITE:
		return share_write(idmap, fm, args);
	case FUSE_SETATTR:
		if (share_known_owner(fm, args))
			return 0;
		fallthrough;
	case FUSE_SETXATTR:
	case FUSE_REMOVEXATTR:
		share_unknown(fm, args->nodeid);
		break;
	}
	return share_ask(idmap, fm, args);
}

ssize_t __wrap___fuse_simple_request(struct mnt_idmap *idmap, struct fuse_mount *fm,
				     struct fuse_args *args)
{
	/* Of virtiofs alone */
	return fm->fc->auto_submounts ? ask(idmap, fm, args) : share_ask(idmap, fm, args);
}
