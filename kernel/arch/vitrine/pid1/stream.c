// SPDX-License-Identifier: GPL-2.0-only
/* stream.c - pumps between a job's files and the supervisor's streams
 *
 * Theory of operation
 * A job talks through three pipes or one pseudo terminal (terminal.c). The far end of each is ours,
 * set O_NONBLOCK, and a kernel thread (a pump) moves bytes between it and a host stream. A pump
 * holds at most one buffer, so a full host stream stops the pump, which lets the guest's pipe fill,
 * which stops the guest: back-pressure needs no bookkeeping.
 *
 * A pump sleeps on one of two wait queues: the file's own (the pipe's or the tty's) and
 * stream_wait, which VT_IRQ_STREAM wakes. Both are edge triggered, so a pump always tries before it
 * sleeps (wait_woken() closes the race).
 *
 * The end of a job: once the process is gone, an output pump passes on what is buffered and stops
 * at the first -EAGAIN, even if a background process still holds the pipe; @exited is read before
 * the read it judges. A closed host stream ends the pump, which closes the pipe and so gives the
 * guest SIGPIPE; the end of the host's input closes the pipe or hangs up the terminal.
 *
 * A guest can hold a pump in any operation on its file, although none of them waits for data.
 * in_guest says so, and job.c judges.
 */
#include <linux/file.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/wait.h>
#include <linux/pipe_fs_i.h>
#include <linux/poll.h>
#include <linux/net.h>
#include <linux/slab.h>
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

static void guest_enter(struct vt_pump *pump)
{
	WRITE_ONCE(pump->in_guest, jiffies ?: 1);
}

static void guest_leave(struct vt_pump *pump)
{
	WRITE_ONCE(pump->in_guest, 0);
}

static bool guest_writable(struct vt_pump *pump)
{
	__poll_t ready;

	if (job_exited(pump->job))
		return true;
	guest_enter(pump);
	ready = vfs_poll(pump->file, NULL);
	guest_leave(pump);
	return ready & (EPOLLOUT | EPOLLERR | EPOLLHUP);
}

/* A terminal wakes its writers after each write, so here a wake-up proves nothing: ask */
static bool guest_write_all(struct vt_pump *pump, const u8 *buf, size_t len)
{
	bool open = true;

	while (len && open) {
		bool last = job_exited(pump->job);
		ssize_t n;

		guest_enter(pump);
		n = kernel_write(pump->file, buf, len, NULL);
		guest_leave(pump);
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

		guest_enter(pump);
		n = kernel_read(pump->file, buf, size, NULL);
		guest_leave(pump);
		if (n != -EAGAIN || last)
			break;
		wait_woken(&wait, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(pump->ready, &wait);
	return n;
}

/* Of a connection: that no more comes is told, while the other direction goes on */
static void connection_end(struct vt_pump *pump)
{
	struct socket *sock = sock_from_file(pump->file);

	if (sock && pump == &pump->job->pump[0])
		kernel_sock_shutdown(sock, SHUT_WR);
}

static void pump_end(struct vt_pump *pump)
{
	struct vt_job *job = pump->job;
	struct file *file = pump->file;

	connection_end(pump);
	spin_lock_irq(&job->lock);
	pump->ready = NULL;
	pump->file = NULL;
	spin_unlock_irq(&job->lock);
	/* Now, not later from a work queue: the guest waits for its end of file */
	guest_enter(pump);
	__fput_sync(file);
	guest_leave(pump);
	vt_host->stream_close(pump->stream);
	/* From here on the server may free the job */
	smp_store_release(&pump->running, false);
	wake_up_interruptible_all(&stream_wait);
	vt_server_kick();
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

static int pump_from_host(void *data)
{
	struct vt_pump *pump = data;
	struct vt_job *job = pump->job;
	u8 *buf = kvmalloc(PUMP_BUFFER, GFP_KERNEL);

	while (buf) {
		s64 n = host_read(pump, buf, PUMP_BUFFER);

		if (n <= 0) {
			if (job->master && !job_exited(job)) {
				guest_enter(pump);
				vt_terminal_hangup(job);
				guest_leave(pump);
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

/**
 * vt_stream_set() - Give a pump its file
 * @index: 0 takes from the host, 1 and 2 give to it
 * @file:  consumed
 * @ready: where the file says that it is ready
 */
void vt_stream_set(struct vt_job *job, int index, struct file *file, wait_queue_head_t *ready)
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
		vt_stream_set(job, i, ends[i == 0], i ? &pipe->rd_wait : &pipe->wr_wait);
	}
	return 0;
}

/**
 * vt_stream_start() - Start a job's pumps
 *
 * Context: the job's process. The server marks the job as exited when that is gone, which ends the
 * pumps that did start.
 * Return: 0 or a negative errno.
 */
int vt_stream_start(struct vt_job *job)
{
	for (int i = 0; i < VT_JOB_PUMPS; i++) {
		struct task_struct *task;

		if (!job->pump[i].file)
			continue;
		job->pump[i].running = true;
		task = kthread_run(i ? pump_to_host : pump_from_host, &job->pump[i], "pump/%u.%d",
				   job->id, i);
		if (IS_ERR(task)) {
			job->pump[i].running = false;
			return PTR_ERR(task);
		}
	}
	return 0;
}

/**
 * vt_stream_await() - Wait until nothing more comes out of a job
 *
 * Context: the job's process.
 * Return: 0, or a signal that came before.
 */
int vt_stream_await(struct vt_job *job)
{
	if (!wait_event_interruptible(stream_wait, !smp_load_acquire(&job->pump[1].running)))
		return 0;
	return kernel_dequeue_signal() ?: SIGKILL;
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
