// SPDX-License-Identifier: GPL-2.0-only
/* share.c - folders of the host are mounted before the main command starts
 *
 * Theory of operation
 * All shared folders are one file system, which the supervisor's server serves (engine/share): its
 * root holds them under their numbers. It is mounted where nobody looks, one entry of it is bound
 * to where the user wants it, and the mount is taken away again; the binding keeps the file system.
 * So a folder and a single file are mounted in the same way, and the guest sees one device number.
 *
 * What is missing of the mount point is made. That is for the root file system to allow, so who
 * cannot write there (--read-only) needs a directory in the image.
 *
 * Devices mean nothing in a folder of the host. That one is read-only is also the mount's
 * business, so that programs are told EROFS by whom they expect it of; the server refuses anyhow.
 *
 * The server loop does this itself: there is no guest yet that could hold it up.
 */
#include <linux/backing-dev.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <uapi/linux/mount.h>
#include "../../../fs/internal.h"
#include "job.h"

#define STAGE "/dev/.vitrine-share"
#define STATUS_VITRINE 125
#define READ_AHEAD (480 * 1024) /* as engine/share: what fits in one request */

/* The directories that lead to @path; the root's own is there */
static int parents_make(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct path there;
		int ret;

		*slash = 0;
		ret = kern_path(path, LOOKUP_FOLLOW, &there);
		if (!ret)
			path_put(&there);
		else if (ret == -ENOENT)
			ret = vt_mkdir(path, 0755);
		*slash = '/';
		if (ret)
			return ret;
	}
	return 0;
}

static int empty_file_make(const char *path)
{
	struct file *file = filp_open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0644);

	if (IS_ERR(file))
		return PTR_ERR(file);
	__fput_sync(file);
	return 0;
}

/* Where @path leads to, which is made when nothing is there */
static int target_find(const char *name, bool single, struct path *path)
{
	unsigned int how = LOOKUP_FOLLOW | (single ? 0 : LOOKUP_DIRECTORY);
	int ret = kern_path(name, how, path);
	char *copy;

	if (ret == -ENOENT) {
		copy = kstrdup(name, GFP_KERNEL);
		ret = copy ? parents_make(copy) : -ENOMEM;
		kfree(copy);
		if (!ret)
			ret = single ? empty_file_make(name) : vt_mkdir(name, 0755);
		if (!ret)
			ret = kern_path(name, how, path);
	}
	if (!ret && single && d_is_dir(path->dentry)) {
		path_put(path);
		return -EISDIR;
	}
	return ret;
}

static int bind(u32 number, u32 flags, const char *name)
{
	const bool single = flags & VT_SHARE_FILE;
	struct path target;
	char from[sizeof(STAGE) + 12];
	int ret = target_find(name, single, &target);

	if (ret)
		return ret;
	snprintf(from, sizeof(from), STAGE "/%u", number);
	ret = path_mount(from, &target, NULL, MS_BIND, NULL);
	path_put(&target);
	if (!ret)
		ret = kern_path(name, LOOKUP_FOLLOW, &target);
	if (ret)
		return ret;
	/* A large request costs little more than a small one; what fits is agreed on by now */
	target.mnt->mnt_sb->s_bdi->ra_pages = READ_AHEAD / PAGE_SIZE;
	target.mnt->mnt_sb->s_bdi->io_pages = READ_AHEAD / PAGE_SIZE;
	if (flags & VT_SHARE_READ_ONLY)
		ret = path_mount(NULL, &target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NODEV,
				 NULL);
	path_put(&target);
	return ret;
}

static int stage_mount(void)
{
	struct path stage;
	int ret = vt_mkdir(STAGE, 0700);

	if (ret)
		return ret;
	ret = kern_path(STAGE, LOOKUP_DIRECTORY, &stage);
	if (!ret) {
		ret = path_mount(VT_SHARE_TAG, &stage, "virtiofs", MS_NODEV, NULL);
		path_put(&stage);
	}
	if (ret)
		do_rmdir(AT_FDCWD, getname_kernel(STAGE));
	return ret;
}

static void stage_unmount(void)
{
	struct path stage;

	/* path_umount() consumes the reference */
	if (!kern_path(STAGE, LOOKUP_DIRECTORY, &stage))
		path_umount(&stage, MNT_DETACH);
	do_rmdir(AT_FDCWD, getname_kernel(STAGE));
}

static int share(const struct vt_share *ask, const char *name)
{
	int ret = stage_mount();

	if (ret)
		return ret;
	ret = bind(ask->number, ask->flags, name);
	stage_unmount();
	return ret;
}

/**
 * vt_share_request() - Serve VT_REQ_SHARE
 *
 * Return: 0, or a negative errno, and then the sandbox ends.
 */
long vt_share_request(const struct vt_request *req)
{
	const struct vt_share *ask = vt_request_head(req, sizeof(*ask));
	char *name;
	long ret = -ENOMEM;

	if (!ask || vt_halting())
		return -EINVAL;
	name = kstrndup((const char *)(ask + 1), req->len - sizeof(*ask), GFP_KERNEL);
	if (name)
		ret = name[0] == '/' ? share(ask, name) : -EINVAL;
	kfree(name);
	if (ret)
		vt_halt_begin(STATUS_VITRINE);
	return ret;
}
