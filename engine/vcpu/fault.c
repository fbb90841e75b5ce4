// SPDX-License-Identifier: GPL-2.0-only
/* fault.c - host faults of the threads of this process
 *
 * Theory of operation
 * A host fault on the kernel's vmalloc range may be a mapping that was dropped (memory.c). Another
 * one in kernel code goes to the kernel's exception table; one that is not expected there becomes a
 * kernel bug report. One in host code is fatal.
 *
 * A write to physical memory that is still a snapshot's is made again when that page is our own
 * (engine/memory/base.c), whichever thread it was.
 *
 * Host system calls: rt_sigaction; write for messages.
 */
#include "fault.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>
#include <ucontext.h>

#include "registers.h"
#include "vcpu.h"

static struct vt_boot *boot;
static bool (*write_heed)(uint64_t addr);

void fault_init(struct vt_boot *vt_boot)
{
	boot = vt_boot;
}

void vcpu_on_write(bool (*heed)(uint64_t addr))
{
	write_heed = heed;
}

static bool in_kernel(uint64_t ip)
{
	return ip >= VT_PAGE_OFFSET && ip < VT_VMALLOC_END;
}

/*
 * The kernel's bug report runs as if the faulting instruction had called it, but on a stack of its
 * own: the task's may have overflowed.
 */
static void report_kernel_bug(ucontext_t *uc, uint64_t addr)
{
	static __thread struct vt_regs regs;
	greg_t *g = uc->uc_mcontext.gregs;

	regs = registers_load(g);
	g[REG_RDI] = (greg_t)&regs;
	g[REG_RSI] = addr;
	g[REG_RDX] = g[REG_TRAPNO];
	g[REG_RSP] = boot->kernel.die_stack - 8;
	*(greg_t *)g[REG_RSP] = g[REG_RIP];
	g[REG_RIP] = (greg_t)boot->kernel.die;
}

/* A mapping of the kernel's that was dropped; whoever it was goes on as if nothing had happened */
static bool map_kernel_page(uint64_t addr)
{
	const int saved = errno;
	const bool mapped = boot->kernel.map && boot->kernel.map(addr);

	errno = saved;
	return mapped;
}

void fault_handle(int sig, siginfo_t *info, void *context)
{
	static const char message[] = "vitrine: the supervisor crashed; this is a bug\n";
	static const char no_memory[] = "vitrine: the host has no memory left for the guest\n";
	ucontext_t *uc = context;
	uint64_t ip = uc->uc_mcontext.gregs[REG_RIP], fixup;

	if (sig == SIGSEGV && info->si_code == SEGV_ACCERR && write_heed &&
	    write_heed((uint64_t)info->si_addr))
		return;
	if (sig == SIGBUS && info->si_code == BUS_ADRERR) {
		(void)!write(STDERR_FILENO, no_memory, sizeof(no_memory) - 1);
		_exit(125);
	}
	if (sig == SIGSEGV && info->si_code == SEGV_MAPERR && vcpu_is_one() &&
	    map_kernel_page((uint64_t)info->si_addr))
		return;
	if (vcpu_is_one() && in_kernel(ip) && boot->kernel.die) {
		fixup = boot->kernel.fault ? boot->kernel.fault(ip) : 0;
		if (fixup)
			uc->uc_mcontext.gregs[REG_RIP] = fixup;
		else
			report_kernel_bug(uc, (uint64_t)info->si_addr);
		return;
	}
	(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
	signal(sig, SIG_DFL); /* the faulting instruction runs again and ends the process */
}
