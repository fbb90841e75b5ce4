// SPDX-License-Identifier: GPL-2.0-only
/* syscalls.c - which functions the numbers of system calls stand for, for the events of each call
 *
 * Those are found by the name of the function. The table that calls are made by (kernel/syscall.c)
 * has functions of the architecture's own in some places, which in turn call those that are meant.
 */
#include <linux/linkage.h>
#include <linux/syscalls.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

/* Hardware that a process does not have; the table answers some of them, under no name */
#define sys_modify_ldt sys_ni_syscall
#define sys_iopl sys_ni_syscall
#define sys_ioperm sys_ni_syscall
#define sys_uretprobe sys_ni_syscall
#define sys_map_shadow_stack sys_ni_syscall

asmlinkage long sys_rt_sigreturn(void);
asmlinkage long sys_arch_prctl(int option, unsigned long arg);
asmlinkage long sys_mmap(unsigned long addr, unsigned long len, unsigned long prot,
			 unsigned long flags, unsigned long fd, unsigned long off);

#define __SYSCALL_NORETURN __SYSCALL
#define __SYSCALL(nr, sym) [nr] = (void *)sym,
#pragma GCC diagnostic ignored "-Woverride-init"
static const void *const functions[NR_syscalls] = {
	[0 ... NR_syscalls - 1] = (void *)sys_ni_syscall,
#include <asm/syscall_table_64.h>
};

unsigned long __init arch_syscall_addr(int nr)
{
	return (unsigned long)functions[nr];
}
