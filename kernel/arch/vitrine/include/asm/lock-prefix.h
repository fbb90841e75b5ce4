/* SPDX-License-Identifier: GPL-2.0-only */
/* lock-prefix.h - where the kernel has a lock prefix, so that one vCPU can do without
 *
 * Whoever is alone pays for a bus lock that keeps nobody out: a fifth of what a fork takes. The
 * assembler takes the prefix that the compiler writes for a call of this macro, which notes where
 * it is; smp/locks.c. A prefix that has to stay is written as its byte.
 */
#ifndef _ASM_VITRINE_LOCK_PREFIX_H
#define _ASM_VITRINE_LOCK_PREFIX_H

#ifndef __ASSEMBLY__
asm(".macro lock instruction:vararg\n"
    ".pushsection .lock_prefixes, \"a\"\n"
    ".long 671f - .\n"
    ".popsection\n"
    "671: .byte 0xf0\n"
    "\\instruction\n"
    ".endm");
#endif

#endif
