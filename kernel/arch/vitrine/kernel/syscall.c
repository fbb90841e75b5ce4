// SPDX-License-Identifier: GPL-2.0-only
/* syscall.c - x86-64's table, and the few calls that belong to the architecture */
#include <linux/linkage.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/nospec.h>
#include <linux/prctl.h>
#include <linux/sched/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/syscalls.h>
#include <asm/observe.h>
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

/* Where MAP_32BIT looks for room, as on x86-64 */
#define LOW_AREA_START 0x40000000UL
#define LOW_AREA_END 0x80000000UL

static unsigned long low_unmapped_area(unsigned long addr, unsigned long len)
{
	struct vm_unmapped_area_info info = { .length = len,
					      .low_limit = LOW_AREA_START,
					      .high_limit = LOW_AREA_END };
	struct vm_area_struct *vma;

	if (len > LOW_AREA_END)
		return -ENOMEM;
	addr = PAGE_ALIGN(addr);
	if (addr && addr <= LOW_AREA_END - len) {
		vma = find_vma(current->mm, addr);
		if (!vma || addr + len <= vm_start_gap(vma))
			return addr;
	}
	return vm_unmapped_area(&info);
}

unsigned long arch_get_unmapped_area(struct file *file, unsigned long addr, unsigned long len,
				     unsigned long pgoff, unsigned long flags, vm_flags_t vm_flags)
{
	if ((flags & (MAP_32BIT | MAP_FIXED)) == MAP_32BIT)
		return low_unmapped_area(addr, len);
	return generic_get_unmapped_area(file, addr, len, pgoff, flags, vm_flags);
}

unsigned long arch_get_unmapped_area_topdown(struct file *file, unsigned long addr,
					     unsigned long len, unsigned long pgoff,
					     unsigned long flags, vm_flags_t vm_flags)
{
	if ((flags & (MAP_32BIT | MAP_FIXED)) == MAP_32BIT)
		return low_unmapped_area(addr, len);
	return generic_get_unmapped_area_topdown(file, addr, len, pgoff, flags, vm_flags);
}

/* Extended states that a program may use: what the host enables, less those that need a request */
#define XFEATURES_ON_REQUEST (3UL << 17) /* AMX */
#define XFEATURES_LEGACY 3UL		 /* x87 and SSE, all that there is without XSAVE */
#define CPUID_OSXSAVE (1U << 27)	 /* leaf 1, ecx: the host has enabled XGETBV */

static unsigned long user_xfeatures(void)
{
	u32 a = 1, b, c = 0, d, low, high;

	asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(c & CPUID_OSXSAVE))
		return XFEATURES_LEGACY;
	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return ((u64)high << 32 | low) & ~XFEATURES_ON_REQUEST;
}

/* A stack is in use or not by the stack pointer, which a plain call does not bring along */
static long vitrine_sigaltstack(unsigned long new, unsigned long old)
{
	vitrine_complete_regs();
	return sys_sigaltstack((void __user *)new, (void __user *)old);
}

/*
 * Stock Linux on a CPU without protection keys, which counts key 0 as free: it gives that out,
 * finds that it cannot be used, and never gets it back.
 */
static long vitrine_pkey_alloc(unsigned long flags, unsigned long rights)
{
	mm_context_t *context = &current->mm->context;

	if (flags || rights & ~PKEY_ACCESS_MASK)
		return -EINVAL;
	return xchg(&context->pkey_refused, true) ? -ENOSPC : -EINVAL;
}

static long vitrine_pkey_free(unsigned long pkey)
{
	return -EINVAL;
}

static long vitrine_pkey_mprotect(unsigned long start, unsigned long len, unsigned long prot,
				  unsigned long pkey)
{
	return (int)pkey == -1 ? sys_mprotect(start, len, prot) : -EINVAL;
}

