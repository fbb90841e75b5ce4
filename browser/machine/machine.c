/* SPDX-License-Identifier: GPL-2.0-only */
/* machine.c - the life of a machine */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define HWCAP2_FSGSBASE 2
#define SIGFRAME_SIZE 2048
#define TICK_SHIFT 32

static const struct machine_host *clock_of; /* RDTSC knows no machine */

static uint64_t tsc(void)
{
	return clock_of->monotonic(clock_of->of);
}

static void *core_room(size_t size)
{
	return calloc(1, size);
}

static int make_memory(struct machine *m, uint64_t size)
{
	m->size = size;
	m->board_size = BOARD_SIZE;
	m->ram = calloc(1, m->size + m->board_size);
	m->memory = (struct emu_memory){ .ram = m->ram,
					 .dirty = calloc(1, (m->size + m->board_size) / EMU_PAGE),
					 .size = m->size + m->board_size,
					 .walk = view_walk,
					 .tsc = tsc,
					 .told = true };
	m->view = (struct view){ .machine = m, .kernel = true };
	m->view.space = space_new();
	m->kernel = core_room(emu_core_size(&m->memory));
	m->program = core_room(emu_core_share_size());
	if (!m->ram || !m->memory.dirty || !m->view.space || !m->kernel || !m->program)
		return -1;
	emu_core_init(m->kernel, &m->memory);
	emu_core_share(m->program, m->kernel);
	return 0;
}

static void renew_seed(struct machine *m)
{
	m->host->random(m->host->of, guest_boot(m)->seed, sizeof(guest_boot(m)->seed));
}

static void fill_boot(struct machine *m, const struct machine_config *config)
{
	struct guest_boot *boot = guest_boot(m);
	uint64_t *ops = (uint64_t *)(m->ram + m->size + BOARD_OPS);

	for (unsigned n = 0; n < CALL_COUNT; n++)
		ops[n] = GUEST_GATE + n * GUEST_GATE_STEP;
	boot->version = VT_ABI_VERSION;
	boot->cpus = 1;
	boot->ops = GUEST_BOARD + BOARD_OPS;
	boot->mem_size = m->size;
	boot->hwcap = emu_cpuid(1, 0).d;
	boot->hwcap2 = HWCAP2_FSGSBASE;
	boot->sigframe_size = SIGFRAME_SIZE;
	boot->tsc_mult = 1ULL << TICK_SHIFT;
	renew_seed(m);
	strncpy(boot->hostname, config->hostname, sizeof(boot->hostname) - 1);
	strncpy(boot->cmdline, config->cmdline, sizeof(boot->cmdline) - 1);
}

/* Return: a machine without anything in its memory, or NULL */
static struct machine *make(const struct machine_config *config, const struct machine_host *host,
			    const char **why)
{
	struct machine *m = calloc(1, sizeof(*m));

	*why = "there is not enough memory";
	if (!m)
		return NULL;
	m->host = host;
	m->deadline = MACHINE_NEVER;
	clock_of = host;
	if (!make_memory(m, config->memory) && !bus_new(m, config) && !card_new(m, config) &&
	    !jobs_new(m))
		return m;
	machine_free(m);
	return NULL;
}

struct machine *machine_new(const struct machine_config *config, const struct machine_host *host,
			    const char **why)
{
	struct machine *m = make(config, host, why);
	uint64_t entry;

	if (!m)
		return NULL;
	if (image_load(m, config->image, config->image_size, &entry, why)) {
		machine_free(m);
		return NULL;
	}
	memset(m->memory.dirty, 1, m->size / EMU_PAGE);
	fill_boot(m, config);
	kernel_begin(m, entry);
	return m;
}

void machine_free(struct machine *m)
{
	threads_free(m);
	bus_free(m);
	card_free(m);
	jobs_free(m);
	if (m->view.space)
		space_free(m->view.space);
	free(m->kernel);
	free(m->program);
	free(m->memory.dirty);
	free(m->ram);
	free(m);
}

/* Return: the time */
static uint64_t look_at_clock(struct machine *m)
{
	const uint64_t now = m->host->monotonic(m->host->of);

	if (now >= m->deadline) {
		m->deadline = MACHINE_NEVER;
		kernel_raise(m, VT_IRQ_TIMER);
	}
	return now;
}

/* Return: does it sleep on? */
static bool sleeps(struct machine *m)
{
	volatile uint32_t *pending = kernel_pending(m);

	if (!m->sleeps || !pending)
		return false;
	if (!*pending)
		return true;
	m->sleeps = false;
	kernel_return(m, 0);
	return false;
}

enum machine_state machine_run(struct machine *m, uint64_t ns)
{
	uint64_t looked = m->looks;
	const uint64_t now = look_at_clock(m), end = now + ns;

	if (!m->paused)
		card_round(m, now);
	while (!m->halted) {
		if (m->paused)
			return MACHINE_PAUSED;
		kernel_interrupt(m);
		if (sleeps(m))
			return MACHINE_WAITS;
		if (m->user)
			thread_step(m);
		else
			kernel_step(m);
		if (m->looks - looked < LOOKS)
			continue;
		looked = m->looks;
		if (look_at_clock(m) >= end)
			return MACHINE_RUNS;
	}
	return MACHINE_ENDED;
}

uint64_t machine_wakes(const struct machine *m)
{
	const uint64_t card = card_wakes(m);

	return card < m->deadline ? card : m->deadline;
}

uint32_t machine_status(const struct machine *m)
{
	return m->status;
}

uint64_t machine_looks(const struct machine *m)
{
	return m->looks;
}

/* ---- pauses ---- */

void machine_go_on(struct machine *m)
{
	m->paused = false;
	m->deadline = MACHINE_NEVER;
	renew_seed(m);
	guest_boot(m)->goes_on = 1;
	kernel_begin(m, guest_boot(m)->kernel.resume);
}

uint8_t *machine_memory(struct machine *m)
{
	return m->ram;
}

const uint8_t *machine_dirty(struct machine *m)
{
	return m->memory.dirty;
}

void machine_kept(struct machine *m)
{
	memset(m->memory.dirty, 0, m->size / EMU_PAGE);
	/* pages that can be written to without a word are entered again */
	emu_core_flush(m->kernel);
	emu_core_flush(m->program);
}

size_t machine_save_size(void)
{
	return sizeof(struct saved);
}

void machine_save(struct machine *m, uint8_t *to)
{
	struct saved *saved = (struct saved *)to;

	memset(saved, 0, sizeof(*saved));
	saved->magic = SAVED_MAGIC;
	saved->version = SAVED_VERSION;
	saved->abi = VT_ABI_VERSION;
	saved->memory = m->size;
	saved->resume = guest_boot(m)->kernel.resume;
	bus_save(m, saved);
	jobs_save(m, saved);
	card_save(m, saved);
}

struct machine *machine_restore(const struct machine_config *config,
				const struct machine_host *host, const uint8_t *from, size_t size,
				const char **why)
{
	const struct saved *saved = (const struct saved *)from;
	struct machine *m;

	*why = "what was saved is of another version of this program";
	if (size != sizeof(*saved) || saved->magic != SAVED_MAGIC ||
	    saved->version != SAVED_VERSION || saved->abi != VT_ABI_VERSION ||
	    saved->memory != config->memory)
		return NULL;
	m = make(config, host, why);
	if (!m)
		return NULL;
	bus_restore(m, saved);
	jobs_restore(m, saved);
	card_restore(m, saved);
	fill_boot(m, config);
	kernel_begin(m, saved->resume);
	return m;
}
