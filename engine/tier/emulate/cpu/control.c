/* SPDX-License-Identifier: GPL-2.0-only */
/* control.c - jumps, calls, and what leaves for the kernel */
#include "engine/tier/emulate/cpu/integer/flags.h"
#include "engine/tier/emulate/cpu/ops.h"

#define ENOSYS 38
#define USER_CS 0x33
#define USER_SS 0x2b

UOP(op_end)
{
	JUMP_NEAR(i);
}

#define JCC(n)                                                                                     \
	static const struct emu_uop *jcc_##n(struct emu_cpu *c, const struct emu_uop *i)           \
	{                                                                                          \
		if (condition(c, n))                                                               \
			JUMP_NEAR(i);                                                              \
		JUMP_NEAR(i + 1);                                                                  \
	}
JCC(0)
JCC(1)
JCC(2)
JCC(3)
JCC(4)
JCC(5)
JCC(6)
JCC(7)
JCC(8)
JCC(9)
JCC(10)
JCC(11)
JCC(12)
JCC(13)
JCC(14)
JCC(15)

emu_fn *const op_jcc[16] = {
	jcc_0, jcc_1, jcc_2,  jcc_3,  jcc_4,  jcc_5,  jcc_6,  jcc_7,
	jcc_8, jcc_9, jcc_10, jcc_11, jcc_12, jcc_13, jcc_14, jcc_15,
};

/* The count goes down, and whether the branch is taken is in EMU_TMP; @x & 4: ECX counts */
UOP(op_loop_test)
{
	const u64 mask = i->x & 4 ? 0xffffffff : ~(u64)0;
	u64 count = c->r[EMU_RCX] & mask;

	if ((i->x & 3) != 3) {
		count = (count - 1) & mask;
		c->r[EMU_RCX] = count;
	}
	switch (i->x & 3) {
	case 0:
		c->r[EMU_TMP] = count && !flag_z(c);
		break;
	case 1:
		c->r[EMU_TMP] = count && flag_z(c);
		break;
	case 2:
		c->r[EMU_TMP] = !!count;
		break;
	default:
		c->r[EMU_TMP] = !count;
		break;
	}
	NEXT;
}

UOP(op_loop)
{
	if (c->r[EMU_TMP])
		JUMP_NEAR(i);
	JUMP_NEAR(i + 1);
}

static inline u64 behind(const struct emu_cpu *c, const struct emu_uop *i)
{
	return c->r[EMU_BLOCK] + i->off + i->len;
}

UOP(op_call)
{
	const u64 back = behind(c, i);

	STORE(c->r[EMU_RSP] - 8, back);
	c->r[EMU_RSP] -= 8;
	JUMP_NEAR(i);
}

static bool canonical(u64 ip)
{
	return (u64)((i64)(ip << 16) >> 16) == ip;
}

UOP(op_call_register)
{
	const u64 back = behind(c, i), to = c->r[i->reg];

	STORE(c->r[EMU_RSP] - 8, back);
	if (!canonical(to))
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	c->r[EMU_RSP] -= 8;
	JUMP_TO(to);
}

UOP(op_jump_register)
{
	if (!canonical(c->r[i->reg]))
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	JUMP_TO(c->r[i->reg]);
}

UOP(op_ret)
{
	u64 to;

	LOAD(to, c->r[EMU_RSP]);
	if (!canonical(to))
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	c->r[EMU_RSP] += 8 + i->imm;
	JUMP_TO(to);
}

static const struct emu_uop *leave(struct emu_cpu *c, const struct emu_uop *i, u32 nr)
{
	c->ip = behind(c, i);
	c->stop = EMU_TRAP;
	c->trap_nr = nr;
	c->error_code = 0;
	return NULL;
}

UOP(op_syscall)
{
	c->ip = behind(c, i);
	c->r[EMU_RCX] = c->ip;
	c->r[11] = emu_flags_get(c);
	c->stop = EMU_SYSCALL;
	return NULL;
}

UOP(op_int3)
{
	return leave(c, i, TRAP_BREAKPOINT);
}

UOP(op_icebp)
{
	return leave(c, i, TRAP_DEBUG);
}

/* The gate of 32-bit system calls is there and answers that it knows none */
UOP(op_int)
{
	if (i->imm == 3)
		return leave(c, i, TRAP_BREAKPOINT);
	if (i->imm != 0x80)
		return emu_trap(c, i, TRAP_PROTECTION, (u32)i->imm * 8 + 2);
	c->r[EMU_RAX] = (u64)-ENOSYS;
	c->ip = behind(c, i);
	return NULL;
}

UOP(op_protection)
{
	return emu_trap(c, i, TRAP_PROTECTION, 0);
}

/* Within user mode: the 64-bit code segment, flags as POPF takes them */
UOP(op_iret)
{
	u64 frame[5];

	LOAD(frame, c->r[EMU_RSP]);
	if ((u16)frame[1] != USER_CS || (u16)frame[4] != USER_SS)
		return emu_trap(c, i, TRAP_PROTECTION, (u16)frame[1] & 0xfffc);
	if (!canonical(frame[0]))
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	c->r[EMU_RSP] = frame[3];
	emu_flags_set(c, frame[2]);
	c->ip = frame[0];
	return NULL;
}
