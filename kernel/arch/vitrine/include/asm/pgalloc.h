/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_PGALLOC_H
#define _ASM_VITRINE_PGALLOC_H

#include <linux/mm.h>
#include <asm-generic/pgalloc.h>

#define pmd_populate_kernel(mm, pmd, pte) set_pmd(pmd, __pmd(_PAGE_TABLE | __pa(pte)))
#define pmd_populate(mm, pmd, pte) set_pmd(pmd, __pmd(_PAGE_TABLE | page_to_phys(pte)))
#define pud_populate(mm, pud, pmd) set_pud(pud, __pud(_PAGE_TABLE | __pa(pmd)))
#define p4d_populate(mm, p4d, pud) set_p4d(p4d, __p4d(_PAGE_TABLE | __pa(pud)))

static inline pgd_t *pgd_alloc(struct mm_struct *mm)
{
	return (pgd_t *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
}

#define __pte_free_tlb(tlb, pte, addr)                                                             \
	do {                                                                                       \
		pagetable_pte_dtor(page_ptdesc(pte));                                              \
		tlb_remove_table((tlb), page_ptdesc(pte));                                         \
	} while (0)
#define __pmd_free_tlb(tlb, pmd, addr)                                                             \
	do {                                                                                       \
		pagetable_pmd_dtor(virt_to_ptdesc(pmd));                                           \
		tlb_remove_table((tlb), virt_to_ptdesc(pmd));                                      \
	} while (0)
#define __pud_free_tlb(tlb, pud, addr)                                                             \
	do {                                                                                       \
		pagetable_pud_dtor(virt_to_ptdesc(pud));                                           \
		tlb_remove_table((tlb), virt_to_ptdesc(pud));                                      \
	} while (0)

#endif
