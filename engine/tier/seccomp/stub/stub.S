/* SPDX-License-Identifier: GPL-2.0-only */
/* stub.S - the host side of a guest process
 *
 * Theory of operation
 * This is the whole of the program that a guest's host process starts as. It uses registers only:
 * everything that it could read the guest can write, except its own code and the control page,
 * which are mapped read-only.
 *
 * The first process, the zygote, makes the others; it runs no guest code and takes its commands from a
 * socket, while a second thread of it watches over the supervisor's life. Each other process installs a filter of its own and sends its listener to the supervisor.
 * It has one service thread, which waits in a notification for commands in the control page and
 * executes them, and guest threads, which run guest code. A signal stops a guest thread in
 * stub_signal: it saves what no signal frame holds (segment bases, selectors) in its slot, tells the
 * supervisor where its ucontext is, loads what sigreturn leaves alone (these, and the flags that it
 * does not set) and resumes with sigreturn from the ucontext that the answer names, or waits for a
 * signal first.
 *
 * Guest threads have a second filter (control page) under which not one system call is allowed
 * except sigreturn and that wait, wherever they jump to in here; the service thread runs no guest
 * code.
 */
#include "layout.h"

#define NR_mmap 9
#define NR_rt_sigaction 13
#define NR_rt_sigprocmask 14
#define NR_close 3
#define NR_rt_sigreturn 15
#define NR_sendto 44
#define NR_recvfrom 45
#define NR_sendmsg 46
#define NR_clone 56
#define NR_kill 62
#define NR_rt_sigtimedwait 128
#define NR_sigaltstack 131
#define NR_prctl 157
#define NR_exit_group 231
#define NR_futex 202
#define NR_seccomp 317

#define MSG_TRUNC 0x20
#define MSG_NOSIGNAL 0x4000

/* Load a selector from the slot: it takes long, and is rarely needed */
.macro selector name, offset
	mov %\name, %eax
	cmp SLOT_HEADER + HEADER_SELECTORS + \offset(%r12), %ax
	je 2f
	mov SLOT_HEADER + HEADER_SELECTORS + \offset(%r12), %\name
2:
.endm

	.text
/*
 * What layout.h gives addresses to: the set of one signal, the one system call that takes it, and the
 * stop. The guest may jump to any of it with registers of its own, so nothing behind the stop uses
 * one but the answer.
 */
park_set:
	.quad 1 << (10 - 1)		/* SIGUSR1 */
	.org 0xe
park:
	syscall
	mov %r13, %rdi
	mov %r14, %rsi
stopped:
	mov $STUB_NR, %eax
	.org 0x1b
	syscall
	jmp answered
	.org 0x20
	syscall				/* sigaltstack, see handover.c */
	mov $STUB_CLEAN, %edi
	mov %rax, %rsi
	jmp stopped
answered:
	test %rax, %rax
	js die
	cmp $STUB_PARK, %rax
	je 1f
	mov %rax, %rsp
	mov %rax, %r12
	and $-SLOT_SIZE, %r12
	selector ds, 0
	selector es, 2
	selector fs, 4
	selector gs, 6
	push SLOT_HEADER + HEADER_FLAGS(%r12) /* over what a handler would have returned to */
	popfq
	mov SLOT_HEADER + HEADER_FS(%r12), %rax
	wrfsbase %rax
	mov SLOT_HEADER + HEADER_GS(%r12), %rax
	wrgsbase %rax
stub_restorer:
	mov $STUB_MAGIC, %r9
	mov $NR_rt_sigreturn, %eax
	syscall
1:	mov %rdi, %r13
	mov %rsi, %r14
	mov $STUB_PARK_SET, %rdi
	xor %esi, %esi
	xor %edx, %edx			/* for as long as it takes */
	mov $8, %r10d
	mov $STUB_MAGIC, %r9
	mov $NR_rt_sigtimedwait, %eax
	jmp park

	.globl _start
_start:
	xor %esp, %esp
	xor %ebp, %ebp
	lea signals(%rip), %r12
