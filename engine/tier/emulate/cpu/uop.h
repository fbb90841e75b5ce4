/* SPDX-License-Identifier: GPL-2.0-only */
/* uop.h - decoded instructions, and what the functions that execute them share
 *
 * Theory of operation
 * An instruction is decoded to one or more operations (struct emu_uop): mostly one; those that are
 * rarer load their memory operand into a scratch register first, work there, and store it. Each
 * operation is a function that ends by calling the next one, which compilers make a jump; where
 * they do not (no optimisation, sanitizers, WebAssembly) it returns the next one to a loop.
 *
 * An instruction changes no register before the last thing in it that can fault. An operand that
 * will be written is loaded with the right to write it (UOP_MODIFY), so the store cannot fault.
 */
#ifndef EMU_UOP_H
#define EMU_UOP_H

#include "engine/tier/emulate/cpu/emu.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define TRAP_DIVIDE 0
#define TRAP_DEBUG 1
#define TRAP_BREAKPOINT 3
#define TRAP_UNDEFINED 6
#define TRAP_STACK 12
#define TRAP_PROTECTION 13
#define TRAP_X87 16
#define TRAP_ALIGNMENT 17
#define TRAP_SIMD 19

typedef const struct emu_uop *emu_fn(struct emu_cpu *c, const struct emu_uop *i);

/**
 * struct emu_uop - one operation
 * @imm:     immediate operand
 * @chain:   the block at the target of a branch, once it is known
 * @disp:    displacement of an address; of a branch: the target, from the block's start
 * @off:     of the instruction, from the block's start
 * @len:     of the instruction
 * @reg, @rm: registers; those of 8 bits as byte offsets into r[]
 * @base, @index, @scale, @special: the rest of the address, see address()
 * @x:       a number that the operation knows
 */
struct emu_uop {
	emu_fn *fn;
	union {
		u64 imm;
		struct emu_block *chain;
	};
	i32 disp;
	u16 off;
	u8 len;
	u8 reg, rm;
	u8 base, index, scale, special, x;
};

#define SPECIAL_A32 1u
#define SPECIAL_FS 2u
#define SPECIAL_GS 4u
#define SPECIAL_STACK 16u /* @base stands for one that is the stack's */
#define SPECIAL_NEXT 8u	  /* relative to the next instruction; mostly @disp has that already */

/**
 * struct emu_block - a straight run of instructions in one physical page
 * @pa:    of its first byte
 * @epoch: of the last comparison of @bytes with memory; 0: it is gone
 * @cross: its only instruction ends in another page: compared each time
 */
struct emu_block {
	u64 pa, epoch;
	struct emu_block *hash, *page;
	u16 nbytes, nuops;
	u8 cross, pad[3];
	u8 *bytes;
	struct emu_uop uops[];
};

#define TLB_SIZE 1024
#define JUMPS 4096
#define HASH 32768
#define UOPS_MAX 64 /* of a block, before its end */

struct emu_tlb {
	u64 read, write; /* page, and the core's generation below */
	u8 *page;
	u64 pad;
};

struct emu_jump {
	u64 ip;
	u32 generation, pad;
	struct emu_block *block;
};

/* Decoded instructions */
struct emu_code {
	struct emu_block *hash[HASH];
	u64 epoch;
	u32 used, size; /* of the arena */
	u8 *arena;
	struct emu_block **pages; /* blocks by physical page */
	struct emu_block *single; /* room for one that is not kept */
	struct emu_core *cores;	  /* that execute them */
};

struct emu_core {
	struct emu_tlb tlb[TLB_SIZE];
	struct emu_jump jumps[JUMPS];
	const struct emu_memory *memory;
	struct emu_code *code;
	struct emu_core *next; /* of code->cores */
	void *space;
	u32 generation; /* below EMU_PAGE, never 0 */
};

#define LOOK_EVERY 512 /* jumps */

/*
 * EMU_TAIL_CALLS: the build promises that the compiler makes jumps of calls in front of a return.
 * Compilers do so where no local variable's address has gone anywhere, so it must not: operations
 * with such variables are UOP_BODY, which is called and comes back.
 */
#ifdef EMU_TAIL_CALLS
#define GO(uop)                                                                                    \
	do {                                                                                       \
		const struct emu_uop *go_ = (uop);                                                 \
		return go_->fn(c, go_);                                                            \
	} while (0)
#else
#define GO(uop) return (uop)
#endif
#define NEXT GO(i + 1)

#define UOP(name)                                                                                  \
	const struct emu_uop *name(struct emu_cpu *c, const struct emu_uop *i);                    \
	const struct emu_uop *name(struct emu_cpu *c, const struct emu_uop *i)

/* An operand that has to be aligned is not: the trap, or the one of a wrong address */
const struct emu_uop *emu_misaligned(struct emu_cpu *c, const struct emu_uop *i, u64 ea);

