/* SPDX-License-Identifier: GPL-2.0-only */
/* vcpu.c - the host threads that the guest kernel runs on
 *
 * Theory of operation
 * A vCPU is an object, and the host thread that holds it executes what that CPU executes. The first
 * one enters the kernel and stays on kernel stacks until the kernel halts, when it comes back to
 * the stack that it left. The others are started before the supervisor confines itself, wait until
 * the kernel wants them, and never come back.
 *
 * Interrupts reach a vCPU as bits in its pending word; a bit alone is enough while the kernel runs,
 * and a signal is sent along while the thread sleeps in a host call. A signal that arrives between
 * the look at the word and the call would be lost, so the handler moves the instruction pointer out
 * of that window (vcpu_wait).
 *
 * When the kernel halts, the other vCPUs stop where they look at interrupts (vCPU 0 as well, if it
 * is another that halts: it then goes on to leave). One that does not look any more hangs in the
 * kernel; it is not waited for longer than HALT_MS.
 *
 * Host system calls: pause, rt_sigaction, sigaltstack, timer_create, timer_settime, tgkill,
 * clock_gettime, clone (before confinement), futex, sched_yield.
 */
#include "vcpu.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "cputime.h"
#include "fault.h"
#include "hostclock.h"
#include "irq.h"
#include "stuck.h"
#include "lib/clock.h"

#define SIGNAL_STACK (64 * 1024)
#define HALT_MS 2000
#define HALT_LOOKS 20 /* in a millisecond */

static struct vt_boot *boot;

/* What a vCPU's thread does in a host call that a signal ends */
enum sleep { AWAKE, IDLES, WAITS };

/**
 * struct vcpu - one of the guest's CPUs
 * @index:    its number
 * @tid:      of the host thread that holds it
 * @timer:    its clock event
 * @sleeping: enum sleep
 * @lost:     a child has died since it looked, see vcpu_lost()
 * @stopped:  it has stopped for a halt
 * @paused:   number of the pause that it has taken part in last
 * @pending:  the kernel's interrupt word
 * @entry, @arg: what it calls when @start is posted
 * @ready:    posted when the thread is there
 * @failed:   errno of its start, or 0
 * @woke:     when it has slept last, 0 while it does; @busy_ns: before
 * @home:     not in the kernel: it waits for @start; @way_home: there, from where it pauses
 */
static struct vcpu {
	unsigned index;
	pid_t tid;
	timer_t timer;
	volatile uint32_t sleeping, lost, stopped, paused;
	volatile uint32_t *pending;
	uint64_t entry;
	void *arg;
	sem_t ready, start;
	int failed;
	volatile uint32_t home;
	uint64_t woke, busy_ns;
	void *way_home[5];
} vcpus[VCPUS_MAX];
static unsigned nvcpus = 1;
static __thread struct vcpu *me;
static uint32_t no_kernel_yet; /* the pending word until the kernel names its own */
static void (*on_tick)(void);
static bool (*idle_wait)(void);
static volatile uint32_t halted, halt_status;
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

static volatile uint32_t *word_of(const struct vcpu *vcpu)
{
	volatile uint32_t *word = vcpu->pending;

	if (!vcpu->index && boot)
		word = boot->kernel.pending;
	return word ?: &no_kernel_yet;
}

volatile uint32_t *vcpu_pending(void)
{
	return word_of(me);
}

static void wake(const struct vcpu *vcpu)
{
	syscall(SYS_tgkill, getpid(), vcpu->tid, VCPU_SIGNAL_WAKE);
}

static void raise_on(struct vcpu *vcpu, enum vt_irq irq)
{
	__atomic_fetch_or(word_of(vcpu), 1U << irq, __ATOMIC_SEQ_CST);
	if (vcpu != me && __atomic_load_n(&vcpu->sleeping, __ATOMIC_SEQ_CST))
		wake(vcpu);
}

/* Who asked last for what an interrupt tells of. It need not be told to another vCPU, which would
 * have to be woken, and might take along who waits for it */
static uint8_t asked[VT_IRQ_COUNT];

void irq_asked(enum vt_irq irq)
{
	__atomic_store_n(&asked[irq], me->index, __ATOMIC_RELAXED);
}

void irq_raise(enum vt_irq irq)
{
	raise_on(me ?: &vcpus[__atomic_load_n(&asked[irq], __ATOMIC_RELAXED)], irq);
}

volatile uint32_t *vcpu_lost(void)
{
	return &me->lost;
}

/*
 * Who is idle waits for nobody's death, so it is not woken; but the first one, which has to take
 * note of it when all are.
 */
void vcpu_tell_lost(void)
{
	for (unsigned i = 0; i < nvcpus; i++) {
		struct vcpu *vcpu = &vcpus[i];

		__atomic_store_n(&vcpu->lost, 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_or(word_of(vcpu), 1U << VT_IRQ_LOST, __ATOMIC_SEQ_CST);
		if (vcpu != me &&
		    __atomic_load_n(&vcpu->sleeping, __ATOMIC_SEQ_CST) >= (i ? WAITS : IDLES))
			wake(vcpu);
	}
}

/* ---- pauses ---- */

static volatile uint32_t pausing; /* number of the pause that is on, or 0 */

void vcpu_take_pause(void)
{
	const uint32_t number = __atomic_load_n(&pausing, __ATOMIC_SEQ_CST);

	if (!number || !me)
		return;
	__atomic_store_n(&me->paused, number, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&pausing, __ATOMIC_SEQ_CST) == number)
		sched_yield();
}

