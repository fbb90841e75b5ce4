/* SPDX-License-Identifier: GPL-2.0-only */
/* vitrine.h - the port's own internal interfaces */
#ifndef _ASM_VITRINE_VITRINE_H
#define _ASM_VITRINE_VITRINE_H

#include <linux/sizes.h>
#include <linux/types.h>
#include <asm/page.h>
#include <asm/vitrine-abi.h>

struct mm_struct;
struct pt_regs;
struct task_struct;
struct thread_struct;
struct vt_frame;

extern struct vt_boot *vt_boot;
#define vt_host (vt_boot->ops)

/* process.c, user.c */
void __noreturn vitrine_user_loop(void);
int vitrine_attach_thread(struct task_struct *task, struct vt_thread *fpu_from);
void vitrine_complete_regs(void);
int vitrine_guest_enters(struct mm_struct *mm);
void vitrine_guest_leaves(struct mm_struct *mm);
void vitrine_call_syscall(struct pt_regs *regs, long nr);
void vitrine_detach_thread(struct task_struct *task);
int vitrine_set_tsc(bool on);
void vitrine_set_base(struct vt_frame *frame, bool fs, unsigned long base);

/* cputime.c */
void vitrine_unlock_prefixes(void);
void vitrine_cputime_init(void);
void vitrine_cputime_begin(void);
void vitrine_cputime_stop(void);
void vitrine_cputime_go_on(void);

/* time.c */
void vitrine_timer_setup(void);
void vitrine_timer_interrupt(void);

u64 vitrine_clock_stop(void);
void vitrine_clock_go_on(u64 stopped);

/* setup.c */
void vitrine_meet_host(void);

/* suspend/ */
void vitrine_mm_hosted(struct mm_struct *mm);
void vitrine_mm_unhosted(struct mm_struct *mm);
void vitrine_thread_hosted(struct thread_struct *thread);
void vitrine_thread_unhosted(struct thread_struct *thread);
long vitrine_pause(void);

/* traps.c */
vt_u64 vitrine_kernel_fault(vt_u64 ip);
void vitrine_kernel_die(struct vt_regs *regs, vt_u64 addr, vt_u32 trap_nr);
void vitrine_user_trap(struct pt_regs *regs);
extern char vitrine_die_stack[SZ_16K];

/* mm/kernelmap.c */
vt_u32 vitrine_kernel_map(vt_u64 addr);

#define VITRINE_AROUND_SIZE SZ_256K /* window of one fault: neighbours are mapped along */

/* mm/fault.c, mm/hosttlb.c */
int vitrine_handle_fault(struct mm_struct *mm, unsigned long addr, unsigned int fault_flags,
			 int *signal, int *code);
void vitrine_user_fault(struct pt_regs *regs);
void vitrine_node_init(void);
bool vitrine_vsyscall(struct pt_regs *regs, unsigned long addr);
int vitrine_tlb_flush(struct mm_struct *mm);
int vitrine_tlb_flush_piece(struct mm_struct *mm);
void vitrine_tlb_map_around(struct mm_struct *mm, unsigned long addr);
void vitrine_tlb_prefill(struct mm_struct *mm);
pte_t *vitrine_walk(struct mm_struct *mm, unsigned long addr);
bool vitrine_pte_touch(pte_t *ptep, bool write, bool exec);

/* mm/ahead.c */
void vitrine_ahead(struct mm_struct *mm, unsigned long addr, bool write, bool hot);
void vitrine_ahead_of_exec(struct mm_struct *mm, unsigned long ip, unsigned long sp);
void vitrine_ahead_of_fork(struct mm_struct *mm, unsigned long sp);

/* mm/growth.c */
void vitrine_growth_init(void);
int vitrine_growth_map(void);
void vitrine_memory_release(unsigned long pa, unsigned long len);

/* pid1/ps.c, peek.c */
struct task_struct *vt_task_from(pid_t *nr);
size_t vt_peek(struct mm_struct *mm, unsigned long addr, char *to, size_t len);
size_t vt_peek_cmdline(struct mm_struct *mm, char *to, size_t max);

/* vdso/vma.c */
void vitrine_vdso_fork(struct mm_struct *mm);
void vitrine_vdso_count(bool on);
void vitrine_vdso_clock(void);

/* fpstate.c: the user's FPU image, in signal frame layout */
unsigned long vitrine_fp_size(void);
int vitrine_fp_save(void __user *to);
int vitrine_fp_restore(const void __user *from);

#endif
