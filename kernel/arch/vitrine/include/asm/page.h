/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_PAGE_H
#define _ASM_VITRINE_PAGE_H

#include <linux/const.h>
#include <asm/vitrine-layout.h>

#define PAGE_SHIFT CONFIG_PAGE_SHIFT
#define PAGE_SIZE (_AC(1, UL) << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_OFFSET VT_PAGE_OFFSET
#define KERNEL_LINK (PAGE_OFFSET + VT_KERNEL_PHYS)

#define HPAGE_SHIFT 21
#define HPAGE_SIZE (_AC(1, UL) << HPAGE_SHIFT)
#define HPAGE_MASK (~(HPAGE_SIZE - 1))
#define HUGETLB_PAGE_ORDER (HPAGE_SHIFT - PAGE_SHIFT)

#ifndef __ASSEMBLY__

#include <linux/types.h>

static inline void clear_page(void *page)
{
	unsigned long count = PAGE_SIZE;

	asm volatile("rep stosb" : "+D"(page), "+c"(count) : "a"(0) : "memory");
}

static inline void copy_page(void *to, const void *from)
{
	unsigned long count = PAGE_SIZE;

	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count)::"memory");
}

#define clear_user_page(page, vaddr, pg) clear_page(page)
#define copy_user_page(to, from, vaddr, pg) copy_page(to, from)

typedef struct {
	unsigned long pte;
} pte_t;
typedef struct {
	unsigned long pmd;
} pmd_t;
typedef struct {
	unsigned long pud;
} pud_t;
typedef struct {
	unsigned long pgd;
} pgd_t;
typedef struct {
	unsigned long pgprot;
} pgprot_t;
typedef struct page *pgtable_t;

#define pte_val(x) ((x).pte)
#define pmd_val(x) ((x).pmd)
#define pud_val(x) ((x).pud)
#define pgd_val(x) ((x).pgd)
#define pgprot_val(x) ((x).pgprot)
#define __pte(x) ((pte_t){ (x) })
#define __pmd(x) ((pmd_t){ (x) })
#define __pud(x) ((pud_t){ (x) })
#define __pgd(x) ((pgd_t){ (x) })
#define __pgprot(x) ((pgprot_t){ (x) })

#define __va(x) ((void *)((unsigned long)(x) + PAGE_OFFSET))
#define __pa(x) ((unsigned long)(x)-PAGE_OFFSET)
#define __pa_symbol(x) __pa(x)

static inline unsigned long virt_to_pfn(const void *kaddr)
{
	return __pa(kaddr) >> PAGE_SHIFT;
}

#define virt_to_page(addr) pfn_to_page(virt_to_pfn((const void *)(addr)))
#define page_to_virt(page) __va(page_to_pfn(page) << PAGE_SHIFT)
#define page_to_phys(page) ((phys_addr_t)page_to_pfn(page) << PAGE_SHIFT)
#define phys_to_page(phys) pfn_to_page((phys) >> PAGE_SHIFT)
#define sym_to_pfn(x) (__pa_symbol(x) >> PAGE_SHIFT)
#define virt_addr_valid(kaddr)                                                                     \
	((unsigned long)(kaddr) >= PAGE_OFFSET && pfn_valid(virt_to_pfn((const void *)(kaddr))))

#define VM_DATA_DEFAULT_FLAGS VM_DATA_FLAGS_TSK_EXEC

/* mm/vsyscall.c */
#define __HAVE_ARCH_GATE_AREA 1

/* mm/growth.c: have the host back what is allocated, several pages at a time */
#define HAVE_ARCH_ALLOC_PAGE
struct page;
void arch_alloc_page(struct page *page, int order);

#endif /* __ASSEMBLY__ */

#include <asm-generic/getorder.h>
#include <asm-generic/memory_model.h>

#endif
