// SPDX-License-Identifier: GPL-2.0-only
/* areas.c - a process's memory map with what is really there, and its command line
 *
 * Theory of operation
 * The map is walked with mmap_lock held for reading, if it can be had at once, one page table at a
 * time with rests between them. User memory is read only where it is present: a fault could have
 * to wait for the guest itself (userfaultfd, FUSE). The figures are those of /proc/PID/smaps, and
 * one that only we have: what the host process has mapped.
 */
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/pagewalk.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/swapops.h>
#include <asm/vitrine.h>
#include "../../../../fs/proc/internal.h"
#include "view.h"

#define PSS_SHIFT 12 /* fixed point, as fs/proc/task_mmu.c */
#define CMDLINE_MAX 4096

struct area_figures {
	u64 resident, pss, private, shared, dirty, anonymous, swap, host;
};

static void page_account(struct area_figures *sum, struct page *page, unsigned long pages,
			 bool dirty)
{
	struct folio *folio = page_folio(page);
	u64 size = pages << PAGE_SHIFT;
	int mapped =
	    pages > 1 ? folio_entire_mapcount(folio) : folio_precise_page_mapcount(folio, page);

	sum->resident += size;
	if (folio_test_anon(folio))
		sum->anonymous += size;
	if (dirty || folio_test_dirty(folio))
		sum->dirty += size;
	if (mapped > 1) {
		sum->shared += size;
		sum->pss += (size << PSS_SHIFT) / mapped;
	} else {
		sum->private += size;
		sum->pss += size << PSS_SHIFT;
	}
}

static void entry_account(struct area_figures *sum, struct vm_area_struct *vma, unsigned long addr,
			  pte_t pte)
{
	struct page *page;

	if (pte_present(pte)) {
		if (pte_val(pte) & _PAGE_HOST)
			sum->host += PAGE_SIZE;
		page = vm_normal_page(vma, addr, pte);
		if (page)
			page_account(sum, page, 1, pte_dirty(pte));
	} else if (is_swap_pte(pte) && !non_swap_entry(pte_to_swp_entry(pte))) {
		sum->swap += PAGE_SIZE;
	}
}

static void huge_account(struct area_figures *sum, struct vm_area_struct *vma, unsigned long addr,
			 pmd_t pmd)
{
	struct page *page = pmd_present(pmd) ? vm_normal_page_pmd(vma, addr, pmd) : NULL;

	if (pmd_present(pmd) && pmd_val(pmd) & _PAGE_HOST)
		sum->host += PMD_SIZE;
	if (page)
		page_account(sum, page, PMD_SIZE >> PAGE_SHIFT, pmd_dirty(pmd));
}

/* One page table: at most 512 entries without a rest */
static int table_account(pmd_t *pmd, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	spinlock_t *lock = pmd_trans_huge_lock(pmd, walk->vma);
	pte_t *pte;

	if (lock) {
		huge_account(walk->private, walk->vma, addr, *pmd);
		spin_unlock(lock);
		return 0;
	}
	pte = pte_offset_map_lock(walk->mm, pmd, addr, &lock);
	if (!pte)
		return 0; /* gone or huge in between: counted the next time */
	for (pte_t *at = pte; addr != end; at++, addr += PAGE_SIZE)
		entry_account(walk->private, walk->vma, addr, ptep_get(at));
	pte_unmap_unlock(pte, lock);
	cond_resched();
	return 0;
}

static const struct mm_walk_ops area_walk = {
	.pmd_entry = table_account,
	.walk_lock = PGWALK_RDLOCK,
};

/* As /proc/PID/maps names them */
static void json_area_name(struct vt_json *json, struct vm_area_struct *vma)
{
	struct anon_vma_name *anon = anon_vma_name(vma);
	const char *name = NULL;
	char text[96]; /* a name has at most 80 bytes */

	if (vma->vm_file && !anon) {
		vt_json_path(json, "path", file_user_path(vma->vm_file));
		return;
	}
	if (vma->vm_ops && vma->vm_ops->name)
		name = vma->vm_ops->name(vma);
	if (!name)
		name = arch_vma_name(vma);
	if (!name && vma_is_initial_heap(vma))
		name = "[heap]";
	if (!name && vma_is_initial_stack(vma))
		name = "[stack]";
	if (!name && anon) {
		snprintf(text, sizeof(text), vma->vm_file ? "[anon_shmem:%s]" : "[anon:%s]",
			 anon->name);
		name = text;
	}
	vt_json_string(json, "path", name);
}

