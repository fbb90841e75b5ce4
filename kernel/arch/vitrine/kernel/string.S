/* SPDX-License-Identifier: GPL-2.0-only */
/* string.S - memory primitives: string instructions for long runs, words for short ones */
#include <linux/linkage.h>

	.text
SYM_FUNC_START(memcpy)
	mov %rdi, %rax
	mov %rdx, %rcx
	cmp $64, %rdx
	jb 1f
	rep movsb
	ret
1:	sub $8, %rcx
	jb 2f
	mov (%rsi), %r8
	add $8, %rsi
	mov %r8, (%rdi)
	add $8, %rdi
	jmp 1b
2:	add $8, %rcx
	jz 4f
3:	mov (%rsi), %r8b
	mov %r8b, (%rdi)
	inc %rsi
	inc %rdi
	dec %rcx
	jnz 3b
4:	ret
SYM_FUNC_END(memcpy)

SYM_FUNC_START(memset)
	mov %rdi, %r9
	movzbl %sil, %eax
	mov %rdx, %rcx
	rep stosb
	mov %r9, %rax
	ret
SYM_FUNC_END(memset)

SYM_FUNC_START(memmove)
	mov %rdi, %rax
	mov %rdx, %rcx
	mov %rdi, %r8
	sub %rsi, %r8
	cmp %rdx, %r8
	jb 1f
	rep movsb
	ret
1:	lea -1(%rdi, %rcx), %rdi
	lea -1(%rsi, %rcx), %rsi
	std
	rep movsb
	cld
	ret
SYM_FUNC_END(memmove)

	.section .note.GNU-stack, "", @progbits
