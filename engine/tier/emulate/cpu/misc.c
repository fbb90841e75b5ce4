/* SPDX-License-Identifier: GPL-2.0-only */
/* misc.c - flags, extensions, segments, what the processor says of itself */
#include "engine/tier/emulate/cpu/decode.h"
#include "engine/tier/emulate/cpu/integer/flags.h"
#include "engine/tier/emulate/cpu/ops.h"

#define FLAGS_LOADED (EMU_FLAG_TF | EMU_FLAG_DF | EMU_FLAG_NT | EMU_FLAG_AC | EMU_FLAG_ID)

u64 emu_flags_get(const struct emu_cpu *c)
{
	return flag_c(c) | 2 | flag_p(c) << 2 | flag_a(c) << 4 | flag_z(c) << 6 | flag_s(c) << 7 |
	       (u64)flag_o(c) << 11 | EMU_FLAG_IF | c->flags;
}

void emu_flags_set(struct emu_cpu *c, u64 flags)
{
	const u32 sign = flags >> 7 & 1, parity = flags >> 2 & 1, zero = flags >> 6 & 1;

	if (flags & ~c->flags & EMU_FLAG_AC && c->core)
		emu_core_flush(c->core); /* see memory.c */
	c->flags = flags & FLAGS_LOADED;
	c->carries = carries_of(flags & 1, flags >> 11 & 1);
	c->aux = flags & EMU_FLAG_AF;
	c->result = !zero; /* of parity one when it is 0, none when it is 1 */
	c->delta = (u64)sign << 63 | (zero ? !parity : parity);
}

UOP(op_nop)
{
	NEXT;
}

UOP(op_extend)
{
	const u64 v = c->r[EMU_RAX];

	if (i->x == SIZE_16)
		*(u16 *)&c->r[EMU_RAX] = (u16)(i16)(i8)v;
	else
		c->r[EMU_RAX] = i->x == SIZE_32 ? (u32)(i32)(i16)v : (u64)(i64)(i32)v;
	NEXT;
}

UOP(op_extend_dx)
{
	const u64 v = c->r[EMU_RAX];

	if (i->x == SIZE_16)
		*(u16 *)&c->r[EMU_RDX] = (u16)((i16)v >> 15);
	else
		c->r[EMU_RDX] = i->x == SIZE_32 ? (u32)v >> 31 ? ~0u : 0 : v >> 63 ? ~(u64)0 : 0;
	NEXT;
}

UOP(op_sahf)
{
	emu_flags_set(c, (emu_flags_get(c) & ~(u64)0xd5) | (c->r[EMU_RAX] >> 8 & 0xd5));
	NEXT;
}

UOP(op_lahf)
{
	((u8 *)c->r)[1] = (u8)emu_flags_get(c);
	NEXT;
}

UOP(op_xlat)
{
	u64 ea = c->r[EMU_RBX] + (u8)c->r[EMU_RAX];
	u8 v;

	if (i->special)
		ea = emu_special(c, i, ea);
	LOAD(v, ea);
	*(u8 *)c->r = v;
	NEXT;
}

UOP(op_cmc)
{
	set_c(c, !flag_c(c));
	NEXT;
}

UOP(op_clc)
{
	set_c(c, 0);
	NEXT;
}

UOP(op_stc)
{
	set_c(c, 1);
	NEXT;
}

UOP(op_cld)
{
	c->flags &= ~EMU_FLAG_DF;
	NEXT;
}

UOP(op_std)
{
	c->flags |= EMU_FLAG_DF;
	NEXT;
}

/* @x: the condition; @reg: as a byte */
UOP(op_setcc)
{
	((u8 *)c->r)[i->reg] = (u8)condition(c, i->x);
	NEXT;
}

/* ---- segments: selectors of user mode, as Linux has them ---- */
static u16 *segment(struct emu_cpu *c, u32 n)
{
	u16 *const by_number[] = { &c->es, &c->cs, &c->ss, &c->ds, &c->fs, &c->gs };

	return by_number[n];
}

UOP_BODY(op_get_segment)
{
	c->r[EMU_TMP] = *segment(c, i->x);
	DONE;
}

bool emu_selector_usable(u16 v)
{
	return v <= 3 || v == 0x23 || v == 0x2b || v == 0x33 || v == 0x7b;
}

static bool usable_segment(u16 v, u32 n)
{
	return n == 2 ? v == 0x2b : emu_selector_usable(v); /* the stack's cannot be null */
}

/* A load of FS or GS loads a base of zero */
static void load_segment(struct emu_cpu *c, u16 v, u32 n)
{
	*segment(c, n) = v;
	if (n == 4)
		c->r[EMU_FS] = 0;
	else if (n == 5)
		c->r[EMU_GS] = 0;
}

UOP_BODY(op_set_segment)
{
	const u16 v = (u16)c->r[i->rm];

	if (!usable_segment(v, i->x))
		return emu_trap(c, i, TRAP_PROTECTION, v & 0xfffc);
	load_segment(c, v, i->x);
	DONE;
}

/* @imm: bytes of the stack; a word is taken of them */
UOP_BODY(op_pop_segment)
{
	u16 v;

	LOAD(v, c->r[EMU_RSP]);
	if (!usable_segment(v, i->x))
		return emu_trap(c, i, TRAP_PROTECTION, v & 0xfffc);
	load_segment(c, v, i->x);
	c->r[EMU_RSP] += i->imm;
	DONE;
}

