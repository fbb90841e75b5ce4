/* SPDX-License-Identifier: GPL-2.0-only */
/* pgtable.h - page tables: x86-64's shape, read by software only
 *
 * The host address space of a guest process is a software TLB of these tables. An entry whose frame
 * is mapped there carries _PAGE_HOST (and _PAGE_HOST_RW when mapped writable), set by
 * mm/hosttlb.c alone. Every accessor that takes such an entry away, or takes rights from it, queues
 * the exact invalidation; entries that are written anew never keep the bits, except in place.
 * An entry is first taken away and then queued, so that no other vCPU can have it mapped in
 * between. Beside the holder of the table's lock, other vCPUs write two things into a present entry
 * without it: accessed and dirty bits (vitrine_pte_touch()), and host bits (mm/hosttlb.c). So
 * whoever replaces a present entry does it with one exchange. A page is mapped writable only once
 * it is dirty, and at all only once it is young, so that the kernel's dirty and accessed bits are
 * as true as those of hardware.
 */
#ifndef _ASM_VITRINE_PGTABLE_H
#define _ASM_VITRINE_PGTABLE_H

#define PGDIR_SHIFT 39
#define PGDIR_SIZE (1UL << PGDIR_SHIFT)
#define PGDIR_MASK (~(PGDIR_SIZE - 1))

#include <asm-generic/pgtable-nop4d.h>
#include <asm/page.h>
#include <asm/processor.h>

#define PUD_SHIFT 30
#define PUD_SIZE (1UL << PUD_SHIFT)
#define PUD_MASK (~(PUD_SIZE - 1))
#define PMD_SHIFT 21
#define PMD_SIZE (1UL << PMD_SHIFT)
#define PMD_MASK (~(PMD_SIZE - 1))
#define PTRS_PER_PGD 512
#define PTRS_PER_PUD 512
#define PTRS_PER_PMD 512
#define PTRS_PER_PTE 512
#define USER_PTRS_PER_PGD ((TASK_SIZE + PGDIR_SIZE - 1) / PGDIR_SIZE)

#define VMEMMAP_START 0x620000000000UL
#define vmemmap ((struct page *)VMEMMAP_START)
#define VMALLOC_START VT_VMALLOC_START
#define VMALLOC_END VT_VMALLOC_END
#define MODULES_VADDR VMALLOC_START
#define MODULES_END VMALLOC_END

/* Bits 1-11 and 53-58; a swap entry has neither PRESENT nor PROTNONE and uses 3-7 and 12-52 */
#define _PAGE_PRESENT 0x001UL
#define _PAGE_RW 0x002UL
#define _PAGE_USER 0x004UL
#define _PAGE_ACCESSED 0x020UL
#define _PAGE_DIRTY 0x040UL
#define _PAGE_PSE 0x080UL
#define _PAGE_PROTNONE 0x100UL
#define _PAGE_EXEC 0x200UL
#define _PAGE_SPECIAL 0x400UL
#define _PAGE_SWP_EXCLUSIVE 0x800UL
#define _PAGE_SWP_UFFD_WP 0x200UL
#define _PAGE_SWP_SOFT_DIRTY 0x400UL
#define _PAGE_HOST (1UL << 53)
#define _PAGE_HOST_RW (1UL << 54)
#define _PAGE_HINT (1UL << 55)	  /* the parent had it mapped when it forked */
#define _PAGE_HINT_RW (1UL << 56) /* was mapped writable until a fork made it read-only */
#define _PAGE_UFFD_WP (1UL << 57)
#define _PAGE_SOFT_DIRTY (1UL << 58)
#define _PAGE_HOST_BITS (_PAGE_HOST | _PAGE_HOST_RW | _PAGE_HINT | _PAGE_HINT_RW)

#define _PAGE_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _PFN_MASK (((1UL << 52) - 1) & PAGE_MASK)
#define _PAGE_CHG_MASK                                                                             \
	(_PFN_MASK | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SPECIAL | _PAGE_PSE | _PAGE_UFFD_WP |    \
	 _PAGE_SOFT_DIRTY)

