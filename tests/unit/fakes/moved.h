/* SPDX-License-Identifier: GPL-2.0-only */
/* moved.h - physical memory lies elsewhere: where it should, the address sanitizer has its own */
#include "vitrine/abi.h"

#undef VT_PAGE_OFFSET
#define VT_PAGE_OFFSET 0x300000000000UL
