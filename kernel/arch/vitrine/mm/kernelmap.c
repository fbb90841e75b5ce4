// SPDX-License-Identifier: GPL-2.0-only
/* kernelmap.c - vmalloc's page tables made true in the supervisor's address space
 *
 * Theory of operation
 * Each change of the kernel's page tables is told to the supervisor, which maps a row of frames
 * with one call and keeps one host area for it. Where frames are in disorder every page is a row,
 * and the host limits how many areas a process has. So what the supervisor has mapped is a cache of
 * these tables: it may drop all of it at any time, even the stack that runs. Whoever touches such a
 * page then faults in the supervisor, which asks vitrine_kernel_map(). Many mappings cost time, not
 * correctness.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/vmalloc.h>
#include <asm/vitrine.h>
#include "mm.h"

/* Pages on either side that are mapped along with one that was dropped; a stack is mapped whole */
#define AROUND_PAGES 64

static_assert(THREAD_SIZE / PAGE_SIZE <= AROUND_PAGES, "a system call may be given a stack");

struct run {
	unsigned long va, pa, len;
	bool present;
};

static notrace void apply(const struct run *run)
{
	if (!run->len)
		return;
	if (!run->present)
		vt_host->kernel_unmap(run->va, run->len);
	else
		vt_host->kernel_map(run->va, run->pa, run->len); /* refused: when it is touched */
}

/* Every row in [start, end) that is present, and every gap */
static notrace void sync_range(unsigned long start, unsigned long end)
{
	struct run run = { 0 };
	unsigned long addr;

	for (addr = start & PAGE_MASK; addr < end; addr += PAGE_SIZE) {
		pte_t *ptep = vitrine_walk(&init_mm, addr);
		bool present = is_present(ptep);
		unsigned long pa = present ? pte_val(*ptep) & _PFN_MASK : 0;

		if (run.len && run.present == present && (!present || run.pa + run.len == pa)) {
			run.len += PAGE_SIZE;
			continue;
		}
		apply(&run);
		run = (struct run){ .va = addr, .pa = pa, .len = PAGE_SIZE, .present = present };
	}
	apply(&run);
}

static unsigned int changes; /* of the kernel's tables, so far */

/* Called after entries in [start, end) of the kernel's tables have changed */
void arch_sync_kernel_mappings(unsigned long start, unsigned long end)
{
	__atomic_fetch_add(&changes, 1, __ATOMIC_SEQ_CST);
	sync_range(start, end);
}

static notrace bool is_kernel_page(unsigned long addr)
{
	return is_present(vitrine_walk(&init_mm, addr));
}

/**
 * vitrine_kernel_map() - Map again what the supervisor dropped
 * @addr: where the vCPU's thread faulted, in the kernel or in the supervisor
 *
 * Runs on the supervisor's signal stack, in the middle of anything: it takes no lock and touches
 * linear memory alone. The neighbours are mapped along, up to the gaps that every area has at its
 * ends.
 *
 * Return: 1 when there is such a page, 0 when the access is a fault.
 */
notrace vt_u32 vitrine_kernel_map(vt_u64 addr)
{
	unsigned long start = addr & PAGE_MASK, end = start + PAGE_SIZE;
	unsigned int seen;

	if (addr < VMALLOC_START || addr >= VMALLOC_END || !is_kernel_page(addr))
		return 0;
	for (unsigned int i = 0; i < AROUND_PAGES && is_kernel_page(start - PAGE_SIZE); i++)
		start -= PAGE_SIZE;
	for (unsigned int i = 0; i < AROUND_PAGES && is_kernel_page(end); i++)
		end += PAGE_SIZE;
	/* another vCPU may have taken one of them away meanwhile, and told the supervisor before us
	 */
	do {
		seen = READ_ONCE(changes);
		sync_range(start, end);
	} while (READ_ONCE(changes) != seen);
	return 1;
}

/* Private writable mappings start read-only: the first write makes a copy */
static const pgprot_t protection_map[16] = {
	[VM_NONE] = PAGE_NONE,
	[VM_READ] = PAGE_READONLY,
	[VM_WRITE] = PAGE_COPY,
	[VM_WRITE | VM_READ] = PAGE_COPY,
	[VM_EXEC] = PAGE_READONLY_EXEC,
	[VM_EXEC | VM_READ] = PAGE_READONLY_EXEC,
	[VM_EXEC | VM_WRITE] = PAGE_COPY_EXEC,
	[VM_EXEC | VM_WRITE | VM_READ] = PAGE_COPY_EXEC,
	[VM_SHARED] = PAGE_NONE,
	[VM_SHARED | VM_READ] = PAGE_READONLY,
	[VM_SHARED | VM_WRITE] = PAGE_SHARED,
	[VM_SHARED | VM_WRITE | VM_READ] = PAGE_SHARED,
	[VM_SHARED | VM_EXEC] = PAGE_READONLY_EXEC,
	[VM_SHARED | VM_EXEC | VM_READ] = PAGE_READONLY_EXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE] = PAGE_SHARED_EXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE | VM_READ] = PAGE_SHARED_EXEC,
};
DECLARE_VM_GET_PAGE_PROT
