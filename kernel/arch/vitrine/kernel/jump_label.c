// SPDX-License-Identifier: GPL-2.0-only
/* jump_label.c - patch static branches
 *
 * Kernel text is ordinary memory, and only the thread that patches it executes it: a store is all
 * it takes. With several vCPUs the others have to be stopped first.
 */
#include <linux/jump_label.h>
#include <linux/string.h>
#include <asm/text-patching.h>

void arch_jump_label_transform(struct jump_entry *entry, enum jump_label_type type)
{
	unsigned long at = jump_entry_code(entry);

	if (type == JUMP_LABEL_JMP)
		vitrine_patch_branch(at, 0xe9, jump_entry_target(entry));
	else
		vitrine_patch_nop(at);
}
