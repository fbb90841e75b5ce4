/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_TLB_H
#define _ASM_VITRINE_TLB_H

#include <linux/mm_types.h>
#include <asm/tlbflush.h>

struct mmu_gather;
static void tlb_flush(struct mmu_gather *tlb);
#define tlb_flush tlb_flush
#include <asm-generic/tlb.h>

/* Walkers without a lock may still be in a table that was taken out, see vitrine_walk() */
static inline void __tlb_remove_table(void *table)
{
	pagetable_free(table);
}

/* Exact invalidations were queued when each entry was cleared */
static inline void tlb_flush(struct mmu_gather *tlb)
{
	if (!tlb->fullmm)
		vitrine_tlb_sync(tlb->mm);
}

#endif
