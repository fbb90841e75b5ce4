/* SPDX-License-Identifier: GPL-2.0-only */
/* emulate.c - the emulating tier: guest programs are executed by the vCPU's own thread
 *
 * Theory of operation
 * The tier needs nothing of the host, and starts no processes. An address space is tables of what
 * the kernel has mapped (space.c), a thread is the registers of a processor, and running it is
 * running the emulator (cpu/) until there is something to tell: so a thread that does not run is
 * always stopped, and all of its registers are known.
 *
 * The one exception is an interrupt, after which the kernel believes that the thread runs on: it
 * stays where it is, and goes on or is kicked with the next call.
 *
 * What a guest is kept from is what the emulator does not do: it reaches memory through
 * space_walk() alone, and has no way of calling the host.
 *
 * Host system calls: mmap, and those of what is called.
 */
#include "engine/tier/tier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/memory/memory.h"
#include "engine/telemetry/telemetry.h"
#include "engine/tier/emulate/clock.h"
#include "engine/tier/emulate/cpu/emu.h"
#include "engine/tier/emulate/registers.h"
#include "engine/tier/emulate/space.h"
#include "engine/vcpu/vcpu.h"
#include "lib/clock.h"

#define FX_SIZE 512
#define SIGFRAME_SIZE 2048 /* MINSIGSTKSZ: there is no state beyond FXSAVE's */
#define HWCAP2_FSGSBASE 2

/**
 * struct vt_thread - a guest thread
 * @cpu:    its registers; vt_regs and vt_frame have them while it does not run
 * @space:  where it runs
 * @runs:   the kernel believes so
 * @kicked: it is to stop
 * @fx:     FPU state in the layout of signal frames
 */
struct vt_thread {
	struct emu_cpu cpu;
	struct space *space;
	bool runs, kicked;
	uint8_t fx[FX_SIZE];
};

/* What the vCPU's translations are of */
static struct {
	struct emu_core *core;
	struct space *space;
	uint64_t taken;
} vcpu;

static struct space *space_of(struct vt_mm *mm)
{
	return (struct space *)mm;
}

/* ---- address spaces ---- */

static int mm_new(struct vt_mm **mm, int spare)
{
	struct space *space = space_new();

	if (!space)
		return -ENOMEM;
	*mm = (struct vt_mm *)space;
	return 0;
}

static void mm_free(struct vt_mm *mm)
{
	space_free(space_of(mm));
}

static int mm_sync(struct vt_mm *mm, const struct vt_map_op *ops, vt_u32 count)
{
	static const enum vt_host_counter counters[] = {
		[VT_MAP] = VT_HOST_MAPS,
		[VT_PROTECT] = VT_HOST_PROTECTS,
		[VT_UNMAP] = VT_HOST_UNMAPS,
	};

	for (vt_u32 n = 0; n < count; n++) {
		if (ops[n].kind < sizeof(counters) / sizeof(counters[0]))
			telemetry_count(counters[ops[n].kind], 1);
	}
	return space_sync(space_of(mm), ops, count);
}

/* Nothing of it runs now, and what runs next looks at its code again */
static void mm_barrier(struct vt_mm *mm)
{
}

/* ---- threads ---- */

static int thread_new(struct vt_mm *mm, struct vt_thread *fpu_from, struct vt_frame *frame,
		      struct vt_thread **thread)
{
	struct vt_thread *new = aligned_alloc(16, sizeof(*new));

	if (!new)
		return -ENOMEM;
	memset(new, 0, sizeof(*new));
	emu_cpu_init(&new->cpu);
	new->space = space_of(mm);
	new->cpu.space = new->space;
	new->cpu.no_tsc = frame->no_tsc;
	if (fpu_from)
		memcpy(new->fx, fpu_from->fx, FX_SIZE);
	else
		emu_fx_save(&new->cpu, new->fx);
	frame->reset_fpu = !fpu_from;
	frame->xstate = new->fx;
	frame->xstate_size = FX_SIZE;
	*thread = new;
	return 0;
}

static void thread_free(struct vt_thread *thread)
{
	free(thread);
}

static void thread_kick(struct vt_thread *thread)
{
	telemetry_count(VT_HOST_KICKS, 1);
	thread->kicked = true;
}

static enum vt_user_event refuse(const struct vt_regs *regs, struct vt_frame *frame)
{
	registers_refuse(regs, &frame->trap_nr, &frame->error_code);
	return VT_EV_TRAP;
}

