// SPDX-License-Identifier: GPL-2.0-only
/* user.c - user mode, seen from the kernel: a host call that returns an event
 *
 * Theory of operation
 * A task in user mode waits in thread_run() for its host thread to stop. What comes back is what
 * hardware would deliver: a system call, a fault, another exception, or an interrupt. Only the
 * current task's host thread ever runs: when an interrupt asks for a reschedule or a signal, the
 * thread is kicked into its stub first, so that a task that is switched out is stopped. That is why
 * host mappings may be invalidated lazily: nothing executes in an address space between the change
 * of an entry and vitrine_tlb_flush() on the way in.
 *
 * A plain system call stops the host thread with only its number and arguments known. Whoever needs
 * the other registers (signals, ptrace, fork) calls vitrine_complete_regs() first.
 *
 * Other vCPUs have to know where guest code may be running: from vitrine_guest_enters(), which
 * brings the host up to date, to vitrine_guest_leaves(). An interrupt does not end that, the thread
 * runs on.
 */
#include <linux/entry-common.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <asm/cputime.h>
#include <asm/follow.h>
#include <asm/irq_regs.h>
#include <asm/observe.h>
#include <asm/perf_event.h>
#include <asm/vitrine.h>

#include "debug.h"

#define SYSCALL_WORK_NEEDS_REGS                                                                    \
	(SYSCALL_WORK_SECCOMP | SYSCALL_WORK_SYSCALL_TRACE | SYSCALL_WORK_SYSCALL_EMU |            \
	 SYSCALL_WORK_SYSCALL_USER_DISPATCH | SYSCALL_WORK_SYSCALL_EXIT_TRAP)

#define VSYSCALL_PAGE 0xffffffffff600000UL
#define HOST_FAILURES_MAX 4 /* refusals in a row before the task is given up */

/**
 * vitrine_guest_enters() - From here on guest code of an address space may run, on this vCPU
 * @mm: address space
 *
 * Return: 0, or the host's error: it has forgotten all that was mapped, which is as right.
 */
int vitrine_guest_enters(struct mm_struct *mm)
{
	atomic_inc(&mm->context.in_guest);
	smp_mb__after_atomic();
	return vitrine_tlb_flush(mm);
}

/* Its host thread is stopped, or is not there any more */
void vitrine_guest_leaves(struct mm_struct *mm)
{
	atomic_dec(&mm->context.in_guest);
}

/**
 * vitrine_complete_regs() - Make current's register set complete
 *
 * The result of the system call in progress (ax) and its number stay as they are.
 */
void vitrine_complete_regs(void)
{
	struct thread_struct *thread = &current->thread;
	struct pt_regs *regs = current_pt_regs();
	unsigned long ax = regs->ax, orig_ax = regs->orig_ax;
	int failed;

	if (thread->frame.full || !thread->host)
		return;
	/* what was unmapped meanwhile may be much */
	while (READ_ONCE(current->mm->context.queued) && !irqs_disabled()) {
		if (vitrine_tlb_flush_piece(current->mm))
			break;
		cond_resched();
	}
	/* on its way into the stub it may run guest code */
	vitrine_guest_enters(current->mm);
	failed = vt_host->thread_capture(thread->host, vitrine_regs(regs), &thread->frame);
	vitrine_guest_leaves(current->mm);
	if (failed) {
		thread->frame.full = 1;
		force_fatal_sig(SIGKILL);
	}
	regs->ax = ax;
	if ((u32)regs->orig_ax != (u32)orig_ax) /* else there are more bits of it now */
		regs->orig_ax = orig_ax;
	regs->cs = VT_USER_CS;
	regs->ss = VT_USER_SS;
}

/*
 * The host turns a call of the vsyscall page into the system call that it stands for. What differs
 * is a bad pointer, which is a fault there (arch/x86/entry/vsyscall/vsyscall_64.c).
 */
