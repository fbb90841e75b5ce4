/* SPDX-License-Identifier: GPL-2.0-only */
/* stub.S - the host side of a guest process
 *
 * Theory of operation
 * This is the whole of the program that a guest's host process starts as. It uses registers only:
 * everything that it could read the guest can write, except its own code and the control page,
 * which are mapped read-only.
 *
 * The first thread of each process executes commands in its control page, which a socket tells it of.
 * In the first process, the zygote, which makes the others, a second thread watches over the
 * supervisor's life, and no guest code runs. In the others the first thread is the mother of the
 * rest: of the service thread, which executes commands, too, but is told of them by the answers to
 * its notifications, the fastest way there is; and of the guest threads, which run guest code. Each
 * of these has a listener of its own, which it sends to the supervisor. A signal stops a guest
 * thread in stub_signal: it saves what no signal frame holds (segment bases, selectors) in its slot,
 * tells the supervisor where its ucontext is, loads what sigreturn leaves alone (these, and the
 * flags that it does not set) and resumes with sigreturn from the ucontext that the answer names.
 *
 * All threads but the zygote's have a filter that allows what the service thread executes. Only one
 * filter of a thread can have a listener, and threads inherit all of them; so that one has none, and
 * each thread but the mother installs the same filter once more, with one. Under the third filter of
 * a guest thread, on top, not one system call is allowed except sigreturn, wherever it jumps to in
 * here; the others run no guest code.
 */
#include "layout.h"

#define NR_write 1
#define NR_mmap 9
#define NR_munmap 11
#define NR_rt_sigaction 13
#define NR_rt_sigprocmask 14
#define NR_close 3
#define NR_rt_sigreturn 15
#define NR_pipe 22
#define NR_dup2 33
#define NR_sendto 44
#define NR_recvfrom 45
#define NR_sendmsg 46
#define NR_socketpair 53
#define NR_clone 56
#define NR_exit 60
#define NR_kill 62
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

/* To the supervisor: new descriptors, of which the first is closed here */
.macro send_born message
	mov $STUB_FD_SOCKET, %edi
	lea \message(%rip), %rsi
	mov $MSG_NOSIGNAL, %edx
	mov $STUB_MAGIC, %r9
	mov $NR_sendmsg, %eax
	syscall
	test %rax, %rax
	js die
	mov $STUB_FD_NEW, %edi
	mov $NR_close, %eax
	syscall
.endm

/* Through the pipe: the byte in eax */
.macro send_byte
	mov $STUB_FD_REPLY, %edi
	lea bytes(%rip), %rsi
	add %rax, %rsi
	mov $1, %edx
	mov $STUB_MAGIC, %r9
	mov $NR_write, %eax
	syscall
	test %rax, %rax
	js die
.endm

/* To the supervisor: what is said by the length in edx */
.macro send_length
	mov $STUB_FD_SOCKET, %edi
	mov $STUB_CONTROL, %rsi
	mov $MSG_NOSIGNAL, %r10d
	xor %r8d, %r8d
	mov $STUB_MAGIC, %r9		/* a length of no address: ignored */
	mov $NR_sendto, %eax
	syscall
	test %rax, %rax
	js die
.endm

	.text
/*
 * What layout.h gives addresses to. The guest may jump to any of it with registers of its own, so
 * nothing behind the stop uses one but the answer.
 */
	.org 0x16
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
	jz introduce

	mov $0x50f00, %edi		/* VM, FS, FILES, SIGHAND, THREAD, SYSVSEM */
	xor %esi, %esi
	mov $NR_clone, %eax
	syscall
	test %rax, %rax
	js die
	jnz serve
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

/* A socket of its own: one end to the supervisor, the other in place of the zygote's */
introduce:
	mov $STUB_SCRATCH, %rdi
	mov $0x1000, %esi
	mov $3, %edx			/* PROT_READ | PROT_WRITE */
	mov $0x32, %r10d		/* MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED */
	mov $-1, %r8
	xor %r9d, %r9d
	mov $NR_mmap, %eax
	syscall
	cmp $-4095, %rax
	jae failed
	mov $1, %edi			/* AF_UNIX */
	mov $5, %esi			/* SOCK_SEQPACKET */
	xor %edx, %edx
	mov $STUB_SCRATCH, %r10
	mov $NR_socketpair, %eax
	syscall
	test %rax, %rax
	js failed
	mov $STUB_SCRATCH, %rdi
	mov $NR_pipe, %eax
	syscall
	test %rax, %rax
	js failed
	mov $STUB_SCRATCH, %rdi
	mov $0x1000, %esi
	mov $NR_munmap, %eax
	syscall
	send_born born_process
	mov $STUB_FD_ANSWERS, %edi
	mov $NR_close, %eax
	syscall
	mov $STUB_FD_PEER, %edi
	mov $STUB_FD_SOCKET, %esi
	mov $NR_dup2, %eax
	syscall
	test %rax, %rax
	js die
	mov $STUB_FD_PEER, %edi
	mov $NR_close, %eax
	syscall
	mov $1, %edi			/* SECCOMP_SET_MODE_FILTER */
	xor %esi, %esi
	mov $(STUB_CONTROL + CONTROL_SERVICE), %rdx
	mov $NR_seccomp, %eax
	syscall
	mov %rax, %r13
	shr $63, %rax
	mov %rax, %r14			/* one that failed, or none */

