// SPDX-License-Identifier: GPL-2.0-only
/* vsyscall.c - three calls at a fixed address, for programs older than the vDSO
 *
 * Theory of operation
 * x86-64 once had gettimeofday, time and getcpu at VSYSCALL_ADDR. There is no page any more: Linux
 * traps who jumps there and makes the call for him (vsyscall=xonly, the default). The address lies
 * in the host kernel's half, so what happens first is up to the host:
 *
 * - A host with the same setting makes the call, and its filters stop it on the way as they stop
 *   any other: it arrives here as a plain system call, and the host returns to the caller.
 * - A host with vsyscall=none reports a fault, and vitrine_vsyscall() does the host's part.
 *
 * So old programs run either way, filters of the guest's own see the page's address as the place of
 * the call, and /proc/PID/maps has the line that it has on hardware.
 * After arch/x86/entry/vsyscall/vsyscall_64.c.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/seccomp.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/syscall.h>
#include <asm/vitrine.h>

#define VSYSCALL_ADDR (-10UL << 20)
#define VSYSCALL_STEP 1024

static const int vsyscalls[] = { __NR_gettimeofday, __NR_time, __NR_getcpu };

/**
 * vitrine_vsyscall() - Make the call of a program that has jumped to the vsyscall page
 * @regs: its registers, complete
 * @addr: where the instruction could not be fetched
 *
 * Return: false when @addr is not the program's place in that page. Else the caller's registers are
 * those of a return from the call, or a signal is on its way.
 */
bool vitrine_vsyscall(struct pt_regs *regs, unsigned long addr)
{
	unsigned long entry = (addr - VSYSCALL_ADDR) / VSYSCALL_STEP, caller, dx = regs->dx;
	bool skip;
	int nr;

	if (!in_gate_area_no_mm(addr) || regs->ip != addr)
		return false;
	if (addr % VSYSCALL_STEP || entry >= ARRAY_SIZE(vsyscalls) ||
	    get_user(caller, (unsigned long __user *)regs->sp)) {
		force_sig(SIGSEGV);
		return true;
	}

	nr = vsyscalls[entry];
	regs->orig_ax = nr;
	regs->ax = -ENOSYS;
	skip = secure_computing();
	if ((!skip && regs->orig_ax != nr) || regs->ip != addr) {
		force_exit_sig(SIGSYS);
		return true;
	}
	regs->orig_ax = -1;
	if (!skip) {
		regs->dx = 0; /* getcpu's third argument, which the page's function had not */
		vitrine_call_syscall(regs, nr);
		regs->dx = dx;
		if ((long)regs->ax == -EFAULT) {
			force_sig(SIGSEGV);
			return true;
		}
	}
	regs->ip = caller;
	regs->sp += sizeof(caller);
	return true;
}

/* The page that is not there, for those who list areas: it can be executed and nothing else */
static const char *gate_name(struct vm_area_struct *vma)
{
	return "[vsyscall]";
}

static const struct vm_operations_struct gate_ops = { .name = gate_name };

static struct vm_area_struct gate_vma __ro_after_init = {
	.vm_start = VSYSCALL_ADDR,
	.vm_end = VSYSCALL_ADDR + PAGE_SIZE,
	.vm_flags = VM_EXEC,
	.vm_ops = &gate_ops,
};

struct vm_area_struct *get_gate_vma(struct mm_struct *mm)
{
	return &gate_vma;
}

int in_gate_area_no_mm(unsigned long addr)
{
	return (addr & PAGE_MASK) == VSYSCALL_ADDR;
}

int in_gate_area(struct mm_struct *mm, unsigned long addr)
{
	return in_gate_area_no_mm(addr);
}
