// SPDX-License-Identifier: GPL-2.0-only
/* ps.c - the guest's processes, for the supervisor
 *
 * Theory of operation
 * The walk goes by process id, as /proc does, and does not wait for a guest: of a command line are
 * taken the pages that are there (peek.c). Records are built in one buffer of VT_REQ_DATA_MAX
 * bytes; the supervisor asks for the rest, beginning behind the last process that it got.
 */
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/cputime.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <asm/vitrine.h>
#include "job.h"

#define CMDLINE_MAX 4096

/**
 * vt_task_from() - The process with the lowest id from @nr on
 * @nr: set to the id behind it
 *
 * Return: its first thread with a reference, or NULL behind the last.
 */
struct task_struct *vt_task_from(pid_t *nr)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	rcu_read_lock();
	while (!task && (pid = find_ge_pid(*nr, &init_pid_ns))) {
		*nr = pid_nr(pid) + 1;
		task = pid_task(pid, PIDTYPE_TGID);
	}
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

static void record_fill(struct vt_ps *ps, struct task_struct *task, char *cmdline)
{
	struct mm_struct *mm = get_task_mm(task);
	u64 utime, stime;

	*ps = (struct vt_ps){
		.pid = task_tgid_nr(task),
		.uid = from_kuid_munged(&init_user_ns, task_uid(task)),
		.threads = get_nr_threads(task),
		.start_ns = task->start_boottime,
		.state = task_state_to_char(task),
	};
	rcu_read_lock();
	ps->ppid = task_tgid_nr(rcu_dereference(task->real_parent));
	rcu_read_unlock();
	thread_group_cputime_adjusted(task, &utime, &stime);
	ps->utime_ns = utime;
	ps->stime_ns = stime;
	get_task_comm(ps->comm, task);
	if (mm) {
		ps->rss_bytes = (u64)get_mm_rss(mm) << PAGE_SHIFT;
		ps->cmdline_len = vt_peek_cmdline(mm, cmdline, CMDLINE_MAX);
		mmput_async(mm);
	}
}

/**
 * vt_ps() - Answer VT_REQ_PS: the user processes from an id on, as struct vt_ps records
 */
long vt_ps(struct vt_errand *errand)
{
	const struct vt_ps_from *ask = vt_request_head(&errand->req, sizeof(*ask));
	struct task_struct *task;
	u32 used = 0;
	pid_t nr;

	if (!ask || ask->pid < 0)
		return -EINVAL;
	errand->reply = kvmalloc(VT_REQ_DATA_MAX, GFP_KERNEL);
	if (!errand->reply)
		return -ENOMEM;
	nr = ask->pid;
	while (used + sizeof(struct vt_ps) + CMDLINE_MAX <= VT_REQ_DATA_MAX &&
	       (task = vt_task_from(&nr))) {
		struct vt_ps *ps = (struct vt_ps *)(errand->reply + used);

		if (!(task->flags & PF_KTHREAD)) {
			record_fill(ps, task, (char *)(ps + 1));
			used = ALIGN(used + sizeof(*ps) + ps->cmdline_len, 8);
		}
		put_task_struct(task);
		cond_resched();
	}
	errand->reply_len = used;
	return 0;
}
