// SPDX-License-Identifier: GPL-2.0-only
/* ps.c - the guest's processes, for the supervisor
 *
 * Theory of operation
 * The walk goes by process id, as /proc does, because reading a command line sleeps. Records are
 * built in one buffer of VT_REQ_DATA_MAX bytes; what does not fit is left out, so the reply is
 * always whole records.
 */
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/cputime.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "job.h"

#define CMDLINE_MAX 4096

/* The process with the lowest id from @nr on, with a reference */
static struct task_struct *process_from(pid_t *nr)
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

static void record_fill(struct vt_ps *ps, struct task_struct *task)
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
		mmput(mm);
	}
}

/**
 * vt_ps() - Serve VT_REQ_PS: reply with the user processes as struct vt_ps records
 */
void vt_ps(const struct vt_request *req)
{
	u8 *buf = kvmalloc(VT_REQ_DATA_MAX, GFP_KERNEL);
	struct task_struct *task;
	u32 used = 0;
	pid_t nr = 1;

	if (!buf) {
		vt_host->request_done(req->id, -ENOMEM, NULL, 0);
		return;
	}
	while (used + sizeof(struct vt_ps) + CMDLINE_MAX <= VT_REQ_DATA_MAX &&
	       (task = process_from(&nr))) {
		struct vt_ps *ps = (struct vt_ps *)(buf + used);

		if (!(task->flags & PF_KTHREAD) && !is_global_init(task)) {
			record_fill(ps, task);
			ps->cmdline_len = get_cmdline(task, (char *)(ps + 1), CMDLINE_MAX);
			used = ALIGN(used + sizeof(*ps) + ps->cmdline_len, 8);
		}
		put_task_struct(task);
	}
	vt_host->request_done(req->id, 0, buf, used);
	kvfree(buf);
}
