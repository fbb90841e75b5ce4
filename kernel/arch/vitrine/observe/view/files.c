// SPDX-License-Identifier: GPL-2.0-only
/* files.c - open descriptors of one process or of all
 *
 * Theory of operation
 * A descriptor's file is taken with a reference and written without any lock: offset, flags and
 * names are read from memory, no file system is asked.
 */
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/sched/task.h>
#include "view.h"

static const struct {
	umode_t type;
	const char *name;
} type_names[] = {
	{ S_IFREG, "file" },	     { S_IFDIR, "directory" }, { S_IFCHR, "character device" },
	{ S_IFBLK, "block device" }, { S_IFIFO, "fifo" },      { S_IFSOCK, "socket" },
	{ S_IFLNK, "symlink" },
};

static const struct {
	unsigned int mask, value;
	const char *name;
} flag_names[] = {
	{ O_APPEND, O_APPEND, "append" },
	{ O_NONBLOCK, O_NONBLOCK, "nonblock" },
	{ O_SYNC, O_SYNC, "sync" },
	{ O_SYNC, O_DSYNC, "dsync" },
	{ FASYNC, FASYNC, "async" },
	{ O_DIRECT, O_DIRECT, "direct" },
	{ O_DIRECTORY, O_DIRECTORY, "directory" },
	{ O_NOFOLLOW, O_NOFOLLOW, "nofollow" },
	{ O_NOATIME, O_NOATIME, "noatime" },
};

/**
 * vt_file_next() - The open file with the lowest descriptor from @fd on
 * @task:          a reference is the caller's
 * @fd:            set to the descriptor
 * @close_on_exec: set; may be NULL
 *
 * Return: the file with a reference, or NULL behind the last.
 */
struct file *vt_file_next(struct task_struct *task, unsigned int *fd, bool *close_on_exec)
{
	struct fdtable *table;
	struct file *file;

	rcu_read_lock();
	file = task_lookup_next_fdget_rcu(task, fd);
	if (file && close_on_exec) {
		*close_on_exec = false;
		task_lock(task);
		table = task->files ? files_fdtable(task->files) : NULL;
		if (table && *fd < table->max_fds)
			*close_on_exec = test_bit(*fd, table->close_on_exec);
		task_unlock(task);
	}
	rcu_read_unlock();
	return file;
}

static const char *type_name(const struct inode *inode)
{
	if (inode->i_sb->s_magic == ANON_INODE_FS_MAGIC)
		return "anonymous";
	for (unsigned int i = 0; i < ARRAY_SIZE(type_names); i++) {
		if ((inode->i_mode & S_IFMT) == type_names[i].type)
			return type_names[i].name;
	}
	return "anonymous";
}

static const char *access_name(const struct file *file)
{
	if (file->f_mode & FMODE_PATH)
		return "path";
	if (file->f_mode & FMODE_WRITE)
		return file->f_mode & FMODE_READ ? "rw" : "w";
	return "r";
}

static void json_flags(struct vt_json *json, unsigned int flags)
{
	vt_json_array(json, "flags");
	for (unsigned int i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if ((flags & flag_names[i].mask) == flag_names[i].value)
			vt_json_string(json, NULL, flag_names[i].name);
	}
	vt_json_end(json);
}

static void json_file(struct vt_json *json, struct file *file, unsigned int fd, bool close_on_exec)
{
	const struct inode *inode = file_inode(file);

	vt_json_int(json, "fd", fd);
	vt_json_string(json, "type", type_name(inode));
	vt_json_path(json, "path", &file->f_path);
	vt_json_string(json, "access", access_name(file));
	json_flags(json, file->f_flags);
	vt_json_bool(json, "close_on_exec", close_on_exec);
	vt_json_int(json, "position_bytes", file->f_pos);
	vt_json_int(json, "size_bytes", i_size_read(inode));
	vt_json_u64(json, "inode", inode->i_ino);
	vt_json_device(json, "device", inode->i_sb->s_dev);
}

/**
 * vt_json_files() - Elements for each of a process's descriptors
 * @owner: with the process's id and name
 * @count: increased by their number
 */
void vt_json_files(struct vt_json *json, struct task_struct *task, bool owner, u32 *count)
{
	char comm[TASK_COMM_LEN];
	bool close_on_exec;
	struct file *file;

	get_task_comm(comm, task);
	for (unsigned int fd = 0; (file = vt_file_next(task, &fd, &close_on_exec)); fd++) {
		++*count;
		if (!json->full) {
			vt_json_object(json, NULL);
			if (owner) {
				vt_json_int(json, "pid", task_tgid_nr(task));
				vt_json_string(json, "comm", comm);
			}
			json_file(json, file, fd, close_on_exec);
			vt_json_end(json);
		}
		fput(file);
		cond_resched();
	}
}

/**
 * vt_view_files() - View: open descriptors of one process, or of all for pid 0
 */
int vt_view_files(struct vt_json *json, const struct vt_view_args *args)
{
	struct task_struct *task;
	pid_t nr = 1;
	u32 count = 0;

	vt_json_array(json, "files");
	if (args->pid) {
		task = args->pid <= PID_MAX_LIMIT ? find_get_task_by_vpid(args->pid) : NULL;
		if (!task)
			return -ESRCH;
		vt_json_files(json, task, true, &count);
		put_task_struct(task);
	} else {
		while ((task = vt_task_from(&nr))) {
			vt_json_files(json, task, true, &count);
			put_task_struct(task);
		}
	}
	vt_json_end(json);
	vt_json_u64(json, "files_count", count);
	return 0;
}
