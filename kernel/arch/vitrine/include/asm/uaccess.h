/* SPDX-License-Identifier: GPL-2.0-only */
/* uaccess.h - guest memory is reached through the guest's page tables; see mm/uaccess.c */
#ifndef _ASM_VITRINE_UACCESS_H
#define _ASM_VITRINE_UACCESS_H

#include <linux/compiler.h>
#include <asm/extable.h>

unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long __clear_user(void __user *to, unsigned long n);
#define __clear_user __clear_user
long strncpy_from_user(char *to, const char __user *from, long count);
long strnlen_user(const char __user *str, long n);

#define INLINE_COPY_FROM_USER
#define INLINE_COPY_TO_USER
#include <asm-generic/uaccess.h>

/* Kernel addresses that may be bad: the host's SIGSEGV handler looks them up in the table */
#define VT_EXTABLE(from, to)                                                                       \
	".pushsection __ex_table, \"a\"\n.balign 8\n.quad " from ", " to "\n.popsection\n"

#define __get_kernel_nofault(dst, src, type, label)                                                \
	do {                                                                                       \
		type vt_value;                                                                     \
		asm goto volatile(                                                                 \
		    "1: mov%z[value] %[from], %[value]\n" VT_EXTABLE("1b", "%l[" #label "]")       \
		    : [value] "=r"(vt_value)                                                       \
		    : [from] "m"(*(const type *)(src))                                             \
		    :                                                                              \
		    : label);                                                                      \
		*(type *)(dst) = vt_value;                                                         \
	} while (0)

#define __put_kernel_nofault(dst, src, type, label)                                                \
	do {                                                                                       \
		asm goto volatile(                                                                 \
		    "1: mov%z[value] %[value], %[to]\n" VT_EXTABLE("1b", "%l[" #label "]")         \
		    :                                                                              \
		    : [to] "m"(*(type *)(dst)), [value] "r"(*(type *)(src))                        \
		    : "memory"                                                                     \
		    : label);                                                                      \
	} while (0)

#endif
