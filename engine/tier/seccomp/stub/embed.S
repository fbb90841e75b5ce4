/* SPDX-License-Identifier: GPL-2.0-only */
/* embed.S - the stub as data of the supervisor */
	.section .rodata
	.globl stub_image, stub_image_end
	.balign 16
stub_image:
	.incbin "stub.elf"
stub_image_end:
	.section .note.GNU-stack, "", @progbits
