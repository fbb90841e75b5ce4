/* SPDX-License-Identifier: GPL-2.0-only */
/* cmpxchg.h - exchange and compare-and-exchange; see atomic.h for the uniprocessor case */
#ifndef _ASM_VITRINE_CMPXCHG_H
#define _ASM_VITRINE_CMPXCHG_H

#include <linux/types.h>

#ifdef CONFIG_SMP
#define arch_xchg(p, v)                                                                            \
	({                                                                                         \
		typeof(*(p)) vt_new = (typeof(*(p)))(v), vt_old;                                   \
		__atomic_exchange((p), &vt_new, &vt_old, __ATOMIC_SEQ_CST);                        \
		vt_old;                                                                            \
	})
#define arch_cmpxchg(p, o, n)                                                                      \
	({                                                                                         \
		typeof(*(p)) vt_old = (typeof(*(p)))(o), vt_new = (typeof(*(p)))(n);               \
		__atomic_compare_exchange((p), &vt_old, &vt_new, 0, __ATOMIC_SEQ_CST,              \
					  __ATOMIC_SEQ_CST);                                       \
		vt_old;                                                                            \
	})
#else
#define arch_xchg(p, v)                                                                            \
	({                                                                                         \
		typeof(p) vt_p = (p);                                                              \
		typeof(*(p)) vt_old = *(volatile typeof(*(p)) *)vt_p;                              \
		*(volatile typeof(*(p)) *)vt_p = (typeof(*(p)))(v);                                \
		vt_old;                                                                            \
	})
#define arch_cmpxchg(p, o, n)                                                                      \
	({                                                                                         \
		typeof(p) vt_p = (p);                                                              \
		typeof(*(p)) vt_old = *(volatile typeof(*(p)) *)vt_p;                              \
		if (vt_old == (typeof(*(p)))(o))                                                   \
			*(volatile typeof(*(p)) *)vt_p = (typeof(*(p)))(n);                        \
		vt_old;                                                                            \
	})
#endif

#define arch_cmpxchg_local arch_cmpxchg
#define arch_cmpxchg64 arch_cmpxchg
#define arch_cmpxchg64_local arch_cmpxchg

#endif
