// SPDX-License-Identifier: GPL-2.0-only
/* ahead.c - pages that will be wanted next
 *
 * Theory of operation
 * A fault costs two round trips to the host, some ten times what it costs the kernel to make one
 * more page accessible while it is at it. So a fault that had to make something accessible takes
 * along what programs are known to touch next:
 *
 *   file      the page cache around it, in all mappings of the same file: an ELF file is four or
 *             five of them in a row
 *   data      the whole of a small private writable mapping (an ELF file's data, its bss):
 *             relocations and start-up code write most of it, often after a first read
 *   block     four pages of anonymous memory, when they are not a larger folio anyway
 *   run       as many pages ahead as lie written behind, for heaps and large relocation tables
 *   hot       after fork: neighbours that this process was writing before the fork
 *
 * Only what nobody can tell from luck is done early: private memory, or page cache that is there.
 * No fault here waits for a device, userfaultfd's areas and those that are locked as they are
 * touched are left alone, and nothing is written early when somebody wants to know what is written.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/userfaultfd_k.h>
#include <asm/vitrine.h>
#include "mm.h"

#define RUN_MAX 64 /* pages */
#define AHEAD_BLOCK SZ_16K
#define SMALL_AREA SZ_64K /* of data */
#define HOT_REACH (8 * PAGE_SIZE)
#define CACHE_STEP SZ_64K
#define WRITTEN (_PAGE_PRESENT | _PAGE_RW | _PAGE_DIRTY)
/* What was written, and nobody has asked since whether it is written again, see is_marking() */
#define HOT (_PAGE_PRESENT | _PAGE_HINT_RW | _PAGE_SOFT_DIRTY)

static bool is_written(pte_t *ptep)
{
	return ptep && (pte_val(*ptep) & (WRITTEN | _PAGE_PSE)) == WRITTEN;
}

/* Write-fault one page of current; false: stop here */
static bool make_written(struct mm_struct *mm, unsigned long at)
{
	int signal, code;

	if (is_written(vitrine_walk(mm, at)))
		return true;
	if (signal_pending(current) ||
	    vitrine_handle_fault(mm, at, FAULT_FLAG_USER | FAULT_FLAG_WRITE, &signal, &code))
		return false;
	vitrine_pte_touch(vitrine_walk(mm, at), true, false);
	return true;
}

static unsigned int count_unwritten(struct mm_struct *mm, unsigned long at, unsigned long end)
{
	unsigned int count = 0;

	for (; at < end; at += PAGE_SIZE)
		count += !is_written(vitrine_walk(mm, at));
	return count;
}

/* Follow a run of pages that are written already with as many more */
static void follow_run(struct mm_struct *mm, unsigned long addr, unsigned long end)
{
	unsigned long run = 0, at;

	while (run < RUN_MAX && run < (addr >> PAGE_SHIFT) &&
	       is_written(vitrine_walk(mm, addr - (run + 1) * PAGE_SIZE)))
		run++;
	/* no further than it is mapped, see vitrine_tlb_map_around() */
	end = min3(end, addr + (run + 1) * PAGE_SIZE, (addr | (VITRINE_AROUND_SIZE - 1)) + 1);
	for (at = addr + PAGE_SIZE; at < end && make_written(mm, at);)
		at += PAGE_SIZE;
}

static bool is_hot(pte_t *ptep)
{
	const unsigned long bits = ptep ? pte_val(*ptep) : 0;

	return !(bits & (_PAGE_RW | _PAGE_PSE | _PAGE_SPECIAL)) && (bits & HOT) == HOT;
}

