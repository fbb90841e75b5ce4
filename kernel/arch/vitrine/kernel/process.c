// SPDX-License-Identifier: GPL-2.0-only
/* process.c - tasks: their kernel stacks, their host threads, idle */
#include <linux/cpu.h>
#include <linux/entry-common.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <asm/habit.h>
#include <asm/mmu_context.h>
#include <asm/observe.h>
#include <asm/vdso/counts.h>
#include <asm/vitrine.h>

#include "debug.h"

void vitrine_task_entry(void);
void vitrine_task_start(struct task_struct *prev);

/* The first C function of a new task; runs what it was made for, then user mode */
void vitrine_task_start(struct task_struct *prev)
{
	struct pt_regs *regs = current_pt_regs();

	schedule_tail(prev);
	if (current->thread.fn) {
		int (*fn)(void *) = current->thread.fn;

		/* returns when it has become a user process with kernel_execve() */
		current->thread.fn = NULL;
		fn(current->thread.arg);
		regs->ax = 0;
	} else if (current->mm->context.prefill) {
		current->mm->context.prefill = false;
		vitrine_tlb_prefill(current->mm);
		vitrine_ahead_of_fork(current->mm, regs->sp);
	}
	syscall_exit_to_user_mode(regs);
	vitrine_user_loop();
}

/* A host thread that is used again is stopped first, and may run guest code until then */
static int new_host_thread(struct mm_struct *mm, struct vt_thread *fpu_from, struct vt_frame *frame,
			   struct vt_thread **thread)
{
	int err = -EAGAIN;

	if (!vitrine_guest_enters(mm))
		err = vt_host->thread_new(mm->context.host, fpu_from, frame, thread);
	vitrine_guest_leaves(mm);
	return err;
}

/* After a pause, several threads may come back to an address space at once */
static DEFINE_MUTEX(hosting);

static int host_mm(struct task_struct *task)
{
	mm_context_t *context = &task->mm->context;
	int err = 0;

	mutex_lock(&hosting);
	if (!context->host) {
		err = vt_host->mm_new(&context->host, task->thread.frame.spare);
		if (!err)
			vitrine_mm_hosted(task->mm);
	}
	mutex_unlock(&hosting);
	return err;
}

/**
 * vitrine_attach_thread() - Give a task its host thread, and its address space a host process
 * @task:     current, or a task that does not run yet
 * @fpu_from: host thread whose FPU state it starts with; NULL for what a pause has kept in its
 *            frame, or else the initial state
 *
 * Return: 0, or -EAGAIN or -ENOMEM as the host says.
 */
int vitrine_attach_thread(struct task_struct *task, struct vt_thread *fpu_from)
{
	int err = READ_ONCE(task->mm->context.host) ? 0 : host_mm(task);

	if (err)
		return err;
	err = new_host_thread(task->mm, fpu_from, &task->thread.frame, &task->thread.host);
	if (!err)
		vitrine_thread_hosted(&task->thread);
	return err;
}

/*
 * What was in the host thread's slot goes along with it: another task's registers will be there.
 * The general registers stay, they are in the task's pt_regs.
 */
void vitrine_detach_thread(struct task_struct *task)
{
	struct vt_thread *host = task->thread.host;

	vitrine_thread_unhosted(&task->thread);
	task->thread.host = NULL;
	task->thread.frame.xstate = NULL;
	task->thread.frame.xstate_size = 0;
	task->thread.frame.reset_fpu = 1;
	if (host)
		vt_host->thread_free(host);
}

/**
 * vitrine_set_base() - Set a segment base as the system call does it, with a null selector
 * @frame: of a task whose registers are complete
 * @fs:    FS, otherwise GS
 * @base:  below TASK_SIZE_MAX
 */
void vitrine_set_base(struct vt_frame *frame, bool fs, unsigned long base)
{
	*(fs ? &frame->fs_base : &frame->gs_base) = base;
	*(fs ? &frame->fs : &frame->gs) = 0;
}

/**
 * vitrine_set_tsc() - Allow or forbid current's instructions that read the time stamp counter
 *
 * A host thread has that from its beginning, so current gets another one.
 *
 * Return: 0, or -EAGAIN or -ENOMEM as the host says; nothing has changed then.
 */
int vitrine_set_tsc(bool on)
{
	struct thread_struct *thread = &current->thread;
	struct vt_thread *old, *new;
	struct vt_frame frame;
	int err;

	vitrine_complete_regs();
	if (thread->frame.no_tsc == !on)
		return 0;
	err = thread->host ? 0 : vitrine_attach_thread(current, NULL);
	if (err)
		return err;
	old = thread->host;
	frame = thread->frame;
	frame.no_tsc = !on;
	err = new_host_thread(current->mm, frame.reset_fpu ? NULL : old, &frame, &new);
	if (err)
		return err;
	thread->frame = frame;
	thread->host = new;
	vt_host->thread_free(old);
	return 0;
}

void vitrine_deactivate_mm(struct task_struct *task, struct mm_struct *mm)
{
	vitrine_mm_leaves(task, mm);
	vitrine_detach_thread(task);
}

/*
 * All that may sleep of giving a child a host thread. A pause that comes meanwhile takes away what
 * parent and child have on the host, so it is looked at again, until nothing is missing.
 */
