// SPDX-License-Identifier: GPL-2.0-only
/* growth.c - memory that costs the host nothing until it is used
 *
 * Theory of operation
 * A guest may own half of the host's memory and use a hundredth of it. Two things would touch all
 * of it anyway, or touch it slowly:
 *
 * Page structures are 1.6 % of memory. Linux can defer initialising them
 * (DEFERRED_STRUCT_PAGE_INIT) and grows a zone by a section when an allocation finds it empty -
 * until the end of boot, when it initialises the rest. We leave that last step out
 * (page_alloc_init_late), so that growing on demand goes on for ever, and keep what it needs: the
 * early allocator's tables and __init code. What is deferred counts as free memory to whoever asks,
 * above all to writeback, which would otherwise start at a few megabytes of dirty pages: it is in
 * the global count of free pages, but not in the zone's, which decides when the zone must grow.
 *
 * Each first touch of a page is a fault of the supervisor. arch_alloc_page() asks the host for
 * CHUNK bytes at once when the first page of a chunk is allocated.
 */
#include <linux/bitmap.h>
#include <linux/buffer_head.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/swap.h>
#include <linux/vmstat.h>
#include <asm/vitrine.h>

#define CHUNK_SHIFT 16
#define CHUNK_PAGES (1UL << (CHUNK_SHIFT - PAGE_SHIFT))

void __wrap_page_alloc_init_late(void);
void page_alloc_sysctl_init(void);

static unsigned long *chunk_backed; /* NULL until memory is allocated from the buddy lists */
static unsigned long vmemmap_pages;
static phys_addr_t vmemmap_pa;
static unsigned long deferred_counted; /* part of vm_zone_stat[NR_FREE_PAGES] */

static unsigned long deferred_free_pages_count(void)
{
	pg_data_t *pgdat = NODE_DATA(0);
	unsigned long end = pgdat_end_pfn(pgdat);

	if (pgdat->first_deferred_pfn >= end)
		return 0;
	end -= pgdat->first_deferred_pfn;
	return end > vmemmap_pages ? end - vmemmap_pages : 0;
}

/* After each growth, which only an allocation causes */
static void count_deferred(void)
{
	unsigned long now = deferred_free_pages_count();
	unsigned long before = xchg(&deferred_counted, now);

	if (now != before)
		atomic_long_add((long)(now - before), &vm_zone_stat[NR_FREE_PAGES]);
}

static void back_chunks(unsigned long first, unsigned long last)
{
	unsigned long chunk;

	for (chunk = first; chunk <= last; chunk++) {
		if (test_and_set_bit(chunk, chunk_backed))
			continue;
		vt_host->memory_populate(chunk << CHUNK_SHIFT, 1UL << CHUNK_SHIFT);
	}
}

void arch_alloc_page(struct page *page, int order)
{
	unsigned long pfn = page_to_pfn(page), first = pfn / CHUNK_PAGES;

	if (unlikely(!chunk_backed))
		return;
	if (deferred_counted)
		count_deferred();
	if (order <= CHUNK_SHIFT - PAGE_SHIFT) {
		if (unlikely(!test_bit(first, chunk_backed)))
			back_chunks(first, first);
	} else {
		back_chunks(first, (pfn + (1UL << order) - 1) / CHUNK_PAGES);
	}
}
EXPORT_SYMBOL(arch_alloc_page);

/**
 * vitrine_memory_release() - Give free memory back to the host
 * @pa, @len: physical range that nobody uses
 */
void vitrine_memory_release(unsigned long pa, unsigned long len)
{
	unsigned long first = pa >> CHUNK_SHIFT, last = (pa + len - 1) >> CHUNK_SHIFT;

	for (unsigned long chunk = first; chunk <= last; chunk++)
		clear_bit(chunk, chunk_backed);
	vt_host->memory_release(pa, len);
}

/**
 * vitrine_growth_map() - Have the map of page structures where the generic code looks for it
 *
 * Of a supervisor that has nothing of ours mapped yet but physical memory. It is backed when it is
 * touched. Return: 0, or the host's error.
 */
int vitrine_growth_map(void)
{
	return vt_host->kernel_map(VMEMMAP_START, vmemmap_pa, vmemmap_pages << PAGE_SHIFT);
}

void __init vitrine_growth_init(void)
{
	unsigned long chunks = vt_boot->mem_size >> CHUNK_SHIFT;
	unsigned long pages = ALIGN(max_pfn, PAGES_PER_SECTION);
	unsigned long size = PAGE_ALIGN(pages * sizeof(struct page));

	vmemmap_pa = memblock_phys_alloc(size, PAGE_SIZE);
	vmemmap_pages = size >> PAGE_SHIFT;
	if (!vmemmap_pa || vitrine_growth_map())
		panic("the host has no room for %lu MiB of page structures", size >> 20);
	memblock_reserved_mark_noinit(vmemmap_pa, size);
	chunk_backed = memblock_alloc(BITS_TO_LONGS(chunks + 1) * sizeof(long), SMP_CACHE_BYTES);
}

int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	return 0;
}

void __init __wrap_page_alloc_init_late(void)
{
	count_deferred();
	buffer_init();
	page_alloc_sysctl_init();
}

/* Growing a zone runs __init code */
void free_initmem(void)
{
}