static bool takes_part(const struct vcpu *vcpu)
{
	return vcpu != me && !vcpu->stopped && (vcpu->pending || !vcpu->index);
}

void vcpu_pause_others(void (*act)(void))
{
	static uint32_t last;
	const uint32_t number = ++last ?: ++last;

	__atomic_store_n(&pausing, number, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < nvcpus; i++) {
		if (takes_part(&vcpus[i]))
			wake(&vcpus[i]);
	}
	for (unsigned i = 0; i < nvcpus; i++) {
		while (takes_part(&vcpus[i]) &&
		       __atomic_load_n(&vcpus[i].paused, __ATOMIC_SEQ_CST) != number)
			sched_yield();
	}
	act();
	__atomic_store_n(&pausing, 0, __ATOMIC_SEQ_CST);
}

/* A host call may be made once more, with pointers to the stack that it was on: it has to be there
 */
static void take_pause_in(const ucontext_t *uc)
{
	const volatile char *stack = (const volatile char *)uc->uc_mcontext.gregs[REG_RSP];

	vcpu_take_pause();
	if ((uint64_t)stack >= VT_VMALLOC_START && (uint64_t)stack < VT_VMALLOC_END)
		(void)*stack;
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
	} else if (sig == VCPU_SIGNAL_WAKE && pausing) {
		take_pause_in(context);
	} else if (sig == VCPU_SIGNAL_WAKE && info->si_code == SI_TIMER) {
		if (on_tick)
			on_tick();
	} else if (sig == SIGCHLD) {
		vcpu_child_died = 1;
		vcpu_tell_lost();
	}
	leave_window(context);
}

/* The signal stack and the clock event of the calling thread; 0 or an errno value */
static int set_up_thread(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
				  .sigev_signo = VCPU_SIGNAL_TIMER };
	stack_t stack = { .ss_size = SIGNAL_STACK };

	me->tid = syscall(SYS_gettid);
	event._sigev_un._tid = me->tid;
	stack.ss_sp =
	    mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) ||
	    timer_create(CLOCK_MONOTONIC, &event, &me->timer))
		return errno;
	return 0;
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
	sigset_t unblock;

	sigfillset(&sa.sa_mask);
	sigdelset(&sa.sa_mask, SIGSEGV);
	sigemptyset(&unblock);
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		sa.sa_sigaction = wanted[i].fault ? fault_handle : on_interrupt;
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
	int failed;

	boot = vt_boot;
	fault_init(vt_boot);
	me = &vcpus[0];
	failed = set_up_thread();
	if (failed)
		return error_set(err, failed, "cannot set up a signal stack and a timer");
	return install_handlers(err);
}

/* ---- what they are busy ---- */

static void is_awake(void)
{
	__atomic_store_n(&me->woke, clock_now_ns(), __ATOMIC_RELAXED);
}

static void is_asleep(void)
{
	const uint64_t woke = me->woke;

	__atomic_store_n(&me->woke, 0, __ATOMIC_RELAXED);
	if (woke)
		__atomic_store_n(&me->busy_ns, me->busy_ns + clock_now_ns() - woke,
				 __ATOMIC_RELAXED);
}

uint64_t vcpu_busy_ns(void)
{
	const uint64_t now = clock_now_ns();
	uint64_t sum = 0;

	for (unsigned i = 0; i < nvcpus; i++) {
		const uint64_t woke = __atomic_load_n(&vcpus[i].woke, __ATOMIC_RELAXED);

		sum += __atomic_load_n(&vcpus[i].busy_ns, __ATOMIC_RELAXED);
		if (woke && woke < now)
			sum += now - woke;
	}
	return sum;
}

/* ---- the others ---- */

/* Again and again: it comes home for pauses. Nothing of this stack may be older than that */
static void __attribute__((noreturn, noinline)) run_kernel(void)
{
	__builtin_setjmp(me->way_home);
	while (sem_wait(&me->start))
		;
	__atomic_store_n(&me->home, 0, __ATOMIC_SEQ_CST);
	is_awake();
	((void (*)(void *))me->entry)(me->arg);
	__builtin_unreachable();
}

static void *secondary(void *arg)
{
	struct error ignored = { 0 };

	me = arg;
	me->failed = set_up_thread();
	if (!me->failed && stuck_init(&ignored))
		me->failed = EAGAIN;
	sem_post(&me->ready);
	if (me->failed)
		return NULL;
	run_kernel();
}

static int start_thread(struct vcpu *vcpu)
{
	pthread_t thread;

	sem_init(&vcpu->ready, 0, 0);
	sem_init(&vcpu->start, 0, 0);
	return pthread_create(&thread, NULL, secondary, vcpu);
}

