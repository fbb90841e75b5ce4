// SPDX-License-Identifier: GPL-2.0-only
/* task.c - one thread and its process, in all detail */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/proc_ns.h>
#include <linux/ptrace.h>
#include <linux/sched/cputime.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/seccomp.h>
#include <linux/stacktrace.h>
#include "view.h"

#define STACK_MAX 48
#define GROUPS_MAX 256

static const char *const limit_names[] = {
	[RLIMIT_CPU] = "cpu",		[RLIMIT_FSIZE] = "fsize",
	[RLIMIT_DATA] = "data",		[RLIMIT_STACK] = "stack",
	[RLIMIT_CORE] = "core",		[RLIMIT_RSS] = "rss",
	[RLIMIT_NPROC] = "nproc",	[RLIMIT_NOFILE] = "nofile",
	[RLIMIT_MEMLOCK] = "memlock",	[RLIMIT_AS] = "as",
	[RLIMIT_LOCKS] = "locks",	[RLIMIT_SIGPENDING] = "sigpending",
	[RLIMIT_MSGQUEUE] = "msgqueue", [RLIMIT_NICE] = "nice",
	[RLIMIT_RTPRIO] = "rtprio",	[RLIMIT_RTTIME] = "rttime",
};
static_assert(ARRAY_SIZE(limit_names) == RLIM_NLIMITS, "limit_names[]");

static const char *const seccomp_names[] = {
	[SECCOMP_MODE_DISABLED] = "disabled",
	[SECCOMP_MODE_STRICT] = "strict",
	[SECCOMP_MODE_FILTER] = "filter",
};

static const struct proc_ns_operations *const namespaces[] = {
	&mntns_operations, &pidns_operations,  &netns_operations,    &ipcns_operations,
	&utsns_operations, &userns_operations, &cgroupns_operations, &timens_operations,
};

static void json_stack(struct vt_json *json, struct task_struct *task)
{
	unsigned long entries[STACK_MAX];
	unsigned int count = stack_trace_save_tsk(task, entries, STACK_MAX, 0);

	vt_json_array(json, "stack");
	for (unsigned int i = 0; i < count; i++) {
		vt_json_object(json, NULL);
		vt_json_hex(json, "address", entries[i]);
		vt_json_symbol(json, "symbol", entries[i], true);
		vt_json_end(json);
	}
	vt_json_end(json);
}

static void json_call(struct vt_json *json, struct task_struct *task)
{
	unsigned long args[6];
	struct pt_regs *regs;
	long call = vt_task_call(task, args);

	if (call >= 0) {
		vt_json_array(json, "call_args");
		for (unsigned int i = 0; i < vt_call_nargs(call); i++)
			vt_json_hex(json, NULL, args[i]);
		vt_json_end(json);
	} else {
		vt_json_null(json, "call_args");
	}
	/* a plain call brings neither along, see user.c */
	if (task->mm && task->thread.frame.full && try_get_task_stack(task)) {
		regs = task_pt_regs(task);
		vt_json_hex(json, "ip", regs->ip);
		vt_json_hex(json, "sp", regs->sp);
		put_task_stack(task);
	} else {
		vt_json_null(json, "ip");
		vt_json_null(json, "sp");
	}
}

/* The path of one of a task's places, or null */
static void json_place(struct vt_json *json, const char *key, const struct path *path)
{
	if (path->mnt) {
		vt_json_path(json, key, path);
		vt_view_path_put(path);
	} else {
		vt_json_null(json, key);
	}
}

static void json_places(struct vt_json *json, struct task_struct *task)
{
	struct path exe = {}, cwd = {}, root = {};
	struct file *file = get_task_exe_file(task);

	if (file) {
		exe = file->f_path;
		path_get(&exe);
		fput(file);
	}
	task_lock(task);
	if (task->fs) {
		get_fs_pwd(task->fs, &cwd);
		get_fs_root(task->fs, &root);
	}
	task_unlock(task);
	json_place(json, "exe", &exe);
	json_place(json, "cwd", &cwd);
	json_place(json, "root", &root);
}

static void json_tracer(struct vt_json *json, struct task_struct *task)
{
	struct task_struct *tracer;
	pid_t pid = 0;

	rcu_read_lock();
	tracer = ptrace_parent(task);
	if (tracer)
		pid = task_pid_nr(tracer);
	rcu_read_unlock();
	if (pid)
		vt_json_int(json, "tracer", pid);
	else
		vt_json_null(json, "tracer");
}

