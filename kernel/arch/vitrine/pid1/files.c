// SPDX-License-Identifier: GPL-2.0-only
/* files.c - read, write and list guest files for the supervisor
 *
 * Theory of operation
 * The kernel holds every file system, so copying in and out of a sandbox needs no agent: a request
 * is a system call with kernel pointers. Requests run one after the other on a work queue, because
 * a file system may hang (FUSE) and pid 1 may not. Paths are resolved in the root of pid 1, by
 * root.
 *
 * Only regular files and directories can be opened: reading a device or a FIFO could block for ever
 * or have effects. O_NONBLOCK keeps the open itself from blocking, the type is checked on what was
 * opened, not on a name.
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "../../../fs/internal.h"
#include "job.h"

#define FILES_OPEN_MAX 64
#define FILES_OPEN_FLAGS (O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW | O_DIRECTORY)

/**
 * struct files_work - a request with its own copy of the data
 * @reply, @reply_len: filled by a handler that answers with data
 */
struct files_work {
	struct work_struct work;
	struct vt_request req;
	u8 *reply;
	u32 reply_len;
	u8 data[];
};

static struct workqueue_struct *files_queue;
static DEFINE_XARRAY_ALLOC1(files_open);

/* The data as one absolute path; the byte behind it is a NUL (see vt_files_request()) */
static const char *work_path(struct files_work *work)
{
	const char *path = work->data;

	return path[0] == '/' && strlen(path) == work->req.len ? path : NULL;
}

static struct filename *work_filename(struct files_work *work)
{
	const char *path = work_path(work);

	return path ? getname_kernel(path) : ERR_PTR(-EINVAL);
}

static struct file *work_file(struct files_work *work)
{
	return xa_load(&files_open, work->req.args[0]);
}

