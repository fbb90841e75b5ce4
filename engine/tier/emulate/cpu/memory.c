/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.c - what the TLB does not answer: walks, faults, operands in two pages, writes to code
 *
 * Theory of operation
 * A page that instructions were decoded from is never entered for writing, so each write to it
 * comes here. If it hits decoded bytes, these are forgotten and the writing instruction starts
 * again, alone: what stood behind it in its block may be what it changes.
 *
 * While a program has alignment checked (AC of the flags) the TLB stays empty, so all operands come
 * here and are looked at.
 */
#include "engine/tier/emulate/cpu/uop.h"

#define CANONICAL(va) ((u64)((i64)((va) << 16) >> 16) == (va))

u64 emu_special(const struct emu_cpu *c, const struct emu_uop *i, u64 ea)
{
	if (i->special & SPECIAL_NEXT)
		ea += i->off + i->len;
	if (i->special & SPECIAL_A32)
		ea = (u32)ea;
	if (i->special & SPECIAL_FS)
		ea += c->r[EMU_FS];
	if (i->special & SPECIAL_GS)
		ea += c->r[EMU_GS];
	return ea;
}

static bool refuse(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u64 entry, bool write)
{
	const bool stack =
	    (i->base == EMU_RSP || i->base == EMU_RBP || i->special & SPECIAL_STACK) &&
	    !(i->special & (SPECIAL_FS | SPECIAL_GS));

	if (!CANONICAL(ea)) {
		emu_trap(c, i, stack ? TRAP_STACK : TRAP_PROTECTION, 0);
		return false;
	}
	c->ip = c->r[EMU_BLOCK] + i->off;
	c->stop = EMU_FAULT;
	c->fault_addr = ea;
	c->error_code = 4 | (write ? 2 : 0) | (entry || ea >= EMU_KERNEL_FROM ? 1 : 0);
	c->trap_nr = 14;
	return false;
}

const struct emu_uop *emu_misaligned(struct emu_cpu *c, const struct emu_uop *i, u64 ea)
{
	if (!CANONICAL(ea))
		refuse(c, i, ea, 0, false);
	else
		emu_trap(c, i, TRAP_PROTECTION, 0);
	return NULL;
}

/* The page of @ea for @n bytes in it; enters it in the TLB */
static u8 *page_for(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u32 n, bool write)
{
	struct emu_core *core = c->core;
	struct emu_tlb *t = &core->tlb[ea / EMU_PAGE % TLB_SIZE];
	const u64 tag = (ea & -(u64)EMU_PAGE) | core->generation;
	const u64 entry = CANONICAL(ea) ? core->memory->walk(c->space, ea) : 0;
	const u64 pa = entry & -(u64)EMU_PAGE;

	if (!(entry & (write ? EMU_WRITE : EMU_READ)) || pa >= core->memory->size) {
		refuse(c, i, ea, entry, write);
		return NULL;
	}
	if (t->read != tag) {
		t->read = entry & EMU_READ && !(c->flags & EMU_FLAG_AC) ? tag : 0;
		t->write = 0;
	}
	t->page = core->memory->ram + pa;
	if (write && core->memory->dirty)
		core->memory->dirty[pa / EMU_PAGE] = 1;
	if (write && core->code->pages[pa / EMU_PAGE]) {
		if (emu_block_drop(core->code, pa + ea % EMU_PAGE, n)) {
			c->ip = c->r[EMU_BLOCK] + i->off;
			c->once = 1;
			return NULL;
		}
	} else if (write && t->read == tag) {
		t->write = tag;
	}
	return t->page + ea % EMU_PAGE;
}

static u32 in_first(u64 ea, u32 n)
{
	const u32 rest = EMU_PAGE - ea % EMU_PAGE;

	return rest < n ? rest : n;
}

u8 *emu_page(struct emu_cpu *c, const struct emu_uop *i, u64 ea, bool write)
{
	return page_for(c, i, ea, EMU_PAGE - ea % EMU_PAGE, write);
}

static bool both_pages(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u32 n, bool write,
		       u8 *at[2])
{
	const u32 first = in_first(ea, n);

	at[0] = page_for(c, i, ea, first, write);
	at[1] = at[0] && first < n ? page_for(c, i, ea + first, n - first, write) : at[0];
	return at[0] && at[1];
}

/* What an operand of @n bytes has to be aligned to; larger ones are not looked at, or always are */
static u32 alignment(u32 n)
{
	switch (n) {
	case 2:
	case 4:
	case 8:
		return n;
	case 10:
		return 8;
	case 14: /* the x87's environment and state, of 16 bits and of 32 */
	case 94:
		return 2;
	case 28:
	case 108:
		return 4;
	default:
		return 1;
	}
}

/* With AC: processors look at that before they look for the page */
bool emu_aligned(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u32 n)
{
	if (likely(!(c->flags & EMU_FLAG_AC)) || !(ea & (alignment(n) - 1)) || !CANONICAL(ea))
		return true;
	emu_trap(c, i, TRAP_ALIGNMENT, 0);
	return false;
}

bool emu_slow_read(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u32 n)
{
	const u32 first = in_first(ea, n);
	u8 *at[2];

	if (!emu_aligned(c, i, ea, n) || !both_pages(c, i, ea, n, false, at))
		return false;
	__builtin_memcpy(c->scratch, at[0], first);
	if (first < n)
		__builtin_memcpy(c->scratch + first, at[1], n - first);
	return true;
}

bool emu_slow_write(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u32 n)
{
	const u32 first = in_first(ea, n);
	u8 *at[2];

	if (!emu_aligned(c, i, ea, n) || !both_pages(c, i, ea, n, true, at))
		return false;
	__builtin_memcpy(at[0], c->scratch, first);
	if (first < n)
		__builtin_memcpy(at[1], c->scratch + first, n - first);
	return true;
}

bool emu_may_write(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u32 n)
{
	u8 *at[2];

	return fast_write(c, ea, n) ||
	       (emu_aligned(c, i, ea, n) && both_pages(c, i, ea, n, true, at));
}

void emu_core_flush(struct emu_core *core)
{
	if (++core->generation < EMU_PAGE)
		return;
	core->generation = 1;
	for (u32 n = 0; n < TLB_SIZE; n++)
		core->tlb[n].read = core->tlb[n].write = 0;
	for (u32 n = 0; n < JUMPS; n++)
		core->jumps[n].generation = 0;
}
