/* SPDX-License-Identifier: GPL-2.0-only */
/* int8.c - integer operations of 8 bits */
#define BITS 8
#define T u8
#define ST i8
#define NAME(n) n##_8
#define R(n) (*((u8 *)c->r + (n)))
#define SET(n, v) (*((u8 *)c->r + (n)) = (v))
#define ACC (EMU_RAX * 8)
#include "engine/tier/emulate/cpu/integer/operations.inc"
