/* SPDX-License-Identifier: GPL-2.0-only */
/* emulated.c - the same instructions on the emulator */
#include "machine.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "engine/tier/emulate/cpu/emu.h"

static uint8_t ram[PAGES * PAGE] __attribute__((aligned(4096)));
static struct emu_core *core;
static volatile uint32_t pending;

static uint64_t walk(void *space, uint64_t va)
{
	const uint64_t data = EMU_PRESENT | EMU_READ;

	if (va >= CODE && va < CODE + CODE_PAGES * PAGE)
		return ((va - CODE) & -PAGE) | data | EMU_WRITE | EMU_EXEC;
	if (va >= DATA && va < DATA + DATA_PAGES * PAGE)
		return (((va - DATA) & -PAGE) + CODE_PAGES * PAGE) | data |
		       (va >= DATA + PAGE ? EMU_WRITE : 0);
	return 0;
}

static uint64_t tsc(void)
{
	return 0;
}

static const struct emu_memory memory = { ram, sizeof(ram), walk, tsc };

uint8_t *emulated_memory(void)
{
	return ram;
}

void emulated_start(void)
{
	core = emu_core_init(calloc(1, emu_core_size(&memory)), &memory);
}

static struct emu_cpu cpu;

static void begin(const struct state *state)
{
	cpu.core = core;
	emu_cpu_init(&cpu);
	cpu.pending = &pending;
	memcpy(cpu.r, state->r, sizeof(state->r));
	cpu.r[EMU_GS] = state->gs_base;
	cpu.ip = state->ip;
	emu_flags_set(&cpu, state->flags);
	emu_fx_restore(&cpu, (const uint8_t *)&state->fx);
}

void emulated_run(struct state *state)
{
	begin(state);
	emu_run(&cpu);
	memcpy(state->r, cpu.r, sizeof(state->r));
	state->ip = cpu.ip;
	state->flags = emu_flags_get(&cpu);
	state->trap = (int)cpu.trap_nr;
	state->error = cpu.error_code;
	state->address = cpu.fault_addr;
	memset(&state->fx, 0, sizeof(state->fx));
	emu_fx_save(&cpu, (uint8_t *)&state->fx);
}

static void on_alarm(int sig)
{
	pending = 1;
}

void emulated_loop(const struct state *state)
{
	const struct itimerval soon = { .it_value.tv_usec = 2000 };

	begin(state);
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &soon, NULL);
	while (!pending) {
		cpu.ip = state->ip; /* again, after a fault */
		emu_run(&cpu);
	}
	pending = 0;
}
