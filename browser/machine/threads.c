/* SPDX-License-Identifier: GPL-2.0-only */
/* threads.c - guest programs on the other core
 *
 * Theory of operation
 * The kernel calls thread_run() and waits; until there is an event the machine executes the thread.
 * What engine/tier/emulate/emulate.c says about threads holds here, too. The kernel's names for
 * address spaces and threads are numbers, which are looked up.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/tier/emulate/registers.h"
#include "internal.h"

/* ---- address spaces ---- */

static uint64_t space_open(struct machine *m, uint64_t out)
{
	uint64_t number;

	for (number = 1; number < SPACES_MAX && m->spaces[number]; number++)
		;
	if (number == SPACES_MAX)
		return -(uint64_t)G_EAGAIN;
	m->spaces[number] = space_new();
	if (!m->spaces[number])
		return -(uint64_t)G_ENOMEM;
	return guest_write(m, out, &number, sizeof(number)) ? -(uint64_t)G_EFAULT : 0;
}

static struct space *space_of(struct machine *m, uint64_t number)
{
	return number < SPACES_MAX ? m->spaces[number] : NULL;
}

static void space_close(struct machine *m, uint64_t number)
{
	struct space *space = space_of(m, number);

	if (!space)
		return;
	for (unsigned n = 1; n < THREADS_MAX; n++) {
		if (m->threads[n] && m->threads[n]->view.space == space)
			return; /* a kernel that does so has a bug */
	}
	m->spaces[number] = NULL;
	emu_core_flush(m->program);
	space_free(space);
}

static uint64_t space_change(struct machine *m, uint64_t number, uint64_t at, uint32_t count)
{
	struct space *space = space_of(m, number);
	struct vt_map_op ops[32];
	uint64_t before;
	int err = 0;

	if (!space)
		return -(uint64_t)G_EINVAL;
	before = space->taken;
	for (uint32_t part; count && !err; count -= part, at += part * sizeof(ops[0])) {
		part = count < 32 ? count : 32;
		if (guest_read(m, at, ops, part * sizeof(ops[0])))
			return -(uint64_t)G_EFAULT;
		err = space_sync(space, ops, part);
	}
	if (space->taken != before)
		emu_core_flush(m->program);
	return (uint64_t)(int64_t)err;
}

/* ---- threads ---- */

static uint64_t image_va(uint64_t number)
{
	return GUEST_BOARD + BOARD_IMAGES + number * FX_SIZE;
}

static uint8_t *image(struct machine *m, uint64_t number)
{
	return m->ram + m->size + BOARD_IMAGES + number * FX_SIZE;
}

static struct thread *thread_of(struct machine *m, uint64_t number)
{
	return number < THREADS_MAX ? m->threads[number] : NULL;
}

/* What a new thread's FPU has: another thread's, what the kernel has kept, or nothing */
static int begin_image(struct machine *m, struct thread *thread, uint64_t from,
		       struct guest_frame *frame)
{
	uint8_t *to = image(m, thread->number);

	if (thread_of(m, from)) {
		memcpy(to, image(m, from), FX_SIZE);
		frame->reset_fpu = 0;
	} else if (frame->xstate && frame->xstate_size >= FX_SIZE && !frame->reset_fpu) {
		if (guest_read(m, frame->xstate, to, FX_SIZE))
			return -1;
	} else {
		emu_fx_save(&thread->cpu, to);
		frame->reset_fpu = 1;
	}
	frame->xstate = image_va(thread->number);
	frame->xstate_size = FX_SIZE;
	return 0;
}

static uint64_t thread_open(struct machine *m, const uint64_t args[6])
{
	struct guest_frame frame;
	struct thread *new;
	uint64_t number;

	for (number = 1; number < THREADS_MAX && m->threads[number]; number++)
		;
	if (number == THREADS_MAX)
		return -(uint64_t)G_EAGAIN;
	if (!space_of(m, args[0]) || guest_read(m, args[2], &frame, sizeof(frame)))
		return -(uint64_t)G_EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -(uint64_t)G_ENOMEM;
	emu_cpu_init(&new->cpu);
	new->cpu.core = m->program;
	new->cpu.no_tsc = frame.no_tsc;
	new->view = (struct view){ .machine = m, .space = space_of(m, args[0]) };
	new->cpu.space = &new->view;
	new->number = (uint32_t)number;
	if (begin_image(m, new, args[1], &frame) ||
	    guest_write(m, args[2], &frame, sizeof(frame)) ||
	    guest_write(m, args[3], &number, sizeof(number))) {
		free(new);
		return -(uint64_t)G_EFAULT;
	}
	m->threads[number] = new;
	return 0;
}

