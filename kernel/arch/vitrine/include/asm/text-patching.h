/* SPDX-License-Identifier: GPL-2.0-only */
/* text-patching.h - write instructions of five bytes into the running kernel
 *
 * Only for a function that vitrine_patch_text() calls, or while there is one vCPU. The CPU notices
 * that a processor modifies its own instructions (Intel SDM 3A, 12.6).
 */
#ifndef _ASM_VITRINE_TEXT_PATCHING_H
#define _ASM_VITRINE_TEXT_PATCHING_H

#include <linux/string.h>
#include <linux/types.h>

#define VITRINE_PATCH_SIZE 5

void vitrine_patch_text(void (*patch)(void *data), void *data);

/* @opcode: 0xe9 jumps to @target, 0xe8 calls it */
static inline void vitrine_patch_branch(unsigned long at, u8 opcode, unsigned long target)
{
	s32 distance = target - (at + VITRINE_PATCH_SIZE);
	u8 code[VITRINE_PATCH_SIZE] = { opcode };

	memcpy(code + 1, &distance, sizeof(distance));
	memcpy((void *)at, code, sizeof(code));
}

static inline void vitrine_patch_nop(unsigned long at)
{
	static const u8 nop[VITRINE_PATCH_SIZE] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

	memcpy((void *)at, nop, sizeof(nop));
}

#endif
