/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.c - the guest's physical memory
 *
 * Theory of operation
 * One memory file holds everything that the guest kernel owns: its image, its data, its pages. The
 * supervisor maps all of it at VT_PAGE_OFFSET; guest processes map single frames of it. The host
 * gives it page by page as it is touched, and gets it back as holes when the guest reports pages
 * as free. Its size is sealed, so that no mapping of it can be made to fault by truncation.
 *
 * Host system calls: memfd_create, ftruncate, fcntl, mmap, munmap, madvise, fallocate.
 */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/memfile.h"

static int phys_fd = -1;
static uint64_t phys_size;

int memory_init(uint64_t size, struct error *err)
{
	void *want = (void *)VT_PAGE_OFFSET, *got;

	phys_fd = memfile_create("vitrine-memory", size, err);
	if (phys_fd < 0)
		return -1;
	if (fcntl(phys_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return error_set(err, errno, "cannot seal the guest's memory file");
	got = mmap(want, size, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, phys_fd, 0);
	if (got != want)
		return error_set(err, got == MAP_FAILED ? errno : EEXIST,
				 "cannot map the guest's memory at %p", want);
	phys_size = size;
	return 0;
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

static int kernel_map(vt_u64 va, vt_u64 pa, vt_u64 len)
{
	if (!phys_ptr(pa, len))
		return -EINVAL;
	if (mmap((void *)va, len, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_FIXED,
		 phys_fd, pa) == MAP_FAILED)
		return -errno;
	return 0;
}

static void kernel_unmap(vt_u64 va, vt_u64 len)
{
	munmap((void *)va, len);
}

static void memory_populate(vt_u64 pa, vt_u64 len)
{
	void *at = phys_ptr(pa, len);

	if (at)
		madvise(at, len, MADV_POPULATE_WRITE);
}

static void memory_release(vt_u64 pa, vt_u64 len)
{
	if (phys_ptr(pa, len))
		fallocate(phys_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pa, len);
}

void memory_ops_fill(struct vt_host_ops *ops)
{
	ops->kernel_map = kernel_map;
	ops->kernel_unmap = kernel_unmap;
	ops->memory_populate = memory_populate;
	ops->memory_release = memory_release;
}
