// SPDX-License-Identifier: GPL-2.0-only
/* syscall.c - x86-64's table, and the few calls that belong to the architecture */
#include <linux/linkage.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/prctl.h>
#include <linux/sched/task_stack.h>
#include <linux/syscalls.h>
#include <asm/syscall.h>
#include <asm/vitrine.h>
#include <uapi/asm/prctl.h>

SYSCALL_DEFINE6(mmap, unsigned long, addr, unsigned long, len, unsigned long, prot, unsigned long,
		flags, unsigned long, fd, unsigned long, off)
{
	if (off & ~PAGE_MASK)
		return -EINVAL;
	return ksys_mmap_pgoff(addr, len, prot, flags, fd, off >> PAGE_SHIFT);
}

SYSCALL_DEFINE2(arch_prctl, int, option, unsigned long, arg)
{
	struct vt_frame *frame = &current->thread.frame;

	vitrine_complete_regs(); /* the bases live on the host, programs may load them directly */
	switch (option) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (arg >= TASK_SIZE_MAX)
			return -EPERM;
		*(option == ARCH_SET_FS ? &frame->fs_base : &frame->gs_base) = arg;
		return 0;
	case ARCH_GET_FS:
		return put_user(frame->fs_base, (unsigned long __user *)arg);
	case ARCH_GET_GS:
		return put_user(frame->gs_base, (unsigned long __user *)arg);
	case ARCH_GET_CPUID:
		return 1;
	}
	return -EINVAL;
}

/* Hardware that a process does not have: Linux without the option answers the same */
#define sys_iopl sys_ni_syscall
#define sys_ioperm sys_ni_syscall
#define sys_modify_ldt sys_ni_syscall
#define sys_uretprobe sys_ni_syscall
#define sys_map_shadow_stack sys_ni_syscall

asmlinkage long sys_rt_sigreturn(void);

#define __SYSCALL_NORETURN __SYSCALL
#pragma GCC diagnostic ignored "-Woverride-init"
#define __SYSCALL(nr, sym) [nr] = (sys_call_ptr_t)(void *)sym,
const sys_call_ptr_t sys_call_table[NR_syscalls] = {
	[0 ... NR_syscalls - 1] = (sys_call_ptr_t)(void *)sys_ni_syscall,
#include <asm/syscall_table_64.h>
};

/**
 * vitrine_call_syscall() - Run a system call
 * @regs: the caller's registers; ax receives the result
 * @nr:   its number, as ptrace and seccomp left it; -1 when they skipped it
 */
void vitrine_call_syscall(struct pt_regs *regs, long nr)
{
	unsigned int index = nr;

	if (likely(index < NR_syscalls)) {
		index = array_index_nospec(index, NR_syscalls);
		regs->ax = sys_call_table[index](regs->di, regs->si, regs->dx, regs->r10, regs->r8,
						 regs->r9);
	} else if (nr != -1) {
		regs->ax = -ENOSYS;
	}
}
