/* SPDX-License-Identifier: GPL-2.0-only */
/* fuzz_emulate.c - any bytes as instructions: the emulator keeps to its memory
 *
 * The input lies in a page that can be written and executed; in front of it are pages that can be
 * read, and behind it one that is not there. First step by step, then freely until a timer ends it.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "engine/tier/emulate/cpu/emu.h"

#define PAGES 4
#define BASE 0x100000UL
#define STEPS 100

static uint8_t ram[PAGES * EMU_PAGE] __attribute__((aligned(4096)));
static volatile uint32_t pending;

static uint64_t walk(void *space, uint64_t va)
{
	const uint64_t n = (va - BASE) / EMU_PAGE;

	if (va < BASE || n >= PAGES)
		return 0;
	return n * EMU_PAGE | EMU_PRESENT | EMU_READ | (n ? EMU_WRITE | EMU_EXEC : 0);
}

static uint64_t tsc(void)
{
	static uint64_t now;

	return now++;
}

static void on_alarm(int sig)
{
	pending = 1;
}

static void begin(struct emu_cpu *cpu, const uint8_t *data, size_t size)
{
	emu_cpu_init(cpu);
	cpu->pending = &pending;
	memset(ram, 0x90, sizeof(ram));
	memcpy(ram + sizeof(ram) - size, data, size);
	cpu->ip = BASE + sizeof(ram) - size;
	for (unsigned n = 0; n < 16; n++)
		cpu->r[n] = BASE + n * 1021;
	cpu->r[EMU_RCX] = size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct emu_memory memory = { ram, sizeof(ram), walk, tsc };
	const struct itimerval soon = { .it_value.tv_usec = 1000 };
	static struct emu_core *core;
	static struct emu_cpu cpu;

	if (size > 2 * EMU_PAGE)
		return 0;
	if (!core) {
		core = emu_core_init(calloc(1, emu_core_size(&memory)), &memory);
		signal(SIGALRM, on_alarm);
	}
	cpu.core = core;
	begin(&cpu, data, size);
	for (unsigned n = 0; n < STEPS; n++) {
		emu_flags_set(&cpu, emu_flags_get(&cpu) | EMU_FLAG_TF);
		if (emu_run(&cpu) == EMU_FAULT || (cpu.stop == EMU_TRAP && cpu.trap_nr != 1))
			break;
	}
	begin(&cpu, data, size);
	pending = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	while (emu_run(&cpu) == EMU_SYSCALL)
		;
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	return 0;
}
