// SPDX-License-Identifier: GPL-2.0-only
/* unmount.c - a sandbox lets go of its file systems
 *
 * Theory of operation
 * All processes are gone, so the tree of the first namespace is the only one. Only what is on a
 * disk matters; the last mounted disk goes first. One that is busy (something is mounted on it) is
 * made read-only and detached, so that the walk always makes progress. The root itself is remounted
 * read-only, which writes its journal out.
 *
 * A file system whose server is a process that could not be killed would keep all this waiting for
 * ever. So a thread does it, and the server goes without it when nothing has been written for
 * PATIENCE: disks are then as after a power failure. Of a kernel thread unmounts and closed files
 * would be put off, so it does not count as one meanwhile.
 */
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/namei.h>
#include <linux/sched/task.h>
#include <linux/syscalls.h>
#include <linux/task_work.h>
#include <linux/vmstat.h>
#include <uapi/linux/mount.h>
#include "../../../fs/internal.h"
#include "../../../fs/mount.h"
#include "job.h"

#define PATIENCE (15 * HZ)

static bool over;
static unsigned long written, progress_at;

/* Next in the tree below @top, parents first */
static struct mount *mount_next(struct mount *mnt, struct mount *top)
{
	struct list_head *next = mnt->mnt_mounts.next;

	if (next != &mnt->mnt_mounts)
		return list_entry(next, struct mount, mnt_child);
	for (; mnt != top; mnt = mnt->mnt_parent) {
		next = mnt->mnt_child.next;
		if (next != &mnt->mnt_parent->mnt_mounts)
			return list_entry(next, struct mount, mnt_child);
	}
	return NULL;
}

/* The last mount of a disk other than the root's, with a reference; false when there is none */
static bool disk_get(struct vfsmount *root, struct path *path)
{
	struct mount *top = real_mount(root);
	struct mount *found = NULL;

	write_seqlock(&mount_lock);
	for (struct mount *mnt = top; mnt; mnt = mount_next(mnt, top)) {
		if (mnt->mnt.mnt_sb->s_bdev && mnt->mnt.mnt_sb != root->mnt_sb)
			found = mnt;
	}
	if (found) {
		path->mnt = &found->mnt;
		path->dentry = found->mnt.mnt_root;
		path_get(path);
	}
	write_sequnlock(&mount_lock);
	return found;
}

static int remount_read_only(struct path *path)
{
	return path_mount(NULL, path, NULL, MS_REMOUNT | MS_RDONLY, NULL);
}

/* Closed files hold their mounts, and mounts their disks, until the deferred work has run */
static void files_settle(void)
{
	flush_delayed_fput();
	if (task_work_pending(current))
		task_work_run();
}

static void unmount_all(void)
{
	struct path root, disk;

	files_settle();
	get_fs_root(current->fs, &root);
	while (disk_get(root.mnt, &disk)) {
		/* path_umount() consumes the reference, busy or not */
		if (!path_umount(&disk, 0)) {
			files_settle();
			continue;
		}
		if (!disk_get(root.mnt, &disk))
			break;
		remount_read_only(&disk);
		if (path_umount(&disk, MNT_DETACH))
			break;
		files_settle();
	}
	ksys_sync();
	if (!sb_rdonly(root.mnt->mnt_sb) && remount_read_only(&root))
		pr_warn("vitrine: the root file system is busy; its journal will be replayed\n");
	path_put(&root);
}

static int unmount_thread(void *unused)
{
	current->flags &= ~PF_KTHREAD;
	unmount_all();
	current->flags |= PF_KTHREAD;
	smp_store_release(&over, true);
	vt_server_kick();
	return 0;
}

/**
 * vt_unmount_start() - Begin to unmount other disks and to leave the root clean
 *
 * Context: the server, after the last process has gone.
 */
void vt_unmount_start(void)
{
	written = global_node_page_state(NR_WRITTEN);
	progress_at = jiffies;
	if (!IS_ERR(kthread_run(unmount_thread, NULL, "vitrine-unmount")))
		return;
	unmount_all();
	over = true;
}

/**
 * vt_unmount_over() - Is it done, or hopeless?
 *
 * Context: the server, now and then.
 */
bool vt_unmount_over(void)
{
	unsigned long now = global_node_page_state(NR_WRITTEN);

	if (smp_load_acquire(&over))
		return true;
	if (now != written) {
		written = now;
		progress_at = jiffies;
	}
	if (time_before(jiffies, progress_at + PATIENCE))
		return false;
	pr_warn("vitrine: a file system does not let go; journals will be replayed\n");
	return true;
}
