/* SPDX-License-Identifier: GPL-2.0-only */
/* several.h - what one vCPU need not do */
#ifndef _ASM_VITRINE_SEVERAL_H
#define _ASM_VITRINE_SEVERAL_H

#include <linux/jump_label.h>

DECLARE_STATIC_KEY_FALSE(vitrine_several_cpus); /* smp/smp.c */
#define vitrine_has_several_cpus() static_branch_unlikely(&vitrine_several_cpus)

#endif
