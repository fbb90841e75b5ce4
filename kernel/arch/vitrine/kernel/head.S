/* SPDX-License-Identifier: GPL-2.0-only */
/* head.S - the way in, and the switch between kernel stacks
 *
 * The supervisor calls vitrine_entry(struct vt_boot *) on a host thread. That thread never comes
 * back: it lives on kernel stacks from here on, and switching tasks is switching stack pointers.
 */
#include <linux/init.h>
#include <linux/linkage.h>
#include <generated/asm-offsets.h>
#include <asm/thread_info.h>
#include <asm/vitrine-abi.h>

#ifdef CONFIG_VITRINE_OBSERVE
#define BUILT_WITHOUT 0
#else
#define BUILT_WITHOUT VT_ABI_NO_OBSERVE
#endif

	__HEAD
	/* the supervisor looks at the last three words before it calls: kernelimage.c */
	.balign 16
	.long 0, BUILT_WITHOUT, VT_ABI_MAGIC, VT_ABI_VERSION
SYM_CODE_START_NOALIGN(vitrine_entry)
	mov %rdi, vt_boot(%rip)
	lea vitrine_cpus(%rip), %rax
	wrgsbase %rax
	lea init_stack + THREAD_SIZE - 256(%rip), %rsp
	and $-16, %rsp
	xor %ebp, %ebp
	call vitrine_start
	ud2
SYM_CODE_END(vitrine_entry)

	.text
/* struct task_struct *vitrine_switch(prev, next): returns prev on next's stack */
SYM_CODE_START(vitrine_switch)
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, TASK_THREAD_SP(%rdi)
	mov TASK_THREAD_SP(%rsi), %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	mov %rsi, %gs:VCPU_TASK
	mov %rdi, %rax
	ret
SYM_CODE_END(vitrine_switch)

/* A new task's first instruction: vitrine_switch() returned prev */
SYM_CODE_START(vitrine_task_entry)
	mov %rax, %rdi
	and $-16, %rsp
	xor %ebp, %ebp
	call vitrine_task_start
	ud2
SYM_CODE_END(vitrine_task_entry)

/* The supervisor's thread for another vCPU calls this with its struct vitrine_cpu */
SYM_CODE_START(vitrine_secondary_entry)
	wrgsbase %rdi
	mov VCPU_TASK(%rdi), %rax
	mov TASK_THREAD_SP(%rax), %rsp
	and $-16, %rsp
	xor %ebp, %ebp
	call vitrine_secondary_start
	ud2
SYM_CODE_END(vitrine_secondary_entry)

	.section .note.GNU-stack, "", @progbits
