/* SPDX-License-Identifier: GPL-2.0-only */
/* percpu.h - data of each vCPU
 *
 * Where a vCPU's begins stands in its block (asm/vcpu.h). Nothing asynchronous ever runs inside the
 * kernel, and it is not preempted, so what is done to a variable of one's own need not be guarded
 * against interrupts.
 */
#ifndef _ASM_VITRINE_PERCPU_H
#define _ASM_VITRINE_PERCPU_H

#ifdef CONFIG_SMP
#include <asm/vcpu.h>

#define __my_cpu_offset (vitrine_this->offset)
#endif

#include <asm-generic/percpu.h>

#undef this_cpu_generic_read
#undef this_cpu_generic_to_op
#undef this_cpu_generic_add_return
#undef this_cpu_generic_xchg
#undef this_cpu_generic_try_cmpxchg
#undef this_cpu_generic_cmpxchg
#define this_cpu_generic_read(pcp) READ_ONCE(*raw_cpu_ptr(&(pcp)))
#define this_cpu_generic_to_op raw_cpu_generic_to_op
#define this_cpu_generic_add_return raw_cpu_generic_add_return
#define this_cpu_generic_xchg raw_cpu_generic_xchg
#define this_cpu_generic_try_cmpxchg raw_cpu_generic_try_cmpxchg
#define this_cpu_generic_cmpxchg raw_cpu_generic_cmpxchg

#endif
