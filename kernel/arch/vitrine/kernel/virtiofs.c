// SPDX-License-Identifier: GPL-2.0-only
/* virtiofs.c - requests of shared folders that need not be waited for
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
 *
 * Other FUSE file systems, whose servers are programs of the guest, are none of ours.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include "../../../fs/fuse/fuse_i.h"

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
	return (args->opcode == FUSE_RELEASE || args->opcode == FUSE_RELEASEDIR) &&
	       args->in_numargs == 1 && args->in_args[0].size == sizeof(struct fuse_release_in);
}

ssize_t __real___fuse_simple_request(struct mnt_idmap *idmap, struct fuse_mount *fm,
				     struct fuse_args *args);
ssize_t __wrap___fuse_simple_request(struct mnt_idmap *idmap, struct fuse_mount *fm,
				     struct fuse_args *args);

ssize_t __wrap___fuse_simple_request(struct mnt_idmap *idmap, struct fuse_mount *fm,
				     struct fuse_args *args)
{
	/* Of virtiofs alone */
	if (fm->fc->auto_submounts) {
		if (args->opcode == FUSE_GETXATTR && args->in_numargs == 2 &&
		    strncmp(args->in_args[1].value, XATTR_USER_PREFIX, XATTR_USER_PREFIX_LEN))
			return -EOPNOTSUPP;
		if (is_close(args) && !close_later(fm, args))
			return 0;
	}
	return __real___fuse_simple_request(idmap, fm, args);
}
