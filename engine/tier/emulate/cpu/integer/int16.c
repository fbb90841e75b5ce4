/* SPDX-License-Identifier: GPL-2.0-only */
/* int16.c - integer operations of 16 bits */
#define BITS 16
#define T u16
#define ST i16
#define NAME(n) n##_16
#define R(n) ((u16)c->r[n])
#define SET(n, v) (*(u16 *)&c->r[n] = (v))
#define ACC EMU_RAX
#include "engine/tier/emulate/cpu/integer/operations.inc"
