/* SPDX-License-Identifier: GPL-2.0-only */
/* fpstate.h - the FPU image of a stopped task */
#ifndef VITRINE_FPSTATE_H
#define VITRINE_FPSTATE_H

#include <linux/types.h>
#include <asm/vitrine-fpframe.h>

struct task_struct;
struct vt_frame;

u8 *vitrine_fp_room(struct task_struct *task);
u8 *vitrine_fp_image(struct task_struct *task);
extern u32 vitrine_mxcsr_bits;

void vitrine_fp_initialise(struct vt_frame *frame);

#endif
