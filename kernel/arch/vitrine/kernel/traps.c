// SPDX-License-Identifier: GPL-2.0-only
/* traps.c - exceptions of guest code, and faults of the kernel's own */
#include <linux/extable.h>
#include <linux/kdebug.h>
#include <linux/ptrace.h>
#include <linux/sched/debug.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/vitrine.h>

#include "debug.h"
#include "fpstate.h"

#define TRAP_DEBUG 1
#define OPCODE_INT1 0xf1
#define TRAP_NR_X87 16
#define TRAP_NR_SIMD 19

struct trap {
	int signal, code;
	bool with_ip; /* si_addr is the instruction */
	const char *name;
};

/* Intel SDM volume 3, table 6-1; signals as arch/x86/kernel/traps.c sends them */
static const struct trap traps[] = {
	[0] = { SIGFPE, FPE_INTDIV, true, "divide error" },
	[1] = { SIGTRAP, TRAP_TRACE, true, "debug" },
	[3] = { SIGTRAP, SI_KERNEL, false, "int3" },
	[4] = { SIGSEGV, SI_KERNEL, false, "overflow" },
	[5] = { SIGSEGV, SI_KERNEL, false, "bounds" },
	[6] = { SIGILL, ILL_ILLOPN, true, "invalid opcode" },
	[10] = { SIGSEGV, SI_KERNEL, false, "invalid TSS" },
	[11] = { SIGBUS, SI_KERNEL, false, "segment not present" },
	[12] = { SIGBUS, SI_KERNEL, false, "stack segment" },
	[13] = { SIGSEGV, SI_KERNEL, false, "general protection fault" },
	[16] = { SIGFPE, FPE_FLTINV, true, "coprocessor error" },
	[17] = { SIGBUS, BUS_ADRALN, false, "alignment check" },
	[19] = { SIGFPE, FPE_FLTINV, true, "simd error" },
};

/* si_code of a floating point exception: what is raised and not masked, in order of precedence */
static int fp_code(u32 trap_nr)
{
	const u16 *fx = (const u16 *)vitrine_fp_image(current);
	u32 raised;

	if (!fx)
		return FPE_FLTUNK;
	if (trap_nr == TRAP_NR_X87) {
		raised = fx[1] & ~fx[0]; /* status and not control word */
	} else {
		u32 mxcsr = *(const u32 *)&fx[12];

		raised = mxcsr & ~(mxcsr >> 7);
	}
	if (raised & 1)
		return FPE_FLTINV;
	if (raised & 4)
		return FPE_FLTDIV;
	if (raised & 8)
		return FPE_FLTOVF;
	if (raised & 0x12)
		return FPE_FLTUND;
	return raised & 0x20 ? FPE_FLTRES : FPE_FLTUNK;
}

/* INT1, which only debuggers of hardware use, comes as a debug exception without a cause */
static bool is_int1(const struct pt_regs *regs)
{
	u8 code;

	return !(regs->flags & X86_EFLAGS_TF) && !get_user(code, (u8 __user *)(regs->ip - 1)) &&
	       code == OPCODE_INT1;
}

/* si_code of a debug exception; 0: it was the kernel's own, and the program goes on */
static int debug_code(struct pt_regs *regs)
{
	bool int1 = is_int1(regs);
	unsigned long hits;
	bool step = !vitrine_watch_stepped(regs, &hits) && !int1 && vitrine_step_is_told(regs);

	current->thread.dr6 = hits | (step ? DR6_STEP : 0);
	if (!step && !hits && !int1)
		return 0;
	if (current->thread.forced_tf)
		regs->flags &= ~X86_EFLAGS_TF;
	return step ? TRAP_TRACE : hits ? TRAP_HWBKPT : TRAP_BRKPT;
}

/* An exception other than a page fault, in guest code */
void vitrine_user_trap(struct pt_regs *regs)
{
	const struct vt_frame *frame = &current->thread.frame;
	u32 nr = frame->trap_nr;
	const struct trap *trap =
	    nr < ARRAY_SIZE(traps) && traps[nr].signal ? &traps[nr] : &traps[13];
	int code = trap->code;

	if (nr == TRAP_NR_X87 || nr == TRAP_NR_SIMD)
		code = fp_code(nr);
	if (nr == TRAP_DEBUG) {
		code = debug_code(regs);
		if (!code)
			return;
	}
	current->thread.trap.error_code = frame->error_code;
	current->thread.trap.nr = nr;
	if (code == SI_KERNEL)
		force_sig(trap->signal);
	else
		force_sig_fault(trap->signal, code, trap->with_ip ? (void __user *)regs->ip : NULL);
}

/* A host fault in kernel code: where to go on, 0 when nobody expected it */
vt_u64 vitrine_kernel_fault(vt_u64 ip)
{
	const struct exception_table_entry *entry = search_exception_tables(ip);

	return entry ? entry->fixup : 0;
}

char vitrine_die_stack[SZ_16K] __aligned(16);

/* Below every stack lies a page that nobody has: see CONFIG_VMAP_STACK */
static bool is_overflow(unsigned long addr)
{
	unsigned long stack = (unsigned long)task_stack_page(current);

	return addr < stack && addr >= stack - PAGE_SIZE;
}

void vitrine_kernel_die(struct vt_regs *vt_regs, vt_u64 addr, vt_u32 trap_nr)
{
	struct pt_regs *regs = (struct pt_regs *)vt_regs;
	static bool dying;

	regs->cs = 0; /* not user mode */
	local_irq_disable();
	if (dying)
		vt_host->halt(125);
	dying = true;
	console_verbose();
	bust_spinlocks(1);
	if (is_overflow(addr))
		pr_alert("BUG: kernel stack overflow in %s[%d] at address %#llx\n", current->comm,
			 task_pid_nr(current), (unsigned long long)addr);
	else
		pr_alert("BUG: kernel exception %u at address %#llx\n", trap_nr,
			 (unsigned long long)addr);
	show_regs(regs);
	show_stack(NULL, (unsigned long *)regs->sp, KERN_DEFAULT);
	bust_spinlocks(0);
	panic("Fatal exception");
}
