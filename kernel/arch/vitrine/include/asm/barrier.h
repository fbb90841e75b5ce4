/* SPDX-License-Identifier: GPL-2.0-only */
/* barrier.h - x86-64 orders all but a store with a later load (Intel SDM 3A, 9.2) */
#ifndef _ASM_VITRINE_BARRIER_H
#define _ASM_VITRINE_BARRIER_H

#ifndef __ASSEMBLY__
#include <linux/types.h>
#include <asm/vdso/processor.h>
#endif

#define mb() asm volatile("mfence" ::: "memory")
#define rmb() barrier() /* x86 orders loads with loads and stores with stores */
#define wmb() barrier()

/* With its prefix as a byte: the supervisor's threads are there however many vCPUs there are */
#define __smp_mb() asm volatile(".byte 0xf0; addl $0,-4(%%rsp)" ::: "memory", "cc")
#define __smp_rmb() barrier()
#define __smp_wmb() barrier()
#define __smp_store_release(p, v)                                                                  \
	do {                                                                                       \
		barrier();                                                                         \
		WRITE_ONCE(*p, v);                                                                 \
	} while (0)
#define __smp_load_acquire(p)                                                                      \
	({                                                                                         \
		typeof(*p) ___p1 = READ_ONCE(*p);                                                  \
		barrier();                                                                         \
		___p1;                                                                             \
	})
#define __smp_mb__before_atomic() barrier()
#define __smp_mb__after_atomic() barrier()

#include <asm-generic/barrier.h>

#endif
