/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.c - the guest's physical memory
 *
 * Theory of operation
 * One memory file holds everything that the guest kernel owns: its image, its data, its pages. The
 * supervisor maps all of it at VT_PAGE_OFFSET; guest processes map single frames of it. The host
 * gives it page by page as it is touched, and gets it back as holes when the guest reports pages
 * as free. Its size is sealed, so that no mapping of it can be made to fault by truncation.
 *
 * The kernel's vmalloc areas are further mappings of the file, one for each row of frames. The host
 * allows a process so many areas (vm.max_map_count), and a guest decides how many rows there are.
 * So these mappings are a cache of the kernel's page tables: when they have become too many, all of
 * them are dropped, and the kernel maps what the vCPU's thread touches again (vcpu.c,
 * vt_kernel.map). No other thread uses such addresses, and no system call is given one, but for the
 * stack that a vCPU runs on, which it has touched. So other vCPUs are paused meanwhile, outside of
 * system calls.
 *
 * The lock of all of this knows its owner, because its owner may touch what it has just dropped:
 * its stack.
 *
 * Host system calls: memfd_create, ftruncate, fcntl, mmap, munmap, mprotect, madvise, fallocate.
 */
#include "memory.h"
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "engine/vcpu/vcpu.h"
#include "lib/memfile.h"
#include "vitrine/util.h"

#define DEFAULT_MAX_MAP_COUNT 65530
#define PAGE 4096

static int phys_fd = -1;
static uint64_t phys_size;
static unsigned kernel_areas; /* of the vmalloc range; at least as many as the host has */
static unsigned kernel_areas_max;
static vt_u64 next_row; /* behind what was mapped last */
static unsigned owner;	/* number of the vCPU that has the lock, plus one */

