// SPDX-License-Identifier: GPL-2.0-only
/* fault.c - page faults, of guest code and of the kernel on a guest's behalf
 *
 * Most host faults find an entry that already allows the access: the host had not mapped it yet.
 * They are TLB misses, and vitrine_pte_touch() does what hardware would, set the accessed and dirty
 * bits. Only the others go to handle_mm_fault().
 */
#include <linux/extable.h>
#include <linux/mm.h>
#include <linux/perf_event.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <asm/observe.h>
#include <asm/vitrine.h>

#include "../kernel/debug.h"

/* Page fault error code bits, Intel SDM volume 3, figure 4-12 */
#define PF_PRESENT 1
#define PF_WRITE 2
#define PF_INSTR 16

/**
 * vitrine_walk() - Find the last-level entry of a guest address
 * @mm:   address space; its tables stay while the caller does not sleep, because they are freed by
 * RCU
 * @addr: guest address
 *
 * Return: the entry, or NULL when there is no table. A 2 MiB entry has the same bits; it is told by
 * _PAGE_PSE.
 */
notrace pte_t *vitrine_walk(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d = p4d_offset(pgd, addr);
	pud_t *pud;
	pmd_t *pmd;

	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	if (pmd_none(*pmd))
		return NULL;
	if (pmd_leaf(*pmd))
		return (pte_t *)pmd;
	if (!(pmd_val(*pmd) & _PAGE_PRESENT))
		return NULL;
	return pte_offset_kernel(pmd, addr);
}

/**
 * vitrine_pte_touch() - Access memory through an entry, as the MMU would
 * @ptep:  entry, or NULL
 * @write, @exec: kind of access
 *
 * Return: whether the entry allows the access; its accessed and dirty bits are then set.
 */
bool vitrine_pte_touch(pte_t *ptep, bool write, bool exec)
{
	unsigned long need = _PAGE_PRESENT | (write ? _PAGE_RW : 0) | (exec ? _PAGE_EXEC : 0);
	unsigned long bits = _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0);
	unsigned long value;

	if (!ptep)
		return false;
	value = pte_val(READ_ONCE(*ptep));
	do {
		if ((value & need) != need)
			return false;
		if ((value & bits) == bits)
			return true;
	} while (!try_cmpxchg(&pte_val(*ptep), &value, value | bits));
	return true;
}

static bool access_allowed(const struct vm_area_struct *vma, unsigned int flags)
{
	if (flags & FAULT_FLAG_WRITE)
		return vma->vm_flags & VM_WRITE;
	if (flags & FAULT_FLAG_INSTRUCTION)
		return vma->vm_flags & VM_EXEC;
	return vma->vm_flags & (VM_READ | VM_EXEC | VM_WRITE);
}

/**
 * vitrine_handle_fault() - Make an address accessible
 * @mm:    address space of current
 * @addr:  faulting address
 * @flags: FAULT_FLAG_USER, _WRITE, _INSTRUCTION as they apply
 * @signal, @code: filled on failure with what the program should get
 *
 * May sleep. Return: 0 when the access can be tried again.
 */
