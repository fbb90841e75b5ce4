// SPDX-License-Identifier: GPL-2.0-only
/* vgettimeofday.c - time without a system call: the names that libcs look up
 *
 * What is answered here, and not by a system call after all, is counted while somebody observes;
 * otherwise that is one look at a page that is read anyway.
 */
#include <linux/time.h>
#include <linux/types.h>
#include <asm/unistd.h>
#include <vdso/gettime.h>

#include "count.h"

struct getcpu_cache;
long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused);

int __vdso_clock_gettime(clockid_t clock, struct __kernel_timespec *ts)
{
	if (unlikely(__cvdso_clock_gettime_common(__arch_get_vdso_data(), clock, ts)))
		return clock_gettime_fallback(clock, ts);
	count(GUEST_CLOCK_GETTIME);
	return 0;
}

int __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz)
{
	struct __kernel_timespec ts;

	if (likely(tv)) {
		if (unlikely(
			__cvdso_clock_gettime_common(__arch_get_vdso_data(), CLOCK_REALTIME, &ts)))
			return gettimeofday_fallback(tv, tz);
		tv->tv_sec = ts.tv_sec;
		tv->tv_usec = (u32)ts.tv_nsec / NSEC_PER_USEC;
	}
	count(GUEST_GETTIMEOFDAY);
	return __cvdso_gettimeofday(NULL, tz);
}

int __vdso_clock_getres(clockid_t clock, struct __kernel_timespec *res)
{
	if (unlikely(__cvdso_clock_getres_common(__arch_get_vdso_data(), clock, res)))
		return clock_getres_fallback(clock, res);
	count(GUEST_CLOCK_GETRES);
	return 0;
}

__kernel_old_time_t __vdso_time(__kernel_old_time_t *t)
{
	count(GUEST_TIME);
	return __cvdso_time(t);
}

/* Of several only the kernel knows which: the host's CPU is another thing. rseq is faster */
long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused)
{
	long ret;

	if (_vdso_data->arch_data.one_cpu) {
		if (cpu)
			*cpu = 0;
		if (node)
			*node = 0;
		count(GUEST_GETCPU);
		return 0;
	}
	asm volatile("syscall"
		     : "=a"(ret)
		     : "0"(__NR_getcpu), "D"(cpu), "S"(node), "d"(unused)
		     : "rcx", "r11", "memory");
	return ret;
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