/* A write is nobody's business but this process's */
static bool is_private(struct mm_struct *mm, unsigned long at)
{
	struct vm_area_struct *vma;
	bool private;

	if (!mmap_read_trylock(mm))
		return false;
	vma = vma_lookup(mm, at);
	private =
	    vma && (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE && !userfaultfd_armed(vma);
	mmap_read_unlock(mm);
	return private;
}

/* What this process was writing when it, or its parent, forked: whichever area it is in */
static void take_back_hot(struct mm_struct *mm, unsigned long addr)
{
	const unsigned long start = addr - min(addr, HOT_REACH);
	const unsigned long end = min(addr + HOT_REACH, TASK_SIZE);
	unsigned int count = 0;
	unsigned long at;

	for (at = start; at < end; at += PAGE_SIZE)
		count += is_hot(vitrine_walk(mm, at));
	vitrine_line_up(count);
	for (at = start; at < end; at += PAGE_SIZE) {
		if (is_hot(vitrine_walk(mm, at)) && !(is_private(mm, at) && make_written(mm, at)))
			return;
	}
}

/* The page cache has this page, and reading it would not wait */
static bool is_cached(struct vm_area_struct *vma, unsigned long at)
{
	struct folio *folio =
	    filemap_get_folio(vma->vm_file->f_mapping, linear_page_index(vma, at));
	bool cached;

	if (IS_ERR(folio))
		return false;
	cached = folio_test_uptodate(folio) && !folio_test_locked(folio);
	folio_put(folio);
	return cached;
}

static void map_cached_step(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
			    unsigned long end)
{
	unsigned long at;

	for (at = start; at < end; at += PAGE_SIZE) {
		pte_t *ptep = vitrine_walk(mm, at);

		if (ptep && !pte_none(*ptep))
			return;
		if (!is_cached(vma, at))
			continue;
		handle_mm_fault(vma, at, FAULT_FLAG_RETRY_NOWAIT | FAULT_FLAG_ALLOW_RETRY, NULL);
		return; /* and those around it */
	}
}

/* All mappings of @file near @addr; the caller holds the mmap lock for reading */
static void map_cached(struct mm_struct *mm, struct file *file, unsigned long addr)
{
	unsigned long start = addr & ~(FILE_AROUND_SIZE - 1), end = start + FILE_AROUND_SIZE;
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, start);

	for_each_vma_range(vmi, vma, end)
	{
		unsigned long at = max(start, vma->vm_start), stop = min(end, vma->vm_end), next;

		if (vma->vm_file != file || !vma->vm_ops || !vma->vm_ops->map_pages ||
		    userfaultfd_armed(vma) || vma->vm_flags & (VM_SHARED | VM_RAND_READ) ||
		    !(vma->vm_flags & (VM_READ | VM_EXEC)))
			continue;
		for (; at < stop; at = next) {
			next = min(stop, (at & ~(CACHE_STEP - 1)) + CACHE_STEP);
			map_cached_step(mm, vma, at, next);
		}
	}
}

static bool same_file_before(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *before = vma->vm_start ? vma_lookup(mm, vma->vm_start - 1) : NULL;

	return before && before->vm_file == vma->vm_file;
}

/* Writes are marked for somebody who reads soft-dirty bits; stacks always are, as on x86 */
static bool is_marking(struct vm_area_struct *vma)
{
	return IS_ENABLED(CONFIG_MEM_SOFT_DIRTY) && !(vma->vm_flags & VM_SOFTDIRTY);
}

/* Data that a program will write to: its own, not a file's that it maps to read it */
static bool is_small_data(struct mm_struct *mm, struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE && !(vma->vm_flags & (VM_SHARED | VM_GROWSDOWN | VM_IO)) &&
	       vma->vm_end - vma->vm_start <= SMALL_AREA && !is_marking(vma) &&
	       (vma_is_anonymous(vma) || (vma->vm_file && same_file_before(mm, vma)));
}

static bool is_all_cached(struct mm_struct *mm, struct vm_area_struct *vma)
{
	unsigned long at;

	if (vma_is_anonymous(vma))
		return true;
	for (at = vma->vm_start; at < vma->vm_end; at += PAGE_SIZE) {
		pte_t *ptep = vitrine_walk(mm, at);

		if ((!ptep || pte_none(*ptep)) && !is_cached(vma, at))
			return false;
	}
	return true;
}

static void write_all(struct mm_struct *mm, unsigned long at, unsigned long end)
{
	vitrine_line_up(count_unwritten(mm, at, end));
	while (at < end && make_written(mm, at))
		at += PAGE_SIZE;
}

/**
 * vitrine_ahead() - Make accessible what will be wanted after a fault
 * @mm:    address space of current
 * @addr:  where a fault was just resolved
 * @write: it was a write
 * @hot:   to a page that was mapped writable before a fork
 *
 * What it made accessible is mapped by vitrine_tlb_map_around().
 */
