/* SPDX-License-Identifier: GPL-2.0-only */
/* decode_x87.c - D8 to DF, and what controls the x87 */
#include "engine/tier/emulate/cpu/decode.h"
#include "engine/tier/emulate/cpu/ops.h"
#include "engine/tier/emulate/cpu/float/x87.h"

/* Operations that only the tables here know */
#define LOCAL_BODY(name)                                                                           \
	static emu_fn name;                                                                        \
	UOP_BODY(name)
#define GROUP(n, kind) ((n) << 3 | (kind))

static u16 status(const struct emu_cpu *c)
{
	return c->fsw | (u16)(c->top << 11);
}

static void set_control(struct emu_cpu *c, u16 v)
{
	c->fcw = (v & 0x1f3f) | 0x40;
	c->fsw = (c->fsw & ~FSW_SUMMARY) | (x87_pending(c) ? FSW_SUMMARY : 0);
}

static void set_status(struct emu_cpu *c, u16 v)
{
	c->fsw = v & 0x477f;
	c->top = v >> 11 & 7;
	c->fsw |= x87_pending(c) ? FSW_SUMMARY : 0;
}

static void initialise(struct emu_cpu *c)
{
	c->fcw = 0x37f;
	c->fsw = c->fop = 0;
	c->top = c->full = 0;
	c->fip = c->fdp = 0;
}

/* ---- the environment: 28 bytes, or 14 with an operand size of 16 bits ---- */
static u16 tags(const struct emu_cpu *c)
{
	u16 all = 0;

	for (u32 n = 0; n < 8; n++) {
		const struct emu_f80 *v = &c->st[n];
		const u32 exponent = v->se & 0x7fff;
		u32 tag = 3;

		if (c->full >> n & 1)
			tag = !exponent && !v->sig			       ? 1
			      : exponent && exponent != 0x7fff && v->sig >> 63 ? 0
									       : 2;
		all |= (u16)(tag << 2 * n);
	}
	return all;
}

static void set_tags(struct emu_cpu *c, u16 all)
{
	c->full = 0;
	for (u32 n = 0; n < 8; n++)
		c->full |= (all >> 2 * n & 3) != 3 ? 1u << n : 0;
}

static u32 environment(const struct emu_cpu *c, bool narrow, u8 *to)
{
	if (narrow) {
		const u16 words[7] = { c->fcw, status(c), tags(c), (u16)c->fip, 0, (u16)c->fdp, 0 };

		__builtin_memcpy(to, words, sizeof(words));
		return sizeof(words);
	} else {
		const u32 words[7] = {
			0xffff0000u | c->fcw, 0xffff0000u | status(c), 0xffff0000u | tags(c),
			(u32)c->fip,	      (u32)c->fop << 16,       (u32)c->fdp,
			0xffff0000u
		};

		__builtin_memcpy(to, words, sizeof(words));
		return sizeof(words);
	}
}

static u32 set_environment(struct emu_cpu *c, bool narrow, const u8 *from)
{
	const u32 size = narrow ? 2 : 4;
	u16 v[7];

	for (u32 n = 0; n < 7; n++)
		__builtin_memcpy(&v[n], from + n * size, 2);
	c->fcw = (v[0] & 0x1f3f) | 0x40;
	set_status(c, v[1]);
	set_tags(c, v[2]);
	return 7 * size;
}

LOCAL_BODY(op_fldenv)
{
	u8 image[28];

	if (x87_pending(c))
		return emu_trap(c, i, TRAP_X87, 0);
	if (i->x) {
		u8 half[14];

		LOAD(half, address(c, i));
		set_environment(c, true, half);
	} else {
		LOAD(image, address(c, i));
		set_environment(c, false, image);
	}
	DONE;
}

LOCAL_BODY(op_fnstenv)
{
	u8 image[28];

	environment(c, i->x, image);
	if (i->x) {
		u8 half[14];

		__builtin_memcpy(half, image, sizeof(half));
		STORE(address(c, i), half);
	} else {
		STORE(address(c, i), image);
	}
	c->fcw |= 0x3f; /* all masked */
	c->fsw &= ~FSW_SUMMARY;
	DONE;
}

LOCAL_BODY(op_fnsave)
{
	const u64 ea = address(c, i);
	u8 image[108];
	const u32 at = environment(c, i->x, image);

	for (u32 n = 0; n < 8; n++) {
		const struct emu_f80 *v = &c->st[x87_slot(c, n)];

		__builtin_memcpy(image + at + n * 10, &v->sig, 8);
		__builtin_memcpy(image + at + n * 10 + 8, &v->se, 2);
	}
	__builtin_memcpy(c->scratch, image, at + 80);
	if (!emu_slow_write(c, i, ea, at + 80))
		return NULL;
	initialise(c);
	DONE;
}