#define _PAGE_BASE (_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_NONE __pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_SHARED __pgprot(_PAGE_BASE | _PAGE_RW)
#define PAGE_SHARED_EXEC __pgprot(_PAGE_BASE | _PAGE_RW | _PAGE_EXEC)
#define PAGE_COPY __pgprot(_PAGE_BASE)
#define PAGE_COPY_EXEC __pgprot(_PAGE_BASE | _PAGE_EXEC)
#define PAGE_READONLY __pgprot(_PAGE_BASE)
#define PAGE_READONLY_EXEC __pgprot(_PAGE_BASE | _PAGE_EXEC)
#define PAGE_KERNEL __pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_DIRTY | _PAGE_ACCESSED | _PAGE_EXEC)
#define PAGE_KERNEL_EXEC PAGE_KERNEL
#define PAGE_KERNEL_RO PAGE_KERNEL

#ifndef __ASSEMBLY__

#include <linux/mm_types.h>
#include <linux/sizes.h>

extern pgd_t swapper_pg_dir[PTRS_PER_PGD];
/* As many as one fault maps, so that a row of pages that were only read is a row of frames */
#define ZERO_PAGES_SIZE SZ_256K
#define __HAVE_COLOR_ZERO_PAGE
#define zero_page_mask ((ZERO_PAGES_SIZE - 1) & PAGE_MASK)

extern unsigned long empty_zero_page[];
#define ZERO_PAGE(vaddr)                                                                           \
	virt_to_page((unsigned long)empty_zero_page + ((unsigned long)(vaddr)&zero_page_mask))

/* mm/hosttlb.c */
bool vitrine_has_only_us(const struct mm_struct *mm);
void vitrine_tlb_unmap(struct mm_struct *mm, unsigned long start, unsigned long end);
void vitrine_tlb_sync(struct mm_struct *mm);
void vitrine_tlb_protect(struct mm_struct *mm, unsigned long addr, unsigned long bits);

#define set_pmd(p, v) WRITE_ONCE(*(p), v)
#define set_pud(p, v) WRITE_ONCE(*(p), v)
#define set_p4d(p, v) WRITE_ONCE((p)->pgd, (v).pgd)
#define PFN_PTE_SHIFT PAGE_SHIFT

#define pgd_ERROR(e) pr_err("%s:%d: bad pgd %016lx\n", __FILE__, __LINE__, pgd_val(e))
#define pud_ERROR(e) pr_err("%s:%d: bad pud %016lx\n", __FILE__, __LINE__, pud_val(e))
#define pmd_ERROR(e) pr_err("%s:%d: bad pmd %016lx\n", __FILE__, __LINE__, pmd_val(e))
#define pte_ERROR(e) pr_err("%s:%d: bad pte %016lx\n", __FILE__, __LINE__, pte_val(e))

/* ---- page table entries ---- */

#define pte_none(x) (!pte_val(x))
#define pte_present(x) (pte_val(x) & (_PAGE_PRESENT | _PAGE_PROTNONE))
#define pte_accessible(mm, x) (pte_val(x) & _PAGE_PRESENT)
#define pte_pfn(x) ((pte_val(x) & _PFN_MASK) >> PAGE_SHIFT)
#define pte_page(x) pfn_to_page(pte_pfn(x))
#define pfn_pte(pfn, prot) __pte(((unsigned long)(pfn) << PAGE_SHIFT) | pgprot_val(prot))
#define mk_pte(page, prot) pfn_pte(page_to_pfn(page), prot)

static inline int pte_write(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_RW);
}

static inline int pte_exec(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_EXEC);
}

static inline int pte_dirty(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_DIRTY);
}

static inline int pte_young(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_ACCESSED);
}

static inline int pte_special(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_SPECIAL);
}

static inline pte_t pte_mkclean(pte_t pte)
{
	return __pte(pte_val(pte) & ~_PAGE_DIRTY);
}

