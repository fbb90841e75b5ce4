// SPDX-License-Identifier: GPL-2.0-only
/* mounts.c - the file systems that a sandbox starts with
 *
 * Theory of operation
 * The kernel has mounted the root (root=, rootfstype=). The rest is a table, filtered by the mount
 * profile (vitrine.mounts=). A missing mount point is created when the root is writable and is no
 * error otherwise; nor is a file system that the kernel was built without.
 */
#include <linux/fs_struct.h>
#include <linux/init.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <uapi/linux/mount.h>
#include "../../../fs/internal.h"
#include "../../../fs/mount.h"
#include "job.h"

enum mount_when {
	WHEN_ALWAYS,
	WHEN_FULL,
	WHEN_FULL_READ_ONLY, /* full profile, and the image cannot be written */
};

#define NO_DEV (MS_NOSUID | MS_NODEV)
#define NO_EXEC (NO_DEV | MS_NOEXEC)

static const struct {
	const char *type, *directory, *options;
	unsigned long flags;
	enum mount_when when;
} mount_table[] = {
	{ "proc", "/proc", NULL, NO_EXEC, WHEN_ALWAYS },
	{ "sysfs", "/sys", NULL, NO_EXEC, WHEN_FULL },
	{ "devtmpfs", "/dev", "mode=0755", MS_NOSUID, WHEN_ALWAYS },
	{ "devpts", "/dev/pts", "newinstance,ptmxmode=0666,gid=5,mode=0620", MS_NOSUID | MS_NOEXEC,
	  WHEN_ALWAYS },
	{ "tmpfs", "/dev/shm", "mode=1777", NO_DEV, WHEN_FULL },
	{ "mqueue", "/dev/mqueue", NULL, NO_EXEC, WHEN_FULL },
	{ "tmpfs", "/run", "mode=0755", NO_DEV, WHEN_FULL },
	{ "tmpfs", "/tmp", "mode=1777", NO_DEV, WHEN_FULL_READ_ONLY },
	{ "tmpfs", "/var/tmp", "mode=1777", NO_DEV, WHEN_FULL_READ_ONLY },
	{ "cgroup2", "/sys/fs/cgroup", "nsdelegate", NO_EXEC, WHEN_FULL },
	{ "bpf", "/sys/fs/bpf", "mode=0700", NO_EXEC, WHEN_FULL },
	{ "fusectl", "/sys/fs/fuse/connections", NULL, NO_EXEC, WHEN_FULL },
	{ "securityfs", "/sys/kernel/security", NULL, NO_EXEC, WHEN_FULL },
	{ "debugfs", "/sys/kernel/debug", "mode=0700", NO_EXEC, WHEN_FULL },
	{ "tracefs", "/sys/kernel/tracing", "mode=0700", NO_EXEC, WHEN_FULL },
	{ "binfmt_misc", "/proc/sys/fs/binfmt_misc", NULL, NO_EXEC, WHEN_FULL },
};

/* clang-format off */
static const struct {
	const char *name, *target;
} link_table[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/core", "/proc/kcore" },
};
/* clang-format on */

/* What udev's rules would open up: the kernel checks their users by itself */
static const char *const public_table[] = { "/dev/fuse", "/dev/net/tun" };

/* Directories below /run and /dev that programs expect on a running system */
static const struct {
	const char *name;
	umode_t mode;
} directory_table[] = {
	{ "/run/lock", 01777 },
	{ "/run/user", 0755 },
};

static bool profile_minimal;

static int __init profile_setup(char *value)
{
	profile_minimal = !strcmp(value, "minimal");
	return 1;
}
__setup("vitrine.mounts=", profile_setup);

static int mode_change(const char *name, umode_t mode)
{
	struct iattr attr = { .ia_valid = ATTR_MODE };
	struct path path;
	int ret = kern_path(name, 0, &path);

	if (ret)
		return ret;
	attr.ia_mode = (d_inode(path.dentry)->i_mode & S_IFMT) | mode;
	inode_lock(d_inode(path.dentry));
	ret = notify_change(mnt_idmap(path.mnt), path.dentry, &attr, NULL);
	inode_unlock(d_inode(path.dentry));
	path_put(&path);
	return ret;
}

/**
 * vt_mkdir() - Make a directory with exactly these permissions, whatever the umask is
 *
 * Return: 0 or a negative errno, -EEXIST when there is something of that name.
 */
int vt_mkdir(const char *name, umode_t mode)
{
	int ret = do_mkdirat(AT_FDCWD, getname_kernel(name), mode & 0777);

	return ret || !(mode & (07000 | current_umask())) ? ret : mode_change(name, mode);
}

/* Like mount(2) with kernel pointers; @page is a scratch page for the options */
static int mount_one(const char *type, const char *directory, const char *options,
		     unsigned long flags, char *page)
{
	struct path path;
	int ret = kern_path(directory, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (ret == -ENOENT && !vt_mkdir(directory, 0755))
		ret = kern_path(directory, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);
	if (ret)
		return ret;
	if (options)
		strscpy(page, options, PAGE_SIZE);
	ret = path_mount(type, &path, type, flags, options ? page : NULL);
	path_put(&path);
	return ret;
}

static bool mount_harmless(int error)
{
	/* No mount point, no such file system, already there (CONFIG_DEVTMPFS_MOUNT) */
	return error == -ENOENT || error == -ENODEV || error == -EBUSY || error == -EROFS;
}

/**
 * vt_mounts_setup() - Mount what the profile asks for
 */
void vt_mounts_setup(void)
{
	bool read_only =
	    sb_rdonly(current->fs->root.mnt->mnt_sb) || __mnt_is_readonly(current->fs->root.mnt);
	char *page = (char *)__get_free_page(GFP_KERNEL);

	if (!page)
		panic("vitrine: no memory to mount file systems");
	for (int i = 0; i < ARRAY_SIZE(mount_table); i++) {
		int ret;

		if (mount_table[i].when != WHEN_ALWAYS && profile_minimal)
			continue;
		if (mount_table[i].when == WHEN_FULL_READ_ONLY && !read_only)
			continue;
		ret = mount_one(mount_table[i].type, mount_table[i].directory,
				mount_table[i].options, mount_table[i].flags, page);
		if (ret && !mount_harmless(ret))
			pr_warn("vitrine: cannot mount %s on %s: error %d\n", mount_table[i].type,
				mount_table[i].directory, ret);
	}
	free_page((unsigned long)page);

	for (int i = 0; i < ARRAY_SIZE(link_table); i++)
		do_symlinkat(getname_kernel(link_table[i].target), AT_FDCWD,
			     getname_kernel(link_table[i].name));
	for (int i = 0; i < ARRAY_SIZE(public_table); i++)
		mode_change(public_table[i], 0666);
	if (profile_minimal)
		return;
	for (int i = 0; i < ARRAY_SIZE(directory_table); i++)
		vt_mkdir(directory_table[i].name, directory_table[i].mode);
}
