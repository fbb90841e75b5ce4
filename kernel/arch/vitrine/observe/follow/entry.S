/* SPDX-License-Identifier: GPL-2.0-only */
/* entry.S - the way in and out of a function while a call is followed
 *
 * A patched function calls vitrine_follow_entry as its first instruction: above the address in it
 * is the one that it will return to. A function that was followed "returns" to
 * vitrine_follow_return. Both keep all registers, those of the calling convention that a callee may
 * change included: the compiler knows of callees in the same file what they leave alone.
 */
#include <linux/linkage.h>
#include <generated/asm-offsets.h>

	.macro save_registers
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %rbp
	mov %rsp, %rbp
	and $-16, %rsp
	.endm

	.macro restore_registers
	mov %rbp, %rsp
	pop %rbp
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	.endm

#define SAVED (10 * 8) /* with rax */

	.text
SYM_CODE_START(vitrine_follow_entry)
	push %rax
	mov %gs:VCPU_TASK, %rax
	cmp %rax, vitrine_followed(%rip)
	jne 1f
	save_registers
	mov SAVED(%rbp), %rdi
	lea SAVED+8(%rbp), %rsi
	call vitrine_follow_enter
	restore_registers
1:	pop %rax
	ret
SYM_CODE_END(vitrine_follow_entry)

	/* no call stands before it, so that it is no return address to whoever reads a stack */
	.balign 16, 0x90
SYM_CODE_START(vitrine_follow_return)
	push %rax /* where the function's return address was */
	push %rax
	save_registers
	lea SAVED(%rbp), %rdi
	call vitrine_follow_leave
	mov %rax, SAVED(%rbp)
	restore_registers
	pop %rax
	ret
SYM_CODE_END(vitrine_follow_return)

	.section .note.GNU-stack, "", @progbits
