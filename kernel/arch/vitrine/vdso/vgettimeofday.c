// SPDX-License-Identifier: GPL-2.0-only
/* vgettimeofday.c - time without a system call: the names that libcs look up */
#include <linux/time.h>
#include <linux/types.h>
#include <vdso/gettime.h>

struct getcpu_cache;
long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused);

int __vdso_clock_gettime(clockid_t clock, struct __kernel_timespec *ts)
{
	return __cvdso_clock_gettime(clock, ts);
}

int __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz)
{
	return __cvdso_gettimeofday(tv, tz);
}

int __vdso_clock_getres(clockid_t clock, struct __kernel_timespec *res)
{
	return __cvdso_clock_getres(clock, res);
}

__kernel_old_time_t __vdso_time(__kernel_old_time_t *t)
{
	return __cvdso_time(t);
}

/* There is one CPU */
long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused)
{
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}

int clock_gettime(clockid_t, struct __kernel_timespec *)
    __attribute__((weak, alias("__vdso_clock_gettime")));
int gettimeofday(struct __kernel_old_timeval *, struct timezone *)
    __attribute__((weak, alias("__vdso_gettimeofday")));
int clock_getres(clockid_t, struct __kernel_timespec *)
    __attribute__((weak, alias("__vdso_clock_getres")));
__kernel_old_time_t time(__kernel_old_time_t *) __attribute__((weak, alias("__vdso_time")));
long getcpu(unsigned int *, unsigned int *, struct getcpu_cache *)
    __attribute__((weak, alias("__vdso_getcpu")));
