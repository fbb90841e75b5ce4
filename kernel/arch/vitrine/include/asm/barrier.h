/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_BARRIER_H
#define _ASM_VITRINE_BARRIER_H

#define mb() asm volatile("mfence" ::: "memory")
#define rmb() barrier() /* x86 orders loads with loads and stores with stores */
#define wmb() barrier()

#include <asm-generic/barrier.h>

#endif
