// SPDX-License-Identifier: GPL-2.0-only
/* calls.c - system calls are counted, and told when they are over
 *
 * Theory of operation
 * A call counts once, under the number with which the program made it, when its end is certain:
 *
 *   vt_call_begin()                      the program's registers, before filters and tracers
 *     |  exit(), or killed meanwhile  -> vt_call_abandon(): it counts, without a result
 *   vt_call_end()                        there is a result: it counts, unless it may still change
 *     |  a tracer watches, or the result is a restart code
 *   vt_call_decided()                    a signal is about to be handled, or was ignored:
 *     |                                  it counts (a tracer's result, EINTR), or is made again
 *   vt_call_leave()                      no signal came: it counts
 *
 * A call that is made again without the program's knowledge is the same call, with the same
 * beginning, and counts at last. When a handler runs before that, what came before is forgotten and
 * the repetition counts from its own beginning: either way one call of the program counts once.
 *
 * A call that a filter or a tracer answered counts as answered by nobody. Calls of other
 * instruction sets (int 0x80, x32) never get here: the supervisor's filter answers them. Neither do
 * those that the vDSO answers, see guestcalls.c.
 */
#include <linux/kernel.h>
#include <linux/mman.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#include <asm/follow.h>
#include "../observe.h"

#define CALL_OTHER (VT_TELEMETRY_CALLS - 1) /* numbers that are no call */
static_assert(NR_syscalls <= CALL_OTHER, "room for every call");

#define MAX_ERRNO_VALUE 4095
#define SYSCALL_SIZE 2 /* bytes of the instruction */
#define RESULT_MAY_CHANGE                                                                          \
	(SYSCALL_WORK_SYSCALL_TRACE | SYSCALL_WORK_SYSCALL_EMU | SYSCALL_WORK_SYSCALL_EXIT_TRAP)

static bool is_error(long result)
{
	return result < 0 && result >= -MAX_ERRNO_VALUE;
}

static bool is_restart(long result)
{
	return result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK;
}

/* Errors that a healthy program meets all the time */
static bool is_worth_telling(long result)
{
	switch (result) {
	case -EAGAIN:
	case -EINTR:
	case -EINPROGRESS:
	case -EALREADY:
	case -ETIMEDOUT:
		return false;
	}
	return is_error(result);
}

static unsigned int call_index(int nr)
{
	return nr >= 0 && nr < NR_syscalls ? nr : CALL_OTHER;
}

static bool call_wanted(unsigned int index)
{
	return vt_event_wanted(VT_EVENT_SYSCALL) && vt_wishes.calls[index / 64] >> index % 64 & 1;
}

/* Memory that was to be written and executed, and was refused for that */
static bool is_wx_denial(const struct vt_call *call, long result)
{
	const unsigned long wx = PROT_WRITE | PROT_EXEC;

	if (result != -EINVAL && result != -EACCES)
		return false;
	return (call->nr == __NR_mmap || call->nr == __NR_mprotect ||
		call->nr == __NR_pkey_mprotect) &&
	       (call->args[2] & wx) == wx;
}

/* Apart from what counts: that is all that most calls need */
static noinline void tell(struct vt_observed *observed, long result, u64 ns, u8 flags, bool error)
{
	const struct vt_captured *captured;
	const struct vt_call *call = &observed->call;
	struct vt_event_syscall *body;
	struct vt_event *event;
	size_t data_len;

	if (!vt_event_wanted(VT_EVENT_SYSCALL))
		return;
	vt_follow_hide(); /* what the event needs is not the call's */
	if (!(flags & VT_CALL_NORETURN))
		vt_capture_end(observed, result);
	captured = observed->captured;
	data_len = captured ? captured->len : 0;
	event = vt_event_open(VT_EVENT_SYSCALL,
			      error && is_worth_telling(result) ? VT_RING_ERRORS : VT_RING_ROUTINE,
			      current, call->begin_ns, sizeof(*event) + sizeof(*body) + data_len);
	body = (struct vt_event_syscall *)(event + 1);
	body->nr = call->nr;
	body->disposition = call->disposition;
	body->flags = flags | (vt_follows(current) ? VT_CALL_FOLLOWED : 0);
	body->data_len = data_len;
	memcpy(body->args, call->args, sizeof(body->args));
	body->result = result;
	body->duration_ns = ns;
	if (data_len)
		memcpy(body + 1, captured->data, data_len);
	vt_event_close(event);
	vt_follow_show();
}