static bool from_vsyscall_page(const struct pt_regs *regs)
{
	return (regs->ip & PAGE_MASK) == VSYSCALL_PAGE;
}

static void handle_syscall(struct pt_regs *regs)
{
	bool vsyscall = from_vsyscall_page(regs);
	long nr = (int)regs->orig_ax;
	bool unsettled;

	regs->ax = -ENOSYS;
	vitrine_call_begins(regs);
	if (unlikely(READ_ONCE(current_thread_info()->syscall_work) & SYSCALL_WORK_NEEDS_REGS) ||
	    vitrine_perf_wants_registers())
		vitrine_complete_regs();
	if (vitrine_is_watching()) {
		vitrine_complete_regs();
		vitrine_watch_leave(regs);
	}
	vitrine_follow_begins(regs);
	nr = syscall_enter_from_user_mode(regs, nr);
	vitrine_call_syscall(regs, nr);
	vitrine_follow_answered(regs);
	if (unlikely(vsyscall) && (long)regs->ax == -EFAULT)
		force_sig(SIGSEGV);
	if (unlikely(vitrine_pending))
		local_irq_enable(); /* what came during the call is the call's time, not the
				       program's */
	unsettled = vitrine_call_ends(regs, nr);
	syscall_exit_to_user_mode(regs);
	vitrine_follow_ends();
	if (unlikely(unsettled))
		vitrine_call_leaves(regs);
}

static void handle_exception(struct pt_regs *regs, void (*handler)(struct pt_regs *))
{
	raw_local_irq_disable();
	regs->orig_ax = -1;
	irqentry_enter_from_user_mode(regs);
	local_irq_enable();
	if (handler)
		handler(regs);
	local_irq_disable();
	irqentry_exit_to_user_mode(regs);
}

/* The host thread runs on; whoever wants it stopped gets an event later */
static void handle_interrupt(struct pt_regs *regs)
{
	struct pt_regs *old;

	irqentry_enter_from_user_mode(regs);
	regs->cs = VT_USER_CS;
	old = set_irq_regs(regs);
	vitrine_run_interrupts();
	set_irq_regs(old);
	local_irq_disable();
	if (read_thread_flags() & EXIT_TO_USER_MODE_WORK)
		vt_host->thread_kick(current->thread.host);
}

/* The host thread is stopped, and what interrupted it is still to be handled */
static void handle_kicked(struct pt_regs *regs)
{
	struct pt_regs *old;

	regs->orig_ax = -1;
	irqentry_enter_from_user_mode(regs);
	old = set_irq_regs(regs);
	local_irq_enable();
	set_irq_regs(old);
	local_irq_disable();
	irqentry_exit_to_user_mode(regs);
}

static void handle_gone(struct pt_regs *regs)
{
	force_fatal_sig(SIGKILL);
}

static void leave_guest(struct thread_struct *thread)
{
	if (thread->in_guest)
		vitrine_guest_leaves(current->mm);
	thread->in_guest = false;
}

/* After an exec, or a pause */
static void map_ahead(struct mm_struct *mm)
{
	if (mm->context.prefill) {
		mm->context.prefill = false;
		vitrine_tlb_prefill(mm);
	} else {
		vitrine_ahead_of_exec(mm, current_pt_regs()->ip, current_pt_regs()->sp);
	}
}