static void thread_close(struct machine *m, uint64_t number)
{
	struct thread *thread = thread_of(m, number);

	if (!thread || thread == m->user)
		return;
	m->threads[number] = NULL;
	free(thread);
}

static void thread_kick(struct machine *m, uint64_t number)
{
	struct thread *thread = thread_of(m, number);

	if (thread)
		thread->kicked = true;
}

uint64_t threads_call(struct machine *m, enum guest_call call, const uint64_t args[6])
{
	switch (call) {
	case CALL_mm_new:
		return space_open(m, args[0]);
	case CALL_mm_free:
		space_close(m, args[0]);
		return 0;
	case CALL_mm_sync:
		return space_change(m, args[0], args[1], (uint32_t)args[2]);
	case CALL_thread_new:
		return thread_open(m, args);
	case CALL_thread_free:
		thread_close(m, args[0]);
		return 0;
	default:
		thread_kick(m, args[0]);
		return 0;
	}
}

/* ---- running ---- */

static void load(struct machine *m, struct thread *thread, const struct vt_regs *regs,
		 const struct guest_frame *frame)
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
		emu_fx_restore(cpu, image(m, thread->number));
}

/* Back into the kernel, which is told why */
static void leave(struct machine *m, enum vt_user_event event, bool trapped)
{
	struct thread *thread = m->user;
	const struct emu_cpu *cpu = &thread->cpu;
	struct guest_frame frame;
	struct vt_regs regs;

	registers_store(cpu, &regs);
	if (guest_read(m, m->frame, &frame, sizeof(frame)))
		frame = (struct guest_frame){ 0 };
	frame.fs_base = cpu->r[EMU_FS];
	frame.gs_base = cpu->r[EMU_GS];
	frame.ds = cpu->ds;
	frame.es = cpu->es;
	frame.fs = cpu->fs;
	frame.gs = cpu->gs;
	frame.full = 1;
	frame.reset_fpu = 0;
	emu_fx_save(cpu, image(m, thread->number));
	frame.xstate = image_va(thread->number);
	frame.xstate_size = FX_SIZE;
	if (trapped) {
		frame.trap_nr = cpu->trap_nr;
		frame.error_code = cpu->error_code;
		if (event == VT_EV_FAULT)
			frame.fault_addr = cpu->fault_addr;
	}
	guest_write(m, m->regs, &regs, sizeof(regs));
	guest_write(m, m->frame, &frame, sizeof(frame));
	m->user = NULL;
	kernel_return(m, event);
}

static void refuse(struct machine *m, const struct vt_regs *regs, struct guest_frame *frame)
{
	registers_refuse(regs, &frame->trap_nr, &frame->error_code);
	guest_write(m, m->frame, frame, sizeof(*frame));
	kernel_return(m, VT_EV_TRAP);
}

void thread_enter(struct machine *m, const uint64_t args[6])
{
	struct thread *thread = thread_of(m, args[0]);
	struct guest_frame frame;
	struct vt_regs regs;

	m->regs = args[1];
	m->frame = args[2];
	if (!thread || guest_read(m, m->regs, &regs, sizeof(regs)) ||
	    guest_read(m, m->frame, &frame, sizeof(frame))) {
		kernel_return(m, VT_EV_GONE);
		return;
	}
	if (!thread->runs) {
		if (!registers_loadable(&regs)) {
			refuse(m, &regs, &frame);
			return;
		}
		load(m, thread, &regs, &frame);
	}
	thread->runs = false;
	m->user = thread;
	if (!thread->kicked)
		return;
	thread->kicked = false;
	leave(m, VT_EV_KICKED, false);
}

void thread_step(struct machine *m)
{
	struct thread *thread = m->user;
	struct emu_cpu *cpu = &thread->cpu;
	volatile uint32_t *pending = kernel_pending(m);

	if (!pending) {
		m->halted = true; /* the kernel has forgotten where it looks */
		return;
	}
	cpu->pending = pending;
	cpu->looks = LOOKS;
	emu_run(cpu);
	m->looks += LOOKS - cpu->looks;
	switch (cpu->stop) {
	case EMU_SYSCALL:
		leave(m, VT_EV_SYSCALL, false);
		break;
	case EMU_FAULT:
		leave(m, VT_EV_FAULT, true);
		break;
	case EMU_TRAP:
		leave(m, VT_EV_TRAP, true);
		break;
	default:
		if (!*pending)
			break; /* it is only time to look at the clock */
		thread->runs = true;
		leave(m, VT_EV_INTERRUPT, false);
	}
}

void threads_free(struct machine *m)
{
	for (unsigned n = 0; n < THREADS_MAX; n++)
		free(m->threads[n]);
	for (unsigned n = 0; n < SPACES_MAX; n++) {
		if (m->spaces[n])
			space_free(m->spaces[n]);
	}
}
