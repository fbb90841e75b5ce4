/* SPDX-License-Identifier: GPL-2.0-only */
/* wasm.c - a machine as a WebAssembly module
 *
 * The functions that it imports are those of struct machine_host; the ones that it exports take
 * addresses in its memory, which the caller gets from room(). worker.ts has the other side.
 */
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define IMPORT(name) __attribute__((import_module("host"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

#define WORDS_MAX 256

/* Milliseconds, as a page counts them; memory is addressed by offsets */
IMPORT(monotonic) double js_monotonic(void);
IMPORT(realtime) double js_realtime(void);
IMPORT(random) void js_random(void *data, size_t size);
IMPORT(console) void js_console(const char *text, size_t size);
IMPORT(output) size_t js_output(uint32_t job, uint32_t stream, const uint8_t *data, size_t size);
IMPORT(closed) void js_closed(uint32_t job, uint32_t stream);
IMPORT(disk)
void js_disk(uint32_t kind, uint32_t disk, double offset, uint32_t size, uint8_t *data,
	     uint32_t tag);
IMPORT(network) int js_network(const void *packet, size_t len);
IMPORT(started) void js_started(uint32_t job, double pid);
IMPORT(ended) void js_ended(uint32_t job, uint32_t wait_status);
IMPORT(refused) void js_refused(double error);

#define NS_PER_MS 1000000.0

static struct machine *machine;

static uint64_t monotonic(void *of)
{
	return (uint64_t)(js_monotonic() * NS_PER_MS);
}

static uint64_t realtime(void *of)
{
	return (uint64_t)(js_realtime() * NS_PER_MS);
}

static void random_bytes(void *of, void *data, size_t size)
{
	js_random(data, size);
}

static void console(void *of, const char *text, size_t size)
{
	js_console(text, size);
}

static size_t output(void *of, uint32_t job, uint32_t stream, const uint8_t *data, size_t size)
{
	return js_output(job, stream, data, size);
}

static void closed(void *of, uint32_t job, uint32_t stream)
{
	js_closed(job, stream);
}

static void disk(void *of, struct machine *m, const struct machine_disk_request *r)
{
	js_disk(r->kind, r->disk, (double)r->offset, (uint32_t)r->size, r->data, r->tag);
}

static bool network(void *of, const void *packet, size_t len)
{
	return js_network(packet, len);
}

static void started(void *of, uint32_t job, int64_t pid)
{
	js_started(job, (double)pid);
}

static void ended(void *of, uint32_t job, uint32_t wait_status)
{
	js_ended(job, wait_status);
}

static void refused(void *of, int64_t error)
{
	js_refused((double)error);
}

static const struct machine_host host = {
	.monotonic = monotonic,
	.realtime = realtime,
	.random = random_bytes,
	.console = console,
	.output = output,
	.closed = closed,
	.disk = disk,
	.network = network,
	.started = started,
	.ended = ended,
	.refused = refused,
};

EXPORT(room) void *room(size_t size)
{
	return malloc(size);
}

EXPORT(give_back) void give_back(void *at)
{
	free(at);
}

/* Return: NULL, or why there is no machine. @image is not needed any more; with @saved there is
 * none */
EXPORT(begin)
const char *begin(const uint8_t *image, size_t image_size, double memory, double disk_size,
		  const char *cmdline, const char *hostname, const uint8_t *saved,
		  size_t saved_size, int has_network)
{
	struct machine_config config = {
		.image = image,
		.image_size = image_size,
		.memory = (uint64_t)memory,
		.cmdline = cmdline,
		.hostname = hostname,
		.network = has_network,
		.disks = { { .size = (uint64_t)disk_size / 512 * 512 } },
	};
	const char *why;

	machine = saved ? machine_restore(&config, &host, saved, saved_size, &why)
			: machine_new(&config, &host, &why);
	return machine ? NULL : why;
}

/* @words: @argc and then @envc strings, one behind the other */
EXPORT(start)
int start(uint32_t job, const char *words, uint32_t argc, uint32_t envc, const char *cwd,
	  const char *user, int tty, uint32_t rows, uint32_t columns)
{
	const char *list[WORDS_MAX + 2] = { NULL };
	const struct machine_command command = {
		.job = job,
		.argv = list,
		.env = list + argc + 1,
		.cwd = cwd,
		.user = user,
		.tty = tty,
		.rows = (uint16_t)rows,
		.columns = (uint16_t)columns,
	};

	if (argc + envc > WORDS_MAX)
		return -1;
	for (uint32_t n = 0; n < argc + envc; n++) {
		list[n < argc ? n : n + 1] = words;
		words += strlen(words) + 1;
	}
	return machine_start(machine, &command);
}

EXPORT(run) int run(double ms)
{
	return machine_run(machine, (uint64_t)(ms * NS_PER_MS));
}

/* Milliseconds, or infinity */
EXPORT(wakes) double wakes(void)
{
	const uint64_t at = machine_wakes(machine);

	return at == MACHINE_NEVER ? __builtin_inf() : (double)at / NS_PER_MS;
}

EXPORT(status) uint32_t status(void)
{
	return machine_status(machine);
}

EXPORT(input) size_t input(uint32_t job, const uint8_t *data, size_t size)
{
	return machine_input(machine, job, data, size);
}

EXPORT(input_end) void input_end(uint32_t job)
{
	machine_input_end(machine, job);
}

EXPORT(output_ready) void output_ready(void)
{
	machine_output_ready(machine);
}

EXPORT(resize) void resize(uint32_t job, uint32_t rows, uint32_t columns)
{
	machine_resize(machine, job, (uint16_t)rows, (uint16_t)columns);
}

EXPORT(disk_done) void disk_done(uint32_t tag, int failed)
{
	machine_disk_done(machine, tag, failed);
}

EXPORT(relay) void relay(int there)
{
	machine_network(machine, there);
}

EXPORT(packet) void packet(const uint8_t *data, size_t size)
{
	machine_packet(machine, data, size);
}

/* ---- pauses ---- */

EXPORT(pause) int pause_machine(void)
{
	return machine_pause(machine);
}

EXPORT(busy) uint32_t busy(void)
{
	return machine_busy(machine);
}

EXPORT(go_on) void go_on(void)
{
	machine_go_on(machine);
}

EXPORT(memory_at) uint8_t *memory_at(void)
{
	return machine_memory(machine);
}

EXPORT(dirty_at) const uint8_t *dirty_at(void)
{
	return machine_dirty(machine);
}

EXPORT(kept) void kept(void)
{
	machine_kept(machine);
}

EXPORT(save_size) size_t save_size(void)
{
	return machine_save_size();
}

EXPORT(save) void save(uint8_t *to)
{
	machine_save(machine, to);
}
