/* SPDX-License-Identifier: GPL-2.0-only */
/* vcpu.h - what a vCPU has of its own
 *
 * The host thread that holds a vCPU has the address of this block in gs, which the supervisor's own
 * code leaves alone. It is small, of fixed layout, and there before the generic per-CPU data is.
 */
#ifndef _ASM_VITRINE_VCPU_H
#define _ASM_VITRINE_VCPU_H

#ifndef __ASSEMBLY__
struct mm_struct;
struct task_struct;

/**
 * struct vitrine_cpu - one vCPU
 * @task:     current
 * @irqs_off: interrupts are disabled
 * @offset:   of its per-CPU data, see asm/percpu.h
 * @pending:  interrupt word; the supervisor and other vCPUs set bits in it
 * @number:   Linux's number of it
 * @spins:    rounds of busy waiting, see cpu_relax()
 * @walks:    the address space whose frames it may be using right now, see mm/hosttlb.c
 * @walked:   how often it has left one alone
 */
struct vitrine_cpu {
	struct task_struct *task;
	unsigned long irqs_off;
	unsigned long offset;
	volatile unsigned int pending;
	unsigned int number;
	unsigned int spins;
	struct mm_struct *walks;
	unsigned long walked;
} __attribute__((aligned(128)));

extern struct vitrine_cpu vitrine_cpus[];

/* kernel/smp.c */
void vitrine_host_yield(void);

#define vitrine_this ((volatile struct vitrine_cpu __seg_gs *)0)
#define vitrine_irqs_off (vitrine_this->irqs_off)
#define vitrine_pending (vitrine_this->pending)
#endif

#endif
