// SPDX-License-Identifier: GPL-2.0-only
/* debugreg.c - debug registers in software
 *
 * Theory of operation
 * The host lets a process set the CPU's debug registers of another in some places and not in
 * others, and has four of them. A guest's are kept by page: what a register watches is taken from
 * the host before its task runs, so that every access to the page is a fault. The instruction that
 * faults then runs alone with the page mapped, as a single step, and the page is taken away again:
 *
 *   access --> fault: which bytes, which kind? --> mapped, trap flag --> step --> SIGTRAP, or on
 *
 * An access is told if it reaches into what is watched: the CPU reports where it begins, and the
 * instruction says how far it goes (operand.c). A write is told, too, if it changed what is there,
 * whatever the instruction. The breakpoint of an instruction is told before it runs, once: @passed
 * is what the CPU has a flag for.
 *
 * It costs two faults for each access to the page, and nothing elsewhere. Other threads of the
 * program run with the page mapped, unless they watch it, too. Kernel accesses are not told, as on
 * hardware, where ptrace(2) does not send a signal for them either.
 *
 * The registers: Intel SDM volume 3, 18.2. What ptrace refuses: arch/x86/kernel/ptrace.c.
 */
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/vitrine.h>

#include "debug.h"

#define DR_STATUS 6
#define DR_CONTROL 7

enum watch_kind { WATCH_EXEC, WATCH_WRITE, WATCH_IO, WATCH_ACCESS };

static bool is_enabled(unsigned long control, unsigned int nr)
{
	return control >> (2 * nr) & 3;
}

static enum watch_kind kind_of(unsigned long control, unsigned int nr)
{
	return control >> (16 + 4 * nr) & 3;
}

static unsigned int length_of(unsigned long control, unsigned int nr)
{
	static const u8 lengths[] = { 1, 2, 8, 4 };

	return lengths[control >> (18 + 4 * nr) & 3];
}

/* Do @size bytes at @addr reach into what is watched? */
static bool is_in(const struct vitrine_debug *debug, unsigned int nr, unsigned long addr,
		  unsigned int size)
{
	return addr < debug->addr[nr] + length_of(debug->control, nr) &&
	       addr + size > debug->addr[nr];
}

static bool is_page_of(const struct vitrine_debug *debug, unsigned int nr, unsigned long addr)
{
	return is_enabled(debug->control, nr) && !((debug->addr[nr] ^ addr) & PAGE_MASK);
}

static bool is_watched(const struct vitrine_debug *debug, unsigned long addr)
{
	for (unsigned int i = 0; i < NR_WATCHES; i++) {
		if (is_page_of(debug, i, addr))
			return true;
	}
	return false;
}

/* ---- the registers, for ptrace ---- */

static int check_watch(const unsigned long *addr, unsigned long control, unsigned int nr)
{
	unsigned int length = length_of(control, nr);

	if (!is_enabled(control, nr))
		return 0;
	if (kind_of(control, nr) == WATCH_IO)
		return -EINVAL;
	if (kind_of(control, nr) == WATCH_EXEC && length != 1)
		return -EINVAL;
	return addr[nr] & (length - 1) ? -EINVAL : 0;
}

int vitrine_debugreg_get(struct task_struct *task, unsigned int nr, unsigned long *value)
{
	const struct vitrine_debug *debug = task->thread.debug;

	*value = 0;
	if (nr == DR_STATUS)
		*value = task->thread.dr6 ^ DR6_INITIAL;
	else if (debug && nr == DR_CONTROL)
		*value = debug->control;
	else if (debug && nr < NR_WATCHES)
		*value = debug->addr[nr];
	return 0;
}

static int set_address(struct vitrine_debug *debug, unsigned int nr, unsigned long value)
{
	unsigned long old = debug->addr[nr];
	int err;

	if (value >= TASK_SIZE_MAX)
		return -EPERM;
	debug->addr[nr] = value;
	err = check_watch(debug->addr, debug->control, nr);
	if (err)
		debug->addr[nr] = old;
	return err;
}

static int set_control(struct vitrine_debug *debug, unsigned long value)
{
	for (unsigned int i = 0; i < NR_WATCHES; i++) {
		int err = check_watch(debug->addr, value, i);

		if (err)
			return err;
	}
	debug->control = value;
	return 0;
}

/**
 * vitrine_debugreg_set() - Set a debug register of a stopped task
 * @task:  it does not run
 * @nr:    0 to 7
 * @value: what its tracer wants
 *
 * Return: 0; -EINVAL, -EPERM: a watch that the CPU does not have, or of the kernel; -EIO: there is
 * no such register; -ENOMEM.
 */
int vitrine_debugreg_set(struct task_struct *task, unsigned int nr, unsigned long value)
{
	if (nr == DR_STATUS) {
		task->thread.dr6 = value ^ DR6_INITIAL;
		return 0;
	}
	if (nr != DR_CONTROL && nr >= NR_WATCHES)
		return -EIO;
	if (!task->thread.debug) {
		if (!value)
			return 0;
		task->thread.debug = kzalloc(sizeof(*task->thread.debug), GFP_KERNEL_ACCOUNT);
		if (!task->thread.debug)
			return -ENOMEM;
	}
	return nr == DR_CONTROL ? set_control(task->thread.debug, value)
				: set_address(task->thread.debug, nr, value);
}

