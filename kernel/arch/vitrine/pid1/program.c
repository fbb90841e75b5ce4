// SPDX-License-Identifier: GPL-2.0-only
/* program.c - a program of the guest's is pid 1
 *
 * Theory of operation
 * With vitrine.init on the kernel's command line pid 1 leaves serving the supervisor to a kernel
 * thread, waits until the main command is asked for and becomes that. The program is the init of
 * the guest: orphans are its children, and the sandbox ends with it.
 *
 * Linux panics when its init ends. So vmlinux is linked with --wrap=exit_signals, which is what
 * do_exit() calls right before: the last thread of pid 1 lets go of its files and its memory,
 * becomes the reaper of whatever is left (a kernel thread, as pid 1 without a program is one), and
 * the server takes the sandbox down with the program's status.
 *
 * A program that halts the machine means the sandbox. reboot(2) tells so before it does anything
 * else; the sandbox is then taken down as when its main command ends, and who called ends there.
 *
 * Programs that are made to be pid 1 have signals of their own for what SIGTERM says to others.
 */
#include <linux/completion.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/reboot.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/task_work.h>
#include <linux/dcache.h>
#include <linux/pid_namespace.h>
#include <uapi/linux/wait.h>
#include "../../../kernel/exit.h"
#include "job.h"

#define STATUS_REBOOT 133 /* as systemd-nspawn has it: a service manager can start us again */
#define REAP_EVERY (HZ / 50 ?: 1)

static bool wanted;
static bool over, machine_ended;
static int status;
static DECLARE_COMPLETION(launched);
static struct launch *program;

static int __init init_setup(char *value)
{
	wanted = true;
	return 1;
}
__setup("vitrine.init", init_setup);

/**
 * vt_program_wanted() - Is pid 1 going to be a program?
 */
bool vt_program_wanted(void)
{
	return wanted;
}

/**
 * vt_program_launch() - pid 1 shall become this
 *
 * Return: its process id, or -EBUSY when it has become something already.
 */
long vt_program_launch(struct launch *launch)
{
	if (!wanted || program)
		return -EBUSY;
	program = launch;
	complete(&launched);
	return 1;
}

/**
 * vt_program_await() - Wait until it is known what pid 1 becomes
 *
 * Context: pid 1.
 */
struct launch *vt_program_await(void)
{
	wait_for_completion_state(&launched, TASK_IDLE);
	return program;
}

/**
 * vt_program_over() - Has the program that was pid 1 ended?
 * @wait_status: set when it has
 */
bool vt_program_over(int *wait_status)
{
	if (!smp_load_acquire(&over))
		return false;
	*wait_status = status;
	return true;
}

/**
 * vt_machine_ended() - Did a program of the guest's halt the machine?
 */
bool vt_machine_ended(void)
{
	return machine_ended;
}

/*
 * By the name of the file that is executed, whatever its links are called. What is not here takes
 * SIGTERM, as s6, dinit, tini and programs do that are no init at all.
 */
static const struct {
	const char *name;
	int signal;
} inits[] = {
	{ "systemd", 38 /* glibc's SIGRTMIN + 4: start poweroff.target */ },
	{ "busybox", SIGUSR2 },
	{ "init", SIGINT /* System V: ctrl-alt-del, the only one that it has for this */ },
	{ "runit", SIGINT },
};

static int signal_of(const char *name)
{
	for (int i = 0; i < ARRAY_SIZE(inits); i++) {
		if (!strcmp(inits[i].name, name))
			return inits[i].signal;
	}
	return SIGTERM;
}

/**
 * vt_program_end_signal() - What asks pid 1 to end
 * @sig: what would ask any other process
 */
int vt_program_end_signal(int sig)
{
	struct task_struct *task = init_pid_ns.child_reaper;
	struct name_snapshot name;
	struct file *exe;

	if (!wanted)
		return sig;
	exe = get_task_exe_file(task);
	if (!exe)
		return sig;
	take_dentry_name_snapshot(&name, exe->f_path.dentry);
	sig = signal_of(name.name.name);
	release_dentry_name_snapshot(&name);
	fput(exe);
	return sig;
}

/**
 * vt_program_kill() - End the program that is pid 1, whatever it does
 *
 * Linux lets nobody send SIGKILL to its init. Who ends the sandbox from outside may.
 */
void vt_program_kill(void)
{
	struct task_struct *task = init_pid_ns.child_reaper, *thread;

	spin_lock_irq(&task->sighand->siglock);
	if (!(task->signal->flags & SIGNAL_GROUP_EXIT)) {
		task->signal->flags = SIGNAL_GROUP_EXIT;
		task->signal->group_exit_code = SIGKILL;
		task->signal->group_stop_count = 0;
	}
	__for_each_thread(task->signal, thread)
	{
		task_clear_jobctl_pending(thread, JOBCTL_PENDING_MASK);
		sigaddset(&thread->pending.signal, SIGKILL);
		signal_wake_up(thread, 1);
	}
	spin_unlock_irq(&task->sighand->siglock);
}

static void __noreturn reap_for_ever(void)
{
	for (;;) {
		struct wait_opts wait = {
			.wo_type = PIDTYPE_MAX,
			.wo_flags = WEXITED | WNOHANG | __WALL,
		};

		while (__do_wait(&wait) > 0)
			;
		schedule_timeout_idle(REAP_EVERY);
	}
}

static void __noreturn program_end(struct task_struct *task)
{
	status = task->signal->group_exit_code;
	/* What made it end must not keep the rest from being done */
	flush_signals(task);
	exit_files(task);
	if (task->mm)
		vm_munmap(0, TASK_SIZE);
	if (task_work_pending(task))
		task_work_run();
	task->flags |= PF_KTHREAD;
	smp_store_release(&over, true);
	vt_server_kick();
	reap_for_ever();
}

/* Does another thread of the process go on? */
static bool others(struct task_struct *task)
{
	struct task_struct *thread;
	bool found = false;

	rcu_read_lock();
	for_each_thread(task, thread)
	{
		if (thread != task && !(READ_ONCE(thread->flags) & PF_EXITING))
			found = true;
	}
	rcu_read_unlock();
	return found;
}

void __real_exit_signals(struct task_struct *task);
void __wrap_exit_signals(struct task_struct *task);

/* Of two threads that end at once, the lock lets the second one see that the first one does */
void __wrap_exit_signals(struct task_struct *task)
{
	static DEFINE_MUTEX(one_by_one);

	if (likely(!is_global_init(task))) {
		__real_exit_signals(task);
		return;
	}
	mutex_lock(&one_by_one);
	if (!others(task))
		program_end(task);
	__real_exit_signals(task);
	mutex_unlock(&one_by_one);
}

static int machine_ends(struct notifier_block *block, unsigned long what, void *command)
{
	vt_halt_begin(what == SYS_RESTART ? STATUS_REBOOT : 0);
	machine_ended = true;
	/* With the locks of reboot(2): nobody will have them any more. Whoever waits for the caller
	 * would go on as if the machine did, so it stays until it is killed with all others
	 */
	while (!(current->flags & PF_KTHREAD) && !is_global_init(current)) {
		set_current_state(TASK_KILLABLE);
		if (fatal_signal_pending(current))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	if (!(current->flags & PF_KTHREAD))
		do_exit(0);
	for (;;)
		schedule_timeout_idle(MAX_SCHEDULE_TIMEOUT);
}

static struct notifier_block reboot_block = {
	.notifier_call = machine_ends,
	.priority = INT_MAX,
};

static int __init program_init(void)
{
	return register_reboot_notifier(&reboot_block);
}
core_initcall(program_init);