/* The loop of who executes commands. r13 = last result, r14 = commands not executed */
serve:
	cmp $2, %r12d
	je service
	test %r12d, %r12d
	jnz 2f
	xor %eax, %eax
	test %r14, %r14
	jz 1f
	sub %r13d, %eax
	send_byte
	mov %r14d, %eax
1:	send_byte
	jmp 3f
2:	mov $STUB_DONE, %edx		/* the zygote */
	test %r14, %r14
	jz 1f
	sub %r13d, %edx
1:	send_length
3:	mov $STUB_FD_SOCKET, %edi
	xor %esi, %esi
	xor %edx, %edx
	mov $MSG_TRUNC, %r10d
	xor %r8d, %r8d
	mov $STUB_MAGIC, %r9
	mov $NR_recvfrom, %eax
	syscall
	test %rax, %rax
	jle die
execute:
	mov %rax, %r14			/* number of commands */
	mov $(STUB_CONTROL + CONTROL_FIRST), %r15
	xor %r13d, %r13d
1:	test %r14, %r14
	jz serve
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
	jae serve			/* r14 tells which one failed */
	add $COMMAND_SIZE, %r15
	dec %r14
	jmp 1b
3:	test %rax, %rax
	jnz 2b
	xor %r12d, %r12d
	test %rsp, %rsp
	jz new_process

	cmp $STUB_SERVICE, %rsp
	je new_service

/* a guest thread: rsp = end of its slot. Signals stay blocked until its first sigreturn. */
	lea -(SLOT_SIZE - SLOT_HEADER) + HEADER_STACK(%rsp), %rdi
	xor %esi, %esi
	mov $STUB_MAGIC, %r9
	mov $NR_sigaltstack, %eax
	syscall
	test %rax, %rax
	js die
	mov $1, %edi			/* SECCOMP_SET_MODE_FILTER */
	mov $0x28, %esi			/* NEW_LISTENER | WAIT_KILLABLE_RECV */
	mov $(STUB_CONTROL + CONTROL_SERVICE), %rdx
	mov $NR_seccomp, %eax
	syscall
	test %rax, %rax
	js failed
	jnz die				/* not STUB_FD_NEW */
	send_born born_thread
	mov $1, %edi
	xor %esi, %esi
	mov $(STUB_CONTROL + CONTROL_FILTER), %rdx
	mov $NR_seccomp, %eax
	syscall
	test %rax, %rax
	js die
	mov $STUB_THREAD, %edi
	mov %rsp, %rsi
	jmp stopped

/* The service thread: a listener, no guest's filter, and commands as answers to notifications */
new_service:
	mov $1, %edi			/* SECCOMP_SET_MODE_FILTER */
	mov $0x28, %esi			/* NEW_LISTENER | WAIT_KILLABLE_RECV */
	mov $(STUB_CONTROL + CONTROL_SERVICE), %rdx
	mov $NR_seccomp, %eax
	syscall
	test %rax, %rax
	js failed
	jnz die
	send_born born_thread
	mov $2, %r12d
	xor %r13d, %r13d
	xor %r14d, %r14d
service:
	mov $STUB_READY, %edi
	mov %r13, %rsi
	mov %r14, %rdx
	mov $STUB_NR, %eax
	syscall
	test %rax, %rax
	js die
	jmp execute

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

/* The supervisor will want to know why a copy failed: rax = negative errno value */
failed:
	mov $STUB_BORN, %edx
	sub %eax, %edx
	send_length
	mov $STUB_MAGIC, %r9
	xor %edi, %edi
	mov $NR_exit, %eax
	syscall
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
born_process:	/* struct msghdr: one byte, two descriptors */
	.quad 0, 0, born_text, 1, born_two, 24, 0
born_thread:	/* likewise, one */
	.quad 0, 0, born_text, 1, born_one, 20, 0
born_text:
	.quad STUB_CONTROL, STUB_BORN
born_two: /* struct cmsghdr: SOL_SOCKET, SCM_RIGHTS */
	.quad 24
	.long 1, 1, STUB_FD_NEW, STUB_FD_ANSWERS
born_one:
	.quad 20
	.long 1, 1, STUB_FD_NEW, 0
bytes:	/* one of each */
	.set value, 0
	.rept 256
	.byte value
	.set value, value + 1
	.endr
signals:	/* SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGUSR1 (kick), SIGSEGV, SIGSYS */
	.byte 4, 5, 7, 8, 10, 11, 31, 0

	.section .note.GNU-stack, "", @progbits
