/* SPDX-License-Identifier: GPL-2.0-only */
/* run.c - from block to block, and stops */
#include "engine/tier/emulate/cpu/decode.h"
#include "engine/tier/emulate/cpu/integer/flags.h"

const struct emu_uop *emu_trap(struct emu_cpu *c, const struct emu_uop *i, u32 nr, u32 code)
{
	c->ip = c->r[EMU_BLOCK] + i->off;
	c->stop = EMU_TRAP;
	c->trap_nr = nr;
	c->error_code = code;
	return NULL;
}

const struct emu_uop *emu_undefined(struct emu_cpu *c, const struct emu_uop *i)
{
	return emu_trap(c, i, TRAP_UNDEFINED, 0);
}

const struct int_fns *int_fns(u32 size)
{
	static const struct int_fns *const by_size[] = { &emu_int_8, &emu_int_16, &emu_int_32,
							 &emu_int_64 };

	return by_size[size];
}

const struct alu_fns *const emu_alu[NSIZES] = { emu_alu_8, emu_alu_16, emu_alu_32, emu_alu_64 };

void emu_cpu_init(struct emu_cpu *c)
{
	struct emu_core *core = c->core;

	__builtin_memset(c, 0, sizeof(*c));
	c->core = core;
	c->cs = 0x33;
	c->ss = 0x2b;
	emu_flags_set(c, 0);
	emu_fpu_init(c);
}

/* What the trap flag does after an instruction, which is not known before it was executed */
static void single_step(struct emu_cpu *c, bool was_set)
{
	if (!was_set || c->stop != EMU_RUNNING || c->once)
		return;
	c->stop = EMU_TRAP;
	c->trap_nr = TRAP_DEBUG;
	c->error_code = 0;
}

enum emu_stop emu_run(struct emu_cpu *c)
{
	struct emu_core *core = c->core;

	if (!core->memory->told)
		core->code->epoch++;
	c->epoch = core->code->epoch;
	c->link = NULL;
	c->once = 0;
	c->stop = EMU_RUNNING;
	c->r[EMU_ZERO] = 0;
	if (core->space != c->space || c->flags & EMU_FLAG_AC) {
		core->space = c->space;
		emu_core_flush(core);
	}
	while (c->stop == EMU_RUNNING) {
		const bool step = c->flags & EMU_FLAG_TF;
		const struct emu_block *block;
		const struct emu_uop *i;

		if (*c->pending || (c->left <= 0 && c->looks && !--c->looks)) {
			c->stop = EMU_INTERRUPT;
			break;
		}
		if (c->left <= 0)
			c->left = LOOK_EVERY;
		block = emu_block_find(c, c->ip);
		if (!block)
			break;
		c->r[EMU_BLOCK] = c->ip;
		for (i = block->uops; i;)
			i = i->fn(c, i);
		single_step(c, step);
	}
	return c->stop;
}
