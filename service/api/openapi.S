/* SPDX-License-Identifier: GPL-2.0-only */
/* openapi.S - service/api/openapi.yaml as data of the program */
	.section .rodata
	.globl service_openapi_begin, service_openapi_end
service_openapi_begin:
	.incbin "openapi.yaml"
service_openapi_end:
	.section .note.GNU-stack, "", @progbits
