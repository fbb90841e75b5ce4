// SPDX-License-Identifier: GPL-2.0-only
/* follow.c - follow one system call through the kernel's functions
 *
 * Theory of operation
 * VT_REQ_FOLLOW arms: all functions that are worth seeing are patched to call us (sites.c),
 * which costs each a few nanoseconds, and the next system call that matches is recorded
 * (record.c). When it is over and took long enough, the record is kept for VT_VIEW_FOLLOW
 * (view/follow.c) and everything is put back; otherwise it is dropped and we stay armed.
 *
 *	idle --request--> armed --a call matches--> following --long enough--> done
 *	                    ^                          |                        |
 *	                    +------- too short --------+        <---request-----+
 *
 * A request may come while a call is followed (it sleeps, or pid 1 could not run). That record is
 * dropped, but its task's stack still has our addresses on it: nothing new is recorded before that
 * call is over.
 *
 * Putting back sleeps, so it is left to a work queue; and when the call ended with its task, in the
 * scheduler, where no work can be queued, to the next system call that ends.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/ptrace.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <asm/follow.h>
#include <asm/vitrine-telemetry.h>
#include "follow.h"
#include "../observe.h"

DEFINE_STATIC_KEY_FALSE(vitrine_follow_armed);

static const char *const state_name[] = {
	[VT_FOLLOW_IDLE] = "off",
	[VT_FOLLOW_ARMED] = "armed",
	[VT_FOLLOW_FOLLOWING] = "following",
	[VT_FOLLOW_DONE] = "done",
};
static_assert(ARRAY_SIZE(state_name) == VT_NR_FOLLOW_STATES, "state_name[]");

static void put_back(struct work_struct *work);

static DEFINE_MUTEX(follow_mutex); /* arming, putting back, reading the record */
static DECLARE_WORK(put_back_work, put_back);
static struct {
	enum vt_follow_state state;
	struct vt_follow_wish wish;
	u64 too_short; /* calls that matched and were dropped */
	bool dropped;  /* nobody wants the record that is being made */
	bool attached;
	bool leftover; /* attached for nothing: the next end of a call says so to the work queue */
} follow;

const char *vt_follow_state_name(enum vt_follow_state state)
{
	return state_name[state];
}

/**
 * vt_follow_lock() - Hold on to what is there
 * @wish, @too_short: what was asked for last, and how many calls were dropped since
 *
 * Return: the state. Only in VT_FOLLOW_DONE there is a record, and it stays as it is until
 * vt_follow_unlock().
 */
enum vt_follow_state vt_follow_lock(struct vt_follow_wish *wish, u64 *too_short)
{
	mutex_lock(&follow_mutex);
	*wish = follow.wish;
	*too_short = follow.too_short;
	return follow.state;
}

void vt_follow_unlock(void)
{
	mutex_unlock(&follow_mutex);
}

static bool matches(const struct pt_regs *regs)
{
	const struct vt_follow_wish *wish = &follow.wish;

	return (wish->nr < 0 || wish->nr == (int)regs->orig_ax) &&
	       (!wish->pid || wish->pid == current->pid || wish->pid == current->tgid);
}

/**
 * vt_follow_begin() - Current makes a system call
 */
void vt_follow_begin(const struct pt_regs *regs)
{
	struct vt_follow_record *record = vt_follow_record();

	if (follow.state != VT_FOLLOW_ARMED || vt_follow_task() || !matches(regs))
		return;
	follow.state = VT_FOLLOW_FOLLOWING;
	follow.dropped = false;
	vt_follow_record_start(current);
	record->nr = (int)regs->orig_ax;
	record->args[0] = regs->di;
	record->args[1] = regs->si;
	record->args[2] = regs->dx;
	record->args[3] = regs->r10;
	record->args[4] = regs->r8;
	record->args[5] = regs->r9;
	record->pid = current->pid;
	record->tgid = current->tgid;
	memcpy(record->comm, current->comm, sizeof(record->comm));
}

/**
 * vt_follow_result() - Its system call has a result
 */