static u8 *reply_alloc(struct files_work *work, u32 size)
{
	work->reply = kvmalloc(size, GFP_KERNEL);
	return work->reply;
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

static long files_do_open(struct files_work *work)
{
	int flags = work->req.args[0] & FILES_OPEN_FLAGS;
	umode_t mode = work->req.args[1] & S_IALLUGO;
	const char *path = work_path(work);
	struct file *file;
	long ret = 0;
	u32 handle;

	if (!path)
		return -EINVAL;
	file = filp_open(path, flags | O_NONBLOCK | O_NOCTTY | O_LARGEFILE, mode);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (!S_ISREG(file_inode(file)->i_mode) && !S_ISDIR(file_inode(file)->i_mode))
		ret = -EOPNOTSUPP;
	else if (flags & O_CREAT)
		ret = mode_set(file, mode); /* whatever the umask is */
	if (!ret)
		ret = xa_alloc(&files_open, &handle, file, XA_LIMIT(1, FILES_OPEN_MAX), GFP_KERNEL);
	if (ret) {
		__fput_sync(file);
		return ret == -EBUSY ? -EMFILE : ret;
	}
	return handle;
}

static long files_do_close(struct files_work *work)
{
	struct file *file = xa_erase(&files_open, work->req.args[0]);

	if (!file)
		return -EBADF;
	__fput_sync(file);
	return 0;
}

static long files_do_read(struct files_work *work)
{
	u32 len = min_t(u64, work->req.args[2], VT_REQ_DATA_MAX);
	loff_t pos = work->req.args[1];
	struct file *file = work_file(work);
	ssize_t n;

	if (!file || !(file->f_mode & FMODE_READ))
		return -EBADF;
	if (!S_ISREG(file_inode(file)->i_mode))
		return -EISDIR;
	if (!reply_alloc(work, len))
		return -ENOMEM;
	n = kernel_read(file, work->reply, len, &pos);
	work->reply_len = n > 0 ? n : 0;
	return n;
}

static long files_do_write(struct files_work *work)
{
	loff_t pos = work->req.args[1];
	struct file *file = work_file(work);

	if (!file || !(file->f_mode & FMODE_WRITE))
		return -EBADF;
	return kernel_write(file, work->data, work->req.len, &pos);
}

static long files_do_stat(struct files_work *work)
{
	const char *name = work_path(work);
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
	reply = (struct vt_file_stat *)reply_alloc(work, sizeof(*reply));
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
	work->reply_len = sizeof(*reply);
	return 0;
}

struct files_list {
	struct dir_context ctx;
	struct files_work *work;
};

static bool files_list_entry(struct dir_context *ctx, const char *name, int len, loff_t offset,
			     u64 ino, unsigned int type)
{
	struct files_work *work = container_of(ctx, struct files_list, ctx)->work;
	u32 reclen = ALIGN(offsetof(struct vt_dirent, name) + len + 1, 8);
	struct vt_dirent *entry = (struct vt_dirent *)(work->reply + work->reply_len);

	if (work->reply_len + reclen > work->req.args[1])
		return false;
	memset(entry, 0, reclen);
	entry->reclen = reclen;
	entry->type = type;
	memcpy(entry->name, name, len);
	work->reply_len += reclen;
	return true;
}

static long files_do_list(struct files_work *work)
{
	struct files_list list = { .ctx.actor = files_list_entry, .work = work };
	struct file *file = work_file(work);

	if (!file)
		return -EBADF;
	work->req.args[1] = min_t(u64, work->req.args[1], VT_REQ_DATA_MAX);
	if (!reply_alloc(work, work->req.args[1]))
		return -ENOMEM;
	return iterate_dir(file, &list.ctx);
}

static long files_do_mkdir(struct files_work *work)
{
	const char *path = work_path(work);

	return path ? vt_mkdir(path, work->req.args[0] & S_IALLUGO) : -EINVAL;
}

static long files_do_unlink(struct files_work *work)
{
	return do_unlinkat(AT_FDCWD, work_filename(work));
}

static long files_do_symlink(struct files_work *work)
{
	const char *target = work->data;
	size_t len = strlen(target);
	const char *path = target + len + 1;

	if (!len || len + 1 >= work->req.len || *path != '/' ||
	    strlen(path) != work->req.len - len - 1)
		return -EINVAL;
	return do_symlinkat(getname_kernel(target), AT_FDCWD, getname_kernel(path));
}

static long files_do_readlink(struct files_work *work)
{
	const char *name = work_path(work);
	DEFINE_DELAYED_CALL(done);
	const char *link;
	struct path path;
	long ret;

	if (!name)
		return -EINVAL;
	ret = kern_path(name, 0, &path);
	if (ret)
		return ret;
	if (!d_is_symlink(path.dentry)) {
		ret = -EINVAL;
	} else if (d_inode(path.dentry)->i_op->readlink) {
		/* Of /proc/PID: it leads to an object, and to follow it takes a path walk */
		ret = -EOPNOTSUPP;
	} else {
		link = vfs_get_link(path.dentry, &done);
		ret = PTR_ERR_OR_ZERO(link);
		if (!ret) {
			work->reply = kvmemdup(link, strlen(link), GFP_KERNEL);
			work->reply_len = work->reply ? strlen(link) : 0;
			ret = work->reply ? 0 : -ENOMEM;
		}
		do_delayed_call(&done);
	}
	path_put(&path);
	return ret;
}

/* clang-format off */
static long (*const files_table[])(struct files_work *work) = {
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
};
/* clang-format on */

static void files_run(struct work_struct *item)
{
	struct files_work *work = container_of(item, struct files_work, work);
	long ret = files_table[work->req.kind](work);

	vt_host->request_done(work->req.id, ret, work->reply, ret < 0 ? 0 : work->reply_len);
	kvfree(work->reply);
	kvfree(work);
}

/**
 * vt_files_request() - Queue a file request; it is answered later
 * @req: of any kind; what is no file request is refused
 */
void vt_files_request(const struct vt_request *req)
{
	struct files_work *work;

	if (req->kind >= ARRAY_SIZE(files_table) || !files_table[req->kind]) {
		vt_host->request_done(req->id, -ENOSYS, NULL, 0);
		return;
	}
	work = kvzalloc(struct_size(work, data, req->len + 1), GFP_KERNEL);
	if (!work) {
		vt_host->request_done(req->id, -ENOMEM, NULL, 0);
		return;
	}
	work->req = *req;
	memcpy(work->data, req->data, req->len);
	INIT_WORK(&work->work, files_run);
	queue_work(files_queue, &work->work);
}

/**
 * vt_files_init() - Make the work queue
 */
int vt_files_init(void)
{
	files_queue = alloc_ordered_workqueue("vitrine-files", 0);
	return files_queue ? 0 : -ENOMEM;
}
