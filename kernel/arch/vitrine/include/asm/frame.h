/* SPDX-License-Identifier: GPL-2.0-only */
/* frame.h - x86-64's assembly includes it (vdso/vgetrandom-chacha.S); no macro of it is used */
#ifndef _ASM_VITRINE_FRAME_H
#define _ASM_VITRINE_FRAME_H

#endif
