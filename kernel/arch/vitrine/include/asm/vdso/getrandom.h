/* SPDX-License-Identifier: GPL-2.0-only */
/* getrandom.h - random numbers without a system call: what the generic code asks of us
 *
 * What the kernel's generator says lies behind the clock data, in the system's page, which is the
 * second one where a time namespace has a page of its own.
 */
#ifndef _ASM_VITRINE_VDSO_GETRANDOM_H
#define _ASM_VITRINE_VDSO_GETRANDOM_H

#define VDSO_RNG_OFFSET 2048 /* in the page, behind struct vdso_data[CS_BASES] */

#ifndef __ASSEMBLY__
#include <asm/barrier.h>
#include <asm/unistd.h>
#include <linux/types.h>
#include <vdso/datapage.h>

static __always_inline ssize_t getrandom_syscall(void *buffer, size_t len, unsigned int flags)
{
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "0"(__NR_getrandom), "D"(buffer), "S"(len), "d"(flags)
		     : "rcx", "r11", "memory");
	return ret;
}

static __always_inline const struct vdso_rng_data *__arch_get_vdso_rng_data(void)
{
	const void *page = _vdso_data;

	if (IS_ENABLED(CONFIG_TIME_NS) && _vdso_data->clock_mode == VDSO_CLOCKMODE_TIMENS)
		page = _timens_data;
	return page + VDSO_RNG_OFFSET;
}
#endif

#endif
