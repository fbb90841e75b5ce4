/* SPDX-License-Identifier: GPL-2.0-only */
/* enter.S - a function of a library is called for the first time
 *
 * Its number is on the stack, above the caller's address; all arguments are where the caller has
 * put them, and go to the function as they are.
 */
	.text
	.globl lazy_enter
	.hidden lazy_enter
	.type lazy_enter, @function
lazy_enter:
	push %rax
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push %r8
	push %r9
	push %r10
	sub $128, %rsp
	movups %xmm0, (%rsp)
	movups %xmm1, 16(%rsp)
	movups %xmm2, 32(%rsp)
	movups %xmm3, 48(%rsp)
	movups %xmm4, 64(%rsp)
	movups %xmm5, 80(%rsp)
	movups %xmm6, 96(%rsp)
	movups %xmm7, 112(%rsp)
	mov 192(%rsp), %rdi
	call lazy_bind
	mov %rax, %r11
	movups (%rsp), %xmm0
	movups 16(%rsp), %xmm1
	movups 32(%rsp), %xmm2
	movups 48(%rsp), %xmm3
	movups 64(%rsp), %xmm4
	movups 80(%rsp), %xmm5
	movups 96(%rsp), %xmm6
	movups 112(%rsp), %xmm7
	add $128, %rsp
	pop %r10
	pop %r9
	pop %r8
	pop %rcx
	pop %rdx
	pop %rsi
	pop %rdi
	pop %rax
	add $8, %rsp
	jmp *%r11
	.size lazy_enter, . - lazy_enter
	.section .note.GNU-stack, "", @progbits
