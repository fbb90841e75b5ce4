// SPDX-License-Identifier: GPL-2.0-only
/* percpu.c - data of each vCPU, of which only what is not zero is written
 *
 * Half of the variables that each CPU has are buffers that few ever use. The generic code clears
 * and copies all of them, and so the host has to have memory for them. What was never used is zero
 * already: memory is new when this runs, and what the early allocator had given to somebody before
 * is not free again yet.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <asm/sections.h>

unsigned long __per_cpu_offset[NR_CPUS];
EXPORT_SYMBOL(__per_cpu_offset);

static void __init copy_what_is_not_zero(char *to)
{
	const size_t size = __per_cpu_end - __per_cpu_start;

	for (size_t at = 0; at < size; at += PAGE_SIZE) {
		size_t len = min_t(size_t, size - at, PAGE_SIZE);

		if (memchr_inv(__per_cpu_load + at, 0, len))
			memcpy(to + at, __per_cpu_load + at, len);
	}
}

void __init setup_per_cpu_areas(void)
{
	const size_t fixed = __per_cpu_end - __per_cpu_start;
	const size_t unit = PAGE_ALIGN(fixed + PERCPU_DYNAMIC_RESERVE);
	const unsigned int cpus = num_possible_cpus();
	struct pcpu_alloc_info *info = pcpu_alloc_alloc_info(1, cpus);
	phys_addr_t at = memblock_phys_alloc(unit * cpus, PAGE_SIZE);
	unsigned int cpu;
	char *base;

	if (!info || !at)
		panic("no room for the data of %u CPUs", cpus);
	base = __va(at);
	info->static_size = fixed;
	info->dyn_size = unit - fixed;
	info->unit_size = unit;
	info->atom_size = PAGE_SIZE;
	info->alloc_size = unit;
	info->groups[0].nr_units = cpus;
	for (cpu = 0; cpu < cpus; cpu++) {
		info->groups[0].cpu_map[cpu] = cpu;
		copy_what_is_not_zero(base + cpu * unit);
		__per_cpu_offset[cpu] = base + cpu * unit - __per_cpu_start;
	}
	pcpu_setup_first_chunk(info, base);
	pcpu_free_alloc_info(info);
}
