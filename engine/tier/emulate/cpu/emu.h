/* SPDX-License-Identifier: GPL-2.0-only */
/* emu.h - unprivileged x86-64 in portable C
 *
 * Theory of operation
 * The emulator knows user mode and nothing else: registers, instructions, and memory that somebody
 * else's page tables describe (struct emu_memory). emu_run() executes until something happens that
 * a processor would tell its kernel. It uses no libc and allocates nothing, so that it compiles for
 * anything that is little-endian.
 *
 * A struct emu_cpu is the state of one thread. A struct emu_core is what a processor has beside
 * it: the TLB and decoded instructions. Whoever runs a cpu gives it a core; neither has globals.
 * Cores that never run at the same time can share what is decoded (emu_core_share): so a kernel and
 * its programs each keep their translations.
 */
#ifndef EMU_H
#define EMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EMU_RAX, EMU_RCX, EMU_RDX, EMU_RBX, EMU_RSP, EMU_RBP, EMU_RSI, EMU_RDI };

/* Behind the sixteen registers: zero, where the block starts, scratch, and segment bases */
enum { EMU_ZERO = 16, EMU_BLOCK, EMU_TMP, EMU_TMP2, EMU_FS, EMU_GS, EMU_NREGS };

union emu_xmm {
	uint8_t b[16];
	int8_t sb[16];
	uint16_t w[8];
	int16_t sw[8];
	uint32_t d[4];
	int32_t sd[4];
	uint64_t q[2];
	int64_t sq[2];
};

#define EMU_XMM_TMP 16 /* memory operands */
#define EMU_XMM_MM 17  /* what an MMX instruction works on */
#define EMU_NXMM 18

/* An 80-bit number as it lies in memory */
struct emu_f80 {
	uint64_t sig;
	uint16_t se; /* sign and exponent */
};

enum emu_stop {
	EMU_RUNNING,
	EMU_INTERRUPT, /* the pending word is not zero */
	EMU_SYSCALL,   /* rip behind it, rcx and r11 as the instruction leaves them */
	EMU_FAULT,     /* page fault: @fault_addr, @error_code */
	EMU_TRAP,      /* another exception: @trap_nr, @error_code */
};

#define EMU_FLAG_CF (1u << 0)
#define EMU_FLAG_PF (1u << 2)
#define EMU_FLAG_AF (1u << 4)
#define EMU_FLAG_ZF (1u << 6)
#define EMU_FLAG_SF (1u << 7)
#define EMU_FLAG_TF (1u << 8)
#define EMU_FLAG_IF (1u << 9)
#define EMU_FLAG_DF (1u << 10)
#define EMU_FLAG_OF (1u << 11)
#define EMU_FLAG_NT (1u << 14)
#define EMU_FLAG_RF (1u << 16)
#define EMU_FLAG_AC (1u << 18)
#define EMU_FLAG_ID (1u << 21)

struct emu_core;
struct emu_uop;
struct emu_block;

/**
 * struct emu_cpu - one thread in user mode
 * @r:        general registers, then EMU_ZERO and so on; the segment bases belong here too
 * @result, @carries, @aux, @delta: the arithmetic flags, see flags.h
 * @flags:    the other flags, as they lie in rflags: TF, DF, NT, AC, ID
 * @x:        SSE registers, and room for a memory operand
 * @st:       x87 registers, physical: ST(i) is st[(top + i) & 7]
 * @full:     bit per physical x87 register: it is not empty
 * @pending:  emu_run() ends soon after this word becomes non-zero
 * @left:     jumps until it is looked at again
 * @looks:    emu_run() ends after as many looks, as if the word were not zero; 0: never
 * @space:    what emu_memory.walk() is asked about
 * @no_tsc:   RDTSC faults
 */
struct emu_cpu {
	uint64_t r[EMU_NREGS];
	uint64_t ip;
	uint64_t result, carries, aux, delta;
	uint64_t epoch;
	int32_t left;
	uint32_t looks;
	struct emu_core *core;
	const volatile uint32_t *pending;
	const struct emu_uop *link; /* whose target is looked for */
	void *space;
	uint32_t flags;
	uint32_t mxcsr;
	uint16_t ds, es, fs, gs, cs, ss;
	uint8_t once, no_tsc;
	enum emu_stop stop;
	uint32_t trap_nr, error_code;
	uint64_t fault_addr;
	uint64_t saved[5]; /* flags and operand before a locked instruction */

	uint8_t scratch[512]; /* operands on their way to and from the slow path */

	union emu_xmm x[EMU_NXMM];
	struct emu_f80 st[8];
	uint8_t top, full;
	uint16_t fcw, fsw; /* without TOP */
	uint16_t fop;
	uint64_t fip, fdp;
};

#define EMU_READ 1u
#define EMU_WRITE 2u
#define EMU_EXEC 4u
#define EMU_PRESENT 8u
#define EMU_PAGE 4096u

/* Linux tells nobody whether there is a page from here on: faults always say that there is one */
#define EMU_KERNEL_FROM 0x7ffffffff000u

/**
 * struct emu_memory - the memory behind a core
 * @ram, @size: physical memory
 * @walk: the page at @va in @space: its physical address and EMU_PRESENT and rights in the low
 *        bits, or 0
 * @tsc:  the time stamp counter
 * @dirty: a byte for each page, set when the page is entered for writing; or NULL
 * @told: emu_written() is told of all changes of memory by others; otherwise they are looked for
 */
struct emu_memory {
	uint8_t *ram;
	uint64_t size;
	uint64_t (*walk)(void *space, uint64_t va);
	uint64_t (*tsc)(void);
	uint8_t *dirty;
	bool told;
};

/* Bytes that a core for @memory needs; may be zero pages that nobody has touched */
size_t emu_core_size(const struct emu_memory *memory);

/* Make one in zeroed memory of that size; @memory must outlive it */
struct emu_core *emu_core_init(void *room, const struct emu_memory *memory);

/* Bytes for, and one more core that shares the decoded instructions of @with, in zeroed memory */
size_t emu_core_share_size(void);
struct emu_core *emu_core_share(void *room, struct emu_core *with);

/* Others have changed @size bytes at @pa */
void emu_written(struct emu_core *core, uint64_t pa, uint64_t size);

/* What @space maps has changed, or another space will be used: forget translations */
void emu_core_flush(struct emu_core *core);

/* Can user mode load that into DS, ES, FS or GS? */
bool emu_selector_usable(uint16_t selector);

/* All of a thread's registers as after exec */
void emu_cpu_init(struct emu_cpu *cpu);

/* The FPU and SSE part of that */
void emu_fpu_init(struct emu_cpu *cpu);

uint64_t emu_flags_get(const struct emu_cpu *cpu);
void emu_flags_set(struct emu_cpu *cpu, uint64_t flags);

/* The 512 bytes of FXSAVE */
void emu_fx_save(const struct emu_cpu *cpu, uint8_t *image);
void emu_fx_restore(struct emu_cpu *cpu, const uint8_t *image);

/**
 * emu_run() - Execute instructions
 * @cpu:  its @core, @space and @pending are set
 * @core: used by nobody else meanwhile
 *
 * Memory may have been changed by others before the call, code included, see emu_memory.told. After
 * EMU_FAULT and EMU_TRAP rip and all registers are as the processor leaves them: the instruction
 * can be executed again.
 */
enum emu_stop emu_run(struct emu_cpu *cpu);

/* What CPUID says */
struct emu_cpuid {
	uint32_t a, b, c, d;
};
struct emu_cpuid emu_cpuid(uint32_t leaf, uint32_t sub);

#endif
