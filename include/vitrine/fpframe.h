/* SPDX-License-Identifier: GPL-2.0-only */
/* fpframe.h - the FPU image of a signal frame, as hosts write it and guests read it
 *
 * 512 bytes of FXSAVE, a struct _fpx_sw_bytes in those that no CPU uses, the header of XSAVE and
 * the extended states, and a closing magic number. Offsets and sizes are in bytes.
 *
 * Intel SDM volume 1, 10.5.1 and 13.4; arch/x86/include/uapi/asm/sigcontext.h of Linux.
 */
#ifndef VITRINE_FPFRAME_H
#define VITRINE_FPFRAME_H

#define FX_SIZE 512
#define FX_MXCSR 24
#define FX_MXCSR_MASK 28
#define FX_SW 464
#define XSAVE_HEADER_OFFSET FX_SIZE
#define XSAVE_HEADER_SIZE 64

#endif /* VITRINE_FPFRAME_H */