/* Whether the time stamp counter can be read is a matter of the host thread */
static long vitrine_prctl(unsigned long option, unsigned long arg2, unsigned long arg3,
			  unsigned long arg4, unsigned long arg5)
{
	switch ((int)option) {
	case PR_GET_TSC:
		return put_user(current->thread.frame.no_tsc ? PR_TSC_SIGSEGV : PR_TSC_ENABLE,
				(int __user *)arg2);
	case PR_SET_TSC:
		if ((unsigned int)arg2 != PR_TSC_SIGSEGV && (unsigned int)arg2 != PR_TSC_ENABLE)
			return -EINVAL;
		return vitrine_set_tsc((unsigned int)arg2 == PR_TSC_ENABLE);
	}
	return sys_prctl(option, arg2, arg3, arg4, arg5);
}

/* There are no ports: who is allowed to ask hears what a locked-down kernel says */
static long vitrine_iopl(unsigned long level)
{
	return (unsigned int)level > 3 ? -EINVAL : level ? -EPERM : 0;
}

static long vitrine_ioperm(unsigned long from, unsigned long count, unsigned long on)
{
	if (from + count <= from || from + count > 65536)
		return -EINVAL;
	return (int)on ? -EPERM : 0;
}

#ifdef CONFIG_VITRINE_OBSERVE
struct task_struct *vitrine_yields;

/* To the scheduler's tracepoint a yield looks like a preemption */
static long vitrine_sched_yield(void)
{
	vitrine_yields = current;
	sys_sched_yield();
	vitrine_yields = NULL;
	return 0;
}
#endif

SYSCALL_DEFINE2(arch_prctl, int, option, unsigned long, arg)
{
	struct vt_frame *frame = &current->thread.frame;

	vitrine_complete_regs(); /* the bases live on the host, programs may load them directly */
	switch (option) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (arg >= TASK_SIZE_MAX)
			return -EPERM;
		vitrine_set_base(frame, option == ARCH_SET_FS, arg);
		return 0;
	case ARCH_GET_FS:
		return put_user(frame->fs_base, (unsigned long __user *)arg);
	case ARCH_GET_GS:
		return put_user(frame->gs_base, (unsigned long __user *)arg);
	case ARCH_GET_CPUID:
		return 1;
	case ARCH_SET_CPUID:
		return -ENODEV; /* as on a CPU that cannot make CPUID fault */
	case ARCH_GET_XCOMP_SUPP:
	case ARCH_GET_XCOMP_PERM:
		return put_user(user_xfeatures(), (u64 __user *)arg);
	case ARCH_REQ_XCOMP_PERM:
		return arg < 64 && user_xfeatures() >> arg & 1 ? 0 : -EOPNOTSUPP;
	case ARCH_GET_UNTAG_MASK:
		return put_user(~0UL, (unsigned long __user *)arg);
	case ARCH_GET_MAX_TAG_BITS:
		return put_user(0UL, (unsigned long __user *)arg);
	case ARCH_ENABLE_TAGGED_ADDR:
		return -ENODEV;
	}
	return -EINVAL;
}

/* Hardware that a process does not have: Linux without the option answers the same */
#define sys_modify_ldt sys_ni_syscall
#define sys_uretprobe sys_ni_syscall
#define sys_map_shadow_stack sys_ni_syscall

asmlinkage long sys_rt_sigreturn(void);
long vitrine_membarrier(int cmd, unsigned int flags, int cpu); /* smp/membarrier.c */

#define sys_sigaltstack vitrine_sigaltstack
#define sys_prctl vitrine_prctl
#define sys_pkey_alloc vitrine_pkey_alloc
#define sys_pkey_free vitrine_pkey_free
#define sys_pkey_mprotect vitrine_pkey_mprotect
#define sys_membarrier vitrine_membarrier
#define sys_iopl vitrine_iopl
#define sys_ioperm vitrine_ioperm
#ifdef CONFIG_VITRINE_OBSERVE
#define sys_sched_yield vitrine_sched_yield
#endif

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
