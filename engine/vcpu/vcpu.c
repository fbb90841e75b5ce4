/* SPDX-License-Identifier: GPL-2.0-only */
/* vcpu.c - the host thread that the guest kernel runs on
 *
 * Theory of operation
 * The thread enters the kernel and stays on kernel stacks until the kernel halts, when it comes
 * back to the stack that it left. Interrupts reach it as bits in the kernel's pending word; a bit
 * alone is enough while the kernel runs, and a signal is sent along while the thread sleeps in a
 * host call. A signal that arrives between the look at the word and the call would be lost, so the
 * handler moves the instruction pointer out of that window (vcpu_wait).
 *
 * A host fault on the kernel's vmalloc range may be a mapping that was dropped (memory.c). Another
 * one in kernel code goes to the kernel's exception table; one that is not expected there becomes a
 * kernel bug report. One in host code is fatal.
 *
 * Host system calls: pause, rt_sigaction, sigaltstack, timer_create, timer_settime, tgkill,
 * clock_gettime.
 */
#include "vcpu.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "cputime.h"
#include "irq.h"
#include "registers.h"
#include "lib/clock.h"

#define SIGNAL_STACK (64 * 1024)

static struct vt_boot *boot;
static pid_t vcpu_tid;
static timer_t timer;
static volatile uint32_t sleeping;
static uint32_t no_kernel_yet; /* the pending word until the kernel names its own */
static void (*on_tick)(void);
static bool (*idle_wait)(void);
volatile uint32_t vcpu_child_died;

/* The window in which a signal must not be lost: from the test to the system call itself */
extern const char vcpu_wait_test[], vcpu_wait_done[], vcpu_wait_abort[];
asm(".text\n"
    ".globl vcpu_wait_call\n"
    "vcpu_wait_call:\n" /* three arguments, flag, number */
    "	mov %r8d, %eax\n"
    "vcpu_wait_test:\n"
    "	cmpl $0, (%rcx)\n"
    "	jne vcpu_wait_abort\n"
    "	syscall\n"
    "vcpu_wait_done:\n"
    "	ret\n"
    "vcpu_wait_abort:\n"
    "	mov $-4, %rax\n"
    "	ret\n");
long vcpu_wait_call(long a, unsigned long b, void *c, volatile uint32_t *flag, int number);

/* Leave for the kernel and come back: the callee-saved registers are all there is to keep */
asm(".text\n"
    ".globl vcpu_call_kernel\n"
    "vcpu_call_kernel:\n" /* entry, boot */
    "	push %rbp\n	push %rbx\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
    "	mov %rsp, vcpu_host_stack(%rip)\n"
    "	mov %rdi, %rax\n"
    "	mov %rsi, %rdi\n"
    "	call *%rax\n"
    "	ud2\n"
    ".globl vcpu_leave_kernel\n"
    "vcpu_leave_kernel:\n" /* status */
    "	mov vcpu_host_stack(%rip), %rsp\n"
    "	mov %edi, %eax\n"
    "	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbx\n	pop %rbp\n"
    "	ret\n"
    ".local vcpu_host_stack\n"
    ".comm vcpu_host_stack, 8, 8\n");
uint32_t vcpu_call_kernel(uint64_t entry, struct vt_boot *boot);
void vcpu_leave_kernel(uint32_t status) __attribute__((noreturn));

volatile uint32_t *vcpu_pending(void)
{
	return boot && boot->kernel.pending ? boot->kernel.pending : &no_kernel_yet;
}

void irq_raise(enum vt_irq irq)
{
	__atomic_fetch_or(vcpu_pending(), 1U << irq, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&sleeping, __ATOMIC_SEQ_CST))
		syscall(SYS_tgkill, getpid(), vcpu_tid, VCPU_SIGNAL_WAKE);
}

static void leave_window(ucontext_t *uc)
{
	uint64_t ip = uc->uc_mcontext.gregs[REG_RIP];

	if (ip >= (uint64_t)vcpu_wait_test && ip < (uint64_t)vcpu_wait_done)
		uc->uc_mcontext.gregs[REG_RIP] = (uint64_t)vcpu_wait_abort;
}

static void on_interrupt(int sig, siginfo_t *info, void *context)
{
	if (sig == VCPU_SIGNAL_TIMER) {
		__atomic_fetch_or(vcpu_pending(), 1U << VT_IRQ_TIMER, __ATOMIC_SEQ_CST);
	} else if (sig == VCPU_SIGNAL_WAKE && info->si_code == SI_TIMER) {
		if (on_tick)
			on_tick();
	} else if (sig == SIGCHLD) {
		vcpu_child_died = 1;
		__atomic_fetch_or(vcpu_pending(), 1U << VT_IRQ_LOST, __ATOMIC_SEQ_CST);
		/* any thread may be given it, and the vCPU's may wait for it */
		if (syscall(SYS_gettid) != vcpu_tid)
			syscall(SYS_tgkill, getpid(), vcpu_tid, VCPU_SIGNAL_WAKE);
	}
	leave_window(context);
}

