// SPDX-License-Identifier: GPL-2.0-only
/* faults.c - page faults by what had to be done about them
 *
 * A fault's kind is what its area and its entry looked like when it came (vt_fault_area()), unless
 * it had to wait for a device. Faults that the kernel takes at a guest's address are the guest's;
 * pages that are brought in ahead of a fault are none.
 */
#include <linux/mm.h>
#include <linux/pgtable.h>
#include "../observe.h"

/**
 * vt_fault_begin() - A fault is about to be handled
 *
 * Return: what vt_fault_end() is to get.
 */
u64 vt_fault_begin(void)
{
	struct vt_observed *observed = vt_observed(current);

	if (observed) {
		observed->fault = VT_FAULT_REFILL;
		observed->maj_flt = current->maj_flt;
	}
	return vt_ticks();
}

/**
 * vt_fault_area() - The area is known, and the entry is still as the fault met it
 *
 * Only the first report since vt_fault_begin() counts.
 */
void vt_fault_area(struct vm_area_struct *vma, unsigned long addr, bool write)
{
	struct vt_observed *observed = vt_observed(current);
	pte_t *ptep;

	if (!observed || observed->fault != VT_FAULT_REFILL)
		return;
	ptep = vitrine_walk(vma->vm_mm, addr);
	if (write && !(vma->vm_flags & VM_SHARED) &&
	    (!vma_is_anonymous(vma) || (ptep && pte_val(*ptep) & _PAGE_PRESENT)))
		observed->fault = VT_FAULT_COW;
	else
		observed->fault = vma_is_anonymous(vma) ? VT_FAULT_MINOR : VT_FAULT_FILE;
}

/**
 * vt_fault_end() - The fault is over
 * @begin:   from vt_fault_begin(), 0: nobody observed then
 * @outcome: enum vt_fault_outcome
 */
void vt_fault_end(u64 begin, unsigned long addr, u32 error_code, int outcome)
{
	struct vt_observed *observed = vt_observed(current);
	enum vt_fault_kind kind = VT_FAULT_MINOR;
	u64 ns = vt_ticks_to_ns(vt_ticks() - begin);

	if (!begin || !observed)
		return;
	if (outcome == VT_FAULT_ALLOWED)
		kind = VT_FAULT_REFILL;
	else if (outcome == VT_FAULT_REFUSED)
		kind = VT_FAULT_BAD;
	else if (current->maj_flt != observed->maj_flt)
		kind = VT_FAULT_MAJOR;
	else if (observed->fault != VT_FAULT_REFILL)
		kind = observed->fault;
	vt_count(&vt_region->counters.faults[kind], 1);
	vt_count(&vt_region->counters.fault_ns[kind], ns);
	current->thread.counters->faults[kind]++;
	current->thread.counters->last_fault = kind;
	vt_event_tell(
	    VT_EVENT_FAULT, current,
	    &(struct vt_event_plain){ .a = addr, .b = ns, .c = error_code, .value = kind }, NULL);
}