static void json_running(struct vt_json *json, struct task_struct *task)
{
	vt_json_u64(json, "switches_voluntary", task->nvcsw);
	vt_json_u64(json, "switches_preempted", task->nivcsw);
	vt_json_u64(json, "run_ns", task->se.sum_exec_runtime);
	vt_json_u64(json, "run_delay_ns", task->sched_info.run_delay);
	vt_json_u64(json, "faults_minor", task->min_flt);
	vt_json_u64(json, "faults_major", task->maj_flt);
}

static void json_thread(struct vt_json *json, struct task_struct *thread)
{
	long call = vt_task_call(thread, NULL);
	char comm[TASK_COMM_LEN], name[VT_CALL_NAME];
	u64 utime, stime;

	get_task_comm(comm, thread);
	task_cputime_adjusted(thread, &utime, &stime);
	vt_json_object(json, NULL);
	vt_json_int(json, "pid", task_pid_nr(thread));
	vt_json_string(json, "comm", comm);
	vt_json_string(json, "state", vt_task_state(thread));
	vt_json_string(json, "call", call < 0 ? NULL : vt_call_name(call, name));
	vt_json_symbol(json, "wchan", get_wchan(thread), false);
	vt_json_u64(json, "utime_ns", utime);
	vt_json_u64(json, "stime_ns", stime);
	vt_json_end(json);
}

/* The thread of @process behind @task, with a reference; @task's is given back */
static struct task_struct *thread_next(struct task_struct *process, struct task_struct *task)
{
	struct task_struct *next;

	rcu_read_lock();
	next = pid_alive(task) ? __next_thread(task) : NULL;
	if (next)
		get_task_struct(next);
	rcu_read_unlock();
	put_task_struct(task);
	return next;
}

static void json_threads(struct vt_json *json, struct task_struct *task)
{
	struct task_struct *leader, *thread;

	rcu_read_lock();
	leader = pid_alive(task) ? task->group_leader : task;
	get_task_struct(leader);
	rcu_read_unlock();
	thread = get_task_struct(leader);
	vt_json_array(json, "task_list");
	while (thread) {
		if (!json->full)
			json_thread(json, thread);
		thread = thread_next(leader, thread);
		cond_resched();
	}
	vt_json_end(json);
	put_task_struct(leader);
}

static void json_capabilities(struct vt_json *json, const struct cred *cred)
{
	vt_json_object(json, "capabilities");
	vt_json_hex(json, "effective", cred->cap_effective.val);
	vt_json_hex(json, "permitted", cred->cap_permitted.val);
	vt_json_hex(json, "inheritable", cred->cap_inheritable.val);
	vt_json_hex(json, "bounding", cred->cap_bset.val);
	vt_json_hex(json, "ambient", cred->cap_ambient.val);
	vt_json_end(json);
}

static void json_credentials(struct vt_json *json, struct task_struct *task)
{
	const struct cred *cred = get_task_cred(task);
	const struct group_info *groups = cred->group_info;
	unsigned int mode = task->seccomp.mode;

#define ID(name) vt_json_int(json, #name, from_kuid_munged(&init_user_ns, cred->name))
	vt_json_object(json, "credentials");
	ID(uid);
	ID(euid);
	ID(suid);
	ID(fsuid);
#undef ID
#define ID(name) vt_json_int(json, #name, from_kgid_munged(&init_user_ns, cred->name))
	ID(gid);
	ID(egid);
	ID(sgid);
	ID(fsgid);
#undef ID
	vt_json_array(json, "groups");
	for (int i = 0; i < min(groups->ngroups, GROUPS_MAX); i++)
		vt_json_int(json, NULL, from_kgid_munged(&init_user_ns, groups->gid[i]));
	vt_json_end(json);
	json_capabilities(json, cred);
	vt_json_bool(json, "no_new_privs", task_no_new_privs(task));
	vt_json_string(json, "seccomp",
		       mode < ARRAY_SIZE(seccomp_names) ? seccomp_names[mode] : NULL);
	vt_json_end(json);
	put_cred(cred);
}

/* Exactly: what each CPU has of it not yet counted with the others is many pages */
static u64 pages_of(struct mm_struct *mm, int member)
{
	return percpu_counter_sum_positive(&mm->rss_stat[member]);
}

static void json_memory(struct vt_json *json, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);

	if (!mm) {
		vt_json_null(json, "memory");
		return;
	}
