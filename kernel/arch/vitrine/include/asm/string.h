/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_STRING_H
#define _ASM_VITRINE_STRING_H

#define __HAVE_ARCH_MEMCPY
#define __HAVE_ARCH_MEMSET
#define __HAVE_ARCH_MEMMOVE

void *memcpy(void *to, const void *from, __kernel_size_t n);
void *memset(void *to, int c, __kernel_size_t n);
void *memmove(void *to, const void *from, __kernel_size_t n);

#endif
