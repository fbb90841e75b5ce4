// SPDX-License-Identifier: GPL-2.0-only
/* files.c - what the guest itself has written to a file need not be read again
 *
 * Theory of operation
 * FUSE throws away what it has of a file whose time of change is not the one that it knows. After a
 * write of the guest's own that is so, too. The server says what the time was immediately before
 * and is immediately after, and when the former is the one we know, the latter is from now on.
 *
 * A page that was written up to its file's end holds all there is; behind the end are zeros. FUSE
 * would read it again, since the write did not fill it.
 *
 * A file is given to whom it belongs already, by whoever unpacks an archive. That changes nothing,
 * neither here nor at the server (engine/share/owner.c).
 */
#include <linux/highmem.h>
#include "share.h"

/* The last page of a write that FUSE holds because it is not whole; NULL if there is none */
static struct page *unfinished(struct fuse_args_pages *ap)
{
	const struct fuse_io_args *ia = container_of(ap, struct fuse_io_args, ap);
	const unsigned int last = ap->num_pages - 1;

	/* of a page's beginning: what is before is not ours */
	if (!ap->num_pages || ap->uses_folios || !ia->write.page_locked || ap->descs[last].offset)
		return NULL;
	return ap->pages[last];
}

static void written_up_to_end(struct fuse_args_pages *ap, const struct fuse_write_in *in, u64 size)
{
	const unsigned int end = (in->offset + in->size) & (PAGE_SIZE - 1);
	struct page *page = unfinished(ap);

	if (!page || PageUptodate(page) || in->offset + in->size != size || !end)
		return;
	zero_user_segment(page, end, PAGE_SIZE);
	SetPageUptodate(page);
}

static void written(struct inode *inode, const struct vt_share_written *told)
{
	const struct timespec64 was = { told->was_mtime, told->was_mtimensec },
				mtime = { told->mtime, told->mtimensec },
				ctime = { told->ctime, told->ctimensec };
	struct fuse_inode *fi = get_fuse_inode(inode);
	struct timespec64 known;

	spin_lock(&fi->lock);
	known = inode_get_mtime(inode);
	if (timespec64_equal(&known, &was)) {
		inode_set_mtime_to_ts(inode, mtime);
		inode_set_ctime_to_ts(inode, ctime);
	}
	spin_unlock(&fi->lock);
}

int share_write(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args)
{
	struct fuse_args_pages *ap = container_of(args, struct fuse_args_pages, args);
	const struct fuse_write_in *in = args->in_args[0].value;
	struct fuse_write_out *out = args->out_args[0].value;
	struct vt_share_written told;
	struct inode *inode;
	bool tells;
	int ret;

	ret = share_ask_more(idmap, fm, args, &told, sizeof(told), &tells);
	if (ret || !tells)
		return ret;
	inode = share_inode(fm, args->nodeid);
	if (!inode)
		return 0;
	if (args->in_pages && out->size == in->size)
		written_up_to_end(ap, in, told.size);
	written(inode, &told);
	iput(inode);
	return 0;
}

static void fill_attr(struct inode *inode, struct fuse_attr_out *out)
{
	const struct fuse_inode *fi = get_fuse_inode(inode);
	const u64 now = get_jiffies_64();

	*out = (struct fuse_attr_out){
		.attr = {
			.ino = fi->orig_ino,
			.size = i_size_read(inode),
			.blocks = inode->i_blocks,
			.atime = inode_get_atime_sec(inode),
			.atimensec = inode_get_atime_nsec(inode),
			.mtime = inode_get_mtime_sec(inode),
			.mtimensec = inode_get_mtime_nsec(inode),
			.ctime = inode_get_ctime_sec(inode),
			.ctimensec = inode_get_ctime_nsec(inode),
			.mode = (inode->i_mode & S_IFMT) | (fi->orig_i_mode & 07777),
			.nlink = inode->i_nlink,
			.uid = from_kuid(get_fuse_conn(inode)->user_ns, inode->i_uid),
			.gid = from_kgid(get_fuse_conn(inode)->user_ns, inode->i_gid),
			.rdev = new_encode_dev(inode->i_rdev),
			.blksize = i_blocksize(inode),
		},
	};
	/* What has to be asked for anew stays so: the answer holds for no longer than it did */
	if (!fi->inval_mask && time_before64(now, fi->i_time))
		out->attr_valid_nsec = min_t(u64, jiffies64_to_nsecs(fi->i_time - now), 999999999);
}

bool share_known_owner(struct fuse_mount *fm, struct fuse_args *args)
{
	const struct fuse_setattr_in *in = args->in_args[0].value;
	const u32 about = FATTR_UID | FATTR_GID, idle = FATTR_FH | FATTR_KILL_SUIDGID;
	struct inode *inode;
	bool known;

	if (!(in->valid & about) || in->valid & ~(about | idle))
		return false;
	inode = share_inode(fm, args->nodeid);
	if (!inode)
		return false;
	known = !(READ_ONCE(get_fuse_inode(inode)->inval_mask) &
		  (STATX_UID | STATX_GID | STATX_MODE)) &&
		time_before64(get_jiffies_64(), get_fuse_inode(inode)->i_time) &&
		!(inode->i_mode & (S_ISUID | S_ISGID)) &&
		(!(in->valid & FATTR_UID) || in->uid == from_kuid(fm->fc->user_ns, inode->i_uid)) &&
		(!(in->valid & FATTR_GID) || in->gid == from_kgid(fm->fc->user_ns, inode->i_gid));
	if (known)
		fill_attr(inode, args->out_args[0].value);
	iput(inode);
	return known;
}