static inline pte_t pte_mkold(pte_t pte)
{
	return __pte(pte_val(pte) & ~_PAGE_ACCESSED);
}

static inline pte_t pte_wrprotect(pte_t pte)
{
	return __pte(pte_val(pte) & ~_PAGE_RW);
}

static inline pte_t pte_mkdirty(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_DIRTY | _PAGE_SOFT_DIRTY);
}

static inline pte_t pte_mkyoung(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_ACCESSED);
}

static inline pte_t pte_mkwrite_novma(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_RW);
}

static inline pte_t pte_mkspecial(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_SPECIAL);
}

static inline pte_t pte_mkhuge(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_PSE);
}

static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | pgprot_val(prot));
}

#define __HAVE_ARCH_PTE_SAME
static inline int pte_same(pte_t a, pte_t b)
{
	return !((pte_val(a) ^ pte_val(b)) & ~_PAGE_HOST_BITS);
}

/* What of the host's mapping of an entry survives in its successor, with the bits that say so */
static inline unsigned long vitrine_keep_host(unsigned long old, unsigned long value)
{
	if (!(old & _PAGE_HOST && old & _PAGE_PRESENT) || (old ^ value) & _PFN_MASK ||
	    !(value & _PAGE_PRESENT) || old & ~value & _PAGE_EXEC)
		return value;
	return value | _PAGE_HOST | (value & _PAGE_RW ? old & _PAGE_HOST_RW : 0);
}

/*
 * Other vCPUs change entries without a lock only where they run in the address space. So where we
 * do alone, a store does what a locked exchange would, which waits for all that was stored before.
 */
static inline bool vitrine_try_entry(struct mm_struct *mm, pte_t *ptep, unsigned long *old,
				     unsigned long value)
{
	if (!vitrine_has_only_us(mm))
		return try_cmpxchg(&pte_val(*ptep), old, value);
	WRITE_ONCE(*ptep, __pte(value));
	return true;
}

/* Queue what the host has to forget after @old was replaced by @value */
static inline void vitrine_entry_changed(struct mm_struct *mm, unsigned long addr,
					 unsigned long old, unsigned long value)
{
	if (!(old & _PAGE_HOST && old & _PAGE_PRESENT))
		return;
	if (!(value & _PAGE_HOST))
		vitrine_tlb_unmap(mm, addr, addr + PAGE_SIZE);
	else if (old & ~value & _PAGE_HOST_RW)
		vitrine_tlb_protect(mm, addr, value);
}

/*
 * Write one entry: host mappings of what was there survive only if the new entry allows as much.
 * @expected: the entry that @pte was made from; what was set in it since is kept
 */
static inline void vitrine_replace_pte(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
				       unsigned long expected, unsigned long wanted)
{
	unsigned long old = pte_val(READ_ONCE(*ptep)), value;

	if (wanted & _PAGE_HOST) /* a fork child's copy */
		wanted = (wanted & ~_PAGE_HOST_BITS) | _PAGE_HINT | (wanted & _PAGE_HINT_RW);
	if (!(old & _PAGE_PRESENT)) { /* nobody else writes to it */
		WRITE_ONCE(*ptep, __pte(wanted));
		return;
	}
	do {
		value = wanted | (old & ~expected & (_PAGE_ACCESSED | _PAGE_DIRTY));
		value = vitrine_keep_host(old, value);
	} while (!vitrine_try_entry(mm, ptep, &old, value));
	vitrine_entry_changed(mm, addr, old, value);
}

static inline void vitrine_set_pte(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)
{
	vitrine_replace_pte(mm, addr, ptep, ~0UL, pte_val(pte));
}

#define set_pte(ptep, pte) WRITE_ONCE(*(ptep), pte)

#define set_ptes set_ptes
static inline void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte,
			    unsigned int nr)
{
	for (;;) {
		vitrine_set_pte(mm, addr, ptep, pte);
		if (--nr == 0)
			break;
		ptep++;
		addr += PAGE_SIZE;
		pte = __pte(pte_val(pte) + PAGE_SIZE);
	}
}

