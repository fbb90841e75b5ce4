// SPDX-License-Identifier: GPL-2.0-only
/* processes.c - the process list: a view, and the sampler's "tasks"
 *
 * Theory of operation
 * The walk goes by process id, so that it can sleep between two processes without a lock. Each
 * process is read in one go without sleeping and written afterwards.
 */
#include <linux/bitmap.h>
#include <linux/fdtable.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/cputime.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/task_io_accounting_ops.h>
#include <asm/syscall.h>
#include "view.h"

/**
 * vt_task_call() - The system call that a task is in
 * @task: not the current one
 * @args: its arguments, may be NULL
 *
 * Whoever is not the current task is inside of the kernel: in a call, or with -1 in orig_ax when an
 * exception brought it there (user.c).
 *
 * Return: number or -1.
 */
long vt_task_call(struct task_struct *task, unsigned long args[6])
{
	struct pt_regs *regs;
	long nr = -1;

	if (!task->mm || task->flags & (PF_KTHREAD | PF_USER_WORKER) || task == current ||
	    !try_get_task_stack(task))
		return -1;
	regs = task_pt_regs(task);
	nr = (int)regs->orig_ax;
	if (args)
		syscall_get_arguments(task, regs, args);
	put_task_stack(task);
	return nr;
}

struct task_io {
	u64 read_bytes, written_bytes, read_chars, written_chars;
};

static void io_read(struct task_io *io, struct task_struct *task)
{
	struct task_io_accounting sum = task->ioac;
	struct task_struct *thread;

	if (thread_group_leader(task)) {
		sum = task->signal->ioac;
		rcu_read_lock();
		__for_each_thread(task->signal, thread) task_io_accounting_add(&sum, &thread->ioac);
		rcu_read_unlock();
	}
	*io = (struct task_io){
		.read_bytes = sum.read_bytes,
		.written_bytes = sum.write_bytes,
		.read_chars = sum.rchar,
		.written_chars = sum.wchar,
	};
}

static void json_io(struct vt_json *json, struct task_struct *task)
{
	struct task_io io;

	io_read(&io, task);
	vt_json_u64(json, "read_bytes", io.read_bytes);
	vt_json_u64(json, "written_bytes", io.written_bytes);
	vt_json_u64(json, "read_chars", io.read_chars);
	vt_json_u64(json, "written_chars", io.written_chars);
}

static void json_memory(struct vt_json *json, struct task_struct *task)
{
	u64 rss = 0, size = 0, swap = 0;
	struct mm_struct *mm;

	task_lock(task);
	mm = task->flags & PF_KTHREAD ? NULL : task->mm;
	if (mm) {
		rss = get_mm_rss(mm);
		size = mm->total_vm;
		swap = get_mm_counter(mm, MM_SWAPENTS);
	}
	task_unlock(task);
	if (mm) {
		vt_json_u64(json, "rss_bytes", rss << PAGE_SHIFT);
		vt_json_u64(json, "vsize_bytes", size << PAGE_SHIFT);
		vt_json_u64(json, "swap_bytes", swap << PAGE_SHIFT);
	} else {
		vt_json_null(json, "rss_bytes");
		vt_json_null(json, "vsize_bytes");
		vt_json_null(json, "swap_bytes");
	}
}

static void json_times(struct vt_json *json, struct task_struct *task)
{
	u64 utime, stime;

	if (thread_group_leader(task))
		thread_group_cputime_adjusted(task, &utime, &stime);
	else
		task_cputime_adjusted(task, &utime, &stime);
	vt_json_u64(json, "utime_ns", utime);
	vt_json_u64(json, "stime_ns", stime);
	vt_json_u64(json, "start_ns", vt_view_time(task->start_boottime));
}

static void json_identity(struct vt_json *json, struct task_struct *task)
{
	const struct cred *cred;
	char comm[TASK_COMM_LEN];
	uid_t uid;
	gid_t gid;
	pid_t ppid;

	rcu_read_lock();
	cred = __task_cred(task);
	uid = from_kuid_munged(&init_user_ns, cred->euid);
	gid = from_kgid_munged(&init_user_ns, cred->egid);
	ppid = task_tgid_nr(rcu_dereference(task->real_parent));
	rcu_read_unlock();
	get_task_comm(comm, task);
	vt_json_int(json, "pid", task_pid_nr(task));
	vt_json_int(json, "ppid", ppid);
	vt_json_int(json, "tgid", task_tgid_nr(task));
	vt_json_int(json, "uid", uid);
	vt_json_int(json, "gid", gid);
	vt_json_string(json, "comm", comm);
}

/**
 * vt_json_task() - Members that the process list and the view of a task have in common
 * @task: a reference is the caller's; figures are the whole process's for its first thread
 */
void vt_json_task(struct vt_json *json, struct task_struct *task)
{
	char name[VT_CALL_NAME];
	long call = vt_task_call(task, NULL);

	json_identity(json, task);
	vt_json_bool(json, "kernel", task->flags & PF_KTHREAD);
	vt_json_string(json, "state", vt_task_state(task));
	vt_json_int(json, "nice", task_nice(task));
	vt_json_int(json, "priority", task_prio(task));
	vt_json_string(json, "policy", vt_task_policy(task));
	vt_json_int(json, "threads", get_nr_threads(task));
	json_memory(json, task);
	json_times(json, task);
	vt_json_string(json, "call", call < 0 ? NULL : vt_call_name(call, name));
	vt_json_symbol(json, "wchan", get_wchan(task), false);
	json_io(json, task);
	vt_json_cgroup(json, "cgroup", task);
}

/* How many are open, of how many; in the view of one task it is the length of a list */
static void json_descriptors(struct vt_json *json, struct task_struct *task)
{
	unsigned int count = 0;
	struct fdtable *fdt;

	task_lock(task);
	if (task->files) {
		rcu_read_lock();
		fdt = files_fdtable(task->files);
		count = bitmap_weight(fdt->open_fds, fdt->max_fds);
		rcu_read_unlock();
	}
	task_unlock(task);
	vt_json_int(json, "descriptors_count", count);
	vt_json_u64(json, "descriptors_limit", task_rlimit(task, RLIMIT_NOFILE));
}

/* One pass over either the user's processes or the kernel's threads */
static void json_processes(struct vt_json *json, bool kernel, u64 *processes, u64 *threads)
{
	struct task_struct *task;
	pid_t nr = 1;

	while ((task = vt_task_from(&nr))) {
		if (!(task->flags & PF_KTHREAD) == !kernel) {
			++*processes;
			*threads += get_nr_threads(task);
			if (!json->full) {
				vt_json_object(json, NULL);
				vt_json_task(json, task);
				json_descriptors(json, task);
				vt_json_end(json);
			}
		}
		put_task_struct(task);
		cond_resched();
	}
}

/**
 * vt_view_processes() - View: all processes, those of the kernel last
 */
int vt_view_processes(struct vt_json *json, const struct vt_view_args *args)
{
	u64 processes = 0, threads = 0, kernel = 0, kernel_threads = 0;

	vt_json_array(json, "processes");
	json_processes(json, false, &processes, &threads);
	json_processes(json, true, &kernel, &kernel_threads);
	vt_json_end(json);
	vt_json_u64(json, "processes_count", processes + kernel);
	vt_json_u64(json, "threads_count", threads + kernel_threads);
	vt_json_u64(json, "kernel_count", kernel);
	return 0;
}