LOCAL_BODY(op_frstor)
{
	u8 image[108];
	u32 at = i->x ? 14 : 28;

	if (x87_pending(c))
		return emu_trap(c, i, TRAP_X87, 0);
	if (!emu_slow_read(c, i, address(c, i), at + 80))
		return NULL;
	__builtin_memcpy(image, c->scratch, at + 80);
	set_environment(c, i->x, image);
	for (u32 n = 0; n < 8; n++) {
		struct emu_f80 *v = &c->st[x87_slot(c, n)];

		__builtin_memcpy(&v->sig, image + at + n * 10, 8);
		__builtin_memcpy(&v->se, image + at + n * 10 + 8, 2);
	}
	DONE;
}

LOCAL_BODY(op_fldcw)
{
	u16 v;

	if (x87_pending(c))
		return emu_trap(c, i, TRAP_X87, 0);
	LOAD(v, address(c, i));
	set_control(c, v);
	DONE;
}

LOCAL_BODY(op_fnstcw)
{
	STORE(address(c, i), c->fcw);
	DONE;
}

LOCAL_BODY(op_fnstsw)
{
	const u16 v = status(c);

	STORE(address(c, i), v);
	DONE;
}

LOCAL_BODY(op_fnstsw_ax)
{
	*(u16 *)&c->r[EMU_RAX] = status(c);
	DONE;
}

LOCAL_BODY(op_fnclex)
{
	c->fsw &= ~(FSW_SUMMARY | 0x7f);
	DONE;
}

LOCAL_BODY(op_fninit)
{
	initialise(c);
	DONE;
}

static void memory(struct decoder *d, u32 x)
{
	static const struct {
		u8 x;
		emu_fn *fn;
	} control[] = {
		{ GROUP(1, 4), op_fldenv },	{ GROUP(1, 5), op_fldcw },
		{ GROUP(1, 6), op_fnstenv },	{ GROUP(1, 7), op_fnstcw },
		{ GROUP(5, 4), op_frstor },	{ GROUP(5, 6), op_fnsave },
		{ GROUP(5, 7), op_fnstsw },	{ GROUP(1, 1), emu_undefined },
		{ GROUP(3, 1), emu_undefined }, { GROUP(5, 1), emu_undefined },
		{ GROUP(7, 1), emu_undefined }, { GROUP(3, 4), emu_undefined },
		{ GROUP(3, 6), emu_undefined }, { GROUP(5, 5), emu_undefined },
	};

	for (u32 k = 0; k < sizeof(control) / sizeof(control[0]); k++) {
		if (control[k].x != x)
			continue;
		emit_memory(d, control[k].fn)->x = stack_16(d);
		return;
	}
	emit_memory(d, op_x87_memory)->x = x;
}

/* What the processor has under this number; NULL: nothing */
static emu_fn *register_op(u32 x, u32 rm)
{
	switch (x) {
	case GROUP(1, 2):
		return rm ? NULL : op_x87_register;
	case GROUP(1, 4):
		return rm == 0 || rm == 1 || rm == 4 || rm == 5 ? op_x87_function : NULL;
	case GROUP(1, 5):
		return rm == 7 ? NULL : op_x87_function;
	case GROUP(1, 6):
	case GROUP(1, 7):
		return op_x87_function;
	case GROUP(2, 5):
		return rm == 1 ? op_x87_register : NULL;
	case GROUP(3, 4):
		return rm == 2 ? op_fnclex : rm == 3 ? op_fninit : rm < 5 ? op_nop : NULL;
	case GROUP(6, 3):
		return rm == 1 ? op_x87_register : NULL;
	case GROUP(7, 4):
		return rm ? NULL : op_fnstsw_ax;
	case GROUP(2, 4):
	case GROUP(2, 6):
	case GROUP(2, 7):
	case GROUP(3, 7):
	case GROUP(5, 6):
	case GROUP(5, 7):
	case GROUP(7, 7):
		return NULL;
	default:
		return op_x87_register;
	}
}

void decode_x87(struct decoder *d, u32 op)
{
	struct emu_uop *u;
	emu_fn *fn;
	u32 x;

	decode_modrm(d);
	x = (op & 7) << 3 | (d->reg & 7);
	if (d->is_memory) {
		memory(d, x);
		return;
	}
	fn = register_op(x, d->rm & 7);
	if (!fn) {
		emit_undefined(d);
		return;
	}
	u = emit(d, fn);
	u->x = x;
	u->rm = d->rm & 7;
}
