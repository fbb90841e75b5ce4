/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_SMP_H
#define _ASM_VITRINE_SMP_H

#include <asm/vcpu.h>

struct cpumask;

#define raw_smp_processor_id() (vitrine_this->number)
void arch_send_call_function_single_ipi(int cpu);
void arch_send_call_function_ipi_mask(const struct cpumask *mask);
void vitrine_cpus_possible(void);

#endif