/* The end: count it */
static void finish(struct vt_observed *observed, long result, u8 flags)
{
	struct vt_task_counters *slot = current->thread.counters;
	struct vt_call *call = &observed->call;
	unsigned int index = call_index(call->nr);
	struct vt_call_counters *counters = &vt_region->calls[index];
	u64 ns = vt_ticks_to_ns(call->ticks);
	bool error;

	call->phase = VT_CALL_NONE;
	if (call->nr == __NR_execve || call->nr == __NR_execveat)
		flags |= result ? 0 : VT_CALL_NORETURN;
	if (unlikely(vitrine_wx_denied) && is_wx_denial(call, result))
		call->disposition = VT_BY_NOBODY;
	/* what sigreturn leaves in ax is the interrupted program's */
	error = !(flags & VT_CALL_NORETURN) && call->nr != __NR_rt_sigreturn && is_error(result);

	vt_count(&counters->calls, 1);
	vt_count(&counters->errors, error);
	vt_count(&counters->enosys, error && result == -ENOSYS);
	vt_count(&counters->time_ns, ns);
	vt_count(&counters->latency[vt_bucket(ns)], 1);
	vt_count(&vt_region->counters.dispositions[call->disposition], 1);
	slot->calls++;
	slot->errors += error;
	slot->call_ns += ns;
	WRITE_ONCE(slot->call, -1);

	if (unlikely(call->wanted))
		tell(observed, flags & VT_CALL_NORETURN ? 0 : result, ns, flags, error);
}

void vt_call_begin(const struct pt_regs *regs)
{
	struct vt_observed *observed = vt_observed(current);
	int nr = (int)regs->orig_ax;
	struct vt_call *call;

	if (!observed)
		return;
	call = &observed->call;
	if (call->phase == VT_CALL_AGAIN && regs->ip == call->ip &&
	    (nr == call->nr || nr == __NR_restart_syscall)) {
		call->phase = VT_CALL_MADE;
		return;
	}
	call->phase = VT_CALL_MADE;
	call->nr = nr;
	call->disposition = VT_BY_KERNEL;
	call->rolled_back = false;
	call->ip = regs->ip;
	call->begin = vt_ticks();
	current->thread.counters->since_ticks = call->begin;
	WRITE_ONCE(current->thread.counters->call, nr);
	call->wanted = call_wanted(call_index(nr));
	if (call->wanted || vitrine_wx_denied)
		syscall_get_arguments(current, (struct pt_regs *)regs, (unsigned long *)call->args);
	if (call->wanted) {
		call->begin_ns = vt_ticks_to_time(call->begin);
		vt_capture_begin(observed);
	}
}

/* Return: whether the result may still change, so that vt_call_leave() is to be called */
bool vt_call_end(const struct pt_regs *regs, long nr)
{
	struct vt_observed *observed = vt_observed(current);
	struct vt_call *call;
	long result = regs->ax;

	if (!observed || observed->call.phase != VT_CALL_MADE)
		return false;
	call = &observed->call;
	call->ticks = vt_ticks() - call->begin;
	if (nr == -1 && call->nr != -1) {
		call->disposition = VT_BY_NOBODY;
		call->rolled_back = result == call->nr;
	}
	if (unlikely(call->rolled_back)) {
		finish(observed, result, VT_CALL_NORETURN);
		return false;
	}
	if (call->nr != __NR_rt_sigreturn &&
	    (unlikely(is_restart(result)) ||
	     unlikely(READ_ONCE(current_thread_info()->syscall_work) & RESULT_MAY_CHANGE))) {
		call->phase = VT_CALL_ANSWERED;
		return true;
	}
	finish(observed, result, 0);
	return false;
}

void vt_call_decided(const struct pt_regs *regs, bool handler)
{
	struct vt_observed *observed = vt_observed(current);
	struct vt_call *call;

	if (!observed || observed->call.phase != VT_CALL_ANSWERED)
		return;
	call = &observed->call;
	if (regs->ip == call->ip - SYSCALL_SIZE)
		call->phase = handler ? VT_CALL_NONE : VT_CALL_AGAIN;
	else
		finish(observed, regs->ax, 0);
}

void vt_call_leave(const struct pt_regs *regs)
{
	struct vt_observed *observed = vt_observed(current);

	/* a restart code that nothing acted on reaches the program as EINTR, see user.c */
	if (observed && observed->call.phase == VT_CALL_ANSWERED)
		finish(observed, is_restart(regs->ax) ? -EINTR : (long)regs->ax, 0);
}

/**
 * vt_call_abandon() - The task ends in its call, if it is in one
 *
 * Context: current exits.
 */
void vt_call_abandon(void)
{
	struct vt_observed *observed = current->thread.counters ? vt_observed(current) : NULL;

	if (!observed || observed->call.phase == VT_CALL_NONE)
		return;
	observed->call.ticks = vt_ticks() - observed->call.begin;
	if ((current->exit_code & 0x7f) == SIGSYS)
		observed->call.disposition = VT_BY_NOBODY;
	finish(observed, 0, VT_CALL_NORETURN);
}