void vitrine_ahead(struct mm_struct *mm, unsigned long addr, bool write, bool hot)
{
	unsigned long start, end;
	struct vm_area_struct *vma;
	bool small, grows, anonymous;

	addr &= PAGE_MASK;
	if (!mmap_read_trylock(mm))
		return;
	vma = vma_lookup(mm, addr);
	if (!vma || userfaultfd_armed(vma) || vma->vm_flags & VM_LOCKONFAULT) {
		mmap_read_unlock(mm);
		return;
	}
	start = vma->vm_start;
	end = vma->vm_end;
	grows = vma->vm_flags & VM_GROWSDOWN;
	anonymous = vma_is_anonymous(vma);
	small = is_small_data(mm, vma) && is_all_cached(mm, vma);
	if (!write && !small && vma->vm_file)
		map_cached(mm, vma->vm_file, addr);
	if (vma->vm_flags & VM_SHARED || is_marking(vma))
		end = start;
	mmap_read_unlock(mm);

	if (hot) {
		take_back_hot(mm, addr);
	} else if (small) {
		write_all(mm, start, end);
	} else if (write && !grows) {
		if (anonymous)
			write_all(mm, max(start, addr & ~(AHEAD_BLOCK - 1)),
				  min(end, (addr | (AHEAD_BLOCK - 1)) + 1));
		follow_run(mm, addr, end);
	}
}

/* The data of the program or library that has @addr in its first areas: one after the other */
static void write_data_of(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	unsigned long start = 0, end;
	struct file *file = NULL;

	do {
		if (!mmap_read_trylock(mm))
			return;
		vma = vma_lookup(mm, addr);
		if (vma && !file)
			file = vma->vm_file;
		end = vma && (vma->vm_file == file || vma_is_anonymous(vma)) &&
			      !userfaultfd_armed(vma)
			  ? vma->vm_end
			  : 0;
		start =
		    end && is_small_data(mm, vma) && is_all_cached(mm, vma) ? vma->vm_start : end;
		mmap_read_unlock(mm);
		if (start < end) {
			write_all(mm, start, end);
			vitrine_tlb_map_ahead(mm, start);
		}
		addr = end;
	} while (file && end);
}

/* The cached pages around where a program or its interpreter starts */
static void map_start(struct mm_struct *mm, unsigned long ip)
{
	struct vm_area_struct *vma;

	if (!mmap_read_trylock(mm))
		return;
	vma = vma_lookup(mm, ip);
	if (vma && vma->vm_file && !userfaultfd_armed(vma) && is_cached(vma, ip))
		map_cached(mm, vma->vm_file, ip);
	mmap_read_unlock(mm);
}

/**
 * vitrine_ahead_of_exec() - Make accessible what a new program needs for its first steps
 * @mm: address space of current, which has not run yet
 * @ip, @sp: where it starts
 *
 * That is the text around its entry and its interpreter's, what both will relocate and initialise,
 * and two blocks of stack.
 */
void vitrine_ahead_of_exec(struct mm_struct *mm, unsigned long ip, unsigned long sp)
{
	const unsigned long starts[] = { ip, mm->start_code };
	unsigned long vdso = (unsigned long)mm->context.vdso;
	int signal, code;

	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++) {
		map_start(mm, starts[i]);
		write_data_of(mm, starts[i]);
		vitrine_tlb_map_ahead(mm, starts[i]);
	}
	if (vdso)
		vitrine_handle_fault(mm, vdso, 0, &signal, &code);
	vitrine_tlb_map_ahead(mm, vdso);
	make_written(mm, sp - 1);
	make_written(mm, ((sp - 1) & PAGE_MASK) - 1);
	vitrine_tlb_map_ahead(mm, sp - 1);
}

/**
 * vitrine_ahead_of_fork() - Make accessible what parent and child use when they go on
 * @mm: address space of current
 * @sp: stack pointer
 *
 * Each of them writes to its stack next; the second one finds the page its own. The child has
 * no file mapped, the parent has all that it had.
 */
void vitrine_ahead_of_fork(struct mm_struct *mm, unsigned long sp)
{
	const unsigned long ip = current_pt_regs()->ip;
	pte_t *ptep = vitrine_walk(mm, sp);

	if (is_present(ptep) && !is_written(ptep) && is_private(mm, sp) && make_written(mm, sp))
		vitrine_tlb_map_around(mm, sp);
	if (!is_present(vitrine_walk(mm, ip))) {
		map_start(mm, ip);
		vitrine_tlb_map_ahead(mm, ip);
	}
}