#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	unsigned long old = pte_val(READ_ONCE(*ptep));

	while (!vitrine_try_entry(mm, ptep, &old, 0))
		;
	vitrine_entry_changed(mm, addr & PAGE_MASK, old, 0);
	return __pte(old & _PAGE_PRESENT ? old & ~_PAGE_HOST_BITS : old);
}

/* @full: nothing will execute in the address space again */
#define __HAVE_ARCH_PTEP_GET_AND_CLEAR_FULL
static inline pte_t ptep_get_and_clear_full(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
					    int full)
{
	unsigned long old;

	if (!full)
		return ptep_get_and_clear(mm, addr, ptep);
	old = pte_val(*ptep);
	WRITE_ONCE(*ptep, __pte(0));
	return __pte(old & _PAGE_PRESENT ? old & ~_PAGE_HOST_BITS : old);
}

static inline void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	ptep_get_and_clear(mm, addr, ptep);
}

/* mprotect: in place, so that what stays allowed stays mapped */
#define __HAVE_ARCH_PTEP_MODIFY_PROT_TRANSACTION
static inline pte_t ptep_modify_prot_start(struct vm_area_struct *vma, unsigned long addr,
					   pte_t *ptep)
{
	return __pte(pte_val(*ptep) & (pte_val(*ptep) & _PAGE_PRESENT ? ~_PAGE_HOST_BITS : ~0UL));
}

static inline void ptep_modify_prot_commit(struct vm_area_struct *vma, unsigned long addr,
					   pte_t *ptep, pte_t old, pte_t pte)
{
	vitrine_replace_pte(vma->vm_mm, addr, ptep, pte_val(old), pte_val(pte));
}

/* Only ever adds to what is allowed and known, beside what other vCPUs add */
#define __HAVE_ARCH_PTEP_SET_ACCESS_FLAGS
static inline int ptep_set_access_flags(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
					pte_t entry, int dirty)
{
	const unsigned long bits =
	    pte_val(entry) & (_PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_RW | _PAGE_SOFT_DIRTY);

	return bits & ~__atomic_fetch_or(&pte_val(*ptep), bits, __ATOMIC_SEQ_CST) ? 1 : 0;
}

#define __HAVE_ARCH_PTEP_SET_WRPROTECT
static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	unsigned long old = pte_val(READ_ONCE(*ptep)), value;

	do {
		value = old & ~(_PAGE_RW | _PAGE_HOST_RW);
		if (old & _PAGE_HOST_RW)
			value |= _PAGE_HINT_RW;
	} while (!vitrine_try_entry(mm, ptep, &old, value));
	if (old & _PAGE_HOST_RW)
		vitrine_tlb_protect(mm, addr & PAGE_MASK, value);
}

/* Reclaim asks whether a page is used: only an unmapped page can answer by faulting */
#define __HAVE_ARCH_PTEP_CLEAR_YOUNG_FLUSH
int ptep_clear_flush_young(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep);

/* What the host has mapped would be used without anybody's seeing it: here too it is taken away */
#define __HAVE_ARCH_PTEP_TEST_AND_CLEAR_YOUNG
static inline int ptep_test_and_clear_young(struct vm_area_struct *vma, unsigned long addr,
					    pte_t *ptep)
{
	return ptep_clear_flush_young(vma, addr, ptep);
}

#define __pte_swp_bits_ok(x) (!((x) & (_PAGE_PRESENT | _PAGE_PROTNONE)))
#define __swp_type(x) (((x).val >> 3) & 0x1f)
#define __swp_offset(x) ((x).val >> 12)
#define __swp_entry(type, offset)                                                                  \
	((swp_entry_t){ (((type)&0x1fUL) << 3) | ((unsigned long)(offset) << 12) })
