/* SPDX-License-Identifier: GPL-2.0-only */
/* machine.h - what a sandbox ran on, and whether that is here */
#ifndef ENGINE_SNAPSHOT_MACHINE_H
#define ENGINE_SNAPSHOT_MACHINE_H

#include <stdint.h>
#include "vitrine/error.h"

#define SNAPSHOT_CPU_WORDS 8

/**
 * struct snapshot_cpu - what programs have seen of the host's CPU, and may use
 * @words:  CPUID's words of features, in the order of machine.c
 * @hwcap, @hwcap2: as programs were told them
 * @xcr0, @xstate_size: registers that the host saves, and the size of that in a signal frame
 * @vdso:   CRC-32 of the host's vDSO, in which a thread may have been stopped
 */
struct snapshot_cpu {
	uint32_t words[SNAPSHOT_CPU_WORDS];
	uint64_t hwcap, hwcap2, xcr0;
	uint32_t xstate_size, vdso;
};

/** snapshot_cpu_here() - This host's */
void snapshot_cpu_here(struct snapshot_cpu *cpu);

/**
 * snapshot_cpu_fits() - Can what ran on @was go on here?
 *
 * Return: 0, or -1 with one line that names what is missing.
 */
int snapshot_cpu_fits(const struct snapshot_cpu *was, const struct snapshot_cpu *here,
		      struct error *err);

#endif
