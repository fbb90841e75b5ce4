/* SPDX-License-Identifier: GPL-2.0-only */
/* hugetlb.h - huge pages of hugetlbfs: 2 MiB entries, as transparent ones are (pgtable-huge.h)
 *
 * Generic code sees them as entries of the last level; what is taken from the host is 2 MiB.
 */
#ifndef _ASM_VITRINE_HUGETLB_H
#define _ASM_VITRINE_HUGETLB_H

#include <asm/page.h>

#define pte_huge(pte) (!!(pte_val(pte) & _PAGE_PSE))

#define __HAVE_ARCH_HUGE_SET_HUGE_PTE_AT
static inline void set_huge_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte,
				   unsigned long size)
{
	set_pmd_at(mm, addr, (pmd_t *)ptep, pte_pmd(pte));
}

#define __HAVE_ARCH_HUGE_PTE_CLEAR
static inline void huge_pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
				  unsigned long size)
{
	set_pmd_at(mm, addr, (pmd_t *)ptep, __pmd(0));
}

#define __HAVE_ARCH_HUGE_PTEP_GET_AND_CLEAR
static inline pte_t huge_ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
					    unsigned long size)
{
	return pmd_pte(pmdp_huge_get_and_clear(mm, addr, (pmd_t *)ptep));
}

#define __HAVE_ARCH_HUGE_PTEP_CLEAR_FLUSH
static inline pte_t huge_ptep_clear_flush(struct vm_area_struct *vma, unsigned long addr,
					  pte_t *ptep)
{
	return huge_ptep_get_and_clear(vma->vm_mm, addr, ptep, PMD_SIZE);
}

#define __HAVE_ARCH_HUGE_PTEP_SET_WRPROTECT
static inline void huge_ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pmdp_set_wrprotect(mm, addr, (pmd_t *)ptep);
}

#define __HAVE_ARCH_HUGE_PTEP_SET_ACCESS_FLAGS
static inline int huge_ptep_set_access_flags(struct vm_area_struct *vma, unsigned long addr,
					     pte_t *ptep, pte_t pte, int dirty)
{
	bool changed = !pte_same(*ptep, pte);

	if (changed)
		set_pmd_at(vma->vm_mm, addr, (pmd_t *)ptep, pte_pmd(pte));
	return changed;
}

#include <asm-generic/hugetlb.h>

#endif
