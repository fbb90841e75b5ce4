/* SPDX-License-Identifier: GPL-2.0-only */
/* int32.c - integer operations of 32 bits */
#define BITS 32
#define T u32
#define ST i32
#define NAME(n) n##_32
#define R(n) ((u32)c->r[n])
#define SET(n, v) (c->r[n] = (u32)(v))
#define ACC EMU_RAX
#include "engine/tier/emulate/cpu/integer/operations.inc"
