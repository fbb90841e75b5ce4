// SPDX-License-Identifier: GPL-2.0-only
/* path.c - files are found and given back without waiting for whoever serves the file system
 *
 * Theory of operation
 * What the kernel has in its cache of names needs no file system. For anything else the file system
 * is asked by a worker, and the view goes on when that takes too long: the file system may be a
 * guest's program (fuse), frozen, or on a disk that does not answer. Such a worker ends when the
 * guest lets it. There is one for a name, however often it is asked for, and there are at most
 * LOOKUPS_MAX: a guest that answers nobody costs no more than these, and until then hides nothing
 * that other file systems have.
 *
 * Whoever gives a file back last ends it, if it has no name any more, and that may take as long.
 * So that is a worker's work, too.
 *
 * Views run one after the other, so `lookups` needs no lock.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "view.h"

#define PATIENCE (HZ / 2)
#define LOOKUPS_MAX 8

/**
 * struct lookup - a file system is asked for a name
 * @users: the worker, and `lookups` until it was seen to be over
 */
struct lookup {
	struct list_head list;
	struct work_struct work;
	struct completion done;
	refcount_t users;
	struct path path;
	int err;
	char name[];
};

static LIST_HEAD(lookups); /* that were not over when we looked last */

static void lookup_put(struct lookup *lookup)
{
	if (!refcount_dec_and_test(&lookup->users))
		return;
	if (!lookup->err)
		vt_view_path_put(&lookup->path);
	kvfree(lookup);
}

static void lookup_run(struct work_struct *work)
{
	struct lookup *lookup = container_of(work, struct lookup, work);

	lookup->err = kern_path(lookup->name, LOOKUP_FOLLOW, &lookup->path);
	complete_all(&lookup->done);
	lookup_put(lookup);
}

static void lookup_forget(struct lookup *lookup)
{
	list_del(&lookup->list);
	lookup_put(lookup);
}

static struct lookup *lookup_start(const char *name)
{
	size_t size = strlen(name) + 1;
	struct lookup *lookup = kvzalloc(struct_size(lookup, name, size), GFP_KERNEL);

	if (!lookup)
		return ERR_PTR(-ENOMEM);
	memcpy(lookup->name, name, size);
	INIT_WORK(&lookup->work, lookup_run);
	init_completion(&lookup->done);
	refcount_set(&lookup->users, 2);
	list_add(&lookup->list, &lookups);
	queue_work(system_unbound_wq, &lookup->work);
	return lookup;
}

/* The lookup of @name that is on its way, or a new one; what came too late is forgotten */
static struct lookup *lookup_of(const char *name)
{
	struct lookup *at, *next, *found = NULL;
	unsigned int count = 0;

	list_for_each_entry_safe(at, next, &lookups, list)
	{
		if (completion_done(&at->done)) {
			lookup_forget(at);
			continue;
		}
		if (!strcmp(at->name, name))
			found = at;
		count++;
	}
	if (found)
		return found;
	return count < LOOKUPS_MAX ? lookup_start(name) : ERR_PTR(-EBUSY);
}

/**
 * vt_view_path_find() - Look a path up
 * @name: absolute; symbolic links are followed
 * @path: filled; the caller gives it back with vt_view_path_put()
 *
 * Context: a view; waits for half a second at most.
 * Return: 0, what a lookup says, -EAGAIN when the file system takes longer, or -EBUSY when that
 * was so for too many names already.
 */
int vt_view_path_find(const char *name, struct path *path)
{
	int err = kern_path(name, LOOKUP_FOLLOW | LOOKUP_CACHED, path);
	struct lookup *lookup;

	if (err != -EAGAIN)
		return err;
	lookup = lookup_of(name);
	if (IS_ERR(lookup))
		return PTR_ERR(lookup);
	if (!wait_for_completion_timeout(&lookup->done, PATIENCE))
		return -EAGAIN;
	err = lookup->err;
	if (!err) {
		*path = lookup->path;
		path_get(path);
	}
	lookup_forget(lookup);
	return err;
}

/**
 * struct put - something is given back
 * @path, @inode: either may be empty
 */
struct put {
	struct work_struct work;
	struct path path;
	struct inode *inode;
};

static void put_run(struct work_struct *work)
{
	struct put *put = container_of(work, struct put, work);

	path_put(&put->path);
	iput(put->inode);
	kfree(put);
}

static void put_later(const struct path *path, struct inode *inode)
{
	struct put *put = kzalloc(sizeof(*put), GFP_KERNEL | __GFP_NOFAIL);

	if (path)
		put->path = *path;
	put->inode = inode;
	INIT_WORK(&put->work, put_run);
	queue_work(system_unbound_wq, &put->work);
}

/**
 * vt_view_path_put() - Give a path back
 *
 * Context: may sleep for memory, never for a file system.
 */
void vt_view_path_put(const struct path *path)
{
	put_later(path, NULL);
}

/**
 * vt_view_inode_put() - Give an inode back
 * @inode: or NULL
 *
 * Context: as vt_view_path_put().
 */
void vt_view_inode_put(struct inode *inode)
{
	if (inode && !atomic_add_unless(&inode->i_count, -1, 1))
		put_later(NULL, inode);
}
