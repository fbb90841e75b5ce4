// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_samples.c - texts of /proc files that a hostile guest kernel made
 *
 * Every parser gets every text. The input is put into a slot, from where it is read as an observer
 * does; its first byte chooses how the slot lies about its length.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "observe/region/samples.h"
#include "vitrine/util.h"

#define ROWS_MAX (VT_SAMPLE_SIZE + 1)

#define EACH_ROW(parser, type)                                                                     \
	do {                                                                                       \
		const char *at = text;                                                             \
		struct type row;                                                                   \
		unsigned rows = 0;                                                                 \
                                                                                                   \
		while (parser(&at, &row)) {                                                        \
			if (++rows > ROWS_MAX)                                                     \
				abort();                                                           \
		}                                                                                  \
	} while (0)

static void parse(const char *text)
{
	static struct proc_stat stat;
	struct proc_meminfo meminfo;
	struct proc_loadavg loadavg;
	struct proc_pressure pressure;

	proc_stat(text, &stat);
	proc_meminfo(text, &meminfo);
	proc_loadavg(text, &loadavg);
	proc_pressure(text, &pressure);
	if (stat.cpus > PROC_CPUS_MAX)
		abort();
	EACH_ROW(proc_vmstat, proc_value);
	EACH_ROW(proc_diskstats, proc_disk);
	EACH_ROW(proc_net_dev, proc_netdev);
	EACH_ROW(proc_schedstat, proc_sched_cpu);
	EACH_ROW(proc_slabinfo, proc_slab);
	EACH_ROW(proc_buddyinfo, proc_buddy);
	EACH_ROW(proc_interrupts, proc_interrupt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t lies[] = { 0, 1, VT_SAMPLE_SIZE, UINT32_MAX };
	cleanup_free struct vt_telemetry *t = calloc(1, VT_TELEMETRY_RINGS);
	struct region region = { (const uint8_t *)t, VT_TELEMETRY_RINGS };
	struct vt_sample *slot;
	struct sample sample = { 0 };
	uint8_t *text;

	if (!t || !size)
		return 0;
	slot = &t->sampler.samples[VT_SAMPLES_MAX - 1];
	text = (uint8_t *)t + VT_TELEMETRY_SAMPLES + (VT_SAMPLES_MAX - 1) * VT_SAMPLE_SIZE;
	memset(t->sampler.samples, 'x', sizeof(t->sampler.samples)); /* names without an end */
	memcpy(slot->name, "stat", 5);
	slot->sequence = 2;
	slot->taken = 1;
	if (size > VT_SAMPLE_SIZE + 1)
		size = VT_SAMPLE_SIZE + 1;
	memcpy(text, data + 1, size - 1);
	slot->length = data[0] < ARRAY_SIZE(lies) ? lies[data[0]] : size - 1;
	if (!sample_read(&region, "stat", &sample))
		abort();
	parse(sample.text);
	sample_free(&sample);
	return 0;
}