static void json_area_file(struct vt_json *json, struct vm_area_struct *vma)
{
	const struct inode *inode = vma->vm_file ? file_user_inode(vma->vm_file) : NULL;

	json_area_name(json, vma);
	if (inode) {
		vt_json_u64(json, "offset_bytes", (u64)vma->vm_pgoff << PAGE_SHIFT);
		vt_json_u64(json, "inode", inode->i_ino);
		vt_json_device(json, "device", inode->i_sb->s_dev);
	} else {
		vt_json_null(json, "offset_bytes");
		vt_json_null(json, "inode");
		vt_json_null(json, "device");
	}
}

static void json_area(struct vt_json *json, struct vm_area_struct *vma)
{
	const char permissions[] = {
		vma->vm_flags & VM_READ ? 'r' : '-',
		vma->vm_flags & VM_WRITE ? 'w' : '-',
		vma->vm_flags & VM_EXEC ? 'x' : '-',
		vma->vm_flags & VM_MAYSHARE ? 's' : 'p',
	};
	struct area_figures sum = { 0 };

	walk_page_vma(vma, &area_walk, &sum);
	vt_json_object(json, NULL);
	vt_json_hex(json, "start", vma->vm_start);
	vt_json_hex(json, "end", vma->vm_end);
	vt_json_u64(json, "size_bytes", vma->vm_end - vma->vm_start);
	vt_json_bytes(json, "permissions", permissions, sizeof(permissions));
	json_area_file(json, vma);
	vt_json_u64(json, "rss_bytes", sum.resident);
	vt_json_u64(json, "pss_bytes", sum.pss >> PSS_SHIFT);
	vt_json_u64(json, "private_bytes", sum.private);
	vt_json_u64(json, "shared_bytes", sum.shared);
	vt_json_u64(json, "dirty_bytes", sum.dirty);
	vt_json_u64(json, "anonymous_bytes", sum.anonymous);
	vt_json_u64(json, "swap_bytes", sum.swap);
	vt_json_u64(json, "host_bytes", sum.host);
	vt_json_bool(json, "locked", vma->vm_flags & VM_LOCKED);
	vt_json_end(json);
}

/**
 * vt_json_areas() - "areas" and "areas_count" of a task; null when the map is locked or there is
 * none
 */
void vt_json_areas(struct vt_json *json, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct vm_area_struct *vma;

	if (!mm || !mmap_read_trylock(mm)) {
		vt_json_null(json, "areas");
		vt_json_null(json, "areas_count");
	} else {
		VMA_ITERATOR(at, mm, 0);

		vt_json_array(json, "areas");
		for_each_vma (at, vma) {
			if (json->full)
				break;
			json_area(json, vma);
		}
		vt_json_end(json);
		vt_json_int(json, "areas_count", mm->map_count);
		mmap_read_unlock(mm);
	}
	if (mm)
		mmput_async(mm);
}

/**
 * vt_json_cmdline() - A process's arguments, as an array, or null
 *
 * The first 4 KiB of them.
 */
void vt_json_cmdline(struct vt_json *json, const char *key, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	char *text = kmalloc(CMDLINE_MAX + 1, GFP_KERNEL);
	size_t len = 0;

	if (mm && text)
		len = vt_peek_cmdline(mm, text, CMDLINE_MAX);
	if (mm)
		mmput_async(mm);
	if (len) {
		text[len] = '\0';
		vt_json_array(json, key);
		for (size_t at = 0; at < len; at += strlen(text + at) + 1)
			vt_json_string(json, NULL, text + at);
		vt_json_end(json);
	} else {
		vt_json_null(json, key);
	}
	kfree(text);
}
