// SPDX-License-Identifier: GPL-2.0-only
/* ptrace.c - a stopped task's registers for debuggers and core files, in x86-64's layouts */
#include <linux/elf.h>
#include <linux/init.h>
#include <linux/ptrace.h>
#include <linux/regset.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <linux/user.h>
#include <asm/vitrine.h>
#include <uapi/asm/prctl.h>
#include <uapi/asm/sigcontext.h>

#include "debug.h"
#include "fpstate.h"

#define SEGMENT_RPL_MASK 3
#define USER_RPL 3
#define DEBUGGER_FLAGS                                                                             \
	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | X86_EFLAGS_SF |           \
	 X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_OF | X86_EFLAGS_NT | X86_EFLAGS_RF |           \
	 X86_EFLAGS_AC)

void ptrace_disable(struct task_struct *task)
{
	user_disable_single_step(task);
}

static void get_user_regs(struct task_struct *task, struct user_regs_struct *u)
{
	const struct pt_regs *regs = task_pt_regs(task);

	BUILD_BUG_ON(offsetof(struct user_regs_struct, fs_base) != sizeof(*regs));
	memset(u, 0, sizeof(*u));
	memcpy(u, regs, sizeof(*regs));
	if (task->thread.forced_tf)
		u->flags &= ~X86_EFLAGS_TF;
	u->fs_base = task->thread.frame.fs_base;
	u->gs_base = task->thread.frame.gs_base;
	u->ds = task->thread.frame.ds;
	u->es = task->thread.frame.es;
	u->fs = task->thread.frame.fs;
	u->gs = task->thread.frame.gs;
}

/* As arch/x86/kernel/ptrace.c's set_segment_reg(): the null selector, or one of user mode */
static bool bad_selector(unsigned long value)
{
	return (u16)value && (value & SEGMENT_RPL_MASK) != USER_RPL;
}

static int set_user_regs(struct task_struct *task, const struct user_regs_struct *u)
{
	struct pt_regs *regs = task_pt_regs(task);
	unsigned long flags = regs->flags;

	if (!u->cs || !u->ss || bad_selector(u->cs) || bad_selector(u->ss) || bad_selector(u->ds) ||
	    bad_selector(u->es) || bad_selector(u->fs) || bad_selector(u->gs) ||
	    u->fs_base >= TASK_SIZE_MAX || u->gs_base >= TASK_SIZE_MAX)
		return -EIO;
	memcpy(regs, u, sizeof(*regs));
	regs->cs = (u16)u->cs;
	regs->ss = (u16)u->ss;
	if (u->flags & X86_EFLAGS_TF)
		task->thread.forced_tf = false;
	else if (task->thread.forced_tf)
		flags |= X86_EFLAGS_TF;
	regs->flags = (flags & ~DEBUGGER_FLAGS) | (u->flags & DEBUGGER_FLAGS);
	if (task->thread.forced_tf)
		regs->flags |= X86_EFLAGS_TF;
	task->thread.frame.fs_base = u->fs_base;
	task->thread.frame.gs_base = u->gs_base;
	task->thread.frame.ds = u->ds;
	task->thread.frame.es = u->es;
	task->thread.frame.fs = u->fs;
	task->thread.frame.gs = u->gs;
	return 0;
}

static int general_get(struct task_struct *task, const struct user_regset *regset, struct membuf to)
{
	struct user_regs_struct u;

	get_user_regs(task, &u);
	return membuf_write(&to, &u, sizeof(u));
}

static int general_set(struct task_struct *task, const struct user_regset *regset, unsigned int pos,
		       unsigned int count, const void *kbuf, const void __user *ubuf)
{
	struct user_regs_struct u;
	int err;

	get_user_regs(task, &u);
	err = user_regset_copyin(&pos, &count, &kbuf, &ubuf, &u, 0, -1);
	return err ?: set_user_regs(task, &u);
}

/* The task's XSAVE image, or NULL when it is still in the initial state */
static u8 *fp_image(struct task_struct *task, u32 *size)
{
	*size = task->thread.frame.xstate_size;
	return vitrine_fp_image(task);
}

