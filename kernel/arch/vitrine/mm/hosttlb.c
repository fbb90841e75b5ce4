// SPDX-License-Identifier: GPL-2.0-only
/* hosttlb.c - the host address space of a guest process as a software TLB
 *
 * Theory of operation
 * Each address space has one ordered queue of changes that its host process has not seen: frames
 * to map, ranges to unmap or to write-protect. The page table accessors append when they take
 * something away (asm/pgtable.h), the fault path appends what to map. Because the queue is ordered,
 * a frame that is mapped and taken away again before the process runs is mapped and unmapped, never
 * the reverse. vitrine_tlb_flush() hands the queue to the tier just before guest code runs; a full
 * queue is handed over at once.
 *
 * Invariant: no guest instruction executes in an address space whose queue is not empty, but for
 * changes that the one who made them has not called finished (flush_tlb_page() and its kin).
 *
 * Several vCPUs
 * A change is taken from the entry first and queued then; a frame is mapped by setting the host bit
 * and queueing under the queue's lock. So whoever takes an entry away either sees the host bit and
 * queues behind the mapping, or changes the entry before it is mapped.
 *
 *   vCPU that enters the guest          vCPU that takes something away
 *   in_guest + 1, full barrier          entry, queue
 *   queue not empty: work it off        full barrier (vitrine_tlb_sync)
 *   guest code runs                     somebody in the guest: work the queue off
 *
 * Working it off is done by the process's service thread, while its other threads run on: the host
 * shoots down what the CPUs have, and the service thread's answer is the acknowledgement.
 *
 * Kernel code that uses a guest's frames through a walk of the tables (uaccess.c) is a user of the
 * TLB, too, and so is who maps what it has found in a table. They say so in their vCPU's block, and
 * vitrine_tlb_sync() waits until they have left.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <asm/mmu_context.h>
#include <asm/observe.h>
#include <asm/vitrine.h>
#include "mm.h"

#define QUEUE_MAX (PAGE_SIZE / sizeof(struct vt_map_op))
#define PREFILL_MAX (QUEUE_MAX - 8)
#define SPARE_REACH 16
#define PIECE_SIZE SZ_16M /* of what the host changes while nobody looks for interrupts */

/*
 * The caller holds the queue's lock for as long as the host needs, and the queue is not empty
 * before the host is done: whoever enters meanwhile has to wait for it.
 */
static int work_off(mm_context_t *context)
{
	int err = 0;

	if (context->queued && context->host)
		err = vt_host->mm_sync(context->host, context->queue, context->queued);
	smp_store_release(&context->queued, 0);
	return err;
}

static __always_inline int flush(struct mm_struct *mm, int (*work)(mm_context_t *context))
{
	mm_context_t *context = &mm->context;
	unsigned long flags;
	int err;

	if (likely(!READ_ONCE(context->queued)))
		return 0;
	spin_lock_irqsave(&context->lock, flags);
	err = work(context);
	spin_unlock_irqrestore(&context->lock, flags);
	return err;
}

/**
 * vitrine_tlb_flush() - Bring the host process of an address space up to date
 * @mm: address space
 *
 * Return: 0, or the host's error; everything is unmapped then and faults in again.
 */
int vitrine_tlb_flush(struct mm_struct *mm)
{
	return flush(mm, work_off);
}

/* How many of the first changes are a piece; one that is larger alone is one, too */
static unsigned int piece(const mm_context_t *context)
{
	unsigned long size = 0;
	unsigned int n = 0;

	while (n < context->queued && size + context->queue[n].len <= PIECE_SIZE)
		size += context->queue[n++].len;
	return n;
}

/* The caller holds the queue's lock */
static int work_off_piece(mm_context_t *context)
{
	unsigned int n = piece(context);
	struct vt_map_op *first = context->queue, part;
	int err;

	if (n == context->queued)
		return work_off(context);
	if (n) {
		err = vt_host->mm_sync(context->host, first, n);
		context->queued -= n;
		memmove(first, first + n, context->queued * sizeof(*first));
	} else {
		part = *first;
		part.len = PIECE_SIZE;
		err = vt_host->mm_sync(context->host, &part, 1);
		first->va += PIECE_SIZE;
		first->pa += PIECE_SIZE;
		first->len -= PIECE_SIZE;
	}
	if (err)
		context->queued = 0; /* nothing is mapped any more */
	return err;
}