void vt_follow_result(const struct pt_regs *regs)
{
	if (current != vt_follow_task() || !vt_follow_recording())
		return;
	vt_follow_record()->result = regs->ax;
	vt_follow_record()->answered = true;
}

static void tell(const struct vt_follow_record *record)
{
	const struct vt_event_plain plain = { .a = record->nr };

	vt_event_tell(VT_EVENT_FOLLOWED, current, &plain, NULL);
}

/* The call of the task that was followed is over */
static void over(void)
{
	struct vt_follow_record *record = vt_follow_record();

	vt_follow_record_stop();
	vt_follow_record_forget();
	if (follow.dropped) {
		follow.dropped = false;
	} else if (vt_follow_ns(record->ticks) < follow.wish.least_ns) {
		follow.too_short++;
		follow.state = VT_FOLLOW_ARMED;
	} else {
		follow.state = VT_FOLLOW_DONE;
		tell(record);
	}
	follow.leftover = follow.state != VT_FOLLOW_ARMED;
}

/**
 * vt_follow_end() - Current goes back to its program
 */
void vt_follow_end(void)
{
	if (current == vt_follow_task())
		over();
	if (unlikely(follow.leftover)) {
		follow.leftover = false;
		schedule_work(&put_back_work);
	}
}

/**
 * vt_follow_dead() - @task will not run any more
 *
 * Context: the scheduler's, with the run queue locked.
 */
void vt_follow_dead(const struct task_struct *task)
{
	if (task == vt_follow_task())
		over();
}

/* As if nobody had ever wanted to follow; not while a stack has our addresses */
static void detach(void)
{
	if (!follow.attached || vt_follow_task())
		return;
	static_branch_disable(&vitrine_follow_armed);
	vt_follow_sites_restore();
	vt_follow_probes_detach();
	follow.attached = false;
}

static int attach(void)
{
	int err = 0;

	if (follow.attached)
		return 0;
	err = vt_follow_record_init();
	if (!err)
		err = vt_follow_sites_init();
	if (!err)
		err = vt_follow_probes_attach();
	if (err)
		return err;
	follow.attached = true;
	vt_follow_sites_patch();
	static_branch_enable(&vitrine_follow_armed);
	return 0;
}

static void put_back(struct work_struct *work)
{
	mutex_lock(&follow_mutex);
	if (follow.state != VT_FOLLOW_ARMED)
		detach();
	mutex_unlock(&follow_mutex);
}

static void drop(void)
{
	if (follow.state == VT_FOLLOW_FOLLOWING) {
		follow.dropped = true;
		vt_follow_record_stop();
	}
	follow.state = VT_FOLLOW_IDLE;
}

static int arm(const struct vt_follow_wish *wish)
{
	int err;

	drop();
	err = attach();
	if (err)
		return err;
	follow.wish = *wish;
	follow.too_short = 0;
	follow.state = VT_FOLLOW_ARMED;
	return 0;
}

/* What was found stays */
static int disarm(void)
{
	if (follow.state != VT_FOLLOW_DONE)
		drop();
	detach();
	return 0;
}

/**
 * vt_follow_request() - Answer VT_REQ_FOLLOW
 *
 * Context: the server.
 * Return: 0, -EINVAL for a call or a process that cannot be, or -ENOMEM.
 */
long vt_follow_request(const struct vt_request *req)
{
	const struct vt_follow *ask = (const struct vt_follow *)req->data;
	struct vt_follow_wish wish;
	int err;

	if (req->len < sizeof(*ask) || ask->call >= VT_TELEMETRY_CALLS ||
	    ask->call < VT_FOLLOW_OFF || ask->pid < 0 || ask->pid > PID_MAX_LIMIT)
		return -EINVAL;
	wish = (struct vt_follow_wish){
		.nr = ask->call,
		.pid = ask->pid,
		.least_ns = ask->min_ns,
	};
	mutex_lock(&follow_mutex);
	err = wish.nr == VT_FOLLOW_OFF ? disarm() : arm(&wish);
	mutex_unlock(&follow_mutex);
	return err;
}
