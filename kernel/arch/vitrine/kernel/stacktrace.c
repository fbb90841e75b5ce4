// SPDX-License-Identifier: GPL-2.0-only
/* stacktrace.c - kernel stacks, read by looking for return addresses
 *
 * Theory of operation
 * The kernel is built without frame pointers and unwind tables. A return address is an address of
 * kernel text that follows a call instruction, but the stack has leftovers of earlier calls as
 * well. The instruction tells them apart: a direct call names the function that it called, and that
 * is the function of the frame before, or one that jumped there as its last act. So from each frame
 * the next one is looked for that fits; where none does, an indirect call fits anything. A frame
 * that was entered by two such jumps in a row is the kind of case where this errs.
 *
 * What is printed when the kernel is in trouble (show_stack()) has all addresses, leftovers too.
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

#define FRAME_WORDS 160 /* how far the next frame is looked for */

/**
 * struct stack_walk - goes from frame to frame
 * @sp:     where to go on
 * @addr:   return address of the frame that was found last
 * @start, @end: the function that it returns into; 0 before the first
 */
struct stack_walk {
	const struct task_struct *task;
	const unsigned long *sp;
	unsigned long addr, start, end;
};

static bool function_of(unsigned long addr, unsigned long *start, unsigned long *end)
{
	unsigned long size, offset;

	if (!kallsyms_lookup_size_offset(addr, &size, &offset))
		return false;
	*start = addr - offset;
	*end = *start + size;
	return true;
}

/* Does the function that begins at @target jump to the one of the walk's last frame? */
static bool jumps_there(const struct stack_walk *walk, unsigned long target)
{
	unsigned long start, end, to;

	if (!function_of(target, &start, &end) || start != target)
		return false;
	for (const u8 *at = (const u8 *)start; (unsigned long)at + 5 <= end; at++) {
		if (at[0] != 0xe9 && (at[0] & 0xf0) != 0x80)
			continue; /* jmp rel32, or the second byte of jcc rel32 */
		to = (unsigned long)(at + 5) + *(const s32 *)(at + 1);
		if (to >= walk->start && to < walk->end)
			return true;
	}
	return false;
}

enum frame_fit { FITS_NOT, FITS_IF_NEED_BE, FITS_ANYTHING, FITS };

/* How well @addr fits as the return address of the function of the walk's last frame */
static enum frame_fit frame_fit(const struct stack_walk *walk, unsigned long addr)
{
	const u8 *code = (const u8 *)addr;
	unsigned long target;

	if (!is_return_address(addr))
		return FITS_NOT;
	if (!walk->start)
		return FITS;
	if (code[-5] != 0xe8)
		return FITS_ANYTHING;
	target = addr + *(const s32 *)(code - 4);
	if (target == walk->start || jumps_there(walk, target))
		return FITS;
	return FITS_IF_NEED_BE;
}

/* Return: there is one more frame, in @walk->addr */
static bool walk_next(struct stack_walk *walk)
{
	enum frame_fit best = FITS_NOT;
	const unsigned long *found = NULL;

	for (const unsigned long *sp = walk->sp; (unsigned long)sp & (THREAD_SIZE - 1); sp++) {
		enum frame_fit fit;

		if (best != FITS_NOT && sp > walk->sp + FRAME_WORDS)
			break;
		fit = frame_fit(walk, vitrine_return_address(walk->task, sp));
		if (fit <= best)
			continue;
		best = fit;
		found = sp;
		if (fit == FITS)
			break;
	}
	if (!found)
		return false;
	walk->addr = vitrine_return_address(walk->task, found);
	walk->sp = found + 1;
	if (!function_of(walk->addr - 1, &walk->start, &walk->end))
		walk->start = 0;
	return true;
}

static void save(struct stack_trace *trace, const struct task_struct *task, const unsigned long *sp)
{
	struct stack_walk walk = { .task = task, .sp = sp };

	while (trace->nr_entries < trace->max_entries && walk_next(&walk)) {
		if (trace->skip)
			trace->skip--;
		else
			trace->entries[trace->nr_entries++] = walk.addr;
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
	struct stack_walk walk = { .task = task };
	unsigned long found = 0;

	if (!try_get_task_stack(task))
		return 0;
	walk.sp = (unsigned long *)task->thread.sp + 7; /* switched-out frame */
	while (!found && walk_next(&walk)) {
		if (!in_sched_functions(walk.addr))
			found = walk.addr;
	}
	put_task_stack(task);
	return found;
}
