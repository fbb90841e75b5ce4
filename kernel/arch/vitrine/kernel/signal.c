// SPDX-License-Identifier: GPL-2.0-only
/* signal.c - x86-64 signal frames on the guest's stack */
#include <linux/audit.h>
#include <linux/entry-common.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/signal.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/observe.h>
#include <asm/vitrine.h>
#include <uapi/asm/ucontext.h>

#include "debug.h"

#define RED_ZONE 128
#define USER_RPL 3

/* What a program may set with sigreturn; arch/x86/include/asm/sighandling.h */
#define USER_FLAGS                                                                                 \
	(X86_EFLAGS_AC | X86_EFLAGS_OF | X86_EFLAGS_DF | X86_EFLAGS_TF | X86_EFLAGS_SF |           \
	 X86_EFLAGS_ZF | X86_EFLAGS_AF | X86_EFLAGS_PF | X86_EFLAGS_CF | X86_EFLAGS_RF)

struct rt_sigframe {
	char __user *pretcode;
	struct ucontext uc;
	struct siginfo info;
	/* the FPU image follows, 64 byte aligned */
};

static void regs_to_context(struct sigcontext *sc, const struct pt_regs *regs)
{
	const struct vitrine_trap *trap = &current->thread.trap;

	sc->r8 = regs->r8;
	sc->r9 = regs->r9;
	sc->r10 = regs->r10;
	sc->r11 = regs->r11;
	sc->r12 = regs->r12;
	sc->r13 = regs->r13;
	sc->r14 = regs->r14;
	sc->r15 = regs->r15;
	sc->di = regs->di;
	sc->si = regs->si;
	sc->bp = regs->bp;
	sc->bx = regs->bx;
	sc->dx = regs->dx;
	sc->ax = regs->ax;
	sc->cx = regs->cx;
	sc->sp = regs->sp;
	sc->ip = regs->ip;
	sc->flags = regs->flags;
	sc->cs = regs->cs;
	sc->ss = regs->ss;
	sc->err = trap->error_code;
	sc->trapno = trap->nr;
	sc->cr2 = trap->cr2;
}

static void context_to_regs(struct pt_regs *regs, const struct sigcontext *sc)
{
	regs->r8 = sc->r8;
	regs->r9 = sc->r9;
	regs->r10 = sc->r10;
	regs->r11 = sc->r11;
	regs->r12 = sc->r12;
	regs->r13 = sc->r13;
	regs->r14 = sc->r14;
	regs->r15 = sc->r15;
	regs->di = sc->di;
	regs->si = sc->si;
	regs->bp = sc->bp;
	regs->bx = sc->bx;
	regs->dx = sc->dx;
	regs->ax = sc->ax;
	regs->cx = sc->cx;
	regs->sp = sc->sp;
	regs->ip = sc->ip;
	regs->cs = sc->cs | USER_RPL;
	regs->ss = sc->ss | USER_RPL;
	regs->flags = (regs->flags & ~USER_FLAGS) | (sc->flags & USER_FLAGS) | X86_EFLAGS_IF;
	regs->orig_ax = -1;
}