/**
 * vitrine_tlb_flush_piece() - Bring the host process of an address space a step further
 * @mm: address space of current
 *
 * The host takes 50 ns for each page that it unmaps or protects, and the kernel waits for it: for a
 * gibibyte that would be a timer that is 15 ms late. The caller looks for interrupts, and lets
 * others run, between two pieces.
 *
 * Return: 0, or the host's error, as vitrine_tlb_flush().
 */
int vitrine_tlb_flush_piece(struct mm_struct *mm)
{
	return flush(mm, work_off_piece);
}

/* Kernel code of other vCPUs that found frames through the entries that were there before */
static void wait_for_walkers(struct mm_struct *mm)
{
	unsigned int cpu, here = raw_smp_processor_id();

	for_each_online_cpu(cpu)
	{
		struct vitrine_cpu *other = &vitrine_cpus[cpu];
		unsigned long walked = READ_ONCE(other->walked);

		if (cpu == here)
			continue;
		while (READ_ONCE(other->walks) == mm && READ_ONCE(other->walked) == walked)
			cpu_relax();
	}
}

static void sync_pieces(mm_context_t *context, unsigned int cpus)
{
	const unsigned int changes = READ_ONCE(context->queued);
	const u64 since = changes ? vitrine_shootdown_begins() : 0;
	unsigned long flags;

	while (READ_ONCE(context->queued)) {
		spin_lock_irqsave(&context->lock, flags);
		work_off_piece(context);
		spin_unlock_irqrestore(&context->lock, flags);
	}
	vitrine_shootdown_ends(since, changes, cpus);
}

/**
 * vitrine_tlb_sync() - Wait until nobody uses what was taken from an address space
 * @mm: address space
 *
 * What this vCPU queued for it is known to the host when guest code of it may be running; otherwise
 * it will be before any does.
 */
void vitrine_tlb_sync(struct mm_struct *mm)
{
	mm_context_t *context = &mm->context;
	int in_guest;

	if (!vitrine_has_several_cpus() || !context->host)
		return;
	smp_mb();
	in_guest = atomic_read(&context->in_guest);
	if (in_guest)
		sync_pieces(context, in_guest);
	wait_for_walkers(mm);
}
EXPORT_SYMBOL(vitrine_tlb_sync);

/*
 * A new mapping replaces what is there, so taking that away or protecting it first is not needed:
 * take @op's range out of the newest change if that does so, and @op's range is at one of its ends.
 */
static void spare(mm_context_t *context, const struct vt_map_op *op)
{
	const u64 end = op->va + op->len;

	for (unsigned int i = context->queued; i-- > 0 && context->queued - i <= SPARE_REACH;) {
		struct vt_map_op *old = &context->queue[i];
		const u64 old_end = old->va + old->len;

		if (old->va >= end || old_end <= op->va)
			continue;
		if (old->kind == VT_MAP || (old->va < op->va && old_end > end))
			return;
		if (old->va < op->va) {
			old->len = op->va - old->va;
		} else if (old_end > end) {
			old->va = end;
			old->len = old_end - end;
		} else {
			context->queued--;
			memmove(old, old + 1, (context->queued - i) * sizeof(*old));
		}
	}
}

static bool merge(struct vt_map_op *last, const struct vt_map_op *op)
{
	if (last->kind != op->kind || last->prot != op->prot)
		return false;
	if (last->va + last->len == op->va &&
	    (op->kind != VT_MAP || last->pa + last->len == op->pa)) {
		last->len += op->len;
		return true;
	}
	return false;
}

/* The caller holds the queue's lock */
static void append(mm_context_t *context, struct vt_map_op op)
{
	if (op.kind == VT_MAP)
		spare(context, &op);
	if (context->queued && merge(&context->queue[context->queued - 1], &op))
		return;
	if (context->queued == QUEUE_MAX)
		work_off(context);
	context->queue[context->queued++] = op;
}

static void enqueue(struct mm_struct *mm, struct vt_map_op op)
{
	unsigned long flags;

	spin_lock_irqsave(&mm->context.lock, flags);
	append(&mm->context, op);
	spin_unlock_irqrestore(&mm->context.lock, flags);
}

