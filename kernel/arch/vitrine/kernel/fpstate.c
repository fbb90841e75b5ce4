// SPDX-License-Identifier: GPL-2.0-only
/* fpstate.c - the user's FPU image between host frame and guest memory
 *
 * Theory of operation
 * While a thread is stopped in its stub, its FPU state lies in vt_frame.xstate as the host wrote it
 * for a signal: the 512 bytes of FXSAVE with a struct _fpx_sw_bytes at 464, the XSAVE header, the
 * extended states and a closing magic. The guest can write that memory, so nothing read from it
 * sizes or addresses anything; the size is the tier's. The same layout goes to the guest's own
 * signal frames (Intel SDM volume 1, 13.4; arch/x86/include/uapi/asm/sigcontext.h).
 */
#include <linux/init.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/vitrine.h>
#include <uapi/asm/sigcontext.h>

#include "fpstate.h"

#define XFEATURE_FP_SSE 3UL
#define MXCSR_BITS_DEFAULT 0xffbf /* of CPUs that do not tell: Intel SDM volume 1, 11.6.6 */

static const struct {
	u16 control;
	u8 pad[22];
	u32 mxcsr;
} fp_initial = { .control = 0x37f, .mxcsr = 0x1f80 };

/* What this CPU lets code load into MXCSR: makers differ, and the rest faults */
u32 vitrine_mxcsr_bits = MXCSR_BITS_DEFAULT;

static int __init mxcsr_init(void)
{
	static u8 image[FX_SIZE] __aligned(16) __initdata;
	u32 bits;

	asm volatile("fxsave %0" : "+m"(image));
	memcpy(&bits, image + FX_MXCSR_MASK, sizeof(bits));
	if (bits)
		vitrine_mxcsr_bits = bits;
	return 0;
}
early_initcall(mxcsr_init);

/**
 * vitrine_fp_room() - Where a task's FPU image lies, or will lie
 * @task: current, or a task that cannot run or exit meanwhile
 *
 * The image is the host thread's: a task without one has none, and whoever uses the host thread
 * next has its own there. A pause leaves a task without a host thread and the image with the kernel
 * (suspend/hosts.c). This is the only place that takes the address from the frame.
 *
 * Return: vt_frame.xstate_size bytes, at least FX_SIZE, or NULL.
 */
u8 *vitrine_fp_room(struct task_struct *task)
{
	const struct thread_struct *thread = &task->thread;
	const struct vt_frame *frame = &thread->frame;

	if (!thread->host && !thread->kept)
		return NULL;
	return frame->full && frame->xstate_size >= FX_SIZE ? frame->xstate : NULL;
}

/* The same, but NULL for a task that is in the initial state, whatever its image holds */
u8 *vitrine_fp_image(struct task_struct *task)
{
	return task->thread.frame.reset_fpu ? NULL : vitrine_fp_room(task);
}

/* Bytes that vitrine_fp_save() will write */
unsigned long vitrine_fp_size(void)
{
	return vitrine_fp_image(current) ? current->thread.frame.xstate_size : FX_SIZE;
}

int vitrine_fp_save(void __user *to)
{
	const u8 *image = vitrine_fp_image(current);

	if (image)
		return copy_to_user(to, image, current->thread.frame.xstate_size) ? -EFAULT : 0;
	if (clear_user(to, FX_SIZE) || copy_to_user(to, &fp_initial, sizeof(fp_initial)))
		return -EFAULT;
	return 0;
}

static void header_with_legacy_states(u8 *image)
{
	memset(image + XSAVE_HEADER_OFFSET, 0, XSAVE_HEADER_SIZE);
	*(u64 *)(image + XSAVE_HEADER_OFFSET) = XFEATURE_FP_SSE;
}

static bool has_header(u32 size)
{
	return size > XSAVE_HEADER_OFFSET + XSAVE_HEADER_SIZE;
}

/**
 * vitrine_fp_initialise() - Write the initial state out, for somebody who is going to change it
 * @frame: of a stopped task, with room for an image
 */
void vitrine_fp_initialise(struct vt_frame *frame)
{
	u8 *image = frame->xstate;

	/* the software bytes say how much follows */
	memset(image, 0, has_header(frame->xstate_size) ? FX_SW : FX_SIZE);
	memcpy(image, &fp_initial, sizeof(fp_initial));
	if (has_header(frame->xstate_size))
		header_with_legacy_states(image);
	frame->reset_fpu = 0;
}

int vitrine_fp_restore(const void __user *from)
{
	struct vt_frame *frame = &current->thread.frame;
	u32 size = frame->xstate_size, magic2;
	struct _fpx_sw_bytes user_sw, own_sw;
	u8 *image = vitrine_fp_room(current);

	if (!from) {
		frame->reset_fpu = 1;
		return 0;
	}
	if (!image)
		return -EFAULT;
	if (copy_from_user(&user_sw, from + FX_SW, sizeof(user_sw)))
		return -EFAULT;
	memcpy(&own_sw, image + FX_SW, sizeof(own_sw));
	if (size > FX_SIZE && user_sw.magic1 == FP_XSTATE_MAGIC1 && user_sw.extended_size == size &&
	    !get_user(magic2, (u32 __user *)(from + size - FP_XSTATE_MAGIC2_SIZE)) &&
	    magic2 == FP_XSTATE_MAGIC2) {
		if (copy_from_user(image, from, size))
			return -EFAULT;
	} else {
		if (copy_from_user(image, from, FX_SIZE))
			return -EFAULT;
		if (has_header(size))
			header_with_legacy_states(image);
	}
	memcpy(image + FX_SW, &own_sw, sizeof(own_sw));
	frame->reset_fpu = 0;
	return 0;
}
