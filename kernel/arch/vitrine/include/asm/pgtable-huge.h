/* SPDX-License-Identifier: GPL-2.0-only */
/* pgtable-huge.h - 2 MiB entries for transparent huge pages
 *
 * They carry no host bits: whoever has changed one takes the whole 2 MiB away from the host.
 */
#ifndef _ASM_VITRINE_PGTABLE_HUGE_H
#define _ASM_VITRINE_PGTABLE_HUGE_H

#define pmd_trans_huge(x) (!!(pmd_val(x) & _PAGE_PSE))
#define pmd_pte(x) __pte(pmd_val(x))
#define pte_pmd(x) __pmd(pte_val(x))
#define pmd_mkhuge(x) __pmd(pmd_val(x) | _PAGE_PSE)
#define pmd_mkinvalid(x) __pmd(pmd_val(x) & ~_PAGE_PRESENT)
#define pmd_write(x) pte_write(pmd_pte(x))
#define pmd_dirty(x) pte_dirty(pmd_pte(x))
#define pmd_young(x) pte_young(pmd_pte(x))
#define pmd_exec(x) pte_exec(pmd_pte(x))
#define pmd_mkold(x) pte_pmd(pte_mkold(pmd_pte(x)))
#define pmd_mkyoung(x) pte_pmd(pte_mkyoung(pmd_pte(x)))
#define pmd_mkdirty(x) pte_pmd(pte_mkdirty(pmd_pte(x)))
#define pmd_mkclean(x) pte_pmd(pte_mkclean(pmd_pte(x)))
#define pmd_wrprotect(x) pte_pmd(pte_wrprotect(pmd_pte(x)))
#define pmd_mkwrite_novma(x) pte_pmd(pte_mkwrite_novma(pmd_pte(x)))
#define pmd_modify(x, prot) pte_pmd(pte_modify(pmd_pte(x), prot))
#define pfn_pmd(pfn, prot) __pmd(((unsigned long)(pfn) << PAGE_SHIFT) | pgprot_val(prot))
#define mk_pmd(page, prot) pfn_pmd(page_to_pfn(page), prot)

static inline void vitrine_pmd_unmap(struct mm_struct *mm, unsigned long addr, pmd_t old)
{
	if (pmd_trans_huge(old))
		vitrine_tlb_unmap(mm, addr & PMD_MASK, (addr & PMD_MASK) + PMD_SIZE);
}

static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp, pmd_t pmd)
{
	pmd_t old = __pmd(xchg(&pmd_val(*pmdp), pmd_val(pmd)));

	vitrine_pmd_unmap(mm, addr, old);
}

#define __HAVE_ARCH_PMDP_HUGE_GET_AND_CLEAR
static inline pmd_t pmdp_huge_get_and_clear(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp)
{
	pmd_t old = __pmd(xchg(&pmd_val(*pmdp), 0));

	vitrine_pmd_unmap(mm, addr, old);
	return old;
}

#define __HAVE_ARCH_PMDP_SET_WRPROTECT
static inline void pmdp_set_wrprotect(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp)
{
	unsigned long old = __atomic_fetch_and(&pmd_val(*pmdp), ~_PAGE_RW, __ATOMIC_SEQ_CST);

	vitrine_pmd_unmap(mm, addr, __pmd(old));
}

/*
 * The pages of a table are about to be copied: from now on nobody writes to them. Who has found the
 * table may still map some of them, so that is waited for before they are taken from the host.
 */
#define pmdp_collapse_flush pmdp_collapse_flush
static inline pmd_t pmdp_collapse_flush(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp)
{
	pmd_t old = __pmd(xchg(&pmd_val(*pmdp), 0));

	vitrine_tlb_sync(vma->vm_mm);
	vitrine_tlb_unmap(vma->vm_mm, addr & PMD_MASK, (addr & PMD_MASK) + PMD_SIZE);
	vitrine_tlb_sync(vma->vm_mm);
	return old;
}

#define pmdp_establish pmdp_establish
static inline pmd_t pmdp_establish(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp,
				   pmd_t pmd)
{
	pmd_t old = __pmd(xchg(&pmd_val(*pmdp), pmd_val(pmd)));

	vitrine_pmd_unmap(vma->vm_mm, addr, old);
	return old;
}

#endif