/* Nothing is mapped before there is a host process, and nothing matters once the mm is dying */
static bool has_mappings(const struct mm_struct *mm)
{
	return mm != &init_mm && mm->context.host && !mm->context.dying;
}

/**
 * vitrine_has_only_us() - Does no other vCPU run in an address space, or begin to meanwhile?
 *
 * What is not called for by a thread of it can only wait for the page table's lock.
 */
bool vitrine_has_only_us(const struct mm_struct *mm)
{
	return mm == current->mm && atomic_read(&mm->mm_users) == 1;
}
EXPORT_SYMBOL(vitrine_has_only_us);

void vitrine_tlb_unmap(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	if (has_mappings(mm) && start < TASK_SIZE)
		enqueue(mm,
			(struct vt_map_op){ .kind = VT_UNMAP, .va = start, .len = end - start });
}
EXPORT_SYMBOL(vitrine_tlb_unmap);

/* @bits: the entry at @addr, which does not allow writing any more */
void vitrine_tlb_protect(struct mm_struct *mm, unsigned long addr, unsigned long bits)
{
	u32 prot = VT_PROT_READ | (bits & _PAGE_EXEC ? VT_PROT_EXEC : 0);

	if (has_mappings(mm) && addr < TASK_SIZE)
		enqueue(mm, (struct vt_map_op){
				.kind = VT_PROTECT, .prot = prot, .va = addr, .len = PAGE_SIZE });
}
EXPORT_SYMBOL(vitrine_tlb_protect);

void vitrine_exit_mmap(struct mm_struct *mm)
{
	mm->context.dying = true;
	mm->context.queued = 0;
}

int ptep_clear_flush_young(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	unsigned long old;

	if (!(pte_val(READ_ONCE(*ptep)) & _PAGE_ACCESSED))
		return 0;
	old = __atomic_fetch_and(&pte_val(*ptep), ~(_PAGE_ACCESSED | _PAGE_HOST_BITS),
				 __ATOMIC_SEQ_CST);
	addr &= PAGE_MASK;
	if (old & _PAGE_HOST)
		vitrine_tlb_unmap(vma->vm_mm, addr, addr + PAGE_SIZE);
	return 1;
}

static u32 host_prot(unsigned long bits)
{
	u32 prot = VT_PROT_READ;

	if ((bits & (_PAGE_RW | _PAGE_DIRTY)) == (_PAGE_RW | _PAGE_DIRTY))
		prot |= VT_PROT_WRITE;
	if (bits & _PAGE_EXEC)
		prot |= VT_PROT_EXEC;
	return prot;
}

/* Does the host's mapping give all that the entry allows? */
static bool host_is_up_to_date(unsigned long bits)
{
	return bits & _PAGE_HOST && (bits & _PAGE_HOST_RW || !(host_prot(bits) & VT_PROT_WRITE));
}

/* A swap entry of the last level can have the same bit */
static bool is_huge(pte_t pte)
{
	return pte_present(pte) && pte_val(pte) & _PAGE_PSE;
}

/* Under the lock, so that whoever takes the entry away now queues that behind the mapping */
static void map_entry(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	unsigned long old = pte_val(READ_ONCE(*ptep)), bits, flags;
	u32 prot;

	spin_lock_irqsave(&mm->context.lock, flags);
	do {
		if (!(old & _PAGE_PRESENT))
			goto out;
		prot = host_prot(old);
		bits = old & ~(_PAGE_HINT | _PAGE_HOST_RW);
		bits |= _PAGE_HOST | _PAGE_ACCESSED | (prot & VT_PROT_WRITE ? _PAGE_HOST_RW : 0);
	} while (!try_cmpxchg(&pte_val(*ptep), &old, bits));
	append(&mm->context, (struct vt_map_op){ .kind = VT_MAP,
						 .prot = prot,
						 .va = addr,
						 .pa = bits & _PFN_MASK,
						 .len = PAGE_SIZE });
out:
	spin_unlock_irqrestore(&mm->context.lock, flags);
}

