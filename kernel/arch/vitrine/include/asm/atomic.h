/* SPDX-License-Identifier: GPL-2.0-only */
/* atomic.h - atomic counters

 On a uniprocessor nothing can come between: interrupts are only taken where the kernel asks for
 them and the host's other threads never touch kernel data, so plain arithmetic is atomic. */
#ifndef _ASM_VITRINE_ATOMIC_H
#define _ASM_VITRINE_ATOMIC_H

#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/cmpxchg.h>

#define arch_atomic_read(v) READ_ONCE((v)->counter)
#define arch_atomic_set(v, i) WRITE_ONCE((v)->counter, (i))
#define arch_atomic64_read(v) READ_ONCE((v)->counter)
#define arch_atomic64_set(v, i) WRITE_ONCE((v)->counter, (i))
#define ATOMIC64_INIT(i)                                                                           \
	{                                                                                          \
		(i)                                                                                \
	}

#ifdef CONFIG_SMP
#define VT_FETCH(v, op, builtin, i) __atomic_fetch_##builtin(&(v)->counter, i, __ATOMIC_SEQ_CST)
#else
#define VT_FETCH(v, op, builtin, i)                                                                \
	({                                                                                         \
		typeof((v)->counter) vt_old = READ_ONCE((v)->counter);                             \
		WRITE_ONCE((v)->counter, vt_old op(i));                                            \
		vt_old;                                                                            \
	})
#endif

#define VT_ATOMIC_OP(prefix, atomic_type, type, name, op)                                          \
	static __always_inline type prefix##_fetch_##name(type i, atomic_type *v)                  \
	{                                                                                          \
		return VT_FETCH(v, op, name, i);                                                   \
	}                                                                                          \
	static __always_inline void prefix##_##name(type i, atomic_type *v)                        \
	{                                                                                          \
		(void)VT_FETCH(v, op, name, i);                                                    \
	}

#define VT_ATOMIC_RETURN(prefix, atomic_type, type, name, op)                                      \
	VT_ATOMIC_OP(prefix, atomic_type, type, name, op)                                          \
	static __always_inline type prefix##_##name##_return(type i, atomic_type *v)               \
	{                                                                                          \
		return VT_FETCH(v, op, name, i) op i;                                              \
	}

VT_ATOMIC_RETURN(arch_atomic, atomic_t, int, add, +)
VT_ATOMIC_RETURN(arch_atomic, atomic_t, int, sub, -)
VT_ATOMIC_OP(arch_atomic, atomic_t, int, and, &)
VT_ATOMIC_OP(arch_atomic, atomic_t, int, or, |)
VT_ATOMIC_OP(arch_atomic, atomic_t, int, xor, ^)
VT_ATOMIC_RETURN(arch_atomic64, atomic64_t, s64, add, +)
VT_ATOMIC_RETURN(arch_atomic64, atomic64_t, s64, sub, -)
VT_ATOMIC_OP(arch_atomic64, atomic64_t, s64, and, &)
VT_ATOMIC_OP(arch_atomic64, atomic64_t, s64, or, |)
VT_ATOMIC_OP(arch_atomic64, atomic64_t, s64, xor, ^)

#define arch_atomic_add_return arch_atomic_add_return
#define arch_atomic_sub_return arch_atomic_sub_return
#define arch_atomic_fetch_add arch_atomic_fetch_add
#define arch_atomic_fetch_sub arch_atomic_fetch_sub
#define arch_atomic_fetch_and arch_atomic_fetch_and
#define arch_atomic_fetch_or arch_atomic_fetch_or
#define arch_atomic_fetch_xor arch_atomic_fetch_xor
#define arch_atomic64_add_return arch_atomic64_add_return
#define arch_atomic64_sub_return arch_atomic64_sub_return
#define arch_atomic64_fetch_add arch_atomic64_fetch_add
#define arch_atomic64_fetch_sub arch_atomic64_fetch_sub
#define arch_atomic64_fetch_and arch_atomic64_fetch_and
#define arch_atomic64_fetch_or arch_atomic64_fetch_or
#define arch_atomic64_fetch_xor arch_atomic64_fetch_xor

#endif
