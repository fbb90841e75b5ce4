// SPDX-License-Identifier: GPL-2.0-only
/* server.c - the kernel serves the supervisor
 *
 * Theory of operation
 * The image on the disk needs no agent: a loop in the kernel starts processes, reaps them, answers
 * requests and takes the sandbox down. pid 1 runs it, or a kernel thread when a program is pid 1
 * (init.c).
 *
 * The loop sleeps until something kicks it: a request from the supervisor (VT_IRQ_REQUEST), a
 * child's change of state (an entry of our own on signal->wait_chldexit, so no SIGCHLD is needed),
 * or a pump that has ended. With it everything else would stand still, so:
 *
 *   Nothing that a guest can delay, grow or replace is touched by the loop itself.
 *
 * A new process makes its own streams (spawn.c), files and long lists are a matter of errands
 * (errand.c), giving back terminals and unmounting of work items and threads (job.c, halt.c), views
 * have a queue of their own (observe/view).
 *
 * The thread that runs it counts as a kernel thread, so it cannot be traced or stopped, and signals
 * mean nothing to it.
 */
#include <linux/interrupt.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <asm/follow.h>
#include <asm/observe.h>
#include <uapi/linux/wait.h>
#include "../../../kernel/exit.h"
#include "job.h"

static struct task_struct *server;
static unsigned long kicked;

/**
 * vt_server_kick() - Make the server look around
 *
 * Context: any, including interrupts and wait queue callbacks.
 */
void vt_server_kick(void)
{
	set_bit(0, &kicked);
	smp_mb__after_atomic();
	if (server)
		wake_up_process(server);
}

static irqreturn_t request_irq_handler(int irq, void *data)
{
	vt_server_kick();
	return IRQ_HANDLED;
}

static int child_changed(struct wait_queue_entry *wait, unsigned int mode, int sync, void *key)
{
	vt_server_kick();
	return 1;
}

static long request_signal(const struct vt_request *req)
{
	const struct vt_signal *ask = vt_request_head(req, sizeof(*ask));
	struct pid *pid;
	long ret;
	int sig;

	if (!ask || ask->signal > _NSIG || ask->pid < 0)
		return -EINVAL;
	sig = ask->signal;
	if (!ask->pid)
		return vt_signal_all(ask->signal);
	if (ask->pid == 1 && ask->flags & VT_SIGNAL_END)
		sig = vt_program_end_signal(sig);
	if (ask->pid == 1 && sig == SIGKILL && vt_program_wanted()) {
		vt_program_kill();
		return 0;
	}
	pid = find_get_pid(ask->pid);
	ret = pid ? kill_pid(pid, sig, 1) : -ESRCH;
	put_pid(pid);
	return ret;
}

static long request_resize(const struct vt_request *req)
{
	const struct vt_resize *ask = vt_request_head(req, sizeof(*ask));
	struct vt_job *job = ask ? vt_job_find(ask->job) : NULL;

	return job ? vt_terminal_resize(job, ask->rows, ask->columns) : -ESRCH;
}

static long request_shutdown(const struct vt_request *req)
{
	const struct vt_shutdown *ask = vt_request_head(req, sizeof(*ask));

	if (!ask)
		return -EINVAL;
	vt_halt_begin(ask->status);
	return 0;
}

/* Requests that are answered at once with a number */
static long (*const request_table[])(const struct vt_request *req) = {
	[VT_REQ_SIGNAL] = request_signal,     [VT_REQ_RESIZE] = request_resize,
	[VT_REQ_SHUTDOWN] = request_shutdown, [VT_REQ_OBSERVE] = vt_observe_request,
	[VT_REQ_FOLLOW] = vt_follow_request,  [VT_REQ_USER] = vt_user_request,
	[VT_REQ_SHARE] = vt_share_request,
};

/* What clients of the supervisor had of us is nobody's in another supervisor */
static void request_pause(const struct vt_request *req)
{
	const u64 id = req->id;
	long ret = vt_halting() ? -ESHUTDOWN : vitrine_pause();

	if (!ret && !vt_boot->goes_on)
		vt_files_forget();
	vt_host->request_done(id, ret, NULL, 0);
}

/* Requests that are answered later, or with more than a number */
static void (*const reply_table[])(const struct vt_request *req) = {
	[VT_REQ_SPAWN] = vt_spawn,
	[VT_REQ_VIEW] = vt_view_request,
	[VT_REQ_PAUSE] = request_pause,
};

static void request_serve(const struct vt_request *req)
{
	vt_errand_run *errand = req->kind == VT_REQ_PS ? vt_ps : vt_files_errand(req->kind);

	if (errand)
		vt_errand_start(req, errand);
	else if (req->kind < ARRAY_SIZE(request_table) && request_table[req->kind])
		vt_host->request_done(req->id, request_table[req->kind](req), NULL, 0);
	else if (req->kind < ARRAY_SIZE(reply_table) && reply_table[req->kind])
		reply_table[req->kind](req);
	else
		vt_host->request_done(req->id, -ENOSYS, NULL, 0);
}

static void children_reap(void)
{
	for (;;) {
		struct wait_opts wait = {
			.wo_type = PIDTYPE_MAX,
			.wo_flags = WEXITED | WNOHANG | __WALL,
		};
		long pid = __do_wait(&wait);
		int status = wait.wo_stat;
		struct vt_job *job;

		if (pid <= 0 && vt_program_over(&status))
			pid = 1;
		job = pid > 0 ? vt_job_by_pid(pid) : NULL;
		if (job)
			vt_job_exited(job, status);
		else if (pid <= 1)
			return;
	}
}

static void server_sleep(void)
{
	set_current_state(TASK_IDLE);
	if (!test_and_clear_bit(0, &kicked)) {
		schedule();
		clear_bit(0, &kicked);
	}
	__set_current_state(TASK_RUNNING);
}

/**
 * vt_server_run() - Serve the supervisor for ever
 */
void __noreturn vt_server_run(void)
{
	static struct wait_queue_entry children;
	static struct vt_request req;

	req.data = kvmalloc(VT_REQ_DATA_MAX, GFP_KERNEL);
	if (!req.data)
		panic("vitrine: no memory for requests");
	server = current;
	if (task_work_pending(current))
		task_work_run();
	current->flags |= PF_KTHREAD;
	/* What it starts is in the root control group, where no limits are */
	current->no_cgroup_migration = 1;
	/* Of children that have ended nobody else is told; kernel threads ignore them */
	kernel_sigaction(SIGCHLD, SIG_DFL);
	init_waitqueue_func_entry(&children, child_changed);
	add_wait_queue(&current->signal->wait_chldexit, &children);
	if (vt_stream_init() || vt_errand_init() || vt_view_init() ||
	    request_irq(VT_IRQ_TO_LINUX(VT_IRQ_REQUEST), request_irq_handler, 0, "vitrine-request",
			&req))
		panic("vitrine: cannot serve the supervisor");
	for (;;) {
		while (vt_host->request_next(&req) > 0)
			request_serve(&req);
		children_reap();
		vt_jobs_report();
		if (vt_halting())
			vt_halt_step();
		server_sleep();
	}
}