#define PAGES(name, count) vt_json_u64(json, name, (u64)(count) << PAGE_SHIFT)
	vt_json_object(json, "memory");
	PAGES("vsize_bytes", mm->total_vm);
	PAGES("rss_bytes", pages_of(mm, MM_FILEPAGES) + pages_of(mm, MM_ANONPAGES) +
			       pages_of(mm, MM_SHMEMPAGES));
	PAGES("rss_peak_bytes", get_mm_hiwater_rss(mm));
	PAGES("anonymous_bytes", pages_of(mm, MM_ANONPAGES));
	PAGES("file_bytes", pages_of(mm, MM_FILEPAGES));
	PAGES("shmem_bytes", pages_of(mm, MM_SHMEMPAGES));
	PAGES("swap_bytes", pages_of(mm, MM_SWAPENTS));
	vt_json_u64(json, "page_tables_bytes", mm_pgtables_bytes(mm));
	PAGES("locked_bytes", mm->locked_vm);
	PAGES("pinned_bytes", atomic64_read(&mm->pinned_vm));
	PAGES("data_bytes", mm->data_vm);
	PAGES("stack_bytes", mm->stack_vm);
	vt_json_u64(json, "text_bytes", mm->end_code - mm->start_code);
	vt_json_end(json);
#undef PAGES
	mmput_async(mm);
}

static void json_limit(struct vt_json *json, const char *key, unsigned long limit)
{
	if (limit == RLIM_INFINITY)
		vt_json_null(json, key);
	else
		vt_json_u64(json, key, limit);
}

static void json_limits(struct vt_json *json, struct task_struct *task)
{
	struct rlimit limits[RLIM_NLIMITS] = { 0 };

	task_lock(task->group_leader);
	memcpy(limits, task->signal->rlim, sizeof(limits));
	task_unlock(task->group_leader);
	vt_json_array(json, "limits");
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++) {
		vt_json_object(json, NULL);
		vt_json_string(json, "name", limit_names[i]);
		json_limit(json, "soft", limits[i].rlim_cur);
		json_limit(json, "hard", limits[i].rlim_max);
		vt_json_end(json);
	}
	vt_json_end(json);
}

static void json_namespaces(struct vt_json *json, struct task_struct *task)
{
	vt_json_object(json, "namespaces");
	for (unsigned int i = 0; i < ARRAY_SIZE(namespaces); i++) {
		struct ns_common *ns = namespaces[i]->get(task);

		if (ns) {
			vt_json_int(json, namespaces[i]->name, ns->inum);
			namespaces[i]->put(ns);
		} else {
			vt_json_null(json, namespaces[i]->name);
		}
	}
	vt_json_end(json);
}

static void json_sigset(struct vt_json *json, const char *key, const sigset_t *set)
{
	vt_json_array(json, key);
	for (int sig = 1; sig <= _NSIG; sig++) {
		if (sigismember((sigset_t *)set, sig))
			vt_json_int(json, NULL, sig);
	}
	vt_json_end(json);
}

static void json_signals(struct vt_json *json, struct task_struct *task)
{
	sigset_t pending = { 0 }, shared = { 0 }, blocked = { 0 }, ignored = { 0 }, caught = { 0 };
	unsigned long flags;

	if (lock_task_sighand(task, &flags)) {
		pending = task->pending.signal;
		shared = task->signal->shared_pending.signal;
		blocked = task->blocked;
		for (int sig = 1; sig <= _NSIG; sig++) {
			__sighandler_t handler = task->sighand->action[sig - 1].sa.sa_handler;

			if (handler == SIG_IGN)
				sigaddset(&ignored, sig);
			else if (handler != SIG_DFL)
				sigaddset(&caught, sig);
		}
		unlock_task_sighand(task, &flags);
	}
	vt_json_object(json, "signals");
	json_sigset(json, "pending", &pending);
	json_sigset(json, "shared_pending", &shared);
	json_sigset(json, "blocked", &blocked);
	json_sigset(json, "ignored", &ignored);
	json_sigset(json, "caught", &caught);
	vt_json_end(json);
}

static void json_descriptors(struct vt_json *json, struct task_struct *task)
{
	u32 count = 0;

	vt_json_array(json, "descriptors");
	vt_json_files(json, task, false, &count);
	vt_json_end(json);
	vt_json_int(json, "descriptors_count", count);
}

/**
 * vt_view_task() - View: the thread with the given id
 *
 * Long lists come last, the longest last of all: what is short is there even when they are cut.
 */
int vt_view_task(struct vt_json *json, const struct vt_view_args *args)
{
	struct task_struct *task = NULL;

	if (args->pid && args->pid <= PID_MAX_LIMIT)
		task = find_get_task_by_vpid(args->pid);
	if (!task)
		return -ESRCH;
	vt_json_task(json, task);
	vt_json_cmdline(json, "cmdline", task);
	json_places(json, task);
	json_tracer(json, task);
	json_running(json, task);
	json_call(json, task);
	json_stack(json, task);
	json_credentials(json, task);
	json_memory(json, task);
	json_limits(json, task);
	json_namespaces(json, task);
	json_signals(json, task);
	json_threads(json, task);
	json_descriptors(json, task);
	vt_json_areas(json, task);
	put_task_struct(task);
	return 0;
}
