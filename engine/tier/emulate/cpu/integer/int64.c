/* SPDX-License-Identifier: GPL-2.0-only */
/* int64.c - integer operations of 64 bits */
#define BITS 64
#define T u64
#define ST i64
#define NAME(n) n##_64
#define R(n) (c->r[n])
#define SET(n, v) (c->r[n] = (v))
#define ACC EMU_RAX
#include "engine/tier/emulate/cpu/integer/operations.inc"
