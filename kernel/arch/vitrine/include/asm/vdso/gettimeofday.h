/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_VDSO_GETTIMEOFDAY_H
#define _ASM_VITRINE_VDSO_GETTIMEOFDAY_H

#ifndef __ASSEMBLY__
#include <asm/unistd.h>
#include <uapi/linux/time.h>

#define VDSO_HAS_TIME 1
#define VDSO_HAS_CLOCK_GETRES 1

static __always_inline long vdso_call(long nr, const void *a, const void *b)
{
	long ret;

	asm volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return ret;
}

static __always_inline long clock_gettime_fallback(clockid_t clock, struct __kernel_timespec *ts)
{
	return vdso_call(__NR_clock_gettime, (void *)(long)clock, ts);
}

static __always_inline long clock_getres_fallback(clockid_t clock, struct __kernel_timespec *ts)
{
	return vdso_call(__NR_clock_getres, (void *)(long)clock, ts);
}

static __always_inline long gettimeofday_fallback(struct __kernel_old_timeval *tv,
						  struct timezone *tz)
{
	return vdso_call(__NR_gettimeofday, tv, tz);
}

/* The clock source is the host's CLOCK_MONOTONIC in nanoseconds */
static __always_inline u64 __arch_get_hw_counter(s32 clock_mode, const struct vdso_data *vd)
{
	int (*host_clock)(clockid_t, struct __kernel_timespec *);
	struct __kernel_timespec ts;

	host_clock = (void *)vd->arch_data.host_clock_gettime;
	host_clock(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static __always_inline const struct vdso_data *__arch_get_vdso_data(void)
{
	return _vdso_data;
}

#ifdef CONFIG_TIME_NS
static __always_inline const struct vdso_data *
__arch_get_timens_vdso_data(const struct vdso_data *vd)
{
	return _timens_data;
}
#endif

#endif
#endif
