/* SPDX-License-Identifier: GPL-2.0-only */
/* mm.h - what the parts of memory management share */
#ifndef VITRINE_MM_MM_H
#define VITRINE_MM_MM_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>
#include <linux/sizes.h>

/* Of a file, the page cache in this window is made accessible by one fault */
#define FILE_AROUND_SIZE SZ_1M

/* Does vitrine_walk()'s answer say that there is a page? */
static inline bool is_present(const pte_t *ptep)
{
	return ptep && pte_val(*ptep) & _PAGE_PRESENT;
}

/* hosttlb.c */
void vitrine_tlb_map_ahead(struct mm_struct *mm, unsigned long addr);

/* rows.c */
void vitrine_line_up(unsigned int pages);

#endif
