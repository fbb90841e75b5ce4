/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_VDSO_DATA_H
#define _ASM_VITRINE_VDSO_DATA_H

#include <linux/types.h>

/*
 * @host_clock_gettime: address of the host vDSO's function in every guest process
 * @counting: VDSO_COUNTS_*, of the first struct vdso_data alone
 */
struct arch_vdso_data {
	__u64 host_clock_gettime;
	__u32 counting;
	__u32 one_cpu; /* there is no other */
};

#endif