/* False: the caller had it already */
static bool lock(void)
{
	const unsigned self = vcpu_index() + 1;
	unsigned nobody = 0;

	if (__atomic_load_n(&owner, __ATOMIC_RELAXED) == self)
		return false;
	while (!__atomic_compare_exchange_n(&owner, &nobody, self, false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		vcpu_take_pause();
		sched_yield();
		nobody = 0;
	}
	return true;
}

static void unlock(bool locked)
{
	if (locked)
		__atomic_store_n(&owner, 0, __ATOMIC_RELEASE);
}

unsigned memory_kernel_areas(void)
{
	long limit = 0;
	cleanup_fclose FILE *f = fopen("/proc/sys/vm/max_map_count", "re");

	if (!f || fscanf(f, "%ld", &limit) != 1 || limit <= 0)
		limit = DEFAULT_MAX_MAP_COUNT;
	return limit / 2 < INT_MAX ? limit / 2 : INT_MAX;
}

int memory_init(uint64_t size, struct error *err)
{
	void *want = (void *)VT_PAGE_OFFSET, *got;

	kernel_areas_max = memory_kernel_areas();
	phys_fd = memfile_create("vitrine-memory", size, err);
	if (phys_fd < 0)
		return -1;
	if (fcntl(phys_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return error_set(err, errno, "cannot seal the guest's memory file");
	got = mmap(want, size, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, phys_fd, 0);
	if (got != want)
		return error_set(err, got == MAP_FAILED ? errno : EEXIST,
				 "cannot map the guest's memory at %p%s", want,
				 got == MAP_FAILED && errno == ENOMEM ? " (ulimit -v?)" : "");
	phys_size = size;
	return 0;
}

void memory_no_code(void)
{
	mprotect((void *)VT_PAGE_OFFSET, phys_size, PROT_READ | PROT_WRITE);
}

int memory_fd(void)
{
	return phys_fd;
}

void *phys_ptr(uint64_t pa, uint64_t len)
{
	if (pa > phys_size || len > phys_size - pa)
		return NULL;
	return (char *)VT_PAGE_OFFSET + pa;
}

static bool in_vmalloc(vt_u64 va)
{
	return va >= VT_VMALLOC_START && va < VT_VMALLOC_END;
}

/* One unmapping of all of it: the host would refuse one that splits an area when it has too many */
static void unmap_kernel_areas(void)
{
	munmap((void *)VT_VMALLOC_START, VT_VMALLOC_END - VT_VMALLOC_START);
}

static void forget_kernel_areas(void)
{
	vcpu_pause_others(unmap_kernel_areas);
	kernel_areas = 0;
}

void memory_forget_kernel(void)
{
	unmap_kernel_areas();
	kernel_areas = 0;
}

static int map_frames(vt_u64 va, vt_u64 pa, vt_u64 len)
{
	void *at = mmap((void *)va, len, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_FIXED,
			phys_fd, pa);

	return at == MAP_FAILED ? -errno : 0;
}

static int map_rows(vt_u64 va, vt_u64 pa, vt_u64 len)
{
	int err;

	/* not between the rows of one area: a stack is mapped whole, see vt_kernel.map */
	if (kernel_areas >= kernel_areas_max && va != next_row)
		forget_kernel_areas();
	next_row = va + len;
	err = map_frames(va, pa, len);
	if (err == -ENOMEM) {
		forget_kernel_areas();
		err = map_frames(va, pa, len);
	}
	if (!err)
		kernel_areas++;
	return err;
}

static int kernel_map(vt_u64 va, vt_u64 pa, vt_u64 len)
{
	bool locked;
	int err;

	if (!phys_ptr(pa, len))
		return -EINVAL;
	if (!in_vmalloc(va))
		return base_alias(va, pa, len);
	base_own(pa, len);
	locked = lock();
	err = map_rows(va, pa, len);
	unlock(locked);
	return err;
}

/* The kernel unmaps what one or more calls mapped, whole */
static void kernel_unmap(vt_u64 va, vt_u64 len)
{
	bool locked = lock();

	munmap((void *)va, len);
	if (in_vmalloc(va) && kernel_areas)
		kernel_areas--;
	unlock(locked);
}

static void memory_populate(vt_u64 pa, vt_u64 len)
{
	void *at = phys_ptr(pa, len);

	if (!at)
		return;
	base_own(pa, len);
	madvise(at, len, MADV_POPULATE_WRITE);
}

static void memory_release(vt_u64 pa, vt_u64 len)
{
	if (!phys_ptr(pa, len) || !len)
		return;
	base_zero(pa, len);
	fallocate(phys_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pa, len);
}

/* A bit for each page, in words; there while a pause lasts */
static uint64_t *unused;

static size_t unused_size(void)
{
	return (phys_size / PAGE + 63) / 64 * sizeof(*unused);
}

/* Bits [at, end), of which there are many as a rule */
static void set_bits(uint64_t at, uint64_t end)
{
	for (; at < end && at % 64; at++)
		unused[at / 64] |= 1UL << at % 64;
	for (; at + 64 <= end; at += 64)
		unused[at / 64] = ~0UL;
	for (; at < end; at++)
		unused[at / 64] |= 1UL << at % 64;
}

static bool unused_wanted = true;

void memory_want_unused(bool yes)
{
	unused_wanted = yes;
}

static void memory_unused(vt_u64 pa, vt_u64 len)
{
	if (!unused_wanted)
		return;
	if (!unused)
		unused = calloc(1, unused_size());
	if (!unused || !phys_ptr(pa, len))
		return; /* written down like everything else */
	set_bits(pa / PAGE, (pa + len) / PAGE);
}

bool memory_is_unused(uint64_t pa)
{
	return unused && unused[pa / PAGE / 64] >> (pa / PAGE % 64) & 1;
}

void memory_unused_forget(void)
{
	free(steal_ptr(unused));
}

uint64_t memory_size(void)
{
	return phys_size;
}

void memory_ops_fill(struct vt_host_ops *ops)
{
	ops->kernel_map = kernel_map;
	ops->kernel_unmap = kernel_unmap;
	ops->memory_populate = memory_populate;
	ops->memory_release = memory_release;
	ops->memory_unused = memory_unused;
}