int vitrine_handle_fault(struct mm_struct *mm, unsigned long addr, unsigned int flags, int *signal,
			 int *code)
{
	struct pt_regs *regs = flags & FAULT_FLAG_USER ? task_pt_regs(current) : NULL;
	struct vm_area_struct *vma;
	vm_fault_t fault;

	*signal = SIGSEGV;
	*code = SEGV_MAPERR;
	flags |= FAULT_FLAG_DEFAULT;
	perf_sw_event(PERF_COUNT_SW_PAGE_FAULTS, 1, regs, addr);
retry:
	vma = lock_mm_and_find_vma(mm, addr, regs);
	if (!vma)
		return -EFAULT;
	*code = SEGV_ACCERR;
	if (!access_allowed(vma, flags)) {
		mmap_read_unlock(mm);
		return -EFAULT;
	}
	vitrine_fault_in(vma, addr, flags & FAULT_FLAG_WRITE);
	fault = handle_mm_fault(vma, addr, flags, regs);
	if (regs && fault_signal_pending(fault, regs))
		return 0;
	if (!regs && fault & VM_FAULT_RETRY && fatal_signal_pending(current))
		return -EINTR;
	if (fault & VM_FAULT_COMPLETED)
		return 0;
	if (fault & VM_FAULT_RETRY) {
		flags |= FAULT_FLAG_TRIED;
		goto retry;
	}
	mmap_read_unlock(mm);
	if (!(fault & VM_FAULT_ERROR))
		return 0;
	if (fault & VM_FAULT_OOM) {
		if (!regs)
			return -ENOMEM;
		pagefault_out_of_memory();
		return 0;
	}
	if (fault & (VM_FAULT_SIGBUS | VM_FAULT_HWPOISON)) {
		*signal = SIGBUS;
		*code = fault & VM_FAULT_HWPOISON ? BUS_MCEERR_AR : BUS_ADRERR;
	}
	return -EFAULT;
}

static void send_fault(const struct vt_frame *frame, int signal, int code)
{
	const unsigned long addr = frame->fault_addr;

	current->thread.trap = (struct vitrine_trap){ .cr2 = addr,
						      .error_code = frame->error_code,
						      .nr = frame->trap_nr };
	if (code == BUS_MCEERR_AR)
		force_sig_mceerr(code, (void __user *)addr, PAGE_SHIFT);
	else
		force_sig_fault(signal, code, (void __user *)addr);
}

/* Handlers see the error code: it is to speak of the guest's entry, not of the host's mapping */
static void tell_present(struct vt_frame *frame, pte_t *ptep)
{
	frame->error_code &= ~PF_PRESENT;
	if (ptep && pte_val(*ptep) & _PAGE_PRESENT)
		frame->error_code |= PF_PRESENT;
}

/* A page fault of guest code, described by current->thread.frame */
static enum vt_fault_outcome resolve(struct vt_frame *frame)
{
	bool write = frame->error_code & PF_WRITE, exec = frame->error_code & PF_INSTR;
	enum vt_fault_outcome outcome = VT_FAULT_ALLOWED;
	unsigned int flags = FAULT_FLAG_USER;
	unsigned long addr = frame->fault_addr;
	struct mm_struct *mm = current->mm;
	int signal, code;
	pte_t *ptep;
	bool hot;

	if (addr >= TASK_SIZE) {
		if (exec && vitrine_vsyscall(task_pt_regs(current), addr))
			return VT_FAULT_HANDLED;
		frame->error_code |= PF_PRESENT; /* x86 says so, lest its layout be probed */
		send_fault(frame, SIGSEGV, SEGV_MAPERR);
		return VT_FAULT_REFUSED;
	}
	if (vitrine_is_watching() && vitrine_watch_fault(task_pt_regs(current), addr, write, exec))
		return VT_FAULT_HANDLED;
	ptep = vitrine_walk(mm, addr);
	hot = ptep && pte_val(*ptep) & _PAGE_HINT_RW;
	if (!vitrine_pte_touch(ptep, write, exec)) {
		flags |= write ? FAULT_FLAG_WRITE : exec ? FAULT_FLAG_INSTRUCTION : 0;
		if (vitrine_handle_fault(mm, addr, flags, &signal, &code)) {
			tell_present(frame, vitrine_walk(mm, addr));
			send_fault(frame, signal, code);
			return VT_FAULT_REFUSED;
		}
		outcome = VT_FAULT_HANDLED;
		vitrine_pte_touch(vitrine_walk(mm, addr), write, exec);
		vitrine_ahead(mm, addr, write, hot);
	}
	vitrine_tlb_map_around(mm, addr);
	return outcome;
}

void vitrine_user_fault(struct pt_regs *regs)
{
	struct vt_frame *frame = &current->thread.frame;
	unsigned long addr = frame->fault_addr;
	u64 begin = vitrine_fault_begins();
	enum vt_fault_outcome outcome = resolve(frame);

	vitrine_fault_ends(begin, addr, frame->error_code, outcome);
}
