/* SPDX-License-Identifier: GPL-2.0-only */
/* blocks.c - decoded blocks by physical address, and whether they still say what memory says
 *
 * Theory of operation
 * A block is keyed by the physical address of its first byte, so that processes share it, and keeps
 * the bytes that it was made of. Writes by the program to these drop it at once (memory.c). Writes
 * by others - a kernel, a disk - are told (emu_written), or else each emu_run() is a new epoch, and
 * a block is compared with memory when it is entered for the first time in one. Blocks lie in an
 * arena that is emptied when it is full; until then a block that is gone only has an epoch that
 * never comes.
 */
#include "engine/tier/emulate/cpu/decode.h"

#define ARENA (24u << 20)
#define ALIGN(n) (((n) + 15) & ~(size_t)15)
#define SINGLE_SIZE (sizeof(struct emu_block) + (UOPS_MAX + 24) * sizeof(struct emu_uop))

size_t emu_core_size(const struct emu_memory *memory)
{
	return ALIGN(sizeof(struct emu_core)) + ALIGN(sizeof(struct emu_code)) +
	       ALIGN((size_t)(memory->size / EMU_PAGE) * sizeof(struct emu_block *)) + ARENA;
}

static struct emu_core *core_new(void *room, const struct emu_memory *memory, struct emu_code *code)
{
	struct emu_core *core = room;

	core->memory = memory;
	core->generation = 1;
	core->code = code;
	core->next = code->cores;
	code->cores = core;
	return core;
}

struct emu_core *emu_core_init(void *room, const struct emu_memory *memory)
{
	u8 *at = (u8 *)room + ALIGN(sizeof(struct emu_core));
	struct emu_code *code = (struct emu_code *)at;

	at += ALIGN(sizeof(*code));
	code->epoch = 2; /* see emu_block_find() */
	code->pages = (struct emu_block **)at;
	at += ALIGN((size_t)(memory->size / EMU_PAGE) * sizeof(struct emu_block *));
	code->single = (struct emu_block *)at;
	code->arena = at + ALIGN(SINGLE_SIZE);
	code->size = ARENA - ALIGN(SINGLE_SIZE);
	return core_new(room, memory, code);
}

size_t emu_core_share_size(void)
{
	return sizeof(struct emu_core);
}

struct emu_core *emu_core_share(void *room, struct emu_core *with)
{
	return core_new(room, with->memory, with->code);
}

static struct emu_block **bucket(struct emu_code *code, u64 pa)
{
	return &code->hash[(pa ^ pa >> 14) % HASH];
}

static void forget(struct emu_code *code, struct emu_block *block)
{
	struct emu_block **at = bucket(code, block->pa);

	while (*at && *at != block)
		at = &(*at)->hash;
	if (*at)
		*at = block->hash;
	block->epoch = 0;
}

void emu_code_flush(struct emu_code *code)
{
	for (u32 n = 0; n < HASH; n++) {
		for (struct emu_block *block = code->hash[n]; block; block = block->hash) {
			code->pages[block->pa / EMU_PAGE] = NULL;
			block->epoch = 0;
		}
		code->hash[n] = NULL;
	}
	for (struct emu_core *core = code->cores; core; core = core->next) {
		for (u32 n = 0; n < JUMPS; n++)
			core->jumps[n].generation = 0;
	}
	code->used = 0;
}

/* Forget what was decoded from [@pa, @pa + @n), in one page; was there any? */
bool emu_block_drop(struct emu_code *code, u64 pa, u32 n)
{
	struct emu_block **at = &code->pages[pa / EMU_PAGE];
	bool any = false;

	while (*at) {
		struct emu_block *block = *at;

		if (block->pa < pa + n && pa < block->pa + block->nbytes) {
			*at = block->page;
			forget(code, block);
			any = true;
		} else {
			at = &block->page;
		}
	}
	return any;
}

void emu_written(struct emu_core *core, u64 pa, u64 size)
{
	const u64 end = pa + size < core->memory->size ? pa + size : core->memory->size;

	for (u64 next; pa < end; pa = next) {
		next = (pa / EMU_PAGE + 1) * EMU_PAGE;
		next = next < end ? next : end;
		if (core->code->pages[pa / EMU_PAGE])
			emu_block_drop(core->code, pa, (u32)(next - pa));
	}
}

/* Physical address of the instruction byte at @ip, or ~0 with the fault */
static u64 fetch(struct emu_cpu *c, u64 ip)
{
	const u64 entry = (i64)ip >= 0 ? c->core->memory->walk(c->space, ip) : 0;
	const u64 pa = entry & -(u64)EMU_PAGE;

	if (entry & EMU_EXEC && pa < c->core->memory->size)
		return pa | ip % EMU_PAGE;
	c->fault_addr = ip;
	c->error_code = 4 | 16 | (entry || ip >= EMU_KERNEL_FROM ? 1 : 0);
	return ~(u64)0;
}

static u32 fetch_around(struct emu_cpu *c, u64 ip, u64 pa, u8 bytes[INSN_MAX])
{
	const u32 rest = EMU_PAGE - ip % EMU_PAGE;
	const u32 first = rest < INSN_MAX ? rest : INSN_MAX;
	u64 next;

	__builtin_memcpy(bytes, c->core->memory->ram + pa, first);
	if (first == INSN_MAX)
		return INSN_MAX;
	next = fetch(c, ip + first);
	if (next == ~(u64)0)
		return first;
	__builtin_memcpy(bytes + first, c->core->memory->ram + next, INSN_MAX - first);
	return INSN_MAX;
}

