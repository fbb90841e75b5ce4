// SPDX-License-Identifier: GPL-2.0-only
/* vma.c - map the vDSO and its data into new address spaces
 *
 * Theory of operation
 * Two data pages lie below the code: page 0 holds the clock data of the task's time namespace, page
 * 1 the system's when the former belongs to a namespace. The counter behind them is the host's
 * CLOCK_MONOTONIC, read through the host's own vDSO, which stays mapped in guest processes above
 * TASK_SIZE; its address is in the data page (struct arch_vdso_data).
 */
#include <linux/binfmts.h>
#include <linux/elf.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/time_namespace.h>
#include <asm/vitrine.h>
#include <vdso/datapage.h>
#include <vdso/helpers.h>
#include <vdso/vsyscall.h>

extern char vdso_start[], vdso_end[];

static union vdso_data_store vdso_store __page_aligned_data;
struct vdso_data *vdso_data = vdso_store.data;

enum { VVAR_DATA, VVAR_TIMENS, VVAR_NR_PAGES };

static int vdso_mremap(const struct vm_special_mapping *sm, struct vm_area_struct *vma)
{
	vma->vm_mm->context.vdso = (void __user *)vma->vm_start;
	return 0;
}

static vm_fault_t vvar_fault(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			     struct vm_fault *vmf)
{
	struct page *timens = find_timens_vvar_page(vma);
	unsigned long pfn = sym_to_pfn(&vdso_store);

	if (vmf->pgoff >= VVAR_NR_PAGES || (vmf->pgoff == VVAR_TIMENS && !timens))
		return VM_FAULT_SIGBUS;
	if (vmf->pgoff == VVAR_DATA && timens)
		pfn = page_to_pfn(timens);
	return vmf_insert_pfn(vma, vmf->address, pfn);
}

static struct vm_special_mapping vvar_mapping = { .name = "[vvar]", .fault = vvar_fault };
static struct vm_special_mapping vdso_mapping = { .name = "[vdso]", .mremap = vdso_mremap };

static int __init vdso_init(void)
{
	unsigned int i, pages = (vdso_end - vdso_start) >> PAGE_SHIFT;

	vdso_mapping.pages = kcalloc(pages + 1, sizeof(struct page *), GFP_KERNEL);
	if (!vdso_mapping.pages)
		return -ENOMEM;
	for (i = 0; i < pages; i++)
		vdso_mapping.pages[i] = virt_to_page(vdso_start + i * PAGE_SIZE);
	vdso_store.data[CS_HRES_COARSE].arch_data.host_clock_gettime = vt_boot->vdso_clock;
	vdso_store.data[CS_RAW].arch_data.host_clock_gettime = vt_boot->vdso_clock;
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
