// SPDX-License-Identifier: GPL-2.0-only
/* mounts.c - the mounts of pid 1's namespace
 *
 * Theory of operation
 * The tree of mounts is read in one go that does not sleep, each mount kept by a reference, and
 * written afterwards. Options come from the file systems' own functions, which read memory. Usage
 * is only asked of file systems that know it without waiting for anybody; FUSE, and what may lie on
 * top of it, is not among them.
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/string.h>
#include "../../../../fs/mount.h"
#include "view.h"

#define MOUNTS_MAX 1024

static const char *const knows_usage[] = {
	"ext4", "ext3", "ext2", "tmpfs", "devtmpfs", "squashfs", "erofs", "iso9660",
};

static const struct {
	int flag;
	const char *name;
} mount_flags[] = {
	{ MNT_NOSUID, "nosuid" },   { MNT_NODEV, "nodev" },	      { MNT_NOEXEC, "noexec" },
	{ MNT_NOATIME, "noatime" }, { MNT_NODIRATIME, "nodiratime" }, { MNT_RELATIME, "relatime" },
	{ MNT_NOSYMFOLLOW, "nosymfollow" },
}, super_flags[] = {
	{ SB_SYNCHRONOUS, "sync" }, { SB_DIRSYNC, "dirsync" },
	{ SB_MANDLOCK, "mand" },    { SB_LAZYTIME, "lazytime" },
};

struct mount_list {
	struct vfsmount *mounts[MOUNTS_MAX];
	unsigned int used, count;
};

/*
 * namespace_sem is fs/namespace.c's own, and may be held by a guest. The tree itself only changes
 * where nothing sleeps, so between two sleeps it is whole.
 */
static void mounts_read(struct mount_list *list)
{
	struct nsproxy *proxy = init_pid_ns.child_reaper->nsproxy;
	struct rb_node *node;

	for (node = proxy ? rb_first(&proxy->mnt_ns->mounts) : NULL; node; node = rb_next(node)) {
		struct mount *mount = rb_entry(node, struct mount, mnt_node);

		if (mount == proxy->mnt_ns->root)
			continue; /* what the kernel booted from: everybody's root lies on top of it
				   */
		if (list->used < MOUNTS_MAX)
			list->mounts[list->used++] = mntget(&mount->mnt);
		list->count++;
	}
}

/* ",a,b=c" of a file system, as elements */
static void json_super_options(struct vt_json *json, char *options)
{
	char *option;

	while ((option = strsep(&options, ","))) {
		if (*option)
			vt_json_string(json, NULL, option);
	}
}

static void json_options(struct vt_json *json, struct vfsmount *mnt, char *page)
{
	struct seq_file text = { .buf = page, .size = PAGE_SIZE - 1 };
	struct super_block *sb = mnt->mnt_sb;
	unsigned int i;

	vt_json_array(json, "options");
	vt_json_string(json, NULL, mnt->mnt_flags & MNT_READONLY || sb_rdonly(sb) ? "ro" : "rw");
	for (i = 0; i < ARRAY_SIZE(mount_flags); i++) {
		if (mnt->mnt_flags & mount_flags[i].flag)
			vt_json_string(json, NULL, mount_flags[i].name);
	}
	for (i = 0; i < ARRAY_SIZE(super_flags); i++) {
		if (sb->s_flags & super_flags[i].flag)
			vt_json_string(json, NULL, super_flags[i].name);
	}
	if (sb->s_op->show_options && !sb->s_op->show_options(&text, mnt->mnt_root)) {
		page[min_t(size_t, text.count, PAGE_SIZE - 1)] = '\0';
		json_super_options(json, page);
	}
	vt_json_end(json);
}

static void json_usage(struct vt_json *json, struct vfsmount *mnt)
{
	static const char *const names[] = { "total_bytes", "used_bytes", "available_bytes",
					     "files", "files_free" };
	struct path path = { .mnt = mnt, .dentry = mnt->mnt_root };
	struct kstatfs stat;

	if (match_string(knows_usage, ARRAY_SIZE(knows_usage), mnt->mnt_sb->s_type->name) < 0 ||
	    vfs_statfs(&path, &stat)) {
		for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
			vt_json_null(json, names[i]);
		return;
	}
	vt_json_u64(json, names[0], stat.f_blocks * stat.f_bsize);
	vt_json_u64(json, names[1], (stat.f_blocks - stat.f_bfree) * stat.f_bsize);
	vt_json_u64(json, names[2], stat.f_bavail * stat.f_bsize);
	vt_json_u64(json, names[3], stat.f_files);
	vt_json_u64(json, names[4], stat.f_ffree);
}

static void json_mount(struct vt_json *json, struct vfsmount *mnt, char *page)
{
	struct mount *mount = real_mount(mnt);
	struct path target = { .mnt = mnt, .dentry = mnt->mnt_root };
	char *root = dentry_path_raw(mnt->mnt_root, page, PAGE_SIZE);

	vt_json_object(json, NULL);
	vt_json_int(json, "id", mount->mnt_id);
	vt_json_int(json, "parent", mount->mnt_parent->mnt_id);
	vt_json_string(json, "source", mount->mnt_devname ?: "none");
	vt_json_path(json, "target", &target);
	vt_json_string(json, "root", IS_ERR(root) ? NULL : root);
	vt_json_string(json, "type", mnt->mnt_sb->s_type->name);
	vt_json_device(json, "device", mnt->mnt_sb->s_dev);
	json_options(json, mnt, page);
	json_usage(json, mnt);
	vt_json_end(json);
}

/**
 * vt_view_mounts() - View: mounts
 */
int vt_view_mounts(struct vt_json *json, const struct vt_view_args *args)
{
	struct mount_list *list = kvzalloc(sizeof(*list), GFP_KERNEL);
	char *page = (char *)__get_free_page(GFP_KERNEL);

	if (!list || !page) {
		kvfree(list);
		free_page((unsigned long)page);
		return -ENOMEM;
	}
	mounts_read(list);
	vt_json_array(json, "mounts");
	for (unsigned int i = 0; i < list->used; i++) {
		json_mount(json, list->mounts[i], page);
		mntput(list->mounts[i]);
	}
	vt_json_end(json);
	vt_json_int(json, "mounts_count", list->count);
	free_page((unsigned long)page);
	kvfree(list);
	return 0;
}
