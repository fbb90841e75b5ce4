// SPDX-License-Identifier: GPL-2.0-only
/* stacktrace.c - kernel stacks, read by looking for return addresses
 *
 * The kernel is built without frame pointers and unwind tables, so a trace is every address of
 * kernel text on the stack that follows a call instruction: complete, with leftovers of earlier
 * calls among it.
 */
#include <linux/export.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <asm/follow.h>

/* Forms of an indirect call: bytes from its 0xff to its end, and its ModRM byte (Intel SDM volume
 * 2) */
static const struct {
	u8 length, mask, modrm;
} indirect_calls[] = {
	{ 2, 0xf8, 0xd0 }, { 2, 0xf8, 0x10 }, { 3, 0xf8, 0x50 }, { 3, 0xff, 0x14 },
	{ 4, 0xff, 0x54 }, { 6, 0xf8, 0x90 }, { 6, 0xff, 0x15 }, { 7, 0xff, 0x94 },
};

/* A function pointer on the stack is no frame: a return address has a call before it */
static bool is_return_address(unsigned long addr)
{
	const u8 *code = (const u8 *)addr;
	unsigned int i;

	if (!__kernel_text_address(addr) || !__kernel_text_address(addr - 7))
		return false;
	if (code[-5] == 0xe8)
		return true;
	for (i = 0; i < ARRAY_SIZE(indirect_calls); i++) {
		const u8 *call = code - indirect_calls[i].length;

		if (call[0] == 0xff &&
		    (call[1] & indirect_calls[i].mask) == indirect_calls[i].modrm)
			return true;
	}
	return false;
}

static void save(struct stack_trace *trace, const struct task_struct *task, const unsigned long *sp)
{
	for (; (unsigned long)sp & (THREAD_SIZE - 1); sp++) {
		unsigned long addr = vitrine_return_address(task, sp);

		if (!is_return_address(addr))
			continue;
		if (trace->skip)
			trace->skip--;
		else if (trace->nr_entries < trace->max_entries)
			trace->entries[trace->nr_entries++] = addr;
	}
}

void save_stack_trace(struct stack_trace *trace)
{
	save(trace, current, __builtin_frame_address(0));
}
EXPORT_SYMBOL_GPL(save_stack_trace);

/* A zombie has no stack any more */
void save_stack_trace_tsk(struct task_struct *task, struct stack_trace *trace)
{
	if (!try_get_task_stack(task))
		return;
	save(trace, task,
	     task == current ? __builtin_frame_address(0) : (unsigned long *)task->thread.sp);
	put_task_stack(task);
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
		unsigned long addr = vitrine_return_address(task ?: current, sp);

		if (is_return_address(addr)) {
			printk("%s ? %pS\n", level, (void *)addr);
			shown++;
		}
	}
}

/* Where a sleeping task waits: the first address outside of the scheduler */
unsigned long __get_wchan(struct task_struct *task)
{
	const unsigned long *sp = (unsigned long *)task->thread.sp + 7; /* switched-out frame */
	unsigned long found = 0;

	if (!try_get_task_stack(task))
		return 0;
	for (; !found && (unsigned long)sp & (THREAD_SIZE - 1); sp++) {
		unsigned long addr = vitrine_return_address(task, sp);

		if (is_return_address(addr) && !in_sched_functions(addr))
			found = addr;
	}
	put_task_stack(task);
	return found;
}
