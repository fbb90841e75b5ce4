// SPDX-License-Identifier: GPL-2.0-only
/* telemetry.c - the region in which the guest kernel and the supervisor show what they do
 *
 * Theory of operation
 * One memory file, mapped here before it is sealed: the seals leave our mapping writable, allow no
 * second one that is, and no change of size. Observers get a descriptor that was opened again for
 * reading only; were they to open it anew for writing, the seals would still hold. No guest process
 * ever has it (zygote.c closes everything that it does not name).
 *
 * The file is sparse. Without observers it has the pages with the head and the host counters, which
 * are plain additions.
 *
 * The kernel times calls with the CPU's counter. Its rate is measured against CLOCK_MONOTONIC over
 * the time that the supervisor's own start takes anyway, some milliseconds: reading both clocks is
 * good to some 50 ns, so the rate is good to about 1e-5.
 *
 * Host system calls: memfd_create, ftruncate, mmap, fcntl, openat, close.
 */
#include "telemetry.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <x86intrin.h>
#include "lib/clock.h"
#include "lib/memfile.h"
#include "vitrine/util.h"

#define REGION (VT_VMALLOC_END + (1UL << 30)) /* the kernel's pointers outlive a pause */
#define CPUID_POWER 0x80000007U
#define INVARIANT_TSC (1U << 8) /* in edx */
#define READINGS 4		/* of both clocks; the one that took least is kept */
#define SHORTEST_NS 100000U	/* less is not worth a division */

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

struct instant {
	uint64_t ticks, ns;
};

struct vt_telemetry *telemetry;
static int observer_fd = -1;
static struct instant first;

/* Both clocks at one moment, as nearly as can be */
static struct instant instant_now(void)
{
	struct instant best = { 0 };
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < READINGS; i++) {
		uint64_t before = __rdtsc(), ns = clock_now_ns(), after = __rdtsc();

		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best = (struct instant){ before + shortest / 2, ns };
	}
	return best;
}

/* Does the counter run at one rate, on all CPUs, in every state of sleep? */
static bool counter_usable(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(CPUID_POWER, &a, &b, &c, &d) && (d & INVARIANT_TSC);
}

/* A second, read-only descriptor of an open file */
static int reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int telemetry_init(struct vt_boot *boot, struct error *err)
{
	cleanup_close int fd = -1;
	void *at;

	fd = memfile_create("vitrine-telemetry", VT_TELEMETRY_SIZE, err);
	if (fd < 0)
		return -1;
	at = mmap((void *)REGION, VT_TELEMETRY_SIZE, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, fd, 0);
	if (at != (void *)REGION)
		return error_set(err, at == MAP_FAILED ? errno : EEXIST,
				 "cannot map the telemetry region");
	observer_fd = reopen(fd);
	if (observer_fd < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL))
		return error_set(err, errno, "cannot seal the telemetry file");
	telemetry = at;
	telemetry->magic = VT_TELEMETRY_MAGIC;
	telemetry->version = VT_TELEMETRY_VERSION;
	telemetry->size = VT_TELEMETRY_SIZE;
	telemetry->mem_size = boot->mem_size;
	boot->telemetry = telemetry;
	first = instant_now();
	return 0;
}

void telemetry_set_cpus(unsigned cpus)
{
	telemetry->cpus = cpus;
}

void telemetry_calibrate(struct vt_boot *boot)
{
	struct instant now = instant_now();
	uint64_t ticks = now.ticks - first.ticks, ns = now.ns - first.ns;

	if (counter_usable() && ns >= SHORTEST_NS && now.ticks > first.ticks)
		boot->tsc_mult = (uint64_t)(((unsigned __int128)ns << 32) / ticks);
}

int telemetry_fd(void)
{
	return observer_fd;
}

void telemetry_end(void)
{
	telemetry->state = VT_TELEMETRY_ENDED;
}