void vitrine_debug_free(struct task_struct *task)
{
	kfree(task->thread.debug);
	task->thread.debug = NULL;
}

/* ---- what they do ---- */

/**
 * vitrine_watch_enter() - Take from the host what current watches
 *
 * Right before the changes are handed over: whatever the fault path has mapped of it goes, too.
 */
void vitrine_watch_enter(void)
{
	const struct vitrine_debug *debug = current->thread.debug;

	if (debug->stepping)
		return;
	for (unsigned int i = 0; i < NR_WATCHES; i++) {
		unsigned long page = debug->addr[i] & PAGE_MASK;

		if (is_enabled(debug->control, i))
			vitrine_tlb_unmap(current->mm, page, page + PAGE_SIZE);
	}
}

static void step_begins(struct vitrine_debug *debug, struct pt_regs *regs)
{
	debug->stepping = true;
	debug->touched = debug->known = 0;
	for (unsigned int i = 0; i < NR_WATCHES; i++) {
		if (is_enabled(debug->control, i) && kind_of(debug->control, i) != WATCH_EXEC &&
		    !copy_from_user(debug->before[i], (void __user *)debug->addr[i],
				    length_of(debug->control, i)))
			debug->known |= 1U << i;
	}
	debug->own_tf = !(regs->flags & X86_EFLAGS_TF);
	regs->flags |= X86_EFLAGS_TF;
}

static void tell_breakpoint(struct vitrine_debug *debug, struct pt_regs *regs, unsigned int nr)
{
	debug->passed = regs->ip;
	current->thread.dr6 = 1UL << nr;
	current->thread.trap.nr = 1;
	current->thread.trap.error_code = 0;
	force_sig_fault(SIGTRAP, TRAP_HWBKPT, (void __user *)regs->ip);
}

/**
 * vitrine_watch_fault() - Look at a page fault of a task that watches
 * @regs:  its registers
 * @addr:  what it accessed
 * @write, @exec: how
 *
 * Return: true when it hit a breakpoint, which has been told; false when the fault is to be
 * resolved as any other.
 */
bool vitrine_watch_fault(struct pt_regs *regs, unsigned long addr, bool write, bool exec)
{
	struct vitrine_debug *debug = current->thread.debug;
	unsigned int size;

	if (!is_watched(debug, addr))
		return false;
	for (unsigned int i = 0; exec && addr == regs->ip && i < NR_WATCHES; i++) {
		if (is_enabled(debug->control, i) && kind_of(debug->control, i) == WATCH_EXEC &&
		    debug->addr[i] == addr && debug->passed != addr) {
			vitrine_watch_leave(regs);
			tell_breakpoint(debug, regs, i);
			return true;
		}
	}
	if (!debug->stepping)
		step_begins(debug, regs);
	size = exec ? 1 : vitrine_operand_size(regs);
	for (unsigned int i = 0; !exec && i < NR_WATCHES; i++) {
		enum watch_kind kind = kind_of(debug->control, i);

		if (is_enabled(debug->control, i) && is_in(debug, i, addr, size) &&
		    (kind == WATCH_ACCESS || (kind == WATCH_WRITE && write)))
			debug->touched |= 1U << i;
	}
	return false;
}

static bool has_changed(const struct vitrine_debug *debug, unsigned int nr)
{
	unsigned int length = length_of(debug->control, nr);
	u8 now[WATCH_MAX];

	return debug->known & 1U << nr &&
	       !copy_from_user(now, (void __user *)debug->addr[nr], length) &&
	       memcmp(now, debug->before[nr], length);
}

/**
 * vitrine_watch_stepped() - A debug exception: was it the step of a watched access?
 * @regs: current's registers; the trap flag goes if it was set for this
 * @hits: DR6's bits of what is to be told
 *
 * Return: true when it was, and nobody else has asked for the step.
 */
bool vitrine_watch_stepped(struct pt_regs *regs, unsigned long *hits)
{
	struct vitrine_debug *debug = current->thread.debug;
	bool alone;

	*hits = 0;
	if (!debug)
		return false;
	if (debug->passed != regs->ip) /* a repeated instruction is where it was */
		debug->passed = 0;
	if (!debug->stepping)
		return false;
	for (unsigned int i = 0; i < NR_WATCHES; i++) {
		if (debug->touched & 1U << i || has_changed(debug, i))
			*hits |= 1UL << i;
	}
	alone = debug->own_tf;
	vitrine_watch_leave(regs);
	return alone;
}

/**
 * vitrine_watch_leave() - The instruction does not end in a step: a signal, or a system call
 * @regs: current's registers, complete
 */
void vitrine_watch_leave(struct pt_regs *regs)
{
	struct vitrine_debug *debug = current->thread.debug;

	if (!debug->stepping)
		return;
	debug->stepping = false;
	if (debug->own_tf)
		regs->flags &= ~X86_EFLAGS_TF;
	debug->own_tf = false;
}