static void load(struct vt_thread *thread, const struct vt_regs *regs, const struct vt_frame *frame)
{
	struct emu_cpu *cpu = &thread->cpu;

	registers_load(cpu, regs);
	cpu->r[EMU_FS] = frame->fs_base;
	cpu->r[EMU_GS] = frame->gs_base;
	cpu->ds = selector_usable(frame->ds);
	cpu->es = selector_usable(frame->es);
	cpu->fs = selector_usable(frame->fs);
	cpu->gs = selector_usable(frame->gs);
	if (frame->reset_fpu)
		emu_fpu_init(cpu);
	else
		emu_fx_restore(cpu, thread->fx);
}

static void store(struct vt_thread *thread, struct vt_regs *regs, struct vt_frame *frame)
{
	const struct emu_cpu *cpu = &thread->cpu;

	registers_store(cpu, regs);
	frame->fs_base = cpu->r[EMU_FS];
	frame->gs_base = cpu->r[EMU_GS];
	frame->ds = cpu->ds;
	frame->es = cpu->es;
	frame->fs = cpu->fs;
	frame->gs = cpu->gs;
	frame->full = 1;
	frame->reset_fpu = 0;
	emu_fx_save(cpu, thread->fx);
	frame->xstate = thread->fx;
	frame->xstate_size = FX_SIZE;
}

/* The vCPU's translations are of @space from here on */
static void use(struct space *space)
{
	if (vcpu.space == space && vcpu.taken == space->taken)
		return;
	emu_core_flush(vcpu.core);
	vcpu.space = space;
	vcpu.taken = space->taken;
}

static enum vt_user_event thread_run(struct vt_thread *thread, struct vt_regs *regs,
				     struct vt_frame *frame)
{
	struct emu_cpu *cpu = &thread->cpu;

	if (!thread->runs) {
		if (!registers_loadable(regs))
			return refuse(regs, frame);
		load(thread, regs, frame);
	}
	thread->runs = false;
	if (thread->kicked) {
		thread->kicked = false;
		store(thread, regs, frame);
		return VT_EV_KICKED;
	}
	use(thread->space);
	cpu->core = vcpu.core;
	cpu->pending = vcpu_pending();
	telemetry_count(VT_HOST_REPLIES, 1);
	do
		emu_run(cpu);
	while (clock_call(cpu, thread->space));
	telemetry_count(VT_HOST_NOTIFICATIONS, 1);
	store(thread, regs, frame);
	switch (cpu->stop) {
	case EMU_SYSCALL:
		return VT_EV_SYSCALL;
	case EMU_FAULT:
		frame->fault_addr = cpu->fault_addr;
		frame->error_code = cpu->error_code;
		frame->trap_nr = cpu->trap_nr;
		return VT_EV_FAULT;
	case EMU_TRAP:
		frame->error_code = cpu->error_code;
		frame->trap_nr = cpu->trap_nr;
		return VT_EV_TRAP;
	default:
		thread->runs = true;
		return VT_EV_INTERRUPT;
	}
}

/* All of its registers are known already */
static int thread_capture(struct vt_thread *thread, struct vt_regs *regs, struct vt_frame *frame)
{
	return 0;
}

static void idle(void)
{
	telemetry_count(VT_HOST_IDLES, 1);
	vcpu_sleep();
}

/* ---- start ---- */

static uint64_t tsc(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	return clock_now_ns();
#endif
}

static int start(struct vt_boot *boot, struct error *err)
{
	static struct emu_memory memory = { .walk = space_walk, .tsc = tsc };
	void *room;

	if (boot->cpus > tier_emulate.cpus)
		return error_set(err, 0,
				 "an emulated sandbox has one CPU: leave --cpus out, or see "
				 "`vitrine doctor` for what --syscall-mode seccomp needs");
	memory.size = boot->mem_size;
	memory.ram = phys_ptr(0, memory.size);
	room = mmap(NULL, emu_core_size(&memory), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return error_set(err, errno, "cannot get memory for decoded instructions");
	vcpu.core = emu_core_init(room, &memory);
	boot->hwcap = emu_cpuid(1, 0).d;
	boot->hwcap2 = HWCAP2_FSGSBASE;
	boot->sigframe_size = SIGFRAME_SIZE;
	boot->vdso_clock = CLOCK_AT;
	return 0;
}

/* All that there is goes with this process */
static void stop(void)
{
}

const struct tier tier_emulate = {
	.cpus = 1,
	.start = start,
	.stop = stop,
	.mm_new = mm_new,
	.mm_free = mm_free,
	.mm_sync = mm_sync,
	.mm_barrier = mm_barrier,
	.thread_new = thread_new,
	.thread_free = thread_free,
	.thread_run = thread_run,
	.thread_kick = thread_kick,
	.thread_capture = thread_capture,
	.idle = idle,
};
