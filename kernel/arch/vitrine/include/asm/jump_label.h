/* SPDX-License-Identifier: GPL-2.0-only */
/* jump_label.h - branches that are patched: a no-op of five bytes or a jump
 *
 * Same format as x86's, whose generic half is kernel/jump_label.c.
 */
#ifndef _ASM_VITRINE_JUMP_LABEL_H
#define _ASM_VITRINE_JUMP_LABEL_H

#define JUMP_LABEL_NOP_SIZE 5

#ifndef __ASSEMBLY__
#include <linux/stringify.h>
#include <linux/types.h>

#define VITRINE_NOP5 ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"

/* clang-format off */
#define JUMP_TABLE_ENTRY                           \
	".pushsection __jump_table, \"aw\"\n"      \
	".balign 8\n"                              \
	".long 1b - .\n"                           \
	".long %l[l_yes] - .\n"                    \
	".quad %c0 + %c1 - .\n"                    \
	".popsection\n"
/* clang-format on */

static __always_inline bool arch_static_branch(struct static_key *const key, const bool branch)
{
	asm goto("1: " VITRINE_NOP5 JUMP_TABLE_ENTRY : : "i"(key), "i"(branch) : : l_yes);
	return false;
l_yes:
	return true;
}

static __always_inline bool arch_static_branch_jump(struct static_key *const key, const bool branch)
{
	asm goto("1: .byte 0xe9\n"
		 ".long %l[l_yes] - . - 4\n" JUMP_TABLE_ENTRY
		 :
		 : "i"(key), "i"(branch)
		 :
		 : l_yes);
	return false;
l_yes:
	return true;
}

#endif
#endif
