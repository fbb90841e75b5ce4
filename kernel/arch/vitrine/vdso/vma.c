// SPDX-License-Identifier: GPL-2.0-only
/* vma.c - map the vDSO and its data into new address spaces
 *
 * Theory of operation
 * Three pages lie below the code: the counts of calls that the vDSO answered, the clock data of the
 * task's time namespace, and the system's when the former belongs to a namespace. The counter
 * behind them is the host's CLOCK_MONOTONIC, read through the host's own vDSO, which stays mapped
 * in guest processes above TASK_SIZE; its address is in the data page (struct arch_vdso_data).
 *
 * The counts are an address space's own, made when its code first touches them, which it does only
 * while somebody observes, and freed with it. They are the one page of the area that can be
 * written, so the area is not writable and the page's entry is. A fork's child has the entry taken
 * away before it runs: it starts with no counts.
 */
#include <linux/binfmts.h>
#include <linux/elf.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/time_namespace.h>
#include <asm/vdso/counts.h>
#include <asm/vitrine.h>
#include <asm/vdso/getrandom.h>
#include <vdso/datapage.h>
#include <vdso/helpers.h>
#include <vdso/vsyscall.h>

extern char vdso_start[], vdso_end[];

static union vdso_data_store vdso_store __page_aligned_data;
struct vdso_data *vdso_data = vdso_store.data;
static_assert(sizeof(vdso_store.data) <= VDSO_RNG_OFFSET, "the generator's word lies behind");

enum { VVAR_COUNTS, VVAR_DATA, VVAR_TIMENS, VVAR_NR_PAGES };

static int vdso_mremap(const struct vm_special_mapping *sm, struct vm_area_struct *vma)
{
	vma->vm_mm->context.vdso = (void __user *)vma->vm_start;
	return 0;
}

void vitrine_guest_counts_free(struct vitrine_guest_counts *counts)
{
	if (counts)
		free_page((unsigned long)counts->page);
	kfree(counts);
}

static struct vitrine_guest_counts *counts_new(void)
{
	struct vitrine_guest_counts *counts = kzalloc(sizeof(*counts), GFP_KERNEL_ACCOUNT);

	if (!counts)
		return NULL;
	counts->page = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (counts->page)
		return counts;
	kfree(counts);
	return NULL;
}

/* Two threads may fault at once, and the allocation sleeps */
static vm_fault_t counts_fault(struct vm_area_struct *vma, unsigned long addr)
{
	mm_context_t *context = &vma->vm_mm->context;
	struct vitrine_guest_counts *counts = NULL;

	if (!context->counts) {
		counts = counts_new();
		if (!counts)
			return VM_FAULT_OOM;
	}
	if (cmpxchg(&context->counts, NULL, counts))
		vitrine_guest_counts_free(counts);
	return vmf_insert_pfn_prot(vma, addr, page_to_pfn(virt_to_page(context->counts->page)),
				   __pgprot(pgprot_val(PAGE_SHARED) | _PAGE_DIRTY));
}

static vm_fault_t vvar_fault(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			     struct vm_fault *vmf)
{
	struct page *timens = find_timens_vvar_page(vma);
	unsigned long pfn = sym_to_pfn(&vdso_store);

	if (vmf->pgoff == VVAR_COUNTS && IS_ENABLED(CONFIG_VITRINE_OBSERVE))
		return counts_fault(vma, vmf->address);
	if (vmf->pgoff != VVAR_DATA && (vmf->pgoff != VVAR_TIMENS || !timens))
		return VM_FAULT_SIGBUS;
	if (vmf->pgoff == VVAR_DATA && timens) {
		arch_get_vdso_data(page_address(timens))->arch_data.counting = VDSO_COUNTS_TIMENS;
		pfn = page_to_pfn(timens);
	}
	return vmf_insert_pfn(vma, vmf->address, pfn);
}

static struct vm_special_mapping vvar_mapping = { .name = "[vvar]", .fault = vvar_fault };
static struct vm_special_mapping vdso_mapping = { .name = "[vdso]", .mremap = vdso_mremap };

/**
 * vitrine_vdso_fork() - A new address space has counts of its own
 * @mm: copy of one that has counts; nothing of it has run
 *
 * The area is searched for, not remembered: a guest may have moved it.
 */
void vitrine_vdso_fork(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma (vmi, vma) {
		pte_t *ptep;

		if (!vma_is_special_mapping(vma, &vvar_mapping))
			continue;
		ptep = vitrine_walk(mm, vma->vm_start + VVAR_COUNTS * PAGE_SIZE);
		if (ptep)
			pte_clear(mm, vma->vm_start + VVAR_COUNTS * PAGE_SIZE, ptep);
	}
}

/**
 * vitrine_vdso_count() - Have calls that the vDSO answers counted, or not any more
 */
void vitrine_vdso_count(bool on)
{
	WRITE_ONCE(vdso_data->arch_data.counting, on ? VDSO_COUNTS_ON : VDSO_COUNTS_OFF);
}

/**
 * vitrine_vdso_clock() - Where the host's clock is, which may be elsewhere after a pause
 */
void vitrine_vdso_clock(void)
{
	WRITE_ONCE(vdso_store.data[CS_HRES_COARSE].arch_data.host_clock_gettime,
		   vt_boot->vdso_clock);
	WRITE_ONCE(vdso_store.data[CS_RAW].arch_data.host_clock_gettime, vt_boot->vdso_clock);
}

static int __init vdso_init(void)
{
	unsigned int i, pages = (vdso_end - vdso_start) >> PAGE_SHIFT;

	vdso_mapping.pages = kcalloc(pages + 1, sizeof(struct page *), GFP_KERNEL);
	if (!vdso_mapping.pages)
		return -ENOMEM;
	for (i = 0; i < pages; i++)
		vdso_mapping.pages[i] = virt_to_page(vdso_start + i * PAGE_SIZE);
	vitrine_vdso_clock();
	vdso_store.data[CS_HRES_COARSE].arch_data.one_cpu = num_possible_cpus() == 1;
	return 0;
}
subsys_initcall(vdso_init);

#ifdef CONFIG_TIME_NS
struct vdso_data *arch_get_vdso_data(void *vvar_page)
{
	return (struct vdso_data *)vvar_page;
}

int vdso_join_timens(struct task_struct *task, struct time_namespace *ns)
{
	struct mm_struct *mm = task->mm;
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	mmap_read_lock(mm);
	for_each_vma (vmi, vma) {
		if (vma_is_special_mapping(vma, &vvar_mapping))
			zap_vma_pages(vma);
	}
	mmap_read_unlock(mm);
	return 0;
}
#endif

int arch_setup_additional_pages(struct linux_binprm *bprm, int uses_interp)
{
	unsigned long code = vdso_end - vdso_start, data = VVAR_NR_PAGES * PAGE_SIZE, addr;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int err = 0;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	addr = get_unmapped_area(NULL, 0, data + code, 0, 0);
	if (IS_ERR_VALUE(addr)) {
		err = addr;
		goto out;
	}
	vma = _install_special_mapping(mm, addr, data, VM_READ | VM_MAYREAD | VM_PFNMAP,
				       &vvar_mapping);
	if (IS_ERR(vma)) {
		err = PTR_ERR(vma);
		goto out;
	}
	vma = _install_special_mapping(mm, addr + data, code,
				       VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC,
				       &vdso_mapping);
	if (IS_ERR(vma)) {
		err = PTR_ERR(vma);
		goto out;
	}
	mm->context.vdso = (void __user *)(addr + data);
out:
	mmap_write_unlock(mm);
	return err;
}
