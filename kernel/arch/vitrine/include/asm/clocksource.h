/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_CLOCKSOURCE_H
#define _ASM_VITRINE_CLOCKSOURCE_H

#include <asm/vdso/clocksource.h>

#endif
