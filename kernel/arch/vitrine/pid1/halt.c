// SPDX-License-Identifier: GPL-2.0-only
/* halt.c - the orderly end of a sandbox
 *
 * Theory of operation
 * The end is a state of the server, not a function that waits, because two things must go on
 * meanwhile: pumps draining output to a reader that may be slow, and requests, one of which may be
 * a second VT_REQ_SHUTDOWN that gives up on that reader.
 *
 *   RUNNING -> KILLING     every process gets SIGKILL, again until none is left or patience is over
 *           -> DRAINING    jobs pass on their last output and are reported
 *           -> UNMOUNTING  a thread lets go of file systems, until it is done or hopeless
 *           -> halt        vt_host->halt() does not return
 */
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/timer.h>
#include "job.h"

enum halt_state { HALT_RUNNING, HALT_KILLING, HALT_DRAINING, HALT_UNMOUNTING };

/* A process in an uninterruptible wait (a dead FUSE server, a slow disk) cannot stop us for ever */
#define KILL_PATIENCE (10 * HZ)
#define LOOK_AGAIN (HZ / 10 ?: 1)

static enum halt_state state;
static u32 halt_status;
static unsigned long kill_deadline;
static bool hurry;

static void halt_tick(struct timer_list *timer)
{
	vt_server_kick();
}
static DEFINE_TIMER(halt_timer, halt_tick);

/* Every process but kernel threads, including those that wait to be reaped */
static int for_each_guest(int sig)
{
	struct task_struct *task;
	int count = 0;

	rcu_read_lock();
	for_each_process (task) {
		if ((task->flags & PF_KTHREAD) || !task->sighand)
			continue;
		if (sig == SIGKILL && is_global_init(task))
			vt_program_kill();
		else if (sig)
			do_send_sig_info(sig, SEND_SIG_PRIV, task, PIDTYPE_TGID);
		count++;
	}
	rcu_read_unlock();
	return count;
}

/**
 * vt_signal_all() - Send a signal to every guest process
 * @sig: signal number, 0 to send none
 *
 * Return: 0, or -ESRCH when there is no process.
 */
int vt_signal_all(int sig)
{
	return for_each_guest(sig) ? 0 : -ESRCH;
}

/**
 * vt_halt_begin() - Start to take the sandbox down
 * @status: exit status to report; of several calls the first one's counts
 *
 * A call while the sandbox is going down gives up on output that nobody takes.
 */
void vt_halt_begin(u32 status)
{
	if (state != HALT_RUNNING) {
		hurry = true;
		return;
	}
	halt_status = status;
	kill_deadline = jiffies + KILL_PATIENCE;
	state = HALT_KILLING;
	vt_server_kick();
}

bool vt_halting(void)
{
	return state != HALT_RUNNING;
}

/**
 * vt_halt_step() - Go on with the end of the sandbox; called by the server when kicked
 */
void vt_halt_step(void)
{
	if (state == HALT_KILLING) {
		if (for_each_guest(SIGKILL) && time_before(jiffies, kill_deadline)) {
			mod_timer(&halt_timer, jiffies + LOOK_AGAIN);
			return;
		}
		state = HALT_DRAINING;
	}
	if (state == HALT_DRAINING) {
		if (!vt_jobs_idle() && !hurry)
			return;
		vt_unmount_start();
		state = HALT_UNMOUNTING;
	}
	if (vt_unmount_over())
		vt_host->halt(halt_status);
	mod_timer(&halt_timer, jiffies + LOOK_AGAIN);
}
