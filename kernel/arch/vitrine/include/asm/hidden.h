/* SPDX-License-Identifier: GPL-2.0-only */
/* hidden.h - no symbol goes through a global offset table (the image is linked at a high address)
 */
#ifndef _ASM_VITRINE_HIDDEN_H
#define _ASM_VITRINE_HIDDEN_H

#pragma GCC visibility push(hidden)

#endif