1:	movzbl (%r12), %edi
	test %edi, %edi
	jz 2f
	lea action(%rip), %rsi
	xor %edx, %edx
	mov $8, %r10d
	mov $NR_rt_sigaction, %eax
	syscall
	inc %r12
	jmp 1b
2:	xor %edi, %edi			/* SIG_BLOCK: the service thread takes no signal */
	lea all_signals(%rip), %rsi
	xor %edx, %edx
	mov $8, %r10d
	mov $NR_rt_sigprocmask, %eax
	syscall

	mov $1, %r12d			/* this is the zygote */

/* rbp = offset of the control page */
new_process:
	mov $STUB_CONTROL, %rdi
	mov $CONTROL_SIZE, %esi
	mov $1, %edx			/* PROT_READ */
	mov $(0x11 | STUB_MAP_MARK), %r10d /* MAP_SHARED | MAP_FIXED */
	mov $STUB_FD_CONTROL, %r8d
	mov %rbp, %r9
	mov $NR_mmap, %eax
	syscall
	test %rax, %rax
	js die
	mov $1, %edi			/* PR_SET_PDEATHSIG */
	mov $9, %esi
	xor %edx, %edx
	xor %r10d, %r10d
	xor %r8d, %r8d
	mov $STUB_MAGIC, %r9
	mov $NR_prctl, %eax
	syscall
	xor %r13d, %r13d
	xor %r14d, %r14d
	test %r12d, %r12d
	jz listen

	mov $0x50f00, %edi		/* VM, FS, FILES, SIGHAND, THREAD, SYSVSEM */
	xor %esi, %esi
	mov $NR_clone, %eax
	syscall
	test %rax, %rax
	js die
	jnz zygote
/* the zygote's second thread: as long as the word does not say that its owner has died, wait */
	mov $(STUB_CONTROL + CONTROL_ALIVE), %rdi
	xor %r10d, %r10d
1:	mov (%rdi), %edx
	test $0x40000000, %edx		/* FUTEX_OWNER_DIED */
	jnz 2f
	xor %esi, %esi			/* FUTEX_WAIT */
	mov $NR_futex, %eax
	syscall
	jmp 1b
2:	xor %edi, %edi			/* the process group, us too */
	mov $9, %esi
	mov $NR_kill, %eax
	syscall
	jmp 2b

listen:
	mov $1, %edi			/* SECCOMP_SET_MODE_FILTER */
	mov $0x28, %esi			/* NEW_LISTENER | WAIT_KILLABLE_RECV */
	mov $(STUB_CONTROL + CONTROL_SERVICE), %rdx
	mov $NR_seccomp, %eax
	syscall
	mov $STUB_BORN, %edx
	test %rax, %rax
	js 1f
	jnz die				/* not STUB_FD_LISTENER */
	mov $STUB_FD_SOCKET, %edi
	lea born(%rip), %rsi
	mov $MSG_NOSIGNAL, %edx
	mov $STUB_MAGIC, %r9
	mov $NR_sendmsg, %eax
	syscall
	test %rax, %rax
	js die
	mov $STUB_FD_LISTENER, %edi
	mov $NR_close, %eax
	syscall
	mov $STUB_FD_SOCKET, %edi
	mov $NR_close, %eax
	syscall
	mov $STUB_PROCESS, %edi
	mov %rbp, %rsi
	xor %edx, %edx
	jmp notify
1:	sub %eax, %edx			/* the supervisor will want to know why */
	mov $STUB_FD_SOCKET, %edi
	mov $STUB_CONTROL, %rsi
	mov $MSG_NOSIGNAL, %r10d
	xor %r8d, %r8d
	xor %r9d, %r9d
	mov $NR_sendto, %eax
	syscall
	jmp die

/* r13 = last result, r14 = commands not executed */
zygote:
	mov $STUB_DONE, %edx
	test %r14, %r14
	jz 1f
	sub %r13d, %edx
