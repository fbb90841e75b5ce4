/* SPDX-License-Identifier: GPL-2.0-only */
/* openapi.S - web/openapi.yaml as data of the program */
	.section .rodata
	.globl openapi_start, openapi_end
openapi_start:
	.incbin "openapi.yaml"
openapi_end:
	.section .note.GNU-stack, "", @progbits
