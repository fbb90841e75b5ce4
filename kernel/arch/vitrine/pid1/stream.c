// SPDX-License-Identifier: GPL-2.0-only
/* stream.c - pumps between a job's files and the supervisor's streams
 *
 * Theory of operation
 * A job talks through three pipes or one pseudo terminal. The far end of each is ours, set
 * O_NONBLOCK, and a kernel thread (a pump) moves bytes between it and a host stream. A pump holds
 * at most one buffer, so a full host stream stops the pump, which lets the guest's pipe fill, which
 * stops the guest: back-pressure needs no bookkeeping.
 *
 * A pump sleeps on one of two wait queues: the file's own (the pipe's or the tty's) and
 * stream_wait, which VT_IRQ_STREAM wakes. Both are edge triggered, so a pump always tries before it
 * sleeps (wait_woken() closes the race).
 *
 * The end of a job: once the process is gone, an output pump passes on what is buffered and stops
 * at the first -EAGAIN, even if a background process still holds the pipe; @exited is read before
 * the read it judges. A closed host stream ends the pump, which closes the pipe and so gives the
 * guest SIGPIPE; the end of the host's input closes the pipe or hangs up the terminal.
 */
#include <linux/file.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/wait.h>
#include <linux/pipe_fs_i.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include "job.h"

#define PUMP_BUFFER 65536

static DECLARE_WAIT_QUEUE_HEAD(stream_wait);

static irqreturn_t stream_irq_handler(int irq, void *data)
{
	wake_up_interruptible_all(&stream_wait);
	return IRQ_HANDLED;
}

/**
 * vt_stream_init() - Listen to VT_IRQ_STREAM
 */
int vt_stream_init(void)
{
	return request_irq(VT_IRQ_TO_LINUX(VT_IRQ_STREAM), stream_irq_handler, 0, "vitrine-stream",
			   &stream_wait);
}

static bool job_exited(struct vt_job *job)
{
	return smp_load_acquire(&job->exited);
}

/* Give all of @buf to the host, waiting as long as it takes; false when nobody reads any more */
static bool host_write_all(struct vt_pump *pump, const u8 *buf, size_t len)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	bool open = true;

	add_wait_queue(&stream_wait, &wait);
	while (len && open) {
		s64 n = vt_host->stream_write(pump->stream, buf, len);

		if (n > 0) {
			buf += n;
			len -= n;
		} else if (n == -EAGAIN) {
			wait_woken(&wait, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
		} else {
			open = false;
		}
	}
	remove_wait_queue(&stream_wait, &wait);
	return open;
}

static bool guest_writable(struct vt_pump *pump)
{
	return job_exited(pump->job) ||
	       vfs_poll(pump->file, NULL) & (EPOLLOUT | EPOLLERR | EPOLLHUP);
}

/* A terminal wakes its writers after each write, so here a wake-up proves nothing: ask */
static bool guest_write_all(struct vt_pump *pump, const u8 *buf, size_t len)
{
	bool open = true;

	while (len && open) {
		bool last = job_exited(pump->job);
		ssize_t n = kernel_write(pump->file, buf, len, NULL);

		if (n > 0) {
			buf += n;
			len -= n;
		} else if (n == -EAGAIN && !last) {
			wait_event_interruptible(*pump->ready, guest_writable(pump));
			cond_resched();
		} else {
			open = false;
		}
	}
	return open;
}

