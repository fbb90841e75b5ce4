/* SPDX-License-Identifier: GPL-2.0-only */
/* stack.c - pushes and pops; the stack pointer moves when nothing can fault any more */
#include "engine/tier/emulate/cpu/integer/flags.h"
#include "engine/tier/emulate/cpu/ops.h"

#define PUSH(T, value)                                                                             \
	do {                                                                                       \
		const T v_ = (T)(value);                                                           \
		STORE(c->r[EMU_RSP] - sizeof(T), v_);                                              \
		c->r[EMU_RSP] -= sizeof(T);                                                        \
	} while (0)

UOP(op_push)
{
	PUSH(u64, c->r[i->reg]);
	NEXT;
}

UOP(op_push16)
{
	PUSH(u16, c->r[i->reg]);
	NEXT;
}

UOP(op_push_imm)
{
	PUSH(u64, i->imm);
	NEXT;
}

UOP(op_push_imm16)
{
	PUSH(u16, i->imm);
	NEXT;
}

UOP(op_pop)
{
	u64 v;

	LOAD(v, c->r[EMU_RSP]);
	c->r[EMU_RSP] += 8;
	c->r[i->reg] = v;
	NEXT;
}

UOP(op_pop16)
{
	u16 v;

	LOAD(v, c->r[EMU_RSP]);
	c->r[EMU_RSP] += 2;
	*(u16 *)&c->r[i->reg] = v;
	NEXT;
}

/* An address made of RSP is made of what it is behind the pop */
#define POP_MEMORY(T)                                                                              \
	do {                                                                                       \
		const struct emu_uop at = { .off = i->off, .len = i->len, .base = EMU_RSP };       \
		u64 ea;                                                                            \
		T v;                                                                               \
		if (!emu_slow_read(c, &at, c->r[EMU_RSP], sizeof(v)))                              \
			return NULL;                                                               \
		__builtin_memcpy(&v, c->scratch, sizeof(v));                                       \
		c->r[EMU_RSP] += sizeof(T);                                                        \
		ea = address(c, i);                                                                \
		c->r[EMU_RSP] -= sizeof(T);                                                        \
		STORE(ea, v);                                                                      \
		c->r[EMU_RSP] += sizeof(T);                                                        \
	} while (0)

UOP_BODY(op_pop_memory)
{
	POP_MEMORY(u64);
	DONE;
}

UOP_BODY(op_pop_memory16)
{
	POP_MEMORY(u16);
	DONE;
}

UOP(op_pushf)
{
	PUSH(u64, emu_flags_get(c) & ~(u64)EMU_FLAG_RF);
	NEXT;
}

UOP(op_pushf16)
{
	PUSH(u16, emu_flags_get(c));
	NEXT;
}

UOP(op_popf)
{
	u64 v;

	LOAD(v, c->r[EMU_RSP]);
	c->r[EMU_RSP] += 8;
	emu_flags_set(c, v);
	NEXT;
}

UOP(op_popf16)
{
	u16 v;

	LOAD(v, c->r[EMU_RSP]);
	c->r[EMU_RSP] += 2;
	emu_flags_set(c, (emu_flags_get(c) & ~(u64)0xffff) | v);
	NEXT;
}

UOP(op_leave)
{
	if (i->x) {
		u16 v;

		LOAD(v, c->r[EMU_RBP]);
		c->r[EMU_RSP] = c->r[EMU_RBP] + 2;
		*(u16 *)&c->r[EMU_RBP] = v;
	} else {
		u64 v;

		LOAD(v, c->r[EMU_RBP]);
		c->r[EMU_RSP] = c->r[EMU_RBP] + 8;
		c->r[EMU_RBP] = v;
	}
	NEXT;
}

/* @x: nesting; each level's frame pointer is copied */
#define ENTER(T)                                                                                   \
	do {                                                                                       \
		u64 sp = c->r[EMU_RSP] - sizeof(T), bp = c->r[EMU_RBP];                            \
		const u64 frame = sp;                                                              \
		T v = (T)bp;                                                                       \
		STORE(sp, v);                                                                      \
		for (u32 level = 1; level < i->x; level++) {                                       \
			bp -= sizeof(T);                                                           \
			sp -= sizeof(T);                                                           \
			LOAD(v, bp);                                                               \
			STORE(sp, v);                                                              \
		}                                                                                  \
		if (i->x) {                                                                        \
			sp -= sizeof(T);                                                           \
			v = (T)frame;                                                              \
			STORE(sp, v);                                                              \
		}                                                                                  \
		sp -= i->imm;                                                                      \
		if (!emu_aligned(c, i, sp, sizeof(T)) || !emu_may_write(c, i, sp, 1))              \
			return NULL;                                                               \
		if (sizeof(T) == 8)                                                                \
			c->r[EMU_RBP] = frame;                                                     \
		else                                                                               \
			*(u16 *)&c->r[EMU_RBP] = (u16)frame;                                       \
		c->r[EMU_RSP] = sp;                                                                \
		NEXT;                                                                              \
	} while (0)

UOP(op_enter)
{
	ENTER(u64);
}

UOP(op_enter16)
{
	ENTER(u16);
}
