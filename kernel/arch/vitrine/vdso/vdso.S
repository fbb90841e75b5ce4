/* SPDX-License-Identifier: GPL-2.0-only */
/* vdso.S - the vDSO's pages inside the kernel image */
#include <linux/linkage.h>

	.section .data..page_aligned, "aw"
	.balign 4096
	.globl vdso_start, vdso_end
vdso_start:
	.incbin "arch/vitrine/vdso/vdso.so"
	.balign 4096
vdso_end:
	.previous
	.section .note.GNU-stack, "", @progbits