static bool is_vcpu(void)
{
	return syscall(SYS_gettid) == vcpu_tid;
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
	static struct vt_regs regs;
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

static void on_fault(int sig, siginfo_t *info, void *context)
{
	static const char message[] = "vitrine: the supervisor crashed; this is a bug\n";
	static const char no_memory[] = "vitrine: the host has no memory left for the guest\n";
	ucontext_t *uc = context;
	uint64_t ip = uc->uc_mcontext.gregs[REG_RIP], fixup;

	if (sig == SIGBUS && info->si_code == BUS_ADRERR) {
		(void)!write(STDERR_FILENO, no_memory, sizeof(no_memory) - 1);
		_exit(125);
	}
	if (sig == SIGSEGV && info->si_code == SEGV_MAPERR && is_vcpu() &&
	    map_kernel_page((uint64_t)info->si_addr))
		return;
	if (is_vcpu() && in_kernel(ip) && boot->kernel.die) {
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

static int install_handlers(struct error *err)
{
	static const struct {
		int sig;
		bool fault;
	} wanted[] = {
		{ SIGSEGV, true }, { SIGBUS, true },   { SIGILL, true },
		{ SIGFPE, true },  { SIGCHLD, false },
	};
	struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_size = SIGNAL_STACK };
	sigset_t unblock;

	stack.ss_sp =
	    mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL))
		return error_set(err, errno, "cannot set up a signal stack");
	sigfillset(&sa.sa_mask);
	sigdelset(&sa.sa_mask, SIGSEGV);
	sigemptyset(&unblock);
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		sa.sa_sigaction = wanted[i].fault ? on_fault : on_interrupt;
		sa.sa_flags = SA_SIGINFO | SA_ONSTACK | (wanted[i].fault ? SA_NODEFER : 0);
		sigaction(wanted[i].sig, &sa, NULL);
		sigaddset(&unblock, wanted[i].sig);
	}
	sa.sa_sigaction = on_interrupt;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigaction(VCPU_SIGNAL_WAKE, &sa, NULL);
	sigaction(VCPU_SIGNAL_TIMER, &sa, NULL);
	sigaddset(&unblock, VCPU_SIGNAL_WAKE);
	sigaddset(&unblock, VCPU_SIGNAL_TIMER);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_UNBLOCK, &unblock, NULL))
		return error_set(err, errno, "cannot unblock signals");
	return 0;
}

int vcpu_init(struct vt_boot *vt_boot, struct error *err)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
				  .sigev_signo = VCPU_SIGNAL_TIMER };

	boot = vt_boot;
	vcpu_tid = syscall(SYS_gettid);
	event._sigev_un._tid = vcpu_tid;
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		return error_set(err, errno, "cannot create a timer");
	return install_handlers(err);
}

uint32_t vcpu_enter(uint64_t entry)
{
	return vcpu_call_kernel(entry, boot);
}

static long wait_call(long a, unsigned long b, void *c, volatile uint32_t *flag, int number)
{
	long ret;

	__atomic_store_n(&sleeping, 1, __ATOMIC_SEQ_CST);
	ret = vcpu_wait_call(a, b, c, flag, number);
	__atomic_store_n(&sleeping, 0, __ATOMIC_RELAXED);
	return ret;
}

long vcpu_wait_in(int number, long a, unsigned long b, void *c, volatile uint32_t *flag)
{
	return wait_call(a, b, c, flag, number);
}

long vcpu_wait(int fd, unsigned long request, void *arg, volatile uint32_t *flag)
{
	return wait_call(fd, request, arg, flag, SYS_ioctl);
}

void vcpu_on_tick(void (*tick)(void))
{
	on_tick = tick;
}

void vcpu_on_idle(bool (*wait)(void))
{
	idle_wait = wait;
}

void vcpu_sleep(void)
{
	if (idle_wait && idle_wait())
		return;
	wait_call(0, 0, NULL, vcpu_pending(), SYS_pause);
}

static vt_u64 clock_monotonic(void)
{
	return clock_now_ns();
}

static vt_u64 clock_realtime(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

static void timer_arm(vt_u64 delta_ns)
{
	struct itimerspec when = { .it_value = { .tv_sec = delta_ns / 1000000000,
						 .tv_nsec = delta_ns % 1000000000 } };

	timer_settime(timer, 0, &when, NULL);
}

static void halt(vt_u32 status)
{
	vcpu_leave_kernel(status);
}

void vcpu_ops_fill(struct vt_host_ops *ops)
{
	ops->clock_monotonic = clock_monotonic;
	ops->clock_realtime = clock_realtime;
	ops->timer_arm = timer_arm;
	ops->halt = halt;
	cputime_ops_fill(ops);
}