static s64 host_read(struct vt_pump *pump, u8 *buf, size_t size)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	s64 n;

	add_wait_queue(&stream_wait, &wait);
	for (;;) {
		bool last = job_exited(pump->job);

		n = last ? 0 : vt_host->stream_read(pump->stream, buf, size);
		if (n != -EAGAIN)
			break;
		wait_woken(&wait, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(&stream_wait, &wait);
	return n;
}

static ssize_t guest_read(struct vt_pump *pump, u8 *buf, size_t size)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	ssize_t n;

	add_wait_queue(pump->ready, &wait);
	for (;;) {
		bool last = job_exited(pump->job);

		n = kernel_read(pump->file, buf, size, NULL);
		if (n != -EAGAIN || last)
			break;
		wait_woken(&wait, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(pump->ready, &wait);
	return n;
}

static void pump_end(struct vt_pump *pump)
{
	struct vt_job *job = pump->job;
	struct file *file = pump->file;

	spin_lock_irq(&job->lock);
	pump->ready = NULL;
	pump->file = NULL;
	spin_unlock_irq(&job->lock);
	/* Now, not later from a work queue: the guest waits for its end of file */
	__fput_sync(file);
	vt_host->stream_close(pump->stream);
	/* From here on pid 1 may free the job */
	atomic_dec(&job->pumps);
	vt_init_kick();
}

static int pump_to_host(void *data)
{
	struct vt_pump *pump = data;
	u8 *buf = kvmalloc(PUMP_BUFFER, GFP_KERNEL);

	while (buf) {
		ssize_t n = guest_read(pump, buf, PUMP_BUFFER);

		if (n <= 0 || !host_write_all(pump, buf, n))
			break;
		cond_resched();
	}
	kvfree(buf);
	pump_end(pump);
	return 0;
}

static struct tty_struct *job_tty(struct vt_job *job)
{
	return ((struct tty_file_private *)job->master->private_data)->tty;
}

static int pump_from_host(void *data)
{
	struct vt_pump *pump = data;
	struct vt_job *job = pump->job;
	u8 *buf = kvmalloc(PUMP_BUFFER, GFP_KERNEL);

	while (buf) {
		s64 n = host_read(pump, buf, PUMP_BUFFER);

		if (n <= 0) {
			if (job->master && !job_exited(job)) {
				smp_store_mb(job->hung_up, true);
				tty_vhangup(job_tty(job)->link);
			}
			break;
		}
		if (!guest_write_all(pump, buf, n))
			break;
		cond_resched();
	}
	kvfree(buf);
	pump_end(pump);
	return 0;
}

static void pump_set(struct vt_job *job, int index, struct file *file, wait_queue_head_t *ready)
{
	struct vt_pump *pump = &job->pump[index];

	spin_lock(&file->f_lock);
	file->f_flags |= O_NONBLOCK;
	spin_unlock(&file->f_lock);
	pump->job = job;
	pump->file = file;
	pump->ready = ready;
	pump->stream = job->id * 4 + index;
}

/**
 * vt_stream_pipes() - Make a job's three pipes
 * @job:   gets our ends
 * @guest: gets the process's ends (0: read, 1 and 2: write), owned by the caller
 *
 * Return: 0 or a negative errno; the caller frees @job and puts what @guest holds.
 */
int vt_stream_pipes(struct vt_job *job, struct file *guest[3])
{
	for (int i = 0; i < 3; i++) {
		struct file *ends[2];
		struct pipe_inode_info *pipe;
		int ret = create_pipe_files(ends, 0);

		if (ret)
			return ret;
		ends[0]->f_mode |= FMODE_NOWAIT;
		ends[1]->f_mode |= FMODE_NOWAIT;
		pipe = ends[0]->private_data;
		guest[i] = ends[i != 0];
		pump_set(job, i, ends[i == 0], i ? &pipe->rd_wait : &pipe->wr_wait);
	}
	return 0;
}

static struct winsize window_size(u16 rows, u16 columns)
{
	return (struct winsize){ .ws_row = rows, .ws_col = columns };
}

/**
 * vt_stream_tty() - Make a job's pseudo terminal
 * @job:     gets both ends
 * @rows, @columns: window size, 0 when unknown
 *
 * We keep the slave open ourselves until the job is over: a job that closes its terminal and opens
 * it again must not look like a hang-up.
 *
 * Return: 0 or a negative errno; the caller frees @job.
 */
int vt_stream_tty(struct vt_job *job, u16 rows, u16 columns)
{
	struct winsize size = window_size(rows, columns);
	struct tty_struct *tty;
	char path[32];
	struct file *file;

	file = filp_open("/dev/pts/ptmx", O_RDWR | O_NOCTTY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	job->master = file;
	tty = job_tty(job);
	clear_bit(TTY_PTY_LOCK, &tty->flags);
	tty->ops->resize(tty, &size);
	/* As terminal emulators do: erase whole UTF-8 characters */
	tty->link->termios.c_iflag |= IUTF8;

	snprintf(path, sizeof(path), "/dev/pts/%d", tty->index);
	file = filp_open(path, O_RDWR | O_NOCTTY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	job->slave = file;

	pump_set(job, 0, get_file(job->master), &tty->write_wait);
	pump_set(job, 1, get_file(job->master), &tty->read_wait);
	return 0;
}

/**
 * vt_stream_opened() - The job's process has opened its terminal
 *
 * A client that dies at once may have hung up before.
 */
void vt_stream_opened(struct vt_job *job)
{
	smp_mb();
	if (READ_ONCE(job->hung_up))
		tty_vhangup(job_tty(job)->link);
}

/**
 * vt_stream_start() - Start a job's pumps
 *
 * Return: 0 or a negative errno; then the caller still has to end the job, whose pumps that did
 * start go on until it is marked as exited.
 */
int vt_stream_start(struct vt_job *job)
{
	for (int i = 0; i < VT_JOB_PUMPS; i++) {
		struct task_struct *task;

		if (!job->pump[i].file)
			continue;
		atomic_inc(&job->pumps);
		task = kthread_run(i ? pump_to_host : pump_from_host, &job->pump[i], "pump/%u.%d",
				   job->id, i);
		if (IS_ERR(task)) {
			atomic_dec(&job->pumps);
			return PTR_ERR(task);
		}
	}
	return 0;
}

/**
 * vt_stream_job_exited() - Tell a job's pumps to drain and stop
 */
void vt_stream_job_exited(struct vt_job *job)
{
	smp_store_release(&job->exited, true);
	spin_lock_irq(&job->lock);
	for (int i = 0; i < VT_JOB_PUMPS; i++) {
		if (job->pump[i].ready)
			wake_up_interruptible_all(job->pump[i].ready);
	}
	spin_unlock_irq(&job->lock);
	wake_up_interruptible_all(&stream_wait);
}

/**
 * vt_stream_resize() - Change the window size of a job's terminal
 *
 * Return: 0, or -ENOTTY when the job has none.
 */
int vt_stream_resize(struct vt_job *job, u16 rows, u16 columns)
{
	struct winsize size = window_size(rows, columns);
	struct tty_struct *tty;

	if (!job->master)
		return -ENOTTY;
	tty = job_tty(job);
	return tty->ops->resize(tty, &size);
}
