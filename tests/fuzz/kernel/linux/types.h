/* SPDX-License-Identifier: GPL-2.0-only */
/* types.h - what kernel/arch/vitrine/observe/view/json.c needs of the kernel, for its fuzz target
 */
#ifndef FUZZ_KERNEL_TYPES_H
#define FUZZ_KERNEL_TYPES_H

#include_next <linux/types.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef long long s64;

#define S64_MAX INT64_MAX
#define WARN_ON_ONCE(condition) (condition)
#define GFP_KERNEL 0
#define __GFP_NORETRY 0
#define __GFP_NOWARN 0
#define kvmalloc(size, flags) malloc(size)
#define kvfree(pointer) free(pointer)
#define scnprintf snprintf /* nothing is cut here */
#define min(a, b) ((a) < (b) ? (a) : (b))
#define min_t(type, a, b) min((type)(a), (type)(b))

#endif
