// SPDX-License-Identifier: GPL-2.0-only
/* files.c - read, write and list guest files for the supervisor
 *
 * Theory of operation
 * The kernel holds every file system, so copying in and out of a sandbox needs no agent: a request
 * is a system call with kernel pointers. Each is an errand (errand.c), because a file system may
 * hang. Paths are resolved in the root of pid 1, by root.
 *
 * Only regular files and directories can be opened: reading a device or a FIFO could block for ever
 * or have effects. O_NONBLOCK keeps the open itself from blocking, the type is checked on what was
 * opened, not on a name.
 *
 * An errand holds what it works on: the supervisor may have given up on it, and close the handle.
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include "../../../fs/internal.h"
#include "job.h"

#define FILES_OPEN_MAX 64
#define FILES_OPEN_FLAGS (O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW | O_DIRECTORY)

static DEFINE_XARRAY_ALLOC1(files_open);

/* What follows the request's structure */
static const char *errand_rest(struct vt_errand *errand, size_t head, size_t *len)
{
	*len = errand->req.len - head;
	return errand->data + head;
}

/**
 * vt_errand_path() - What follows the request's structure, as one absolute path
 * @head: bytes of the structure
 *
 * Return: the path, with a NUL, or NULL when it is none.
 */
const char *vt_errand_path(struct vt_errand *errand, size_t head)
{
	size_t len;
	const char *path = errand_rest(errand, head, &len);

	return path[0] == '/' && strlen(path) == len ? path : NULL;
}

/* The file of a handle, with a reference, or NULL */
static struct file *file_get(u32 handle)
{
	struct file *file;

	xa_lock(&files_open);
	file = xa_load(&files_open, handle);
	if (file)
		get_file(file);
	xa_unlock(&files_open);
	return file;
}

static u8 *reply_alloc(struct vt_errand *errand, u32 size)
{
	errand->reply = kvmalloc(size, GFP_KERNEL);
	return errand->reply;
}

static int mode_set(struct file *file, umode_t mode)
{
	struct iattr attr = { .ia_valid = ATTR_MODE,
			      .ia_mode = (file_inode(file)->i_mode & S_IFMT) | mode };
	int ret = mnt_want_write_file(file);

	if (ret)
		return ret;
	inode_lock(file_inode(file));
	ret = notify_change(file_mnt_idmap(file), file->f_path.dentry, &attr, NULL);
	inode_unlock(file_inode(file));
	mnt_drop_write_file(file);
	return ret;
}

static long files_do_open(struct vt_errand *errand)
{
	const struct vt_open *ask = vt_request_head(&errand->req, sizeof(*ask));
	const char *path = ask ? vt_errand_path(errand, sizeof(*ask)) : NULL;
	struct file *file;
	long ret = 0;
	u32 handle;
	int flags;

	if (!path)
		return -EINVAL;
	flags = ask->flags & FILES_OPEN_FLAGS;
	file = filp_open(path, flags | O_NONBLOCK | O_NOCTTY | O_LARGEFILE, ask->mode & S_IALLUGO);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (!S_ISREG(file_inode(file)->i_mode) && !S_ISDIR(file_inode(file)->i_mode))
		ret = -EOPNOTSUPP;
	else if (flags & O_CREAT)
		ret = mode_set(file, ask->mode & S_IALLUGO); /* whatever the umask is */
	if (!ret)
		ret = xa_alloc(&files_open, &handle, file, XA_LIMIT(1, FILES_OPEN_MAX), GFP_KERNEL);
	if (ret) {
		__fput_sync(file);
		return ret == -EBUSY ? -EMFILE : ret;
	}
	return handle;
}

static long files_do_close(struct vt_errand *errand)
{
	const struct vt_close *ask = vt_request_head(&errand->req, sizeof(*ask));
	struct file *file = ask ? xa_erase(&files_open, ask->handle) : NULL;

	if (!file)
		return -EBADF;
	__fput_sync(file);
	return 0;
}

