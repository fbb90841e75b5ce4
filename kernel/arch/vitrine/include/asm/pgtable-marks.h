/* SPDX-License-Identifier: GPL-2.0-only */
/* pgtable-marks.h - what programs mark pages with: userfaultfd's write protection, soft-dirty
 *
 * Neither says anything to the host: a page that is marked protected is not writable either, and
 * what the program writes after clear_refs faults because clear_refs made it read-only. The marks
 * only have to stay with the entry, through mprotect and into swap and back.
 */
#ifndef _ASM_VITRINE_PGTABLE_MARKS_H
#define _ASM_VITRINE_PGTABLE_MARKS_H

#define VITRINE_MARK(name, present, swapped)                                                       \
	static inline int pte_##name(pte_t pte)                                                    \
	{                                                                                          \
		return !!(pte_val(pte) & (present));                                               \
	}                                                                                          \
	static inline pte_t pte_clear_##name(pte_t pte)                                            \
	{                                                                                          \
		return __pte(pte_val(pte) & ~(present));                                           \
	}                                                                                          \
	static inline int pte_swp_##name(pte_t pte)                                                \
	{                                                                                          \
		return !!(pte_val(pte) & (swapped));                                               \
	}                                                                                          \
	static inline pte_t pte_swp_mk##name(pte_t pte)                                            \
	{                                                                                          \
		return __pte(pte_val(pte) | (swapped));                                            \
	}                                                                                          \
	static inline pte_t pte_swp_clear_##name(pte_t pte)                                        \
	{                                                                                          \
		return __pte(pte_val(pte) & ~(swapped));                                           \
	}                                                                                          \
	static inline int pmd_##name(pmd_t pmd)                                                    \
	{                                                                                          \
		return !!(pmd_val(pmd) & (present));                                               \
	}                                                                                          \
	static inline pmd_t pmd_clear_##name(pmd_t pmd)                                            \
	{                                                                                          \
		return __pmd(pmd_val(pmd) & ~(present));                                           \
	}

#ifdef CONFIG_HAVE_ARCH_USERFAULTFD_WP
VITRINE_MARK(uffd_wp, _PAGE_UFFD_WP, _PAGE_SWP_UFFD_WP)

static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	return pte_wrprotect(__pte(pte_val(pte) | _PAGE_UFFD_WP));
}

static inline pmd_t pmd_mkuffd_wp(pmd_t pmd)
{
	return __pmd((pmd_val(pmd) | _PAGE_UFFD_WP) & ~_PAGE_RW);
}

/* Huge pages are split before they are swapped or migrated */
#define pmd_swp_mkuffd_wp(pmd) (pmd)
#define pmd_swp_uffd_wp(pmd) (0)
#define pmd_swp_clear_uffd_wp(pmd) (pmd)
#endif

#ifdef CONFIG_HAVE_ARCH_SOFT_DIRTY
VITRINE_MARK(soft_dirty, _PAGE_SOFT_DIRTY, _PAGE_SWP_SOFT_DIRTY)

static inline pte_t pte_mksoft_dirty(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_SOFT_DIRTY);
}

static inline pmd_t pmd_mksoft_dirty(pmd_t pmd)
{
	return __pmd(pmd_val(pmd) | _PAGE_SOFT_DIRTY);
}
#endif

#endif