static int setup_frame(struct ksignal *ks, struct pt_regs *regs)
{
	unsigned long sp = regs->sp, fp;
	struct rt_sigframe __user *frame;
	struct ucontext uc = { 0 };
	bool alternate = on_sig_stack(sp) || (ks->ka.sa.sa_flags & SA_ONSTACK && !sas_ss_flags(sp));

	if (!(ks->ka.sa.sa_flags & SA_RESTORER))
		return -EFAULT; /* as on x86-64: the vDSO has no trampoline */
	sp = sigsp(sp - RED_ZONE, ks);
	fp = sp = round_down(sp - vitrine_fp_size(), 64);
	sp = round_down(sp - sizeof(*frame), 16) - 8;
	frame = (struct rt_sigframe __user *)sp;
	if (alternate && !__on_sig_stack(sp))
		return -EFAULT;
	if (!access_ok(frame, regs->sp - sp) && !access_ok(frame, sizeof(*frame)))
		return -EFAULT;

	uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | UC_FP_XSTATE;
	regs_to_context(&uc.uc_mcontext, regs);
	uc.uc_mcontext.fpstate = fp;
	uc.uc_sigmask = *sigmask_to_save();
	uc.uc_mcontext.oldmask = uc.uc_sigmask.sig[0];

	if (vitrine_fp_save((void __user *)fp) || copy_to_user(&frame->uc, &uc, sizeof(uc)) ||
	    __save_altstack(&frame->uc.uc_stack, regs->sp) ||
	    put_user((char __user *)ks->ka.sa.sa_restorer, &frame->pretcode))
		return -EFAULT;
	if (ks->ka.sa.sa_flags & SA_SIGINFO && copy_siginfo_to_user(&frame->info, &ks->info))
		return -EFAULT;

	regs->di = ks->sig;
	regs->si = (unsigned long)&frame->info;
	regs->dx = (unsigned long)&frame->uc;
	regs->ax = 0;
	regs->ip = (unsigned long)ks->ka.sa.sa_handler;
	regs->sp = sp;
	regs->cs = VT_USER_CS;
	regs->ss = VT_USER_SS;
	regs->flags &= ~(X86_EFLAGS_DF | X86_EFLAGS_RF | X86_EFLAGS_TF);
	current->thread.frame.reset_fpu = 1;
	return 0;
}

asmlinkage long sys_rt_sigreturn(void);
asmlinkage long sys_rt_sigreturn(void)
{
	struct pt_regs *regs = current_pt_regs();
	struct rt_sigframe __user *frame;
	struct ucontext uc;

	vitrine_complete_regs();
	frame = (struct rt_sigframe __user *)(regs->sp - sizeof(long));
	if (copy_from_user(&uc, &frame->uc, sizeof(uc)))
		goto bad;
	set_current_blocked(&uc.uc_sigmask);
	current->restart_block.fn = do_no_restart_syscall;
	context_to_regs(regs, &uc.uc_mcontext);
	if (!(uc.uc_flags & UC_STRICT_RESTORE_SS) && regs->cs == VT_USER_CS)
		regs->ss = VT_USER_SS; /* what wrote the frame may not know of the field */
	if (vitrine_fp_restore((void __user *)uc.uc_mcontext.fpstate))
		goto bad;
	if (restore_altstack(&frame->uc.uc_stack))
		goto bad;
	return regs->ax;
bad:
	force_sig(SIGSEGV);
	return 0;
}

/* What a system call that a signal interrupted comes back with */
static void restart_or_fail(struct pt_regs *regs, const struct ksignal *ks)
{
	bool handler = ks != NULL;

	if ((int)regs->orig_ax == -1)
		return;
	switch ((long)regs->ax) {
	case -ERESTART_RESTARTBLOCK:
		if (handler) {
			regs->ax = -EINTR;
		} else {
			regs->ax = __NR_restart_syscall;
			regs->ip -= 2;
		}
		break;
	case -ERESTARTNOHAND:
		if (handler) {
			regs->ax = -EINTR;
			break;
		}
		fallthrough;
	case -ERESTARTSYS:
		if (handler && (long)regs->ax == -ERESTARTSYS &&
		    !(ks->ka.sa.sa_flags & SA_RESTART)) {
			regs->ax = -EINTR;
			break;
		}
		fallthrough;
	case -ERESTARTNOINTR:
		regs->ax = regs->orig_ax;
		regs->ip -= 2;
		break;
	}
	regs->orig_ax = -1;
}

/* It is being killed, and no tracer or core will show its registers: they stay where they are */
static bool dies_unseen(void)
{
	return fatal_signal_pending(current) && !current->ptrace && !current->signal->core_state;
}

void arch_do_signal_or_restart(struct pt_regs *regs)
{
	struct ksignal ks;

	if (!dies_unseen())
		vitrine_complete_regs();
	if (vitrine_is_watching())
		vitrine_watch_leave(regs);
	if (get_signal(&ks)) {
		bool stepping = current->thread.forced_tf;

		restart_or_fail(regs, &ks);
		vitrine_call_decides(regs, true);
		if (stepping)
			user_disable_single_step(current);
		rseq_signal_deliver(&ks, regs);
		signal_setup_done(setup_frame(&ks, regs), &ks, stepping);
		return;
	}
	restart_or_fail(regs, NULL);
	vitrine_call_decides(regs, false);
	restore_saved_sigmask();
}
