/* SPDX-License-Identifier: GPL-2.0-only */
/* clock.h - the clock that programs read without their kernel */
#ifndef ENGINE_TIER_EMULATE_CLOCK_H
#define ENGINE_TIER_EMULATE_CLOCK_H

#include <stdbool.h>

#include "engine/tier/emulate/cpu/emu.h"
#include "engine/tier/emulate/space.h"

/* Where vt_boot.vdso_clock is: behind all that a guest can map */
#define CLOCK_AT VT_TASK_SIZE

/**
 * clock_call() - Has a program called the clock? Then answer it
 * @cpu:   stopped; goes on behind the call, or has a fault of the call's operands
 * @space: its address space
 *
 * Return: whether it can go on.
 */
bool clock_call(struct emu_cpu *cpu, struct space *space);

#endif
