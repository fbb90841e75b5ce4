/* SPDX-License-Identifier: GPL-2.0-only */
/* tlbflush.h - wait until nobody uses what was taken away

 The page table accessors queue an exact invalidation when they take an entry away from the host
 (pgtable.h, mm/hosttlb.c), and the queue is worked off before the address space runs again. Where
 it runs on another vCPU meanwhile, that has to happen now. */
#ifndef _ASM_VITRINE_TLBFLUSH_H
#define _ASM_VITRINE_TLBFLUSH_H

#include <linux/mm_types.h>

void vitrine_tlb_sync(struct mm_struct *mm);

#define flush_tlb_all()                                                                            \
	do {                                                                                       \
	} while (0)
#define flush_tlb_mm(mm) vitrine_tlb_sync(mm)
#define flush_tlb_page(vma, addr) ((void)(addr), vitrine_tlb_sync((vma)->vm_mm))
#define flush_tlb_range(vma, start, end)                                                           \
	((void)(start), (void)(end), vitrine_tlb_sync((vma)->vm_mm))
#define flush_tlb_kernel_range(start, end)                                                         \
	do {                                                                                       \
	} while (0)
#define local_flush_tlb_page(vma, addr)                                                            \
	do {                                                                                       \
	} while (0)

#endif
