/* SPDX-License-Identifier: GPL-2.0-only */
/* hostclock.c - the host's clocks: for the kernel, and for guests without a system call
 *
 * Host system calls: open and read of /sys.
 */
#include "hostclock.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "lib/clock.h"
#include "vitrine/util.h"

/* Offset of clock_gettime in the host's vDSO, 0 when there is none */
static uint64_t vdso_clock_offset(void)
{
	const uint8_t *base = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)base;
	const Elf64_Sym *symbols = NULL;
	const uint32_t *hash = NULL;
	const char *strings = NULL;

	if (!base)
		return 0;
	for (unsigned i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr *ph = (const Elf64_Phdr *)(base + header->e_phoff) + i;

		if (ph->p_type != PT_DYNAMIC)
			continue;
		for (const Elf64_Dyn *d = (const Elf64_Dyn *)(base + ph->p_offset); d->d_tag; d++) {
			if (d->d_tag == DT_SYMTAB)
				symbols = (const Elf64_Sym *)(base + d->d_un.d_ptr);
			else if (d->d_tag == DT_STRTAB)
				strings = (const char *)(base + d->d_un.d_ptr);
			else if (d->d_tag == DT_HASH)
				hash = (const uint32_t *)(base + d->d_un.d_ptr);
		}
	}
	/* newer kernels have only the GNU hash; their symbol table ends where the strings begin */
	if (!symbols || !strings)
		return 0;
	size_t count =
	    hash ? hash[1]
		 : ((const uint8_t *)strings - (const uint8_t *)symbols) / sizeof(*symbols);
	for (size_t i = 0; i < count; i++) {
		if (symbols[i].st_shndx &&
		    !strcmp(strings + symbols[i].st_name, "__vdso_clock_gettime"))
			return symbols[i].st_value;
	}
	return 0;
}

/* Does the host's clock answer without a system call? Only then may guests use it. */
static bool clock_is_fast(void)
{
	cleanup_fclose FILE *f =
	    fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
	char name[64] = "";

	if (!f || !fgets(name, sizeof(name), f))
		return false;
	return !strncmp(name, "tsc", 3) || !strncmp(name, "kvm-clock", 9) ||
	       !strncmp(name, "hyperv", 6);
}

uint64_t hostclock_offset(void)
{
	return clock_is_fast() ? vdso_clock_offset() : 0;
}

static vt_u64 clock_monotonic(void)
{
	return clock_now_ns();
}

static vt_u64 clock_realtime(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

void hostclock_ops_fill(struct vt_host_ops *ops)
{
	ops->clock_monotonic = clock_monotonic;
	ops->clock_realtime = clock_realtime;
}
