// SPDX-License-Identifier: GPL-2.0-only
/* directories.c - what is known of directories of shared folders
 *
 * Theory of operation
 * FUSE forgets a directory's attributes whenever a name in it changes, and asks for all of them
 * before the next step through it. The server tells them along with the change, and when one is
 * opened, because reading it changes its time of access. They are kept here, for as long as the
 * server says, and that question is answered from here. Changes of one directory follow each other
 * (its inode is locked), so what was told last is how it is.
 *
 * A directory that has just been made is empty. For as long as a missing name may be remembered,
 * names that nobody here has put there are missing without asking: who unpacks an archive looks for
 * each before it is made. Names that were put there are remembered by a bit of their hash, because
 * their dentries may be dropped; a name with the same bit is asked for.
 *
 * The name of a file that nothing here has open, or holds by another name, is removed together with
 * all that the server knows of it, which would be told to forget it in a request of its own.
 *
 * The table is small and each directory has one place in it. What is not there is asked for.
 */
#include <linux/dcache.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/stringhash.h>
#include "share.h"

#define PLACES_ORDER 7
#define NAME_BITS 512
#define AHEAD_JIFFIES (HZ / 5)

/**
 * struct known - a directory
 * @fc, @nodeid:   which one
 * @attr_until:    jiffies until which @attr may be told
 * @missing_until: jiffies until which names that are not among @names are missing
 * @ahead:         files that were told of along when one was looked for again, until @ahead_until
 */
struct known {
	const struct fuse_conn *fc;
	u64 nodeid, attr_until, missing_until, ahead_until;
	unsigned int ahead;
	struct fuse_attr attr;
	DECLARE_BITMAP(names, NAME_BITS);
};

static DEFINE_SPINLOCK(known_lock);
static struct known *places;
static u64 all_ahead_until; /* jiffies; somebody goes through whole directories */

static struct known *place(u64 nodeid)
{
	return &places[hash_64(nodeid, PLACES_ORDER)];
}

/* With the lock held. NULL: nothing is known of it */
static struct known *find(const struct fuse_mount *fm, u64 nodeid)
{
	struct known *known = places ? place(nodeid) : NULL;

	return known && known->fc == fm->fc && known->nodeid == nodeid ? known : NULL;
}

/* With the lock held. What it knew of another is lost */
static struct known *take(const struct fuse_mount *fm, u64 nodeid)
{
	struct known *known = find(fm, nodeid);

	if (!known) {
		known = place(nodeid);
		*known = (struct known){ .fc = fm->fc, .nodeid = nodeid };
	}
	return known;
}

static bool have_places(void)
{
	struct known *new;

	if (READ_ONCE(places))
		return true;
	new = kvcalloc(1 << PLACES_ORDER, sizeof(*new), GFP_KERNEL);
	if (new &&cmpxchg(&places, NULL, new))
		kvfree(new);
	return READ_ONCE(places);
}

static u64 until(u64 seconds, u32 nanoseconds)
{
	return get_jiffies_64() + seconds * HZ + nsecs_to_jiffies64(nanoseconds);
}

static unsigned int name_bit(const char *name)
{
	return full_name_hash(NULL, name, strlen(name)) % NAME_BITS;
}

bool share_known_missing(struct fuse_mount *fm, struct fuse_args *args)
{
	const char *name = args->in_args[args->in_numargs - 1].value;
	struct known *known;
	bool missing;

	spin_lock(&known_lock);
	known = find(fm, args->nodeid);
	missing = known && time_before64(get_jiffies_64(), known->missing_until) &&
		  !test_bit(name_bit(name), known->names);
	spin_unlock(&known_lock);
	return missing;
}

bool share_known_attr(struct fuse_mount *fm, struct fuse_args *args)
{
	struct fuse_attr_out *out = args->out_args[0].value;
	const u64 now = get_jiffies_64();
	struct known *known;
	u64 left = 0;

	spin_lock(&known_lock);
	known = find(fm, args->nodeid);
	if (known && time_before64(now, known->attr_until)) {
		left = known->attr_until - now;
		out->attr = known->attr;
	}
	spin_unlock(&known_lock);
	out->attr_valid = left / HZ;
	out->attr_valid_nsec = jiffies_to_nsecs(left % HZ);
	return left;
}

void share_unknown(struct fuse_mount *fm, u64 nodeid)
{
	struct known *known;

	spin_lock(&known_lock);
	known = find(fm, nodeid);
	if (known)
		known->attr_until = 0;
	spin_unlock(&known_lock);
}

/*
 * Twice as many as the last time, as long as one follows the other. Who has looked at a directory
 * in that way mostly goes on with the next one.
 */
unsigned int share_ahead(struct fuse_mount *fm, u64 nodeid)
{
	const u64 now = get_jiffies_64();
	unsigned int ahead = 0;
	struct known *known;

	if (!have_places())
		return 0;
	spin_lock(&known_lock);
	known = take(fm, nodeid);
	if (time_before64(now, known->ahead_until))
		ahead = min(known->ahead * 2 + 2, (unsigned int)VT_SHARE_BESIDE_MAX);
	if (ahead == VT_SHARE_BESIDE_MAX)
		all_ahead_until = now + AHEAD_JIFFIES;
	else if (time_before64(now, all_ahead_until))
		ahead = VT_SHARE_BESIDE_MAX;
	known->ahead = ahead;
	known->ahead_until = now + AHEAD_JIFFIES;
	spin_unlock(&known_lock);
	return ahead;
}

/* Somebody has read its names, and has more of them in the dentry cache than we put there */
void share_listed(struct fuse_mount *fm, u64 nodeid)
{
	struct known *known;

	spin_lock(&known_lock);
	known = find(fm, nodeid);
	if (known)
		known->missing_until = 0;
	spin_unlock(&known_lock);
}

