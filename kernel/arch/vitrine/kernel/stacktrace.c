// SPDX-License-Identifier: GPL-2.0-only
/* stacktrace.c - kernel stacks, by frame pointers
 *
 * Every frame begins with the caller's frame pointer and the return address; a task that is
 * switched out keeps its own on top of its stack (head.S). The chain ends at zero, or where it
 * leaves the stack: a broken one costs the rest of the trace, nothing else.
 */
#include <linux/export.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <asm/follow.h>
#include <asm/stacktrace.h>
#include <asm/perf_event.h>
#include <asm/vitrine.h>

#define SHOWN_MAX 48
#define SAVED_BP 5 /* words above a switched-out stack pointer: vitrine_switch() */

/**
 * struct frame - what a function pushes
 * @bp: its caller's frame
 * @ip: where it returns to, or follow.c's trampoline
 */
struct frame {
	unsigned long bp, ip;
};

static bool is_on_stack(const struct task_struct *task, unsigned long bp)
{
	unsigned long base = (unsigned long)task_stack_page(task);
	unsigned long die = (unsigned long)vitrine_die_stack;

	if (bp & 7)
		return false;
	return (bp >= base && bp <= base + THREAD_SIZE - sizeof(struct frame)) ||
	       (bp >= die && bp <= die + sizeof(vitrine_die_stack) - sizeof(struct frame));
}

static struct frame read_frame(const struct task_struct *task, const void *at)
{
	const struct frame *frame = at;

	return (struct frame){ frame->bp, vitrine_return_address(task, &frame->ip) };
}

/* The innermost frame: of a task that is switched out, or of the caller's caller */
static struct frame first_frame(struct task_struct *task)
{
	if (task == current)
		return read_frame(task, __builtin_frame_address(0));
	return read_frame(task, (unsigned long *)task->thread.sp + SAVED_BP);
}

/* false: there is no more */
static bool next_frame(const struct task_struct *task, struct frame *frame)
{
	struct frame above;

	if (!is_on_stack(task, frame->bp))
		return false;
	above = read_frame(task, (void *)frame->bp);
	if (above.bp && above.bp <= frame->bp)
		return false;
	*frame = above;
	return frame->ip && __kernel_text_address(frame->ip);
}

/**
 * vitrine_walk_frames() - Visit the return addresses on current's kernel stack
 * @bp:    the innermost frame
 * @visit: false ends it
 * @data:  for @visit
 */
void vitrine_walk_frames(unsigned long bp, bool (*visit)(void *data, unsigned long ip), void *data)
{
	struct frame frame = { .bp = bp };

	while (next_frame(current, &frame) && visit(data, frame.ip))
		;
}

/**
 * vitrine_caller_regs() - What there is to say of registers where a function was called
 * @regs:  filled: instruction, stack and frame
 * @frame: the function's frame
 */
void vitrine_caller_regs(struct pt_regs *regs, const unsigned long *frame)
{
	struct frame own = read_frame(current, frame);

	regs->ip = own.ip;
	regs->bp = own.bp;
	regs->sp = (unsigned long)frame + sizeof(own);
	regs->flags = 0;
	regs->cs = 0;
}

static noinline void save(struct task_struct *task, struct stack_trace *trace)
{
	struct frame frame = first_frame(task);

	do {
		if (trace->skip)
			trace->skip--;
		else if (trace->nr_entries < trace->max_entries)
			trace->entries[trace->nr_entries++] = frame.ip;
	} while (next_frame(task, &frame));
}

void save_stack_trace(struct stack_trace *trace)
{
	save(current, trace);
}
EXPORT_SYMBOL_GPL(save_stack_trace);

/* A zombie has no stack any more */
void save_stack_trace_tsk(struct task_struct *task, struct stack_trace *trace)
{
	if (!try_get_task_stack(task))
		return;
	save(task, trace);
	put_task_stack(task);
}
EXPORT_SYMBOL_GPL(save_stack_trace_tsk);

void show_stack(struct task_struct *task, unsigned long *sp, const char *level)
{
	struct frame frame = first_frame(task ?: current);
	unsigned int shown = 0;

	printk("%sCall Trace:\n", level);
	do {
		printk("%s %pS\n", level, (void *)frame.ip);
	} while (++shown < SHOWN_MAX && next_frame(task ?: current, &frame));
}

/* Where a sleeping task waits: the first address outside of the scheduler */
unsigned long __get_wchan(struct task_struct *task)
{
	struct frame frame = first_frame(task);

	do {
		if (!in_sched_functions(frame.ip))
			return frame.ip;
	} while (next_frame(task, &frame));
	return 0;
}
