/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_TLB_H
#define _ASM_VITRINE_TLB_H

#include <linux/mm_types.h>
#include <asm/tlbflush.h>

struct mmu_gather;
static void tlb_flush(struct mmu_gather *tlb);
#define tlb_flush tlb_flush
#include <asm-generic/tlb.h>

/* Exact invalidations were queued when each entry was cleared */
static inline void tlb_flush(struct mmu_gather *tlb)
{
}

#endif