/* One that is called: it ends with DONE, or returns NULL when the cpu stops */
#define UOP_BODY(name)                                                                             \
	static __attribute__((noinline))                                                           \
	const struct emu_uop *name##_body(struct emu_cpu *c, const struct emu_uop *i);             \
	UOP(name)                                                                                  \
	{                                                                                          \
		if (unlikely(!name##_body(c, i)))                                                  \
			return NULL;                                                               \
		NEXT;                                                                              \
	}                                                                                          \
	static const struct emu_uop *name##_body(struct emu_cpu *c, const struct emu_uop *i)
#define DONE return i

/* memory.c; false: the cpu has stopped, or the instruction has to be decoded again. The bytes go to
 * and come from c->scratch */
bool emu_slow_read(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u32 n);
bool emu_slow_write(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u32 n);
/* Where [ea, ea + n) can be read or written: its first bytes within a page; NULL as above */
u8 *emu_page(struct emu_cpu *c, const struct emu_uop *i, u64 ea, bool write);
bool emu_aligned(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u32 n);
bool emu_may_write(struct emu_cpu *c, const struct emu_uop *i, u64 ea, u32 n);
u64 emu_special(const struct emu_cpu *c, const struct emu_uop *i, u64 ea);

/* blocks.c */
struct emu_block *emu_block_find(struct emu_cpu *c, u64 ip);
bool emu_block_drop(struct emu_code *code, u64 pa, u32 n);
void emu_code_flush(struct emu_code *code);

/* run.c; both return NULL: the instruction at @i stops the cpu */
const struct emu_uop *emu_trap(struct emu_cpu *c, const struct emu_uop *i, u32 nr, u32 code);
const struct emu_uop *emu_undefined(struct emu_cpu *c, const struct emu_uop *i);

static inline u64 address(const struct emu_cpu *c, const struct emu_uop *i)
{
	u64 ea = c->r[i->base] + (c->r[i->index] << i->scale) + (i64)i->disp;

	return likely(!i->special) ? ea : emu_special(c, i, ea);
}

static inline u8 *fast_read(const struct emu_cpu *c, u64 ea, u32 n)
{
	const struct emu_tlb *t = &c->core->tlb[ea / EMU_PAGE % TLB_SIZE];

	if (likely(t->read == ((ea & -(u64)EMU_PAGE) | c->core->generation) &&
		   ea % EMU_PAGE <= EMU_PAGE - n))
		return t->page + ea % EMU_PAGE;
	return NULL;
}

static inline u8 *fast_write(const struct emu_cpu *c, u64 ea, u32 n)
{
	const struct emu_tlb *t = &c->core->tlb[ea / EMU_PAGE % TLB_SIZE];

	if (likely(t->write == ((ea & -(u64)EMU_PAGE) | c->core->generation) &&
		   ea % EMU_PAGE <= EMU_PAGE - n))
		return t->page + ea % EMU_PAGE;
	return NULL;
}

/* In an operation: read @var at @ea, or leave */
#define LOAD(var, ea)                                                                              \
	do {                                                                                       \
		const u64 at_ = (ea);                                                              \
		const u8 *from_ = fast_read(c, at_, sizeof(var));                                  \
		if (likely(from_))                                                                 \
			__builtin_memcpy(&(var), from_, sizeof(var));                              \
		else if (!emu_slow_read(c, i, at_, sizeof(var)))                                   \
			return NULL;                                                               \
		else                                                                               \
			__builtin_memcpy(&(var), c->scratch, sizeof(var));                         \
	} while (0)

#define STORE(ea, var)                                                                             \
	do {                                                                                       \
		const u64 at_ = (ea);                                                              \
		u8 *to_ = fast_write(c, at_, sizeof(var));                                         \
		if (likely(to_)) {                                                                 \
			__builtin_memcpy(to_, &(var), sizeof(var));                                \
		} else {                                                                           \
			__builtin_memcpy(c->scratch, &(var), sizeof(var));                         \
			if (!emu_slow_write(c, i, at_, sizeof(var)))                               \
				return NULL;                                                       \
		}                                                                                  \
	} while (0)

/* Leave for @ip, wherever it is */
#define JUMP_TO(where)                                                                             \
	do {                                                                                       \
		const u64 ip_ = (where);                                                           \
		const struct emu_jump *j_ = &c->core->jumps[(ip_ ^ ip_ >> 12) % JUMPS];            \
		if (likely(j_->ip == ip_ && j_->generation == c->core->generation &&               \
			   j_->block->epoch == c->epoch && --c->left > 0)) {                       \
			c->r[EMU_BLOCK] = ip_;                                                     \
			GO(j_->block->uops);                                                       \
		}                                                                                  \
		c->ip = ip_;                                                                       \
		return NULL;                                                                       \
	} while (0)

/* The same for a place in the page that the block is in; @uop remembers it */
#define JUMP_NEAR(uop)                                                                             \
	do {                                                                                       \
		const struct emu_uop *u_ = (uop);                                                  \
		const u64 near_ = c->r[EMU_BLOCK] + (i64)u_->disp;                                 \
		if (!u_->x)                                                                        \
			JUMP_TO(near_ + (u_->special ? u_->off + u_->len : 0));                    \
		if (likely(u_->chain && u_->chain->epoch == c->epoch && --c->left > 0)) {          \
			c->r[EMU_BLOCK] = near_;                                                   \
			GO(u_->chain->uops);                                                       \
		}                                                                                  \
		c->ip = near_;                                                                     \
		c->link = u_;                                                                      \
		return NULL;                                                                       \
	} while (0)

#endif
