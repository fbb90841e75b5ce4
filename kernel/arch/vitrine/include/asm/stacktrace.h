/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_STACKTRACE_H
#define _ASM_VITRINE_STACKTRACE_H

void vitrine_walk_frames(unsigned long bp, bool (*visit)(void *data, unsigned long ip), void *data);

#endif
