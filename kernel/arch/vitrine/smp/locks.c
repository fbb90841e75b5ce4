// SPDX-License-Identifier: GPL-2.0-only
/* locks.c - one vCPU is kept from nothing by the lock prefix
 *
 * Atomic instructions are atomic for whoever runs on the same CPU without it. What the kernel
 * shares with the supervisor's other threads, the word of pending interrupts, it exchanges, which
 * needs no prefix. The prefix becomes one that does nothing (a segment override).
 */
#include <linux/init.h>
#include <linux/types.h>
#include <asm/vitrine.h>

#define LOCK_PREFIX_BYTE 0xf0
#define DS_PREFIX_BYTE 0x3e

extern const s32 __lock_prefixes_start[], __lock_prefixes_end[];

/**
 * vitrine_unlock_prefixes() - Take lock prefixes away, if there is one vCPU
 *
 * Called before anything else: whoever executes the text is the only one who ever does.
 */
void __init vitrine_unlock_prefixes(void)
{
	if (vt_boot->cpus > 1)
		return;
	for (const s32 *at = __lock_prefixes_start; at < __lock_prefixes_end; at++) {
		u8 *prefix = (u8 *)at + *at;

		if (*prefix == LOCK_PREFIX_BYTE)
			*prefix = DS_PREFIX_BYTE;
	}
}
