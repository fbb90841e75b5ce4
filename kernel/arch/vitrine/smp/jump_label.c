// SPDX-License-Identifier: GPL-2.0-only
/* jump_label.c - patch static branches
 *
 * Kernel text is ordinary memory; what has to be kept out is another vCPU that executes it
 * meanwhile, see text-patching.h. Stopping them all is dear, so changes are collected.
 */
#include <linux/jump_label.h>
#include <linux/string.h>
#include <asm/text-patching.h>

#define BATCH 256

static struct {
	struct jump_entry *entry;
	enum jump_label_type type;
} batch[BATCH];
static unsigned int batched; /* under jump_label_mutex, as the batch */

static void patch_all(void *unused)
{
	for (unsigned int i = 0; i < batched; i++) {
		unsigned long at = jump_entry_code(batch[i].entry);

		if (batch[i].type == JUMP_LABEL_JMP)
			vitrine_patch_branch(at, 0xe9, jump_entry_target(batch[i].entry));
		else
			vitrine_patch_nop(at);
	}
	batched = 0;
}

bool arch_jump_label_transform_queue(struct jump_entry *entry, enum jump_label_type type)
{
	if (batched == BATCH)
		return false;
	batch[batched].entry = entry;
	batch[batched++].type = type;
	return true;
}

void arch_jump_label_transform_apply(void)
{
	vitrine_patch_text(patch_all, NULL);
}

void arch_jump_label_transform(struct jump_entry *entry, enum jump_label_type type)
{
	arch_jump_label_transform_queue(entry, type);
	arch_jump_label_transform_apply();
}
