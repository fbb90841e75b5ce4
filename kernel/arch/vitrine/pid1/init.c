// SPDX-License-Identifier: GPL-2.0-only
/* init.c - pid 1 of the guest, inside the kernel
 *
 * Theory of operation
 * The image on the disk needs no agent: pid 1 is a loop in the kernel. The generic kernel thinks
 * that it executes VT_INIT_PATH (given with init=); vmlinux is linked with --wrap=kernel_execve,
 * and the first call by pid 1 for that name comes here and never returns.
 *
 * The loop sleeps until something kicks it: a request from the supervisor (VT_IRQ_REQUEST), a
 * child's change of state (an entry of our own on signal->wait_chldexit, so no SIGCHLD is needed),
 * or a pump that has ended. It never does anything that a guest process could block for ever, or
 * zombies would pile up: file requests, which may meet a hung FUSE server, run on a work queue.
 *
 * Pid 1 is a user-mode thread without an address space that never returns to user mode, so it
 * runs its own task work and throws away signals that a tracer may have managed to queue.
 */
#include <linux/fdtable.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/task_work.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>
#include <asm/follow.h>
#include <asm/observe.h>
#include <uapi/linux/wait.h>
#include "../../../kernel/exit.h"
#include "job.h"

#define VT_INIT_PATH "/sbin/vitrine-init"

/* What a login shell gets on a distribution: programs that use select() rely on the soft limit */
#define INIT_NOFILE_SOFT 1024
#define INIT_NOFILE_HARD 524288

static struct task_struct *init;
static unsigned long init_kicked;

/**
 * vt_init_kick() - Make pid 1 look around
 *
 * Context: any, including interrupts and wait queue callbacks.
 */
void vt_init_kick(void)
{
	set_bit(0, &init_kicked);
	smp_mb__after_atomic();
	if (init)
		wake_up_process(init);
}

static irqreturn_t request_irq_handler(int irq, void *data)
{
	vt_init_kick();
	return IRQ_HANDLED;
}

static int child_changed(struct wait_queue_entry *wait, unsigned int mode, int sync, void *key)
{
	vt_init_kick();
	return 1;
}

static void hostname_setup(void)
{
	if (!vt_boot->hostname[0])
		return;
	down_write(&uts_sem);
	strscpy_pad(utsname()->nodename, vt_boot->hostname, sizeof(utsname()->nodename));
	up_write(&uts_sem);
}

static void loopback_setup(void)
{
	struct net_device *lo = init_net.loopback_dev;

	if (!lo)
		return;
	rtnl_lock();
	if (dev_change_flags(lo, lo->flags | IFF_UP, NULL))
		pr_warn("vitrine: cannot bring up the loopback interface\n");
	rtnl_unlock();
}

static void limits_setup(void)
{
	struct rlimit *nofile = current->signal->rlim + RLIMIT_NOFILE;

	task_lock(current->group_leader);
	nofile->rlim_cur = INIT_NOFILE_SOFT;
	nofile->rlim_max = INIT_NOFILE_HARD;
	task_unlock(current->group_leader);
}

/* The boot console came as descriptors 0 to 2; jobs bring their own */
static void console_close(void)
{
	for (unsigned int fd = 0; fd < 3; fd++)
		close_fd(fd);
}

static long request_signal(const struct vt_request *req)
{
	int sig = req->args[1];
	pid_t nr = req->args[0];
	struct pid *pid;
	long ret;

	if (!valid_signal(sig))
		return -EINVAL;
	if (!nr)
		return vt_signal_all(sig);
	if (nr < 0)
		return -EINVAL;
	pid = find_get_pid(nr);
	ret = pid ? kill_pid(pid, sig, 1) : -ESRCH;
	put_pid(pid);
	return ret;
}

static long request_resize(const struct vt_request *req)
{
	struct vt_job *job = vt_job_find(req->args[0]);

	return job ? vt_stream_resize(job, req->args[1], req->args[2]) : -ESRCH;
}

