// SPDX-License-Identifier: GPL-2.0-only
/* terminal.c - the pseudo terminal of a job
 *
 * Theory of operation
 * Terminals are made in the file system that was mounted on /dev/pts before the first process ran,
 * through a mount of our own that no guest can reach: whatever a guest mounts there, or puts in the
 * place of ptmx, is none of our business. No name is looked up and nobody is notified.
 *
 * The process itself opens its terminal once more, through the guest's mount if it is still in
 * sight, so that /proc/self/fd/0 says /dev/pts/0.
 */
#include <linux/file.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/tty.h>
#include <uapi/linux/mount.h>
#include "../../../fs/internal.h"
#include "job.h"

#define PTS "/dev/pts"
#define CONSOLE "/dev/console"
#define OPEN_QUIETLY (O_RDWR | O_NOCTTY | __FMODE_NONOTIFY)

static struct path ptmx;

/**
 * vt_terminal_init() - Keep hold of the file system that terminals are made in
 *
 * Context: before the first process runs.
 */
void vt_terminal_init(void)
{
	struct vfsmount *mnt;
	struct path path;

	if (kern_path(PTS "/ptmx", 0, &path))
		return;
	mnt = ERR_PTR(-ENODEV);
	if (path.dentry->d_sb->s_magic == DEVPTS_SUPER_MAGIC &&
	    path.dentry->d_parent == path.mnt->mnt_root) {
		struct path root = { .mnt = path.mnt, .dentry = path.mnt->mnt_root };

		mnt = clone_private_mount(&root);
	}
	if (IS_ERR(mnt))
		pr_warn("vitrine: no terminals: error %ld\n", PTR_ERR(mnt));
	else
		ptmx = (struct path){ .mnt = mnt, .dentry = dget(path.dentry) };
	path_put(&path);
}

static struct tty_struct *tty_of(struct file *end)
{
	return ((struct tty_file_private *)end->private_data)->tty;
}

static struct tty_struct *job_tty(struct vt_job *job)
{
	return tty_of(job->master);
}

static struct winsize window_size(u16 rows, u16 columns)
{
	return (struct winsize){ .ws_row = rows, .ws_col = columns };
}

/* Open both ends of a new terminal, without a controlling process */
static int ends_open(struct file **master, struct file **slave)
{
	struct tty_struct *tty;

	if (!ptmx.mnt)
		return -ENODEV;
	*master = dentry_open(&ptmx, OPEN_QUIETLY, current_cred());
	if (IS_ERR(*master))
		return PTR_ERR(*master);
	tty = tty_of(*master);
	clear_bit(TTY_PTY_LOCK, &tty->flags);
	*slave = dentry_open(&(struct path){ .mnt = ptmx.mnt, .dentry = tty->link->driver_data },
			     OPEN_QUIETLY, current_cred());
	if (!IS_ERR(*slave))
		return 0;
	fput(*master);
	return PTR_ERR(*slave);
}

/**
 * vt_terminal_new() - Make a job's pseudo terminal
 * @job:     gets both ends
 * @rows, @columns: window size, 0 when unknown
 *
 * We keep the slave open ourselves until the job is over: a job that closes its terminal and opens
 * it again must not look like a hang-up.
 *
 * Return: 0 or a negative errno.
 */
int vt_terminal_new(struct vt_job *job, u16 rows, u16 columns)
{
	struct winsize size = window_size(rows, columns);
	struct file *master, *slave;
	struct tty_struct *tty;
	int ret = ends_open(&master, &slave);

	if (ret)
		return ret;
	tty = tty_of(master);
	tty->ops->resize(tty, &size);
	/* As terminal emulators do: erase whole UTF-8 characters */
	tty->link->termios.c_iflag |= IUTF8;
	job->slave = slave;
	vt_stream_set(job, 0, get_file(master), &tty->write_wait);
	vt_stream_set(job, 1, get_file(master), &tty->read_wait);
	/* Now the server can find it */
	smp_store_release(&job->master, master);
	return 0;
}

/**
 * vt_terminal_console() - Make a terminal of a job's standard output, for what is to be a console
 * @job:    has its pipes
 * @output: the process's end of the pipe, which the terminal takes the place of
 *
 * Programs that are pid 1 write to /dev/console, which has to be a terminal. Nothing is made of
 * what they write, and nobody types.
 *
 * Return: 0 or a negative errno; then all is as it was.
 */
int vt_terminal_console(struct vt_job *job, struct file **output)
{
	struct file *master, *slave;
	struct ktermios *termios;
	int ret = ends_open(&master, &slave);

	if (ret)
		return ret;
	termios = &tty_of(master)->link->termios;
	termios->c_oflag &= ~OPOST;
	termios->c_lflag &= ~(ECHO | ICANON | ISIG);
	fput(job->pump[1].file);
	vt_stream_set(job, 1, master, &tty_of(master)->read_wait);
	fput(*output);
	*output = get_file(slave);
	job->console = slave;
	return 0;
}

/**
 * vt_terminal_is_console() - Let /dev/console be the terminal of a job
 *
 * Context: the job's process, the first one of the guest. That there is no such device is no error.
 */
void vt_terminal_is_console(struct vt_job *job)
{
	struct file *terminal = job->slave ?: job->console;
	struct path console;
	char name[24];

	if (!terminal || kern_path(CONSOLE, LOOKUP_FOLLOW, &console))
		return;
	snprintf(name, sizeof(name), PTS "/%d", tty_of(terminal)->index);
	if (path_mount(name, &console, NULL, MS_BIND, NULL))
		pr_warn("vitrine: there is no console\n");
	path_put(&console);
}

/**
 * vt_terminal_open() - Open the slave of a job as its process does
 *
 * That the session leader opens it makes it the controlling terminal.
 *
 * Return: the file or an ERR_PTR().
 */
struct file *vt_terminal_open(struct vt_job *job)
{
	struct path seen, path = job->slave->f_path;
	struct file *file;

	/* What has to be waited for is not what it was */
	if (kern_path(PTS, LOOKUP_FOLLOW | LOOKUP_DIRECTORY | LOOKUP_CACHED, &seen))
		return dentry_open(&path, O_RDWR, current_cred());
	if (seen.dentry == path.mnt->mnt_root)
		path.mnt = seen.mnt;
	file = dentry_open(&path, O_RDWR, current_cred());
	path_put(&seen);
	return file;
}

/**
 * vt_terminal_opened() - The job's process has opened its terminal
 *
 * A client that dies at once may have hung up before.
 */
void vt_terminal_opened(struct vt_job *job)
{
	smp_mb();
	if (READ_ONCE(job->hung_up))
		tty_vhangup(job_tty(job)->link);
}

/**
 * vt_terminal_hangup() - The host's terminal is gone
 */
void vt_terminal_hangup(struct vt_job *job)
{
	smp_store_mb(job->hung_up, true);
	tty_vhangup(job_tty(job)->link);
}

/**
 * vt_terminal_resize() - Change the window size of a job's terminal
 *
 * Context: the server.
 * Return: 0, or -ENOTTY when the job has none.
 */
int vt_terminal_resize(struct vt_job *job, u16 rows, u16 columns)
{
	struct winsize size = window_size(rows, columns);
	struct tty_struct *tty;

	if (!smp_load_acquire(&job->master))
		return -ENOTTY;
	tty = job_tty(job);
	return tty->ops->resize(tty, &size);
}
