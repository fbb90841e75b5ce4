/* SPDX-License-Identifier: GPL-2.0-only */
/* internal.h - what the parts of a machine share */
#ifndef BROWSER_MACHINE_INTERNAL_H
#define BROWSER_MACHINE_INTERNAL_H

#include "browser/net/net.h"
#include "engine/tier/emulate/cpu/emu.h"
#include "engine/tier/emulate/space.h"
#include "guest.h"
#include "machine.h"

#define FX_SIZE 512
#define THREADS_MAX 8192
#define SPACES_MAX 8192
#define LOOKS 64 /* of the emulator between two looks at the clock */

/* errno values of Linux, which the guest's kernel understands wherever we run */
enum guest_errno {
	G_ENOENT = 2,
	G_EAGAIN = 11,
	G_ENOMEM = 12,
	G_EFAULT = 14,
	G_ENODEV = 19,
	G_EINVAL = 22,
	G_EPIPE = 32,
	G_ENOSYS = 38
};

/**
 * struct view - the memory that a core sees
 * @kernel: physical memory linearly, the board, and what @space maps; otherwise @space alone
 */
struct view {
	struct machine *machine;
	struct space *space;
	bool kernel;
};

/**
 * struct thread - a guest thread, as engine/tier/emulate/emulate.c has it
 * @number: what the kernel calls it; also of its FPU image on the board
 */
struct thread {
	struct emu_cpu cpu;
	struct view view;
	uint32_t number;
	bool runs, kicked;
};

/* Calls of the kernel's own functions, in the middle of whatever it does */
enum errand { ERRAND_NONE, ERRAND_MAP, ERRAND_FAULT, ERRAND_DIE };

/**
 * struct machine - see machine.h
 * @ram:      physical memory, and behind it the board
 * @size:     of physical memory
 * @kernel, @program: cores that share their decoded instructions
 * @cpu:      the kernel's
 * @view:     the kernel's, with what kernel_map() has mapped
 * @user:     the thread that runs; then the kernel waits in thread_run(@regs, @frame)
 * @threads, @spaces: by the kernel's numbers for them, from 1
 * @errand, @before: see kernel.c
 * @deadline: of the timer
 * @sleeps:   the kernel waits in idle()
 * @paused:   it stands still
 * @raised:   interrupts that it has not been told of
 */
struct machine {
	const struct machine_host *host;
	struct emu_memory memory;
	uint8_t *ram;
	uint64_t size, board_size;
	struct emu_core *kernel, *program;
	struct emu_cpu cpu;
	struct view view;

	struct thread *threads[THREADS_MAX], *user;
	struct space *spaces[SPACES_MAX];
	uint64_t regs, frame;

	enum errand errand;
	struct emu_cpu before;
	uint64_t fault_addr;
	uint32_t fault_trap;

	uint64_t deadline, looks;
	bool sleeps, halted, paused;
	uint32_t status, raised;

	struct bus *bus;
	struct card *card;
	struct jobs *jobs;
};

/* memory.c: kernel memory from outside. NULL or -1 when it is not all there */
uint8_t *guest_at(struct machine *m, uint64_t va, uint64_t size);
uint8_t *guest_physical(struct machine *m, uint64_t pa, uint64_t size);
int guest_read(struct machine *m, uint64_t va, void *to, uint64_t size);
int guest_write(struct machine *m, uint64_t va, const void *from, uint64_t size);
void guest_written(struct machine *m, const uint8_t *at, uint64_t size);
uint64_t view_walk(void *view, uint64_t va);
struct guest_boot *guest_boot(struct machine *m);

/* Where the board has what: the boot record, the table of calls, FPU images */
#define BOARD_BOOT 0
#define BOARD_OPS 8192
#define BOARD_IMAGES 12288
#define BOARD_SIZE (BOARD_IMAGES + (uint64_t)THREADS_MAX * FX_SIZE)

/* image.c */
int image_load(struct machine *m, const uint8_t *file, size_t size, uint64_t *entry,
	       const char **why);

/* kernel.c */
void kernel_begin(struct machine *m, uint64_t entry);
void kernel_step(struct machine *m);
void kernel_return(struct machine *m, uint64_t value);
/* An interrupt, which comes with the next kernel_interrupt(): a kernel that starts has no word yet
 */
void kernel_raise(struct machine *m, uint32_t irq);
void kernel_interrupt(struct machine *m);
volatile uint32_t *kernel_pending(struct machine *m);

/* calls.c: what the kernel asks for */
void call_host(struct machine *m, enum guest_call call, const uint64_t args[6]);

/* threads.c */
uint64_t threads_call(struct machine *m, enum guest_call call, const uint64_t args[6]);
void thread_enter(struct machine *m, const uint64_t args[6]);
void thread_step(struct machine *m);
void threads_free(struct machine *m);

/**
 * struct saved - what a paused machine is, but for memory and disks
 * @magic, @version: SAVED_MAGIC, SAVED_VERSION
 */
#define SAVED_MAGIC 0x626174765f747669 /* "ivt_vtab" */
#define SAVED_VERSION 2
#define INPUT_SIZE 65536 /* a power of two */
#define JOBS_MAX 16

struct saved_queue {
	uint64_t desc, avail, used;
	uint32_t size;
	uint16_t last_avail, used_idx;
};

struct saved_job {
	uint32_t number, used, ended, in_closed;
	uint32_t in_size, pad;
	uint8_t input[INPUT_SIZE];
};

struct saved {
	uint64_t magic, memory, resume, last_id;
	uint32_t version, abi;
	struct saved_queue queue[MACHINE_DISKS_MAX];
	struct saved_job job[JOBS_MAX];
	struct saved_queue card[2];
	uint64_t accepted;
	struct net_saved net;
};

/* bus.c */
int bus_new(struct machine *m, const struct machine_config *config);
void bus_save(struct machine *m, struct saved *saved);
void bus_restore(struct machine *m, const struct saved *saved);
void bus_free(struct machine *m);
uint64_t bus_call(struct machine *m, enum guest_call call, const uint64_t args[6]);

/* card.c; @now: nanoseconds */
#define CARD_INDEX MACHINE_DISKS_MAX
int card_new(struct machine *m, const struct machine_config *config);
void card_free(struct machine *m);
void card_round(struct machine *m, uint64_t now);
uint64_t card_wakes(const struct machine *m);
uint64_t card_call(struct machine *m, enum guest_call call, const uint64_t args[6]);
void card_save(struct machine *m, struct saved *saved);
void card_restore(struct machine *m, const struct saved *saved);

/* jobs.c */
int jobs_new(struct machine *m);
void jobs_save(struct machine *m, struct saved *saved);
void jobs_restore(struct machine *m, const struct saved *saved);
void jobs_free(struct machine *m);
uint64_t jobs_call(struct machine *m, enum guest_call call, const uint64_t args[6]);

#endif