static long request_shutdown(const struct vt_request *req)
{
	vt_halt_begin(req->args[0]);
	return 0;
}

/* Requests that pid 1 answers at once with a number */
static long (*const request_table[])(const struct vt_request *req) = {
	[VT_REQ_SPAWN] = vt_spawn,
	[VT_REQ_SIGNAL] = request_signal,
	[VT_REQ_RESIZE] = request_resize,
	[VT_REQ_SHUTDOWN] = request_shutdown,
	[VT_REQ_OBSERVE] = vt_observe_request,
	[VT_REQ_FOLLOW] = vt_follow_request,
};

/* Requests whose reply is more than a number: they send it themselves */
static void (*const reply_table[])(const struct vt_request *req) = {
	[VT_REQ_PS] = vt_ps,
	[VT_REQ_VIEW] = vt_view_request,
};

static void request_serve(const struct vt_request *req)
{
	if (req->kind < ARRAY_SIZE(request_table) && request_table[req->kind])
		vt_host->request_done(req->id, request_table[req->kind](req), NULL, 0);
	else if (req->kind < ARRAY_SIZE(reply_table) && reply_table[req->kind])
		reply_table[req->kind](req);
	else
		vt_files_request(req);
}

static void children_reap(void)
{
	for (;;) {
		struct wait_opts wait = {
			.wo_type = PIDTYPE_MAX,
			.wo_flags = WEXITED | WNOHANG | __WALL,
		};
		long pid = __do_wait(&wait);
		struct vt_job *job;

		if (pid <= 0)
			return;
		job = vt_job_by_pid(pid);
		if (job)
			vt_job_exited(job, wait.wo_stat);
	}
}

/*
 * What other processes do on their way to user mode. Signals go the generic way, where a tracer
 * stops pid 1 as it stops anybody; none has a handler and none is fatal to it.
 */
static void stray_work(void)
{
	struct ksignal ks;

	if (task_work_pending(current))
		task_work_run();
	if (test_thread_flag(TIF_NOTIFY_SIGNAL))
		clear_notify_signal();
	while (signal_pending(current) && get_signal(&ks))
		;
}

static void init_sleep(void)
{
	set_current_state(TASK_INTERRUPTIBLE);
	if (!test_and_clear_bit(0, &init_kicked)) {
		schedule();
		clear_bit(0, &init_kicked);
	}
	__set_current_state(TASK_RUNNING);
}

static void __noreturn init_loop(struct vt_request *req)
{
	for (;;) {
		while (vt_host->request_next(req) > 0)
			request_serve(req);
		children_reap();
		vt_jobs_report();
		if (vt_halting())
			vt_halt_step();
		stray_work();
		init_sleep();
	}
}

static void __noreturn vitrine_init(void)
{
	static struct wait_queue_entry children;
	static struct vt_request req;

	req.data = kvmalloc(VT_REQ_DATA_MAX, GFP_KERNEL);
	if (!req.data)
		panic("vitrine: no memory for requests");

	set_task_comm(current, "vitrine-init");
	ksys_setsid();
	console_close();
	limits_setup();
	hostname_setup();
	vt_mounts_setup();
	loopback_setup();

	init = current;
	init_waitqueue_func_entry(&children, child_changed);
	add_wait_queue(&current->signal->wait_chldexit, &children);
	if (vt_stream_init() || vt_files_init() || vt_view_init() ||
	    request_irq(VT_IRQ_TO_LINUX(VT_IRQ_REQUEST), request_irq_handler, 0, "vitrine-request",
			&req))
		panic("vitrine: cannot serve the supervisor");
	init_loop(&req);
}

int __real_kernel_execve(const char *filename, const char *const *argv, const char *const *envp);
int __wrap_kernel_execve(const char *filename, const char *const *argv, const char *const *envp);

int __wrap_kernel_execve(const char *filename, const char *const *argv, const char *const *envp)
{
	if (is_global_init(current) && !init && !strcmp(filename, VT_INIT_PATH))
		vitrine_init();
	return __real_kernel_execve(filename, argv, envp);
}
