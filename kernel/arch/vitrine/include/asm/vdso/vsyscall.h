/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_VDSO_VSYSCALL_H
#define _ASM_VITRINE_VDSO_VSYSCALL_H

#ifndef __ASSEMBLY__
#include <linux/timekeeper_internal.h>
#include <asm/vdso/getrandom.h>
#include <vdso/datapage.h>

extern struct vdso_data *vdso_data;

static __always_inline struct vdso_data *vitrine_k_vdso_data(void)
{
	return vdso_data;
}
#define __arch_get_k_vdso_data vitrine_k_vdso_data

static __always_inline struct vdso_rng_data *vitrine_k_vdso_rng_data(void)
{
	return (void *)vdso_data + VDSO_RNG_OFFSET;
}
#define __arch_get_k_vdso_rng_data vitrine_k_vdso_rng_data

#include <asm-generic/vdso/vsyscall.h>
#endif

#endif
