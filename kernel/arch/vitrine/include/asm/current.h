/* SPDX-License-Identifier: GPL-2.0-only */
/* current.h - the running task: one global per vCPU */
#ifndef _ASM_VITRINE_CURRENT_H
#define _ASM_VITRINE_CURRENT_H

#ifndef __ASSEMBLY__
struct task_struct;
extern struct task_struct *vitrine_current;
#define current vitrine_current
#endif

#endif
