/* SPDX-License-Identifier: GPL-2.0-only */
/* set_memory.h - rights of the kernel's own mappings: it has all of them, always
 *
 * What is taken from the kernel's own reach (memfd_secret) stays there: the copies from and to user
 * memory that a system call makes go through it. Everything else that such memory promises, that it
 * cannot be pinned, swapped, dumped or read by a debugger, generic code keeps.
 */
#ifndef _ASM_VITRINE_SET_MEMORY_H
#define _ASM_VITRINE_SET_MEMORY_H

#include <linux/types.h>

struct page;

static inline int set_memory_ro(unsigned long addr, int pages)
{
	return 0;
}

static inline int set_memory_rw(unsigned long addr, int pages)
{
	return 0;
}

static inline int set_memory_x(unsigned long addr, int pages)
{
	return 0;
}

static inline int set_memory_nx(unsigned long addr, int pages)
{
	return 0;
}

static inline int set_memory_rox(unsigned long addr, int pages)
{
	return 0;
}
#define set_memory_rox set_memory_rox

static inline int set_direct_map_invalid_noflush(struct page *page)
{
	return 0;
}

static inline int set_direct_map_default_noflush(struct page *page)
{
	return 0;
}

static inline bool kernel_page_present(struct page *page)
{
	return true;
}

#endif
