/* SPDX-License-Identifier: GPL-2.0-only */
/* leave.S - out of the kernel for a pause, and back in
 *
 * A vCPU leaves on whatever kernel stack it is on, with nothing of the supervisor's below: the
 * callee-saved registers and the stack pointer are all that is to be kept, and both are in physical
 * memory. It comes back on a host thread that may be another process's. Its supervisor has nothing
 * of vmalloc mapped then, where stacks are, and maps it when it is touched if we have told it how:
 * until then we are on a stack in the image.
 */
#include <linux/linkage.h>
#include <linux/sizes.h>
#include <generated/asm-offsets.h>

	.text
/* void vitrine_leave(void (*pause)(void)): returns in one of the entries below */
SYM_CODE_START(vitrine_leave)
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %gs:VCPU_NUMBER, %eax
	lea left_at(%rip), %rcx
	mov %rsp, (%rcx, %rax, 8)
	call *%rdi
	ud2
SYM_CODE_END(vitrine_leave)

/* As vitrine_entry, of a kernel that has left */
SYM_CODE_START(vitrine_resume_entry)
	mov %rdi, vt_boot(%rip)
	lea vitrine_cpus(%rip), %rax
	wrgsbase %rax
	lea vitrine_die_stack + SZ_16K(%rip), %rsp
	xor %ebp, %ebp
	call vitrine_meet_host
	jmp back
SYM_CODE_END(vitrine_resume_entry)

/* As vitrine_secondary_entry, likewise: the first vCPU is back, so stacks are mapped */
SYM_CODE_START(vitrine_resume_secondary_entry)
	wrgsbase %rdi
back:
	mov %gs:VCPU_NUMBER, %eax
	lea left_at(%rip), %rcx
	mov (%rcx, %rax, 8), %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
SYM_CODE_END(vitrine_resume_secondary_entry)

	.section .data
	.balign 8
SYM_DATA_LOCAL(left_at, .fill VCPUS_MAX, 8, 0)

	.section .note.GNU-stack, "", @progbits