/* A name is about to be put into a directory */
static void put_name(struct fuse_mount *fm, u64 nodeid, const char *name)
{
	struct known *known;

	spin_lock(&known_lock);
	known = find(fm, nodeid);
	if (known)
		__set_bit(name_bit(name), known->names);
	spin_unlock(&known_lock);
}

static void made_directory(struct fuse_mount *fm, const struct fuse_entry_out *entry)
{
	struct known *known;

	spin_lock(&known_lock);
	known = take(fm, entry->nodeid);
	known->attr = entry->attr;
	known->attr_until = until(entry->attr_valid, entry->attr_valid_nsec);
	known->missing_until = until(entry->entry_valid, entry->entry_valid_nsec);
	bitmap_zero(known->names, NAME_BITS);
	spin_unlock(&known_lock);
}

static void told_attr(struct fuse_mount *fm, u64 nodeid, const struct fuse_attr_out *out)
{
	struct known *known;

	spin_lock(&known_lock);
	known = take(fm, nodeid);
	known->attr = out->attr;
	known->attr_until = until(out->attr_valid, out->attr_valid_nsec);
	spin_unlock(&known_lock);
}

struct dentry *share_name(struct fuse_mount *fm, u64 nodeid, const char *name)
{
	struct inode *dir = share_inode(fm, nodeid);
	struct dentry *parent = dir ? d_find_any_alias(dir) : NULL, *child = NULL;
	struct qstr q = QSTR_INIT(name, strlen(name));

	if (parent) {
		q.hash = full_name_hash(parent, q.name, q.len);
		child = d_lookup(parent, &q);
		dput(parent);
	}
	iput(dir);
	return child;
}

/*
 * Has nobody but who removes it anything of it? vfs_unlink() has a reference of the dentry and one
 * of the inode, vfs_rmdir() two of the dentry. Ours is one more.
 */
static bool is_last(struct dentry *dentry, bool directory)
{
	struct inode *inode = d_inode(dentry);

	if (!inode)
		return false;
	if (directory)
		shrink_dcache_parent(dentry); /* names that are no more; vfs_rmdir() would */
	return d_count(dentry) == (directory ? 3 : 2) &&
	       atomic_read(&inode->i_count) == (directory ? 1 : 2);
}

static void forgotten(struct inode *inode, u64 lookups)
{
	struct fuse_inode *fi = get_fuse_inode(inode);

	spin_lock(&fi->lock);
	fi->nlookup -= lookups;
	spin_unlock(&fi->lock);
}

static int remove(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args,
		  struct fuse_attr_out *dir, bool *told)
{
	struct dentry *dentry = share_name(fm, args->nodeid, args->in_args[0].value);
	struct vt_share_removed removed = { 0 };
	int ret;

	if (dentry && is_last(dentry, args->opcode == FUSE_RMDIR)) {
		removed.node = get_node_id(d_inode(dentry));
		removed.lookups = READ_ONCE(get_fuse_inode(d_inode(dentry))->nlookup);
		args->in_args[args->in_numargs++] =
		    (struct fuse_in_arg){ sizeof(removed), &removed };
	}
	if (dentry && d_is_dir(dentry))
		share_unknown(fm, get_node_id(d_inode(dentry)));
	ret = share_ask_more(idmap, fm, args, dir, sizeof(*dir), told);
	/* A server that tells more has understood more */
	if (!ret && *told && removed.node)
		forgotten(d_inode(dentry), removed.lookups);
	dput(dentry);
	return ret;
}

/* A directory that is moved is not as it was */
static void move_named(struct fuse_mount *fm, u64 nodeid, const char *name)
{
	struct dentry *dentry = share_name(fm, nodeid, name);

	if (dentry && d_is_dir(dentry))
		share_unknown(fm, get_node_id(d_inode(dentry)));
	dput(dentry);
}

/* The names are the last of what is asked */
static void before_change(struct fuse_mount *fm, struct fuse_args *args)
{
	const char *name = args->in_args[args->in_numargs - 1].value;
	u64 to = args->nodeid;

	switch (args->opcode) {
	case FUSE_SYMLINK:
		name = args->in_args[0].value;
		break;
	case FUSE_RENAME: /* both begin with it */
	case FUSE_RENAME2:
		to = ((const struct fuse_rename_in *)args->in_args[0].value)->newdir;
		move_named(fm, args->nodeid, args->in_args[1].value);
		move_named(fm, to, name);
		break;
	}
	put_name(fm, to, name);
	share_unknown(fm, to);
}

int share_change(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args)
{
	const bool removes = args->opcode == FUSE_UNLINK || args->opcode == FUSE_RMDIR;
	struct fuse_attr_out dir;
	bool told;
	int ret;

	if (!have_places())
		return share_ask(idmap, fm, args);
	if (removes) {
		ret = remove(idmap, fm, args, &dir, &told);
	} else {
		before_change(fm, args);
		ret = share_ask_more(idmap, fm, args, &dir, sizeof(dir), &told);
	}
	if (!ret && told)
		told_attr(fm, args->nodeid, &dir);
	else
		share_unknown(fm, args->nodeid);
	if (!ret && args->opcode == FUSE_MKDIR)
		made_directory(fm, args->out_args[0].value);
	return ret;
}

/* Reading a directory changes its time of access, which would be a reason to ask for all of them */
int share_open_directory(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args)
{
	struct fuse_attr_out dir;
	bool told;
	int ret;

	if (!have_places())
		return share_ask(idmap, fm, args);
	ret = share_ask_more(idmap, fm, args, &dir, sizeof(dir), &told);
	if (!ret && told)
		told_attr(fm, args->nodeid, &dir);
	return ret;
}