1:	mov $STUB_FD_SOCKET, %edi
	mov $STUB_CONTROL, %rsi
	mov $MSG_NOSIGNAL, %r10d
	xor %r8d, %r8d
	xor %r9d, %r9d
	mov $NR_sendto, %eax
	syscall
	test %rax, %rax
	js die
	mov $STUB_FD_SOCKET, %edi
	xor %esi, %esi
	xor %edx, %edx
	mov $MSG_TRUNC, %r10d
	mov $NR_recvfrom, %eax
	syscall
	test %rax, %rax
	jg execute
	jmp die

service:
	test %r12d, %r12d
	jnz zygote
	mov $STUB_READY, %edi
	mov %r13, %rsi
	mov %r14, %rdx
notify:
	mov $STUB_NR, %eax
	syscall
	test %rax, %rax
	js die
execute:
	mov %rax, %r14			/* number of commands */
	mov $(STUB_CONTROL + CONTROL_FIRST), %r15
	xor %r13d, %r13d
1:	test %r14, %r14
	jz service
	mov 0(%r15), %rax
	mov 8(%r15), %rdi
	mov 16(%r15), %rsi
	mov 24(%r15), %rdx
	mov 32(%r15), %r10
	mov 40(%r15), %r8
	mov 48(%r15), %r9
	mov 56(%r15), %rbp
	mov %eax, %ebx
	syscall
	mov %rax, %r13
	cmp $NR_clone, %ebx
	je 3f
2:	cmp $-4095, %rax
	jae service			/* r14 tells which one failed */
	add $COMMAND_SIZE, %r15
	dec %r14
	jmp 1b
3:	test %rax, %rax
	jnz 2b
	xor %r12d, %r12d
	test %rsp, %rsp
	jz new_process

/* a guest thread: rsp = end of its slot. Signals stay blocked until its first sigreturn. */
	lea -(SLOT_SIZE - SLOT_HEADER) + HEADER_STACK(%rsp), %rdi
	xor %esi, %esi
	mov $STUB_MAGIC, %r9
	mov $NR_sigaltstack, %eax
	syscall
	test %rax, %rax
	js die
	mov $1, %edi			/* SECCOMP_SET_MODE_FILTER */
	xor %esi, %esi
	mov $(STUB_CONTROL + CONTROL_FILTER), %rdx
	mov $NR_seccomp, %eax
	syscall
	test %rax, %rax
	js die
	mov $STUB_THREAD, %edi
	mov %rsp, %rsi
	jmp stopped

/* signal handler: rdi = signal, rdx = ucontext, rsp in the slot */
stub_signal:
	mov %rsp, %r12
	and $-SLOT_SIZE, %r12
	rdfsbase %rax
	mov %rax, SLOT_HEADER + HEADER_FS(%r12)
	rdgsbase %rax
	mov %rax, SLOT_HEADER + HEADER_GS(%r12)
	mov %ds, SLOT_HEADER + HEADER_SELECTORS + 0(%r12)
	mov %es, SLOT_HEADER + HEADER_SELECTORS + 2(%r12)
	mov %fs, SLOT_HEADER + HEADER_SELECTORS + 4(%r12)
	mov %gs, SLOT_HEADER + HEADER_SELECTORS + 6(%r12)
	mov %rdx, %rsi
	jmp stopped
die:
	mov $STUB_MAGIC, %r9
	xor %edi, %edi
	mov $NR_exit_group, %eax
	syscall
	ud2

	.balign 8
action:	/* struct kernel_sigaction: SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_RESTORER, all blocked */
	.quad stub_signal, 0x1c000004, stub_restorer
all_signals:
	.quad -1
born:	/* struct msghdr: one byte, one descriptor */
	.quad 0, 0, born_text, 1, born_rights, 20, 0
born_text:
	.quad STUB_CONTROL, STUB_BORN
born_rights: /* struct cmsghdr: SOL_SOCKET, SCM_RIGHTS */
	.quad 20
	.long 1, 1, STUB_FD_LISTENER, 0
signals:	/* SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGUSR1 (kick), SIGSEGV, SIGSYS */
	.byte 4, 5, 7, 8, 10, 11, 31, 0

	.section .note.GNU-stack, "", @progbits