/* The same, for setting it: a task that has no state yet gets the initial one */
static u8 *fp_image_to_set(struct task_struct *task, u32 *size)
{
	struct vt_frame *frame = &task->thread.frame;

	/* stopped on its way out of exec: it would get its host thread when it leaves the kernel */
	if (!task->thread.host && !task->thread.kept &&
	    (!task->mm || vitrine_attach_thread(task, NULL)))
		return NULL;
	if (frame->reset_fpu && vitrine_fp_room(task))
		vitrine_fp_initialise(frame);
	return fp_image(task, size);
}

/* Copy the legacy area in; the software bytes at its end stay the host's */
static int legacy_set(u8 *image, unsigned int *pos, unsigned int *count, const void **kbuf,
		      const void __user **ubuf)
{
	u8 legacy[FX_SW];
	int err;

	memcpy(legacy, image, sizeof(legacy));
	err = user_regset_copyin(pos, count, kbuf, ubuf, legacy, 0, sizeof(legacy));
	if (err)
		return err;
	if (*(u32 *)(legacy + FX_MXCSR) & ~vitrine_mxcsr_bits)
		return -EINVAL;
	memcpy(image, legacy, sizeof(legacy));
	return 0;
}

static int fp_get(struct task_struct *task, const struct user_regset *regset, struct membuf to)
{
	struct user_i387_struct initial = { .cwd = 0x37f, .mxcsr = 0x1f80 };
	u32 size;
	u8 *image = fp_image(task, &size);

	return membuf_write(&to, image ?: (u8 *)&initial, FX_SIZE);
}

static int fp_set(struct task_struct *task, const struct user_regset *regset, unsigned int pos,
		  unsigned int count, const void *kbuf, const void __user *ubuf)
{
	u32 size;
	u8 *image = fp_image_to_set(task, &size);

	return image ? legacy_set(image, &pos, &count, &kbuf, &ubuf) : -EIO;
}

static int xstate_get(struct task_struct *task, const struct user_regset *regset, struct membuf to)
{
	struct _fpx_sw_bytes sw;
	u32 size, len;
	u8 *image = fp_image(task, &size);
	u64 features = 3;

	if (!image)
		return fp_get(task, regset, to);
	len = size > FX_SIZE + FP_XSTATE_MAGIC2_SIZE ? size - FP_XSTATE_MAGIC2_SIZE : FX_SIZE;
	memcpy(&sw, image + FX_SW, sizeof(sw));
	if (sw.magic1 == FP_XSTATE_MAGIC1)
		features = sw.xfeatures;
	membuf_write(&to, image, FX_SW);
	membuf_store(&to, features);
	membuf_zero(&to, FX_SIZE - FX_SW - sizeof(features));
	membuf_write(&to, image + FX_SIZE, len - FX_SIZE);
	return to.left;
}

static int xstate_set(struct task_struct *task, const struct user_regset *regset, unsigned int pos,
		      unsigned int count, const void *kbuf, const void __user *ubuf)
{
	u32 size;
	u8 *image = fp_image_to_set(task, &size);
	int err;

	if (!image)
		return -EIO;
	err = legacy_set(image, &pos, &count, &kbuf, &ubuf);
	if (!err)
		user_regset_copyin_ignore(&pos, &count, &kbuf, &ubuf, FX_SW, FX_SIZE);
	if (!err && count && size > FX_SIZE + FP_XSTATE_MAGIC2_SIZE)
		err = user_regset_copyin(&pos, &count, &kbuf, &ubuf, image, 0,
					 size - FP_XSTATE_MAGIC2_SIZE);
	return err;
}

enum { REGSET_GENERAL, REGSET_FP, REGSET_XSTATE };

static struct user_regset regsets[] __ro_after_init = {
	[REGSET_GENERAL] = {
		.core_note_type = NT_PRSTATUS,
		.n = sizeof(struct user_regs_struct) / sizeof(long),
		.size = sizeof(long),
		.align = sizeof(long),
		.regset_get = general_get,
		.set = general_set,
	},
	[REGSET_FP] = {
		.core_note_type = NT_PRFPREG,
		.n = FX_SIZE / sizeof(long),
		.size = sizeof(long),
		.align = sizeof(long),
		.regset_get = fp_get,
		.set = fp_set,
	},
	[REGSET_XSTATE] = {
		.core_note_type = NT_X86_XSTATE,
		.n = FX_SIZE / sizeof(long),
		.size = sizeof(u64),
		.align = sizeof(u64),
		.regset_get = xstate_get,
		.set = xstate_set,
	},
};