/* LAR, LSL, VERR, VERW: no descriptor can be looked at */
UOP(op_selector)
{
	set_z(c, 0);
	NEXT;
}

/* @x: 0 FS, 1 GS; @imm: 8 bytes or 4 */
UOP(op_base_read)
{
	const u64 v = c->r[i->x ? EMU_GS : EMU_FS];

	c->r[i->rm] = i->imm == 8 ? v : (u32)v;
	NEXT;
}

UOP(op_base_write)
{
	const u64 v = i->imm == 8 ? c->r[i->rm] : (u32)c->r[i->rm];

	if ((u64)((i64)(v << 16) >> 16) != v)
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	c->r[i->x ? EMU_GS : EMU_FS] = v;
	NEXT;
}

UOP(op_rdtsc)
{
	u64 now;

	if (c->no_tsc)
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	now = c->core->memory->tsc();
	c->r[EMU_RAX] = (u32)now;
	c->r[EMU_RDX] = now >> 32;
	NEXT;
}

/* ---- CPUID: what is implemented, and caches for those who size buffers by them ---- */
#define BIT(n) (1u << (n))

struct emu_cpuid emu_cpuid(u32 leaf, u32 sub)
{
	static const char name[48] = "Vitrine emulated x86-64";
	struct emu_cpuid r = { 0 };

	switch (leaf) {
	case 0:
		r.a = 7;
		__builtin_memcpy(&r.b, "Auth", 4);
		__builtin_memcpy(&r.d, "enti", 4);
		__builtin_memcpy(&r.c, "cAMD", 4);
		break;
	case 1:
		r.a = 0x00600f12;
		r.b = 8 << 8 | 1 << 16;
		r.c = BIT(13) | BIT(23) | BIT(31); /* CX16, POPCNT, there is a hypervisor */
		/* FPU, TSC, CX8, CMOV, CLFLUSH, MMX, FXSR, SSE, SSE2 */
		r.d = BIT(0) | BIT(4) | BIT(8) | BIT(15) | BIT(19) | BIT(23) | BIT(24) | BIT(25) |
		      BIT(26);
		break;
	case 7:
		if (!sub)
			r.b = BIT(0) | BIT(9); /* FSGSBASE; REP MOVSB is fast */
		break;
	case 0x80000000:
		r.a = 0x80000008;
		break;
	case 0x80000001:
		r.c = BIT(0);			   /* LAHF */
		r.d = BIT(11) | BIT(20) | BIT(29); /* SYSCALL, NX, 64 bits */
		break;
	case 0x80000002:
	case 0x80000003:
	case 0x80000004:
		__builtin_memcpy(&r, name + (leaf - 0x80000002) * 16, 16);
		break;
	case 0x80000005:
		r.c = r.d = 32u << 24 | 8 << 16 | 1 << 8 | 64;
		break;
	case 0x80000006:
		r.c = 512u << 16 | 6 << 12 | 1 << 8 | 64;
		r.d = 16u << 18 | 8 << 12 | 1 << 8 | 64;
		break;
	case 0x80000008:
		r.a = 48 << 8 | 40;
		break;
	}
	return r;
}

UOP_BODY(op_cpuid)
{
	const struct emu_cpuid r = emu_cpuid((u32)c->r[EMU_RAX], (u32)c->r[EMU_RCX]);

	c->r[EMU_RAX] = r.a;
	c->r[EMU_RBX] = r.b;
	c->r[EMU_RCX] = r.c;
	c->r[EMU_RDX] = r.d;
	DONE;
}

/* ---- wide exchanges: @imm set when they are locked ---- */
UOP_BODY(op_cmpxchg8b)
{
	const u64 ea = address(c, i);
	const u64 want = (u32)c->r[EMU_RAX] | c->r[EMU_RDX] << 32;
	const u64 new = (u32)c->r[EMU_RBX] | c->r[EMU_RCX] << 32;
	u64 old, *at;

	if (!emu_may_write(c, i, ea, sizeof(old)))
		return NULL;
	at = (u64 *)(void *)fast_write(c, ea, sizeof(old));
	LOAD(old, ea);
	if (old == want) {
		if (!at || (uintptr_t)at % 8)
			STORE(ea, new);
		else
			__atomic_compare_exchange_n(at, &old, new, false, __ATOMIC_SEQ_CST,
						    __ATOMIC_SEQ_CST);
	}
	set_z(c, old == want);
	if (old != want) {
		c->r[EMU_RAX] = (u32)old;
		c->r[EMU_RDX] = old >> 32;
	}
	DONE;
}

/* Two words are compared and exchanged: atomic towards other exchanges of the same core only */
UOP_BODY(op_cmpxchg16b)
{
	const u64 ea = address(c, i);
	const u64 new[2] = { c->r[EMU_RBX], c->r[EMU_RCX] };
	u64 old[2];
	bool same;

	if (ea & 15)
		return emu_trap(c, i, TRAP_PROTECTION, 0);
	if (!emu_may_write(c, i, ea, sizeof(old)))
		return NULL;
	LOAD(old, ea);
	same = old[0] == c->r[EMU_RAX] && old[1] == c->r[EMU_RDX];
	if (same) {
		STORE(ea, new);
	} else {
		c->r[EMU_RAX] = old[0];
		c->r[EMU_RDX] = old[1];
	}
	set_z(c, same);
	DONE;
}