static bool still_true(struct emu_cpu *c, const struct emu_block *block, u64 ip, u64 pa)
{
	u8 bytes[INSN_MAX];

	if (!block->cross)
		return !__builtin_memcmp(block->bytes, c->core->memory->ram + pa, block->nbytes);
	return fetch_around(c, ip, pa, bytes) == INSN_MAX &&
	       !__builtin_memcmp(block->bytes, bytes, block->nbytes);
}

/* Nobody may write to the page without being seen */
static void watch(struct emu_code *code, u64 pa)
{
	for (struct emu_core *core = code->cores; core; core = core->next) {
		const u8 *page = core->memory->ram + (pa & -(u64)EMU_PAGE);

		for (u32 n = 0; n < TLB_SIZE; n++) {
			if (core->tlb[n].page == page)
				core->tlb[n].write = 0;
		}
	}
}

/*
 * Decode at @ip. An instruction that reaches into the next page is a block of its own, as is one
 * that is to run alone, which is not kept.
 */
static struct emu_block *make(struct emu_cpu *c, u64 ip, u64 pa, bool alone)
{
	struct emu_core *core = c->core;
	struct emu_code *code = core->code;
	const u32 room = EMU_PAGE - pa % EMU_PAGE;
	struct emu_block *block = code->single;
	struct decoder d = { .uops = block->uops, .page_offset = pa % EMU_PAGE };
	u8 bytes[INSN_MAX];

	*block = (struct emu_block){ .pa = pa };
	while (!d.ends && d.nuops < UOPS_MAX) {
		const u32 before = d.nuops, off = d.off;

		d.bytes = core->memory->ram + pa + off;
		d.limit = room - off < INSN_MAX ? room - off : INSN_MAX;
		if (emu_decode(&d)) {
			if (alone || d.off == room)
				break;
			continue;
		}
		d.nuops = before;
		d.off = off;
		d.ends = false;
		if (off)
			break; /* next time */
		d.bytes = bytes;
		d.limit = fetch_around(c, ip, pa, bytes);
		if (!emu_decode(&d) && d.limit < INSN_MAX)
			return NULL;
		block->cross = d.off > room;
		break;
	}
	if (!d.ends)
		emu_decode_end(&d);
	block->nbytes = d.off;
	block->nuops = d.nuops;
	if (alone)
		return block;

	if (code->used + sizeof(*block) + d.nuops * sizeof(struct emu_uop) + d.off + 16 >
	    code->size)
		emu_code_flush(code);
	block = (struct emu_block *)(code->arena + code->used);
	__builtin_memcpy(block, code->single, sizeof(*block) + d.nuops * sizeof(struct emu_uop));
	block->bytes = (u8 *)&block->uops[d.nuops];
	__builtin_memcpy(block->bytes, block->cross ? bytes : core->memory->ram + pa, d.off);
	code->used += ALIGN(sizeof(*block) + d.nuops * sizeof(struct emu_uop) + d.off);
	block->hash = *bucket(code, pa);
	*bucket(code, pa) = block;
	if (!code->pages[pa / EMU_PAGE])
		watch(code, pa);
	block->page = code->pages[pa / EMU_PAGE];
	code->pages[pa / EMU_PAGE] = block;
	return block;
}

static void stop_fetch(struct emu_cpu *c)
{
	c->stop = EMU_FAULT;
	c->trap_nr = 14;
}

/**
 * emu_block_find() - The block at @ip, compared with memory
 *
 * Return: NULL when instructions cannot be fetched: the cpu has stopped.
 */
struct emu_block *emu_block_find(struct emu_cpu *c, u64 ip)
{
	struct emu_core *core = c->core;
	struct emu_code *code = core->code;
	const struct emu_uop *link = c->link;
	struct emu_jump *jump = &core->jumps[(ip ^ ip >> 12) % JUMPS];
	const bool alone = c->once || c->flags & EMU_FLAG_TF;
	struct emu_block *block;
	u64 pa;

	c->link = NULL;
	c->once = 0;
	if ((u64)((i64)(ip << 16) >> 16) != ip) {
		c->stop = EMU_TRAP;
		c->trap_nr = TRAP_PROTECTION;
		c->error_code = 0;
		return NULL;
	}
	pa = fetch(c, ip);
	if (pa == ~(u64)0) {
		stop_fetch(c);
		return NULL;
	}
	if (alone) {
		block = make(c, ip, pa, true);
		if (!block)
			stop_fetch(c);
		return block;
	}
	for (block = *bucket(code, pa); block && block->pa != pa; block = block->hash)
		;
	if (block && (block->cross || block->epoch != c->epoch) && !still_true(c, block, ip, pa)) {
		emu_block_drop(code, pa, 1);
		block = NULL;
	}
	if (!block) {
		const u32 used = code->used;

		block = make(c, ip, pa, false);
		if (!block) {
			stop_fetch(c);
			return NULL;
		}
		if (code->used < used)
			link = NULL; /* the arena was emptied */
	}
	if (block->cross) {
		block->epoch = 1; /* before any other: compared each time */
		return block;
	}
	block->epoch = c->epoch;
	*jump = (struct emu_jump){ .ip = ip, .generation = core->generation, .block = block };
	if (link && link->x)
		((struct emu_uop *)link)->chain = block;
	return block;
}
