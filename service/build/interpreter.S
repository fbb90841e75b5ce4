/* SPDX-License-Identifier: GPL-2.0-only */
/* interpreter.S - service/build/interpreter.py as data of the program */
	.section .rodata
	.globl service_interpreter_begin, service_interpreter_end
service_interpreter_begin:
	.incbin "interpreter.py"
service_interpreter_end:
	.section .note.GNU-stack, "", @progbits
