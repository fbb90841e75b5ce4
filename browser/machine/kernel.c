/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel.c - the guest's kernel on its CPU
 *
 * Theory of operation
 * The kernel calls the host by jumping to an address where nothing is (GUEST_GATE): the fault says
 * which operation it wants, the registers have its arguments. kernel_return() puts a value into rax
 * and goes on behind the call.
 *
 * A fault at another address is what the supervisor's signal handler is told of elsewhere: the
 * kernel has functions that map what is missing, know where to go on, or report a bug. Each is an
 * errand: it is called in the middle of what the kernel does, on the same stack (kernels have no
 * red zone), with a return address that is a gate, too. Afterwards the registers are what they
 * were. A stack that is itself what is missing, as after a pause, is mapped from the stack for
 * reports.
 */
#include <string.h>

#include "engine/tier/emulate/registers.h"
#include "internal.h"

#define GATE_BACK CALL_COUNT /* an errand returns */
#define STACK_ALIGN 16
#define TRAP_FAULT 14
#define STATUS_PANIC 125

static const volatile uint32_t nothing_pending;

void kernel_begin(struct machine *m, uint64_t entry)
{
	m->cpu.core = m->kernel;
	emu_cpu_init(&m->cpu);
	m->cpu.space = &m->view;
	m->cpu.pending = &nothing_pending;
	m->cpu.ip = entry;
	m->cpu.r[EMU_RDI] = GUEST_BOARD + BOARD_BOOT;
}

volatile uint32_t *kernel_pending(struct machine *m)
{
	uint8_t *at = guest_at(m, guest_boot(m)->kernel.pending, sizeof(uint32_t));

	return (volatile uint32_t *)((uintptr_t)at % sizeof(uint32_t) ? NULL : at);
}

void kernel_raise(struct machine *m, uint32_t irq)
{
	m->raised |= 1u << irq;
}

void kernel_interrupt(struct machine *m)
{
	volatile uint32_t *pending = m->raised ? kernel_pending(m) : NULL;

	if (!pending)
		return;
	*pending |= m->raised;
	m->raised = 0;
}

static void lost(struct machine *m)
{
	m->halted = true;
	m->status = STATUS_PANIC;
}

void kernel_return(struct machine *m, uint64_t value)
{
	struct emu_cpu *cpu = &m->cpu;

	if (guest_read(m, cpu->r[EMU_RSP], &cpu->ip, sizeof(cpu->ip))) {
		lost(m);
		return;
	}
	cpu->r[EMU_RSP] += sizeof(cpu->ip);
	cpu->r[EMU_RAX] = value;
}

/* ---- errands ---- */

static void report(struct machine *m);

static void run_errand(struct machine *m, enum errand errand, uint64_t function, uint64_t stack,
		       const uint64_t args[3])
{
	const uint64_t back = GUEST_GATE + GATE_BACK * GUEST_GATE_STEP;
	struct emu_cpu *cpu = &m->cpu;

	stack = (stack & -(uint64_t)STACK_ALIGN) - sizeof(back);
	/* It may be the stack that is to be mapped */
	if (errand == ERRAND_MAP && !guest_at(m, stack, sizeof(back)))
		stack = (guest_boot(m)->kernel.die_stack & -(uint64_t)STACK_ALIGN) - sizeof(back);
	if (!function || guest_write(m, stack, &back, sizeof(back))) {
		/* the stack itself may be what is wrong */
		if (errand == ERRAND_DIE)
			lost(m);
		else
			report(m);
		return;
	}
	m->errand = errand;
	cpu->r[EMU_RSP] = stack;
	cpu->r[EMU_RDI] = args[0];
	cpu->r[EMU_RSI] = args[1];
	cpu->r[EMU_RDX] = args[2];
	cpu->ip = function;
	emu_flags_set(cpu, 0);
}

/* Where to go on? */
static void ask_fault(struct machine *m)
{
	run_errand(m, ERRAND_FAULT, guest_boot(m)->kernel.fault, m->before.r[EMU_RSP],
		   (uint64_t[3]){ m->before.ip });
}

/* A bug. Its registers lie where the report has its stack */
static void report(struct machine *m)
{
	struct vt_regs regs;
	const uint64_t at =
	    (guest_boot(m)->kernel.die_stack - sizeof(regs)) & -(uint64_t)STACK_ALIGN;

	registers_store(&m->before, &regs);
	if (guest_write(m, at, &regs, sizeof(regs))) {
		lost(m);
		return;
	}
	run_errand(m, ERRAND_DIE, guest_boot(m)->kernel.die, at,
		   (uint64_t[3]){ at, m->fault_addr, m->fault_trap });
}

static void errand_done(struct machine *m)
{
	const enum errand errand = m->errand;
	const uint64_t value = m->cpu.r[EMU_RAX];

	m->errand = ERRAND_NONE;
	switch (errand) {
	case ERRAND_MAP:
		if ((uint32_t)value)
			m->cpu = m->before;
		else
			ask_fault(m);
		break;
	case ERRAND_FAULT:
		if (!value) {
			report(m);
			break;
		}
		m->cpu = m->before;
		m->cpu.ip = value;
		break;
	default:
		lost(m); /* a report does not come back */
	}
}

static void fault(struct machine *m)
{
	const bool mapped = m->fault_addr - VT_VMALLOC_START < VT_VMALLOC_END - VT_VMALLOC_START;

	if (m->errand != ERRAND_NONE) {
		/* one in the middle of another: at most the report of a report */
		if (m->errand == ERRAND_DIE)
			lost(m);
		else
			report(m);
		return;
	}
	m->before = m->cpu;
	if (mapped && m->fault_trap == TRAP_FAULT)
		run_errand(m, ERRAND_MAP, guest_boot(m)->kernel.map, m->cpu.r[EMU_RSP],
			   (uint64_t[3]){ m->fault_addr });
	else
		ask_fault(m);
}

/* ---- the CPU ---- */

static void gate(struct machine *m, uint64_t number)
{
	const uint64_t *r = m->cpu.r;
	const uint64_t args[6] = { r[EMU_RDI], r[EMU_RSI], r[EMU_RDX], r[EMU_RCX], r[8], r[9] };

	if (number == GATE_BACK)
		errand_done(m);
	else
		call_host(m, (enum guest_call)number, args);
}

void kernel_step(struct machine *m)
{
	struct emu_cpu *cpu = &m->cpu;
	const uint64_t end = GUEST_GATE + (GATE_BACK + 1) * GUEST_GATE_STEP;

	cpu->looks = LOOKS;
	emu_run(cpu);
	m->looks += LOOKS - cpu->looks;
	switch (cpu->stop) {
	case EMU_INTERRUPT:
		return;
	case EMU_FAULT:
		if (cpu->ip >= GUEST_GATE && cpu->ip < end && cpu->fault_addr == cpu->ip) {
			gate(m, (cpu->ip - GUEST_GATE) / GUEST_GATE_STEP);
			return;
		}
		m->fault_addr = cpu->fault_addr;
		m->fault_trap = TRAP_FAULT;
		break;
	default: /* a system call of the kernel's is a bug, too */
		m->fault_addr = 0;
		m->fault_trap = cpu->trap_nr;
		break;
	}
	fault(m);
}
