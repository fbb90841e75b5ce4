// SPDX-License-Identifier: GPL-2.0-only
/* kernelmap.c - vmalloc's page tables made true in the supervisor's address space */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/vmalloc.h>
#include <asm/vitrine.h>

struct run {
	unsigned long va, pa, len;
	bool present;
};

static void apply(const struct run *run)
{
	if (!run->len)
		return;
	if (!run->present)
		vt_host->kernel_unmap(run->va, run->len);
	else if (vt_host->kernel_map(run->va, run->pa, run->len))
		panic("the host has no room for a kernel mapping of %lu bytes", run->len);
}

/* Called after entries in [start, end) of the kernel's tables have changed */
void arch_sync_kernel_mappings(unsigned long start, unsigned long end)
{
	struct run run = { 0 };
	unsigned long addr;

	for (addr = start & PAGE_MASK; addr < end; addr += PAGE_SIZE) {
		pte_t *ptep = vitrine_walk(&init_mm, addr);
		bool present = ptep && pte_val(*ptep) & _PAGE_PRESENT;
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
