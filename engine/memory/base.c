// SPDX-License-Identifier: GPL-2.0-only
/* base.c - physical memory that begins as a file, and is copied as it is written
 *
 * Theory of operation
 * Many sandboxes go on from one snapshot. Its memory file is mapped read-only where physical memory
 * is, so all of them share its pages in the host's page cache, and starting one takes as long
 * whatever the memory is that is in use. A write is a fault of ours, whose handler copies one chunk
 * of 16 KiB to our own memory file, maps that over it and lets the write be made again.
 *
 *   BASE --(write, a frame for a guest process, I/O, a kernel mapping)--> OWN
 *
 * Three kinds of accesses do not fault where we could heed it, so the chunk is made our own before:
 * a host system call that writes to memory (a disk's read), a mapping in a guest process, and the
 * kernel's vmalloc mappings. So a guest process never has a page of the base, and nothing has to be
 * taken from it when that is copied. The map of page structures is too large for that; it is mapped
 * like physical memory itself, and moved along when a chunk is copied.
 *
 * One thread copies at a time. Outside of the fault handler all signals are blocked meanwhile: one
 * of their handlers writes to the kernel's word of pending interrupts.
 *
 * The host limits the areas of a process, and each chunk may be one. When there are too many, what
 * is left is copied at once, and all of it is one area again.
 *
 * Host system calls: mmap, pwrite, rt_sigprocmask, sched_yield; write when the host has no memory.
 */
#include "base.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "vitrine/util.h"

#define CHUNK_SHIFT 14
#define CHUNK (1UL << CHUNK_SHIFT)
#define GAP 16		/* chunks between two extents that cost less than one more area */
#define COPIES_MAX 8192 /* of single chunks */

static int base_fd = -1;
static uint8_t *is_base;       /* of each chunk; NULL: there is no base */
static volatile uint64_t left; /* chunks of the base */
static unsigned copies;
static int busy; /* somebody copies */
static struct {
	uint64_t va, pa, len;
} alias; /* the map of page structures */

static uint64_t chunks(void)
{
	return memory_size() >> CHUNK_SHIFT;
}

