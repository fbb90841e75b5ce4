/* SPDX-License-Identifier: GPL-2.0-only */
/* precompiled-names.h - what differs from object to object (see precompiled/cc.c)
 *
 * Included after the precompiled header, or after the empty file that stands for it.
 */
#define KBUILD_BASENAME VITRINE_KBUILD_BASENAME
#define KBUILD_MODFILE VITRINE_KBUILD_MODFILE
#define KBUILD_MODNAME VITRINE_KBUILD_MODNAME
#define __KBUILD_MODNAME VITRINE__KBUILD_MODNAME

#ifndef VITRINE_OWN_PR_FMT
#define pr_fmt(fmt) fmt
#endif

#ifdef VITRINE_PRECOMPILED
/* The compiler does not keep that a register is taken, that of current_stack_pointer. Without this
 * it would order instructions differently around calls.
 */
register unsigned long vitrine_stack_pointer asm("rsp");
#endif