static long file_read(struct vt_errand *errand, struct file *file, u32 len, loff_t pos)
{
	ssize_t n;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (!S_ISREG(file_inode(file)->i_mode))
		return -EISDIR;
	if (!reply_alloc(errand, len))
		return -ENOMEM;
	n = kernel_read(file, errand->reply, len, &pos);
	errand->reply_len = n > 0 ? n : 0;
	return n;
}

static long files_do_read(struct vt_errand *errand)
{
	const struct vt_read *ask = vt_request_head(&errand->req, sizeof(*ask));
	struct file *file = ask ? file_get(ask->handle) : NULL;
	long ret;

	if (!file)
		return -EBADF;
	ret = file_read(errand, file, min_t(u32, ask->len, VT_REQ_DATA_MAX), ask->offset);
	__fput_sync(file);
	return ret;
}

static long files_do_write(struct vt_errand *errand)
{
	const struct vt_write *ask = vt_request_head(&errand->req, sizeof(*ask));
	struct file *file = ask ? file_get(ask->handle) : NULL;
	long ret = -EBADF;
	const char *data;
	size_t len;
	loff_t pos;

	if (!file)
		return -EBADF;
	data = errand_rest(errand, sizeof(*ask), &len);
	pos = ask->offset;
	if (file->f_mode & FMODE_WRITE)
		ret = kernel_write(file, data, len, &pos);
	__fput_sync(file);
	return ret;
}

static long files_do_stat(struct vt_errand *errand)
{
	const char *name = vt_errand_path(errand, 0);
	struct vt_file_stat *reply;
	struct kstat stat;
	struct path path;
	int ret;

	if (!name)
		return -EINVAL;
	ret = kern_path(name, 0, &path);
	if (ret)
		return ret;
	ret = vfs_getattr(&path, &stat, STATX_BASIC_STATS, AT_STATX_SYNC_AS_STAT);
	path_put(&path);
	if (ret)
		return ret;
	reply = (struct vt_file_stat *)reply_alloc(errand, sizeof(*reply));
	if (!reply)
		return -ENOMEM;
	*reply = (struct vt_file_stat){
		.mode = stat.mode,
		.uid = from_kuid_munged(&init_user_ns, stat.uid),
		.gid = from_kgid_munged(&init_user_ns, stat.gid),
		.nlink = stat.nlink,
		.size = stat.size,
		.mtime_s = stat.mtime.tv_sec,
		.mtime_ns = stat.mtime.tv_nsec,
		.ino = stat.ino,
	};
	errand->reply_len = sizeof(*reply);
	return 0;
}

struct files_list {
	struct dir_context ctx;
	struct vt_errand *errand;
	u32 room;
};

static bool files_list_entry(struct dir_context *ctx, const char *name, int len, loff_t offset,
			     u64 ino, unsigned int type)
{
	struct files_list *list = container_of(ctx, struct files_list, ctx);
	struct vt_errand *errand = list->errand;
	u32 reclen = ALIGN(offsetof(struct vt_dirent, name) + len + 1, 8);
	struct vt_dirent *entry = (struct vt_dirent *)(errand->reply + errand->reply_len);

	if (errand->reply_len + reclen > list->room)
		return false;
	memset(entry, 0, reclen);
	entry->reclen = reclen;
	entry->type = type;
	memcpy(entry->name, name, len);
	errand->reply_len += reclen;
	return true;
}

static long files_do_list(struct vt_errand *errand)
{
	const struct vt_list *ask = vt_request_head(&errand->req, sizeof(*ask));
	struct files_list list = { .ctx.actor = files_list_entry, .errand = errand };
	struct file *file = ask ? file_get(ask->handle) : NULL;
	long ret = -ENOMEM;

	if (!file)
		return -EBADF;
	list.room = min_t(u32, ask->len, VT_REQ_DATA_MAX);
	if (reply_alloc(errand, list.room))
		ret = iterate_dir(file, &list.ctx);
	__fput_sync(file);
	return ret;
}

static long files_do_mkdir(struct vt_errand *errand)
{
	const struct vt_mkdir *ask = vt_request_head(&errand->req, sizeof(*ask));
	const char *path = ask ? vt_errand_path(errand, sizeof(*ask)) : NULL;

	return path ? vt_mkdir(path, ask->mode & S_IALLUGO) : -EINVAL;
}