static int host_family(struct task_struct *child)
{
	int err;

	child->thread.frame.spare = 0;
	do {
		err = host_mm(child);
		if (!err && !current->thread.host)
			err = vitrine_attach_thread(current, NULL);
	} while (!err && (!child->mm->context.host || !current->thread.host));
	return err;
}

int copy_thread(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct pt_regs *regs = task_pt_regs(p);
	unsigned long *sp = (unsigned long *)((unsigned long)regs & ~15UL) - 2;
	int err;

	*--sp = (unsigned long)vitrine_task_entry;
	sp -= 6; /* callee-saved registers that vitrine_switch() pops */
	memset(sp, 0, 6 * sizeof(*sp));
	p->thread.sp = (unsigned long)sp;
	p->thread.host = NULL;
	p->thread.kept = NULL;
	INIT_LIST_HEAD(&p->thread.hosted);
	p->thread.fn = NULL;
	p->thread.host_failures = 0;
	p->thread.forced_tf = false;
	p->thread.block_step = false;
	p->thread.debug = NULL;
	p->thread.dr6 = 0;
	p->thread.in_guest = false;
	p->thread.counters = NULL;
	p->thread.runnable_at = 0;
	vitrine_habit_begin(p);
	clear_tsk_thread_flag(p, TIF_SINGLESTEP);

	if (args->fn) {
		memset(regs, 0, sizeof(*regs));
		memset(&p->thread.frame, 0, sizeof(p->thread.frame));
		p->thread.fn = args->fn;
		p->thread.arg = args->fn_arg;
		return 0;
	}

	vitrine_complete_regs();
	if (!(args->flags & CLONE_VM))
		vitrine_ahead_of_fork(current->mm, current_pt_regs()->sp);
	err = host_family(p);
	if (err)
		return err;
	/* From here on nothing sleeps: the parent's host thread stays */
	vitrine_complete_regs();
	*regs = *current_pt_regs();
	p->thread.frame = current->thread.frame;
	p->thread.frame.spare = 0;
	regs->ax = 0;
	if (args->stack)
		regs->sp = args->stack;
	if (args->flags & CLONE_SETTLS) {
		if (args->tls >= TASK_SIZE_MAX)
			return -EPERM;
		vitrine_set_base(&p->thread.frame, true, args->tls);
	}
	return vitrine_attach_thread(p, p->thread.frame.reset_fpu ? NULL : current->thread.host);
}

void exit_thread(struct task_struct *task)
{
	vitrine_task_ends(task);
	vitrine_debug_free(task);
	vitrine_detach_thread(task);
}

void flush_thread(void)
{
	vitrine_debug_free(current);
	current->thread.dr6 = 0;
}

void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp)
{
	struct vt_frame *frame = &current->thread.frame;
	bool no_tsc = frame->no_tsc, spare = frame->spare;

	memset(regs, 0, sizeof(*regs));
	regs->ip = ip;
	regs->sp = sp;
	regs->cs = VT_USER_CS;
	regs->ss = VT_USER_SS;
	regs->flags = 0x202; /* IF, and the bit that is always one */
	memset(frame, 0, sizeof(*frame));
	frame->no_tsc = no_tsc;
	frame->spare = spare;
	frame->full = 1;
	frame->reset_fpu = 1;
}
EXPORT_SYMBOL(start_thread);

int init_new_context(struct task_struct *task, struct mm_struct *mm)
{
	memset(&mm->context, 0, sizeof(mm->context));
	spin_lock_init(&mm->context.lock);
	mm->context.queue = (struct vt_map_op *)__get_free_page(GFP_KERNEL_ACCOUNT);
	return mm->context.queue ? 0 : -ENOMEM;
}

void destroy_context(struct mm_struct *mm)
{
	if (mm->context.host) {
		vitrine_mm_unhosted(mm);
		vt_host->mm_free(mm->context.host);
	}
	mm->context.host = NULL;
	free_page((unsigned long)mm->context.queue);
	mm->context.queue = NULL;
	vitrine_guest_counts_free(mm->context.counts);
	mm->context.counts = NULL;
}

void arch_cpu_idle(void)
{
	if (!vitrine_pending)
		vt_host->idle();
	vitrine_was_kicked();
}

void show_regs(struct pt_regs *regs)
{
	show_regs_print_info(KERN_DEFAULT);
	printk("RIP: %016lx %pS\n", regs->ip, (void *)regs->ip);
	printk("RSP: %016lx RFLAGS: %08lx\n", regs->sp, regs->flags);
	printk("RAX: %016lx RBX: %016lx RCX: %016lx\n", regs->ax, regs->bx, regs->cx);
	printk("RDX: %016lx RSI: %016lx RDI: %016lx\n", regs->dx, regs->si, regs->di);
	printk("RBP: %016lx R08: %016lx R09: %016lx\n", regs->bp, regs->r8, regs->r9);
	printk("R10: %016lx R11: %016lx R12: %016lx\n", regs->r10, regs->r11, regs->r12);
	printk("R13: %016lx R14: %016lx R15: %016lx\n", regs->r13, regs->r14, regs->r15);
}
