/* SPDX-License-Identifier: GPL-2.0-only */
/* mm.h - what the parts of memory management share */
#ifndef VITRINE_MM_MM_H
#define VITRINE_MM_MM_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>
#include <linux/sizes.h>
#include <asm/several.h>
#include <asm/smp.h>

/* Of a file, the page cache in this window is made accessible by one fault */
#define FILE_AROUND_SIZE SZ_1M

/* Does vitrine_walk()'s answer say that there is a page? */
static inline bool is_present(const pte_t *ptep)
{
	return ptep && pte_val(*ptep) & _PAGE_PRESENT;
}

/* From here on frames of @mm, and tables, are not used again by others before the walk ends */
static inline void vitrine_walk_begins(struct mm_struct *mm)
{
	if (!vitrine_has_several_cpus())
		return;
	vitrine_this->walks = mm;
	smp_mb();
}

static inline void vitrine_walk_ends(void)
{
	if (!vitrine_has_several_cpus())
		return;
	smp_mb__before_atomic();
	vitrine_this->walked++;
	vitrine_this->walks = NULL;
}

/* hosttlb.c */
void vitrine_tlb_map_ahead(struct mm_struct *mm, unsigned long addr);

/* rows.c */
void vitrine_line_up(unsigned int pages);

#endif
