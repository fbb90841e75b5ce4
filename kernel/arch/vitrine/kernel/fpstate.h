/* SPDX-License-Identifier: GPL-2.0-only */
/* fpstate.h - the FPU image of a stopped task */
#ifndef VITRINE_FPSTATE_H
#define VITRINE_FPSTATE_H

struct vt_frame;

void vitrine_fp_initialise(struct vt_frame *frame);

#endif
