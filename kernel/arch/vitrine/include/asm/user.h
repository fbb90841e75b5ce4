/* SPDX-License-Identifier: GPL-2.0-only */
/* user.h - register layouts of core files and ptrace: x86-64's */
#ifndef _ASM_VITRINE_USER_H
#define _ASM_VITRINE_USER_H

#include "../../../x86/include/asm/user_64.h"

#endif