/* Bring the host up to date; a host that refuses again and again costs the task its life */
static bool prepare_user(void)
{
	struct thread_struct *thread = &current->thread;
	int err = 0;

	if (unlikely(!thread->host)) {
		err = vitrine_attach_thread(current, NULL);
		if (!err)
			map_ahead(current->mm);
	}
	if (vitrine_is_watching())
		vitrine_watch_enter();
	if (unlikely(thread->block_step))
		thread->step_ip = current_pt_regs()->ip;
	if (!err && unlikely(!thread->host)) /* mapping ahead may wait, and a pause came */
		return false;
	if (!err && !thread->in_guest) {
		err = vitrine_tlb_flush_piece(current->mm);
		if (unlikely(READ_ONCE(current->mm->context.queued))) {
			if (vitrine_pending)
				handle_exception(current_pt_regs(), NULL);
			return false;
		}
		err = vitrine_guest_enters(current->mm) ?: err;
		thread->in_guest = true;
	}
	if (likely(!err)) {
		thread->host_failures = 0;
		return true;
	}
	if (!thread->host || ++thread->host_failures > HOST_FAILURES_MAX) {
		pr_err_ratelimited("%s[%d]: the host refuses to run it any more (error %d)\n",
				   current->comm, task_pid_nr(current), -err);
		leave_guest(thread);
		force_fatal_sig(SIGKILL);
		handle_exception(current_pt_regs(), NULL);
		return false;
	}
	return true;
}

/*
 * A clock may have expired that is sampled: the program is stopped where it is before that is
 * handled. The clock expires again for a thread that does not stop; see thread_kick().
 */
static enum vt_user_event stop_to_sample(struct thread_struct *thread, struct pt_regs *regs)
{
	volatile unsigned int *pending = &vitrine_cpus[raw_smp_processor_id()].pending;
	unsigned int held = 1U << VT_IRQ_TIMER;
	enum vt_user_event event;

	do {
		held |= __atomic_exchange_n(pending, 0, __ATOMIC_SEQ_CST);
		vt_host->thread_kick(thread->host);
		vt_host->timer_arm(TICK_NSEC);
		event = vt_host->thread_run(thread->host, vitrine_regs(regs), &thread->frame);
	} while (event == VT_EV_INTERRUPT);
	__atomic_or_fetch(pending, held, __ATOMIC_SEQ_CST);
	return event;
}

static bool timer_is_due(void)
{
	return vitrine_pending & 1U << VT_IRQ_TIMER;
}

/* @runs: its host thread was running already, or runs on */
static enum vt_user_event run_guest(struct thread_struct *thread, struct pt_regs *regs, bool *runs)
{
	enum vt_user_event event;

	event = vt_host->thread_run(thread->host, vitrine_regs(regs), &thread->frame);
	*runs = *runs || event == VT_EV_INTERRUPT;
	if (vitrine_perf_samples_clock() && event == VT_EV_INTERRUPT && timer_is_due())
		event = stop_to_sample(thread, regs);
	if (event != VT_EV_INTERRUPT)
		leave_guest(thread);
	return event;
}

void __noreturn vitrine_user_loop(void)
{
	struct thread_struct *thread = &current->thread;
	struct pt_regs *regs = current_pt_regs();
	enum vt_user_event event;
	bool resumed, runs = false;

	for (;;) {
		if (!prepare_user())
			continue;
		raw_local_irq_disable();
		/* a restart code is not for the host, which would act on it */
		if (!thread->frame.full && (long)regs->ax <= -ERESTARTSYS &&
		    (long)regs->ax >= -ERESTART_RESTARTBLOCK)
			regs->ax = -EINTR;

		resumed = thread->frame.full;
		vitrine_time_to_user();
		event = run_guest(thread, regs, &runs);
		vitrine_time_from_user(resumed, thread->frame.full, runs);
		runs = event == VT_EV_INTERRUPT;
		switch (event) {
		case VT_EV_SYSCALL:
			regs->cs = VT_USER_CS;
			regs->ss = VT_USER_SS;
			handle_syscall(regs);
			break;
		case VT_EV_FAULT:
			handle_exception(regs, vitrine_user_fault);
			break;
		case VT_EV_TRAP:
			handle_exception(regs, vitrine_user_trap);
			break;
		case VT_EV_KICKED:
			handle_kicked(regs);
			break;
		case VT_EV_INTERRUPT:
			handle_interrupt(regs);
			break;
		default:
			handle_exception(regs, handle_gone);
			break;
		}
	}
}