static const struct user_regset_view view = {
	.name = "x86_64",
	.e_machine = EM_X86_64,
	.regsets = regsets,
	.n = ARRAY_SIZE(regsets),
};

const struct user_regset_view *task_user_regset_view(struct task_struct *task)
{
	return &view;
}

/* CPUID leaf 13 tells how large the image of the enabled states is */
static int __init regset_init(void)
{
	u32 a = 13, b, c = 0, d;

	asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (b > FX_SIZE && b < SZ_16K)
		regsets[REGSET_XSTATE].n = b / sizeof(u64);
	return 0;
}
arch_initcall(regset_init);

/* The number of the debug register at an offset of struct user, or -1 */
static int debugreg_at(unsigned long offset)
{
	if (offset < offsetof(struct user, u_debugreg) ||
	    offset >= offsetof(struct user, u_debugreg) + sizeof_field(struct user, u_debugreg))
		return -1;
	return (offset - offsetof(struct user, u_debugreg)) / sizeof(unsigned long);
}

/* struct user: the registers exist, the rest reads as zero */
static int peek_user(struct task_struct *task, unsigned long offset, unsigned long *value)
{
	struct user_regs_struct u;

	if (offset & 7 || offset >= sizeof(struct user))
		return -EIO;
	*value = 0;
	if (debugreg_at(offset) >= 0)
		return vitrine_debugreg_get(task, debugreg_at(offset), value);
	if (offset < sizeof(u)) {
		get_user_regs(task, &u);
		*value = *(unsigned long *)((char *)&u + offset);
	}
	return 0;
}

static int poke_user(struct task_struct *task, unsigned long offset, unsigned long value)
{
	struct user_regs_struct u;

	if (offset & 7)
		return -EIO;
	if (debugreg_at(offset) >= 0)
		return vitrine_debugreg_set(task, debugreg_at(offset), value);
	if (offset >= sizeof(u))
		return -EIO;
	get_user_regs(task, &u);
	*(unsigned long *)((char *)&u + offset) = value;
	return set_user_regs(task, &u);
}

static long arch_prctl_of(struct task_struct *task, unsigned long option, unsigned long addr)
{
	struct vt_frame *frame = &task->thread.frame;

	switch (option) {
	case ARCH_GET_FS:
		return put_user(frame->fs_base, (unsigned long __user *)addr);
	case ARCH_GET_GS:
		return put_user(frame->gs_base, (unsigned long __user *)addr);
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (addr >= TASK_SIZE_MAX)
			return -EPERM;
		vitrine_set_base(frame, option == ARCH_SET_FS, addr);
		return 0;
	}
	return -EINVAL;
}

long arch_ptrace(struct task_struct *task, long request, unsigned long addr, unsigned long data)
{
	void __user *user = (void __user *)data;
	unsigned long value;
	int err;

	switch (request) {
	case PTRACE_PEEKUSR:
		err = peek_user(task, addr, &value);
		return err ?: put_user(value, (unsigned long __user *)user);
	case PTRACE_POKEUSR:
		return poke_user(task, addr, data);
	case PTRACE_GETREGS:
		return copy_regset_to_user(task, &view, REGSET_GENERAL, 0,
					   sizeof(struct user_regs_struct), user);
	case PTRACE_SETREGS:
		return copy_regset_from_user(task, &view, REGSET_GENERAL, 0,
					     sizeof(struct user_regs_struct), user);
	case PTRACE_GETFPREGS:
		return copy_regset_to_user(task, &view, REGSET_FP, 0, FX_SIZE, user);
	case PTRACE_SETFPREGS:
		return copy_regset_from_user(task, &view, REGSET_FP, 0, FX_SIZE, user);
	case PTRACE_ARCH_PRCTL:
		return arch_prctl_of(task, data, addr);
	}
	return ptrace_request(task, request, addr, data);
}