int vcpu_secondaries(unsigned count, struct error *err)
{
	int failed = 0;

	for (unsigned i = 1; i < count && !failed; i++) {
		vcpus[i].index = i;
		vcpus[i].home = 1;
		failed = start_thread(&vcpus[i]);
		if (!failed)
			nvcpus = i + 1;
	}
	for (unsigned i = 1; i < nvcpus; i++) {
		while (sem_wait(&vcpus[i].ready))
			;
		failed = failed ?: vcpus[i].failed;
	}
	return failed ? error_set(err, failed, "cannot start the threads of %u CPUs", count) : 0;
}

bool vcpu_is_one(void)
{
	return me;
}

unsigned vcpu_count(void)
{
	return nvcpus;
}

unsigned vcpu_index(void)
{
	return me->index;
}

static void cpu_start(vt_u32 cpu, vt_u64 entry, void *arg, volatile vt_u32 *pending)
{
	struct vcpu *vcpu = &vcpus[cpu];

	vcpu->entry = entry;
	vcpu->arg = arg;
	vcpu->pending = pending;
	sem_post(&vcpu->start);
}

static void cpu_kick(vt_u32 cpu, enum vt_irq irq)
{
	raise_on(&vcpus[cpu], irq);
}

/* ---- the end ---- */

static void cpu_stop(void)
{
	me->stopped = 1;
	while (me->index || !halted)
		pause();
	vcpu_leave_kernel(halt_status);
}

static bool all_stopped(void)
{
	for (unsigned i = 0; i < nvcpus; i++) {
		if (&vcpus[i] != me && vcpus[i].pending && !vcpus[i].stopped)
			return false;
	}
	return me == &vcpus[0] || vcpus[0].stopped;
}

static void halt(vt_u32 status)
{
	for (int n = 0; n < HALT_MS * HALT_LOOKS && !all_stopped(); n++) {
		for (unsigned i = 0; i < nvcpus && n % HALT_LOOKS == 0; i++) {
			if (&vcpus[i] != me)
				raise_on(&vcpus[i], VT_IRQ_STOP);
		}
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 / HALT_LOOKS }, NULL);
	}
	if (!me->index)
		vcpu_leave_kernel(status);
	halt_status = status;
	halted = 1;
	if (!vcpus[0].stopped)
		_exit(status);
	for (;;) {
		syscall(SYS_tgkill, getpid(), vcpus[0].tid, VCPU_SIGNAL_WAKE);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static void op_yield(void)
{
	sched_yield();
}

static bool paused;

/*
 * It has left its stack in physical memory, and whoever enters it again finds it there. The first
 * vCPU is the last to leave: nobody is in the kernel then.
 */
static void op_pause(void)
{
	if (me->index) {
		is_asleep();
		__atomic_store_n(&me->home, 1, __ATOMIC_SEQ_CST);
		__builtin_longjmp(me->way_home, 1);
	}
	for (unsigned i = 1; i < nvcpus; i++) {
		while (!__atomic_load_n(&vcpus[i].home, __ATOMIC_SEQ_CST))
			sched_yield();
	}
	paused = true;
	vcpu_leave_kernel(0);
}

uint32_t vcpu_enter(uint64_t entry)
{
	paused = false;
	is_awake();
	return vcpu_call_kernel(entry, boot);
}

bool vcpu_paused(void)
{
	return paused;
}

static long wait_call(long a, unsigned long b, void *c, volatile uint32_t *flag, int number,
		      enum sleep sleep)
{
	struct vcpu *const vcpu = me;
	long ret;

	__atomic_store_n(&vcpu->sleeping, sleep, __ATOMIC_SEQ_CST);
	ret = vcpu_wait_call(a, b, c, flag, number);
	__atomic_store_n(&vcpu->sleeping, AWAKE, __ATOMIC_RELAXED);
	return ret;
}

long vcpu_wait_in(int number, long a, unsigned long b, void *c, volatile uint32_t *flag)
{
	return wait_call(a, b, c, flag, number, WAITS);
}

long vcpu_wait(int fd, unsigned long request, void *arg, volatile uint32_t *flag)
{
	return wait_call(fd, request, arg, flag, SYS_ioctl, WAITS);
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
	is_asleep();
	if (!idle_wait || !idle_wait())
		wait_call(0, 0, NULL, vcpu_pending(), SYS_pause, IDLES);
	is_awake();
}

static void timer_arm(vt_u64 delta_ns)
{
	struct itimerspec when = { .it_value = { .tv_sec = delta_ns / 1000000000,
						 .tv_nsec = delta_ns % 1000000000 } };

	timer_settime(me->timer, 0, &when, NULL);
}

void vcpu_ops_fill(struct vt_host_ops *ops)
{
	ops->timer_arm = timer_arm;
	ops->halt = halt;
	ops->pause = op_pause;
	ops->cpu_start = cpu_start;
	ops->cpu_kick = cpu_kick;
	ops->cpu_stop = cpu_stop;
	ops->yield = op_yield;
	cputime_ops_fill(ops);
	hostclock_ops_fill(ops);
}
