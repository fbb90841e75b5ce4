/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* guests see the x86 ABI */
#include "../../../../x86/include/uapi/asm/byteorder.h"