static long files_do_unlink(struct vt_errand *errand)
{
	const char *path = vt_errand_path(errand, 0);

	return path ? do_unlinkat(AT_FDCWD, getname_kernel(path)) : -EINVAL;
}

static long files_do_rmdir(struct vt_errand *errand)
{
	const char *path = vt_errand_path(errand, 0);

	return path ? do_rmdir(AT_FDCWD, getname_kernel(path)) : -EINVAL;
}

static long files_do_rename(struct vt_errand *errand)
{
	const char *from = errand->data, *to;
	size_t len = strlen(from);

	if (from[0] != '/' || len + 1 >= errand->req.len)
		return -EINVAL;
	to = vt_errand_path(errand, len + 1);
	if (!to)
		return -EINVAL;
	return do_renameat2(AT_FDCWD, getname_kernel(from), AT_FDCWD, getname_kernel(to), 0);
}

static long files_do_symlink(struct vt_errand *errand)
{
	const char *target = errand->data;
	size_t len = strlen(target);
	const char *path;

	if (!len || len + 1 >= errand->req.len)
		return -EINVAL;
	path = vt_errand_path(errand, len + 1);
	if (!path)
		return -EINVAL;
	return do_symlinkat(getname_kernel(target), AT_FDCWD, getname_kernel(path));
}

static long link_read(struct vt_errand *errand, struct path *path)
{
	DEFINE_DELAYED_CALL(done);
	const char *link;
	size_t len;
	long ret;

	if (!d_is_symlink(path->dentry))
		return -EINVAL;
	/* Of /proc/PID: it leads to an object, and to follow it takes a path walk */
	if (d_inode(path->dentry)->i_op->readlink)
		return -EOPNOTSUPP;
	link = vfs_get_link(path->dentry, &done);
	ret = PTR_ERR_OR_ZERO(link);
	if (!ret) {
		len = strnlen(link, PATH_MAX);
		errand->reply = kvmemdup(link, len, GFP_KERNEL);
		errand->reply_len = errand->reply ? len : 0;
		ret = errand->reply ? 0 : -ENOMEM;
	}
	do_delayed_call(&done);
	return ret;
}

static long files_do_readlink(struct vt_errand *errand)
{
	const char *name = vt_errand_path(errand, 0);
	struct path path;
	long ret;

	if (!name)
		return -EINVAL;
	ret = kern_path(name, 0, &path);
	if (ret)
		return ret;
	ret = link_read(errand, &path);
	path_put(&path);
	return ret;
}

/* clang-format off */
static vt_errand_run *const files_table[] = {
	[VT_REQ_OPEN] = files_do_open,
	[VT_REQ_CLOSE] = files_do_close,
	[VT_REQ_READ] = files_do_read,
	[VT_REQ_WRITE] = files_do_write,
	[VT_REQ_STAT] = files_do_stat,
	[VT_REQ_LIST] = files_do_list,
	[VT_REQ_MKDIR] = files_do_mkdir,
	[VT_REQ_UNLINK] = files_do_unlink,
	[VT_REQ_SYMLINK] = files_do_symlink,
	[VT_REQ_READLINK] = files_do_readlink,
	[VT_REQ_RENAME] = files_do_rename,
	[VT_REQ_RMDIR] = files_do_rmdir,
	[VT_REQ_CHOWN] = vt_chown_errand,
	[VT_REQ_ATTRIBUTE] = vt_attribute_set,
	[VT_REQ_ATTRIBUTES] = vt_attribute_list,
};
/* clang-format on */

/**
 * vt_files_errand() - Who answers a file request
 *
 * Return: NULL when @kind is none.
 */
vt_errand_run *vt_files_errand(u32 kind)
{
	return kind < ARRAY_SIZE(files_table) ? files_table[kind] : NULL;
}

/**
 * vt_files_forget() - Whoever had files open here is gone
 *
 * Context: the server; what closing them takes is left to a work item.
 */
void vt_files_forget(void)
{
	unsigned long handle;
	struct file *file;

	xa_for_each(&files_open, handle, file)
	{
		xa_erase(&files_open, handle);
		fput(file);
	}
}