#define __pte_to_swp_entry(pte) ((swp_entry_t){ pte_val(pte) & ~_PAGE_SWP_EXCLUSIVE })
#define __swp_entry_to_pte(x) ((pte_t){ (x).val })
#define __pmd_to_swp_entry(pmd) ((swp_entry_t){ pmd_val(pmd) })
#define __swp_entry_to_pmd(x) ((pmd_t){ (x).val })

static inline int pte_swp_exclusive(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_SWP_EXCLUSIVE);
}

static inline pte_t pte_swp_mkexclusive(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_SWP_EXCLUSIVE);
}

static inline pte_t pte_swp_clear_exclusive(pte_t pte)
{
	return __pte(pte_val(pte) & ~_PAGE_SWP_EXCLUSIVE);
}

/* ---- upper levels ---- */

#define pmd_none(x) (!pmd_val(x))
#define pmd_present(x) (!!(pmd_val(x) & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE)))
#define pmd_leaf(x) (!!(pmd_val(x) & _PAGE_PSE))
#define pmd_bad(x)                                                                                 \
	((pmd_val(x) & ~_PFN_MASK & ~(_PAGE_ACCESSED | _PAGE_DIRTY)) !=                            \
	 (_PAGE_TABLE & ~(_PAGE_ACCESSED | _PAGE_DIRTY)))
#define pmd_pfn(x) ((pmd_val(x) & _PFN_MASK) >> PAGE_SHIFT)
#define pmd_page(x) pfn_to_page(pmd_pfn(x))
#define pmd_page_vaddr(x) ((unsigned long)__va(pmd_val(x) & _PFN_MASK))
#define pmd_pgtable(x) pmd_page(x)

static inline void pmd_clear(pmd_t *pmdp)
{
	set_pmd(pmdp, __pmd(0));
}

#define pud_none(x) (!pud_val(x))
#define pud_present(x) (pud_val(x) & _PAGE_PRESENT)
#define pud_bad(x) ((pud_val(x) & ~_PFN_MASK) != _PAGE_TABLE)
#define pud_leaf(x) (0)
#define pud_clear(p) set_pud(p, __pud(0))
#define pud_pgtable(x) ((pmd_t *)__va(pud_val(x) & _PFN_MASK))
#define pud_page(x) pfn_to_page((pud_val(x) & _PFN_MASK) >> PAGE_SHIFT)
#define pud_pfn(x) ((pud_val(x) & _PFN_MASK) >> PAGE_SHIFT)

#define p4d_none(x) (!p4d_val(x))
#define p4d_present(x) (p4d_val(x) & _PAGE_PRESENT)
#define p4d_bad(x) ((p4d_val(x) & ~_PFN_MASK) != _PAGE_TABLE)
#define p4d_clear(p) set_p4d(p, __p4d(0))
#define p4d_pgtable(x) ((pud_t *)__va(p4d_val(x) & _PFN_MASK))
#define p4d_page(x) pfn_to_page((p4d_val(x) & _PFN_MASK) >> PAGE_SHIFT)

#include <asm/pgtable-marks.h>
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
#include <asm/pgtable-huge.h>
#endif

/* What the host has not mapped faults again: no entry is ever only spurious */
#define flush_tlb_fix_spurious_fault(vma, addr, ptep)                                              \
	do {                                                                                       \
	} while (0)
#define update_mmu_cache(vma, addr, ptep)                                                          \
	do {                                                                                       \
	} while (0)
#define update_mmu_cache_range(vmf, vma, addr, ptep, nr)                                           \
	do {                                                                                       \
	} while (0)
#define update_mmu_cache_pmd(vma, addr, pmdp)                                                      \
	do {                                                                                       \
	} while (0)

#define pgprot_noncached(x) (x)
#define pgprot_writecombine(x) (x)

/* vmalloc: mapped in the supervisor by arch_sync_kernel_mappings() */
#define ARCH_PAGE_TABLE_SYNC_MASK (PGTBL_PTE_MODIFIED | PGTBL_PMD_MODIFIED)

#endif /* __ASSEMBLY__ */
#endif
