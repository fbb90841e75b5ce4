/* SPDX-License-Identifier: GPL-2.0-only */
/* tlbflush.h - nothing to do here

 The page table accessors queue an exact invalidation when they take an entry away from the host
 (pgtable.h, mm/hosttlb.c), and the queue is worked off before the address space runs again. */
#ifndef _ASM_VITRINE_TLBFLUSH_H
#define _ASM_VITRINE_TLBFLUSH_H

#include <linux/mm_types.h>

#define flush_tlb_all()                                                                            \
	do {                                                                                       \
	} while (0)
#define flush_tlb_mm(mm)                                                                           \
	do {                                                                                       \
	} while (0)
#define flush_tlb_page(vma, addr)                                                                  \
	do {                                                                                       \
	} while (0)
#define flush_tlb_range(vma, start, end)                                                           \
	do {                                                                                       \
	} while (0)
#define flush_tlb_kernel_range(start, end)                                                         \
	do {                                                                                       \
	} while (0)
#define local_flush_tlb_page(vma, addr)                                                            \
	do {                                                                                       \
	} while (0)

#endif
