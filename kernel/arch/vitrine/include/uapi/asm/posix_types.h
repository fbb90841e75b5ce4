/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* x86 picks by __x86_64__ only outside the kernel */
#include "../../../../x86/include/uapi/asm/posix_types_64.h"