static void take(void)
{
	while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void give(void)
{
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

/* Where physical memory is, of the base too, there is code; from elsewhere nothing is executed */
static int map(uint64_t va, uint64_t pa, uint64_t len, bool base)
{
	const int code = !base || va == VT_PAGE_OFFSET + pa ? PROT_EXEC : 0;
	const int prot = PROT_READ | (base ? 0 : PROT_WRITE) | code;
	void *at = mmap((void *)va, len, prot, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
			base ? base_fd : memory_fd(), (off_t)pa);

	return at == MAP_FAILED ? -errno : 0;
}

static void __attribute__((noreturn)) fail(void)
{
	static const char text[] = "vitrine: the host has no memory left for the guest\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(125);
}

/* What of [pa, end) is mapped a second time, likewise */
static void map_both(uint64_t pa, uint64_t end, bool base)
{
	const uint64_t first = pa > alias.pa ? pa : alias.pa;
	const uint64_t last = end < alias.pa + alias.len ? end : alias.pa + alias.len;

	if (map(VT_PAGE_OFFSET + pa, pa, end - pa, base))
		fail();
	if (first < last && map(alias.va + first - alias.pa, first, last - first, base))
		fail();
}

static void copy(uint64_t chunk)
{
	const uint64_t pa = chunk << CHUNK_SHIFT;
	size_t done = 0;

	while (done < CHUNK) {
		ssize_t n = pwrite(memory_fd(), (char *)VT_PAGE_OFFSET + pa + done, CHUNK - done,
				   (off_t)(pa + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			fail();
		done += n;
	}
	is_base[chunk] = 0;
	left--;
}

static void copy_all(void)
{
	for (uint64_t i = 0; i < chunks(); i++) {
		if (is_base[i])
			copy(i);
	}
	map_both(0, memory_size(), false);
	copies = 0;
}

static void make_own(uint64_t chunk)
{
	if (++copies > COPIES_MAX) {
		copy_all();
		return;
	}
	copy(chunk);
	map_both(chunk << CHUNK_SHIFT, (chunk + 1) << CHUNK_SHIFT, false);
}

bool base_fault(uint64_t addr)
{
	uint64_t pa = addr - VT_PAGE_OFFSET;
	const int saved = errno;

	if (!is_base)
		return false;
	if (addr >= alias.va && addr < alias.va + alias.len)
		pa = addr - alias.va + alias.pa;
	if (pa >= memory_size())
		return false;
	take();
	/* another thread may have been here first; then there is nothing to do */
	if (is_base[pa >> CHUNK_SHIFT])
		make_own(pa >> CHUNK_SHIFT);
	give();
	errno = saved;
	return true;
}

static bool any_base(uint64_t pa, uint64_t len)
{
	if (!left || !len || !phys_ptr(pa, len))
		return false;
	for (uint64_t i = pa >> CHUNK_SHIFT; i <= (pa + len - 1) >> CHUNK_SHIFT; i++) {
		if (is_base[i])
			return true;
	}
	return false;
}

static void locked(void (*act)(uint64_t pa, uint64_t len), uint64_t pa, uint64_t len)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	take();
	act(pa, len);
	give();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void own(uint64_t pa, uint64_t len)
{
	for (uint64_t i = pa >> CHUNK_SHIFT; i <= (pa + len - 1) >> CHUNK_SHIFT; i++) {
		if (is_base[i])
			make_own(i);
	}
}

void base_own(uint64_t pa, uint64_t len)
{
	if (any_base(pa, len))
		locked(own, pa, len);
}

static void own_all(uint64_t pa, uint64_t len)
{
	copy_all();
}

void base_own_all(void)
{
	if (left)
		locked(own_all, 0, 0);
}

/* A chunk that is in the range as a whole need not be copied: our own file has a hole there */
static void zero(uint64_t pa, uint64_t len)
{
	for (uint64_t i = pa >> CHUNK_SHIFT; i <= (pa + len - 1) >> CHUNK_SHIFT; i++) {
		const uint64_t start = i << CHUNK_SHIFT, end = start + CHUNK;

		if (!is_base[i])
			continue;
		if (start < pa || end > pa + len) {
			make_own(i);
			continue;
		}
		is_base[i] = 0;
		left--;
		map_both(start, end, false);
	}
}

void base_zero(uint64_t pa, uint64_t len)
{
	if (any_base(pa, len))
		locked(zero, pa, len);
}

/* Chunks in one state, from one on */
static uint64_t run_from(uint64_t chunk, uint64_t end)
{
	uint64_t at = chunk;

	while (at < end && is_base[at] == is_base[chunk])
		at++;
	return at;
}

/* Each run of [pa, pa + len) of the base, where it belongs */
static int map_runs(uint64_t va, uint64_t pa, uint64_t len)
{
	const uint64_t end = (pa + len + CHUNK - 1) >> CHUNK_SHIFT;

	for (uint64_t i = pa >> CHUNK_SHIFT, next; i < end; i = next) {
		uint64_t first, last;

		next = run_from(i, end);
		first = i << CHUNK_SHIFT > pa ? i << CHUNK_SHIFT : pa;
		last = next << CHUNK_SHIFT < pa + len ? next << CHUNK_SHIFT : pa + len;
		if (is_base[i] && map(va + first - pa, first, last - first, true))
			return -errno;
	}
	return 0;
}

int base_alias(uint64_t va, uint64_t pa, uint64_t len)
{
	int err = map(va, pa, len, false);

	if (err || !left)
		return err;
	/* the kernel does this before anybody else runs */
	err = map_runs(va, pa, len);
	alias.va = va;
	alias.pa = pa;
	alias.len = len;
	return err;
}

int base_begin(int fd)
{
	void *at = mmap(NULL, CHUNK, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED) /* a file system without programs */
		return -1;
	munmap(at, CHUNK);
	is_base = calloc(chunks() + 1, 1);
	if (!is_base)
		return -1;
	base_fd = fd;
	return 0;
}

void base_add(uint64_t offset, uint64_t length)
{
	const uint64_t first = offset >> CHUNK_SHIFT, end = (offset + length - 1) >> CHUNK_SHIFT;
	uint64_t from = first;

	while (from > 0 && first - from < GAP && !is_base[from - 1])
		from--;
	if (!from || !is_base[from - 1]) /* too far away from the one before */
		from = first;
	for (uint64_t i = from; i <= end; i++) {
		left += !is_base[i];
		is_base[i] = 1;
	}
}

int base_map(struct error *err)
{
	if (map_runs(VT_PAGE_OFFSET, 0, memory_size()))
		return error_set(err, errno, "cannot map the sandbox's memory");
	return 0;
}
