// SPDX-License-Identifier: GPL-2.0-only
/* view_path.c - look a path up for a view, without waiting for whoever serves the file system
 *
 * Theory of operation
 * What the kernel has in its cache of names needs no file system. For anything else the file system
 * is asked by a worker of its own, and the view goes on when that takes too long: the file system
 * may be a guest's program (fuse), frozen, or on a disk that does not answer. Such a worker ends
 * when the guest lets it. There is one at a time: until then all that is not cached is refused.
 *
 * Views run one after the other, so `asked` needs no lock.
 */
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "view.h"

#define PATIENCE (HZ / 2)

/**
 * struct lookup - a file system is asked for a name
 * @users: the worker, and the view module until it has seen @done
 */
struct lookup {
	struct work_struct work;
	struct completion done;
	refcount_t users;
	struct path path;
	int err;
	char name[];
};

static struct lookup *asked; /* that was not over when we looked last */

static void lookup_put(struct lookup *lookup)
{
	if (!refcount_dec_and_test(&lookup->users))
		return;
	if (!lookup->err)
		path_put(&lookup->path);
	kvfree(lookup);
}

static void lookup_run(struct work_struct *work)
{
	struct lookup *lookup = container_of(work, struct lookup, work);

	lookup->err = kern_path(lookup->name, LOOKUP_FOLLOW, &lookup->path);
	complete(&lookup->done);
	lookup_put(lookup);
}

static struct lookup *lookup_start(const char *name)
{
	size_t size = strlen(name) + 1;
	struct lookup *lookup = kvzalloc(struct_size(lookup, name, size), GFP_KERNEL);

	if (!lookup)
		return NULL;
	memcpy(lookup->name, name, size);
	INIT_WORK(&lookup->work, lookup_run);
	init_completion(&lookup->done);
	refcount_set(&lookup->users, 2);
	queue_work(system_unbound_wq, &lookup->work);
	return lookup;
}

/* The last one may be over by now */
static bool is_busy(void)
{
	if (asked && try_wait_for_completion(&asked->done)) {
		lookup_put(asked);
		asked = NULL;
	}
	return asked;
}

/**
 * vt_view_path_find() - Look a path up
 * @name: absolute; symbolic links are followed
 * @path: filled; the caller gives it back with path_put()
 *
 * Context: a view; waits for half a second at most.
 * Return: 0, what a lookup says, or -EAGAIN when the file system takes longer.
 */
int vt_view_path_find(const char *name, struct path *path)
{
	int err = kern_path(name, LOOKUP_FOLLOW | LOOKUP_CACHED, path);

	if (err != -EAGAIN || is_busy())
		return err;
	asked = lookup_start(name);
	if (!asked)
		return -ENOMEM;
	if (!wait_for_completion_timeout(&asked->done, PATIENCE))
		return -EAGAIN;
	err = asked->err;
	if (!err) {
		*path = asked->path;
		path_get(path);
	}
	lookup_put(asked);
	asked = NULL;
	return err;
}
