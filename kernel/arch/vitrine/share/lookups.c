// SPDX-License-Identifier: GPL-2.0-only
/* lookups.c - who looks at many files one by one is told of several at a time
 *
 * Theory of operation
 * A name that was looked up is believed for as long as the server has said; then it is looked for
 * again, which says what the file is like, too. A program that looks at all files of a tree, as git
 * does, does that for each. So the question takes along the numbers of files beside it that are not
 * believed any more, at first none, and twice as many each time that one follows the other.
 *
 * Those that are told of are what FUSE would have asked for: the same name has the same file, with
 * these attributes, from now on for as long as the server says. The server counts nothing as told.
 */
#include <linux/dcache.h>
#include <linux/jiffies.h>
#include <linux/posix_acl.h>
#include <linux/slab.h>
#include "share.h"

#define STEPS 64 /* to each side, among files that are believed */

struct beside {
	unsigned int count;
	struct dentry *dentries[VT_SHARE_BESIDE_MAX];
	u64 nodes[VT_SHARE_BESIDE_MAX];
};

/* When FUSE does not believe a dentry any more (fuse_dentry_time()) */
static bool believed(const struct dentry *dentry)
{
	return time_before64(get_jiffies_64(), (u64)(unsigned long)dentry->d_fsdata);
}

/* With the parent's lock held */
static void consider(struct beside *beside, struct dentry *dentry)
{
	spin_lock_nested(&dentry->d_lock, DENTRY_D_LOCK_NESTED);
	if (!d_unhashed(dentry) && d_really_is_positive(dentry) && !d_mountpoint(dentry) &&
	    !believed(dentry) && !fuse_is_bad(d_inode(dentry))) {
		beside->nodes[beside->count] = get_node_id(d_inode(dentry));
		beside->dentries[beside->count++] = dget_dlock(dentry);
	}
	spin_unlock(&dentry->d_lock);
}

static struct dentry *before(struct dentry *parent, struct dentry *dentry)
{
	struct hlist_node **link = dentry->d_sib.pprev;

	if (!link || link == &parent->d_children.first)
		return NULL;
	return container_of(container_of(link, struct hlist_node, next), struct dentry, d_sib);
}

/* The newest are first, so who goes through a directory for the second time goes backwards */
static void gather(struct beside *beside, struct dentry *dentry, unsigned int most)
{
	struct dentry *parent = dget_parent(dentry), *at = dentry;

	spin_lock(&parent->d_lock);
	for (unsigned int i = 0; i < STEPS && beside->count < most; i++) {
		at = dentry->d_parent == parent ? before(parent, at) : NULL;
		if (!at)
			break;
		consider(beside, at);
	}
	at = dentry;
	for (unsigned int i = 0; i < STEPS && beside->count < most; i++) {
		at = dentry->d_parent == parent ? d_next_sibling(at) : NULL;
		if (!at)
			break;
		consider(beside, at);
	}
	spin_unlock(&parent->d_lock);
	dput(parent);
}

static void apply(struct dentry *dentry, const struct vt_share_beside *told,
		  const struct fuse_entry_out *entry, u64 version)
{
	struct fuse_entry_out as = *entry;
	struct inode *inode = d_inode(dentry);
	struct fuse_attr attr = told->attr;

	if (!inode || get_node_id(inode) != told->node || inode_wrong_type(inode, attr.mode))
		return;
	forget_all_cached_acls(inode);
	fuse_change_attributes(inode, &attr, NULL, ATTR_TIMEOUT(entry), version);
	fuse_change_entry_timeout(dentry, &as);
}

static ssize_t ask(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args,
		   struct beside *beside, struct vt_share_beside *told)
{
	const struct fuse_entry_out *entry = args->out_args[0].value;
	const u64 version = fuse_get_attr_version(fm->fc);
	const unsigned int in = args->in_numargs, out = args->out_numargs;
	const size_t size = beside->count * sizeof(*told);
	ssize_t ret;

	args->in_args[args->in_numargs++] =
	    (struct fuse_in_arg){ beside->count * sizeof(beside->nodes[0]), beside->nodes };
	args->out_args[args->out_numargs++] = (struct fuse_arg){ size, told };
	args->out_argvar = true;
	ret = share_ask(idmap, fm, args);
	args->out_argvar = false;
	args->in_numargs = in;
	args->out_numargs = out;
	if (ret == size && entry->nodeid) {
		for (unsigned int i = 0; i < beside->count; i++) {
			if (told[i].node == beside->nodes[i])
				apply(beside->dentries[i], &told[i], entry, version);
		}
	}
	return ret < 0 ? ret : 0;
}

ssize_t share_lookup(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args)
{
	struct dentry *dentry = share_name(fm, args->nodeid, args->in_args[0].value);
	struct vt_share_beside *told = NULL;
	struct beside *beside = NULL;
	unsigned int most = 0;
	ssize_t ret;

	/* What is not there yet has nothing to be asked for again beside it */
	if (dentry && d_really_is_positive(dentry) && args->in_numargs == 1)
		most = share_ahead(fm, args->nodeid);
	if (most) {
		beside = kzalloc(sizeof(*beside), GFP_KERNEL);
		told = kcalloc(most, sizeof(*told), GFP_KERNEL);
	}
	if (beside && told)
		gather(beside, dentry, most);
	ret = beside && beside->count ? ask(idmap, fm, args, beside, told)
				      : share_ask(idmap, fm, args);
	while (beside && beside->count)
		dput(beside->dentries[--beside->count]);
	kfree(beside);
	kfree(told);
	dput(dentry);
	return ret;
}
