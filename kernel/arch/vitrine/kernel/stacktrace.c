// SPDX-License-Identifier: GPL-2.0-only
/* stacktrace.c - kernel stacks, read by looking for return addresses
 *
 * The kernel is built without frame pointers and unwind tables, so a trace is every address of
 * kernel text on the stack: complete, with leftovers of earlier calls among it.
 */
#include <linux/export.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>

static void save(struct stack_trace *trace, const unsigned long *sp)
{
	for (; (unsigned long)sp & (THREAD_SIZE - 1); sp++) {
		if (!__kernel_text_address(*sp))
			continue;
		if (trace->skip)
			trace->skip--;
		else if (trace->nr_entries < trace->max_entries)
			trace->entries[trace->nr_entries++] = *sp;
	}
}

void save_stack_trace(struct stack_trace *trace)
{
	save(trace, __builtin_frame_address(0));
}
EXPORT_SYMBOL_GPL(save_stack_trace);

void save_stack_trace_tsk(struct task_struct *task, struct stack_trace *trace)
{
	save(trace,
	     task == current ? __builtin_frame_address(0) : (unsigned long *)task->thread.sp);
}
EXPORT_SYMBOL_GPL(save_stack_trace_tsk);

void show_stack(struct task_struct *task, unsigned long *sp, const char *level)
{
	unsigned int shown = 0;

	if (!sp)
		sp = task && task != current ? (unsigned long *)task->thread.sp
					     : __builtin_frame_address(0);
	printk("%sCall Trace (addresses on the stack):\n", level);
	for (; ((unsigned long)sp & (THREAD_SIZE - 1)) && shown < 32; sp++) {
		if (__kernel_text_address(*sp)) {
			printk("%s ? %pS\n", level, (void *)*sp);
			shown++;
		}
	}
}

/* Where a sleeping task waits: the first address outside of the scheduler */
unsigned long __get_wchan(struct task_struct *task)
{
	const unsigned long *sp = (unsigned long *)task->thread.sp + 7; /* switched-out frame */

	for (; (unsigned long)sp & (THREAD_SIZE - 1); sp++) {
		if (__kernel_text_address(*sp) && !in_sched_functions(*sp))
			return *sp;
	}
	return 0;
}
