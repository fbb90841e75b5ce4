/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_MMAN_H
#define _ASM_VITRINE_MMAN_H

#include <uapi/asm/mman.h>

#ifndef __ASSEMBLY__
#include <linux/types.h>

extern bool vitrine_wx_denied;

/* vitrine.wx=deny: nothing is writable and executable at once */
#define arch_validate_flags(flags)                                                                 \
	(!vitrine_wx_denied || ((flags) & (VM_WRITE | VM_EXEC)) != (VM_WRITE | VM_EXEC))
#endif

#endif