/* A 2 MiB entry has no host bit: whoever takes it away queues that in any case, behind this */
static void map_huge(struct mm_struct *mm, unsigned long addr, pte_t *pmdp)
{
	unsigned long bits, flags;

	spin_lock_irqsave(&mm->context.lock, flags);
	bits = pte_val(READ_ONCE(*pmdp));
	if (is_huge(__pte(bits)) && bits & _PAGE_PRESENT)
		append(&mm->context, (struct vt_map_op){ .kind = VT_MAP,
							 .prot = host_prot(bits),
							 .va = addr & PMD_MASK,
							 .pa = bits & _PFN_MASK,
							 .len = PMD_SIZE });
	spin_unlock_irqrestore(&mm->context.lock, flags);
}

/* Do two neighbours stand in a row, so that one call maps both? */
static bool is_row(const pte_t *one, const pte_t *next)
{
	const unsigned long first = pte_val(*one), second = pte_val(*next);

	return first & second & _PAGE_PRESENT && host_prot(first) == host_prot(second) &&
	       (first & _PFN_MASK) + PAGE_SIZE == (second & _PFN_MASK);
}

/*
 * What is present in the window around @addr and not mapped as it may be is mapped, and whatever
 * continues the rows at the window's ends: a longer row costs the host nothing. The page at @missed
 * is mapped whatever the host bits say.
 */
static void map_window(struct mm_struct *mm, unsigned long addr, unsigned long missed)
{
	unsigned long at = addr & ~(VITRINE_AROUND_SIZE - 1), end = at + VITRINE_AROUND_SIZE;
	pte_t *ptep = vitrine_walk(mm, at);

	if (!ptep || is_huge(*ptep))
		return;
	while (at & ~PMD_MASK && is_row(ptep - 1, ptep) &&
	       !host_is_up_to_date(pte_val(*(ptep - 1)))) {
		at -= PAGE_SIZE;
		ptep--;
	}
	for (; at < end || (at & ~PMD_MASK && is_row(ptep - 1, ptep)); at += PAGE_SIZE, ptep++) {
		const unsigned long bits = pte_val(*ptep);

		if (bits & _PAGE_PRESENT && (at == missed || !host_is_up_to_date(bits)))
			map_entry(mm, at, ptep);
		else if (at >= end)
			break;
	}
}

/**
 * vitrine_tlb_map_around() - Map a page that the host missed, and its neighbours
 * @mm:   address space of current
 * @addr: guest address, which was just made accessible
 */
void vitrine_tlb_map_around(struct mm_struct *mm, unsigned long addr)
{
	pte_t *ptep;

	vitrine_walk_begins(mm);
	ptep = vitrine_walk(mm, addr);
	if (!is_present(ptep))
		;
	else if (is_huge(*ptep))
		map_huge(mm, addr, ptep);
	else
		map_window(mm, addr, addr & PAGE_MASK);
	vitrine_walk_ends();
}

/**
 * vitrine_tlb_map_ahead() - Map a page that was made accessible ahead, and its neighbours
 * @mm:   address space of current
 * @addr: guest address
 *
 * What the host has mapped already is left as it is.
 */
void vitrine_tlb_map_ahead(struct mm_struct *mm, unsigned long addr)
{
	vitrine_walk_begins(mm);
	if (is_present(vitrine_walk(mm, addr)))
		map_window(mm, addr, ~0UL);
	vitrine_walk_ends();
}

static void prefill_table(struct mm_struct *mm, unsigned long addr, unsigned long end)
{
	pte_t *ptep = vitrine_walk(mm, addr);

	if (!ptep || is_huge(*ptep))
		return;
	for (; addr < end && mm->context.queued < PREFILL_MAX; addr += PAGE_SIZE, ptep++) {
		if ((pte_val(*ptep) & (_PAGE_PRESENT | _PAGE_HINT)) == (_PAGE_PRESENT | _PAGE_HINT))
			map_entry(mm, addr, ptep);
	}
}

/**
 * vitrine_tlb_prefill() - Map in a fork child what its parent had mapped
 * @mm: address space of current, which has not run yet
 *
 * As much as fits into one queue; the rest faults in.
 */
void vitrine_tlb_prefill(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	mmap_read_lock(mm);
	for_each_vma (vmi, vma) {
		unsigned long addr = vma->vm_start, next;

		for (; addr < vma->vm_end && mm->context.queued < PREFILL_MAX; addr = next) {
			next = min(pmd_addr_end(addr, vma->vm_end), vma->vm_end);
			prefill_table(mm, addr, next);
		}
	}
	mmap_read_unlock(mm);
}
