// SPDX-License-Identifier: GPL-2.0-only
/* base.c - physical memory that begins as files, and is copied as it is written
 *
 * Theory of operation
 * Many sandboxes go on from one snapshot. Its memory is a few files, its layers, of which each has
 * some of the chunks of 16 KiB. They are mapped read-only where physical memory is, so all of them
 * share its pages in the host's page cache, and starting one takes as long
 * whatever the memory is that is in use. A write is a fault of ours, whose handler copies one chunk
 * to our own memory file, maps that over it and lets the write be made again.
 *
 *   BASE --(write, a frame for a guest process, I/O, a kernel mapping)--> OWN
 *     ^----------------(a snapshot was taken, and we go on)----------------'
 *
 * So what is our own is what has changed since the last snapshot, or at least may have: it is known
 * which layer each own chunk was copied from, for whoever wants to compare.
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
 * Host system calls: dup3, fcntl, fallocate, mmap, pread, pwrite, rt_sigprocmask, sched_yield;
 * write when the host has no memory.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/vcpu/vcpu.h"
#include "memory.h"
#include "vitrine/util.h"

#define CHUNK_SHIFT 14
#define CHUNK (1UL << CHUNK_SHIFT)
#define FILES_MIN 1024	  /* descriptors: with less, none are set aside */
#define COPIES_MAX 8192	  /* of single chunks */
#define PIECE (4UL << 20) /* that a fault of another thread may have to wait for */
#define RUNS_MAX 16384	  /* of chunks of one layer, when the sandbox goes on */

static int reserved;		     /* the first descriptor of those, or 0 */
static int fds[BASE_LAYERS_MAX + 1]; /* of layer n, plus 1; 0: there is none */
static uint8_t *layer_of;	     /* of each chunk; 0: our own; NULL: there was never a layer */
static uint8_t *was_of;		     /* of each own chunk */
static volatile uint64_t left;	     /* chunks that are no own ones */
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
static int map(uint64_t va, uint64_t pa, uint64_t len, unsigned layer)
{
	const int code = !layer || va == VT_PAGE_OFFSET + pa ? PROT_EXEC : 0;
	const int prot = PROT_READ | (layer ? 0 : PROT_WRITE) | code;
	void *at = mmap((void *)va, len, prot, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
			layer ? base_layer_fd(layer) : memory_fd(), (off_t)pa);

	return at == MAP_FAILED ? -errno : 0;
}

static void __attribute__((noreturn)) fail(void)
{
	static const char text[] = "vitrine: the host has no memory left for the guest\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(125);
}

/* What of [pa, end) is mapped a second time, likewise */
static void map_both(uint64_t pa, uint64_t end, unsigned layer)
{
	const uint64_t first = pa > alias.pa ? pa : alias.pa;
	const uint64_t last = end < alias.pa + alias.len ? end : alias.pa + alias.len;

	if (map(VT_PAGE_OFFSET + pa, pa, end - pa, layer))
		fail();
	if (first < last && map(alias.va + first - alias.pa, first, last - first, layer))
		fail();
}

/* The limit of a file's size (ulimit -f) is for writing, not for mappings */
static void copy_mapped(uint64_t pa, uint64_t len)
{
	void *own = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd(), (off_t)pa);

	if (own == MAP_FAILED)
		fail();
	memcpy(own, (char *)VT_PAGE_OFFSET + pa, len);
	munmap(own, len);
}

/* Chunks [@first, @end), none of them our own */
static void copy_run(uint64_t first, uint64_t end)
{
	uint64_t pa = first << CHUNK_SHIFT, left_over = (end - first) << CHUNK_SHIFT;

	while (left_over) {
		ssize_t n = pwrite(memory_fd(), (char *)VT_PAGE_OFFSET + pa, left_over, (off_t)pa);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EFBIG) {
			copy_mapped(pa & ~(CHUNK - 1), left_over + (pa & (CHUNK - 1)));
			break;
		}
		if (n <= 0)
			fail();
		pa += n;
		left_over -= n;
	}
	for (uint64_t i = first; i < end; i++) {
		was_of[i] = layer_of[i];
		layer_of[i] = 0;
	}
	left -= end - first;
}

static uint64_t end_of_base(uint64_t chunk, uint64_t end)
{
	while (chunk < end && layer_of[chunk])
		chunk++;
	return chunk;
}

static void copy_all(void)
{
	for (uint64_t i = 0, end; i < chunks(); i = end + 1) {
		end = end_of_base(i, chunks());
		if (i < end)
			copy_run(i, end);
	}
	map_both(0, memory_size(), 0);
	copies = 0;
}

static void make_own(uint64_t first, uint64_t end)
{
	if (++copies > COPIES_MAX) {
		copy_all();
		return;
	}
	copy_run(first, end);
	map_both(first << CHUNK_SHIFT, end << CHUNK_SHIFT, 0);
}

bool base_fault(uint64_t addr)
{
	uint64_t pa = addr - VT_PAGE_OFFSET;
	const int saved = errno;

	if (!layer_of)
		return false;
	if (addr >= alias.va && addr < alias.va + alias.len)
		pa = addr - alias.va + alias.pa;
	if (pa >= memory_size())
		return false;
	take();
	/* another thread may have been here first; then there is nothing to do */
	if (layer_of[pa >> CHUNK_SHIFT])
		make_own(pa >> CHUNK_SHIFT, (pa >> CHUNK_SHIFT) + 1);
	give();
	errno = saved;
	return true;
}

static bool any_base(uint64_t pa, uint64_t len)
{
	if (!left || !len || !phys_ptr(pa, len))
		return false;
	for (uint64_t i = pa >> CHUNK_SHIFT; i <= (pa + len - 1) >> CHUNK_SHIFT; i++) {
		if (layer_of[i])
			return true;
	}
	return false;
}

/* Alone with the maps. Who writes to what is read-only meanwhile waits in base_fault() */
static void begin_alone(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
	take();
}

static void end_alone(const sigset_t *before)
{
	give();
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void locked(void (*act)(uint64_t pa, uint64_t len), uint64_t pa, uint64_t len)
{
	sigset_t before;

	begin_alone(&before);
	act(pa, len);
	end_alone(&before);
}

static void own(uint64_t pa, uint64_t len)
{
	const uint64_t last = ((pa + len - 1) >> CHUNK_SHIFT) + 1;

	for (uint64_t i = pa >> CHUNK_SHIFT, end; i < last; i = end + 1) {
		end = end_of_base(i, last);
		if (i < end)
			make_own(i, end);
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

		if (!layer_of[i])
			continue;
		if (start < pa || end > pa + len) {
			make_own(i, i + 1);
			continue;
		}
		layer_of[i] = was_of[i] = 0;
		left--;
		map_both(start, end, 0);
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

	while (at < end && layer_of[at] == layer_of[chunk])
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
		if (layer_of[i] && map(va + first - pa, first, last - first, layer_of[i]))
			return -errno;
	}
	return 0;
}

int base_alias(uint64_t va, uint64_t pa, uint64_t len)
{
	int err = map(va, pa, len, 0);

	if (err || !left)
		return err;
	/* the kernel does this before anybody else runs */
	err = map_runs(va, pa, len);
	alias.va = va;
	alias.pa = pa;
	alias.len = len;
	return err;
}

void base_reserve(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_max < FILES_MIN)
		return;
	for (int first = BASE_LAYERS_MAX; first < FILES_MIN / 2; first += BASE_LAYERS_MAX) {
		int i;

		for (i = 0; i < BASE_LAYERS_MAX; i++) {
			int fd = fcntl(memory_fd(), F_DUPFD_CLOEXEC, first + i);

			if (fd != first + i) {
				if (fd >= 0)
					close(fd);
				break;
			}
		}
		if (i == BASE_LAYERS_MAX) {
			reserved = first;
			return;
		}
		while (i > 0)
			close(first + --i);
	}
}

int base_reserved(void)
{
	return reserved;
}

int base_layer_fd(unsigned layer)
{
	return layer <= BASE_LAYERS_MAX ? fds[layer] - 1 : -1;
}

/* Where it may be mapped as code later on, too */
static int keep_fd(unsigned layer, int fd)
{
	const int own = reserved ? dup3(fd, reserved + (int)layer - 1, O_CLOEXEC)
				 : fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own < 0)
		return -1;
	fds[layer] = own + 1;
	return 0;
}

static void drop_fd(unsigned layer)
{
	/* A number that is set aside stays ours */
	if (!reserved || dup3(memory_fd(), base_layer_fd(layer), O_CLOEXEC) < 0)
		close(base_layer_fd(layer));
	fds[layer] = 0;
}

static int make_maps(void)
{
	if (!layer_of)
		layer_of = calloc(chunks() + 1, 1);
	if (!was_of)
		was_of = calloc(chunks() + 1, 1);
	return layer_of && was_of ? 0 : -1;
}

unsigned base_layer(int fd)
{
	unsigned layer = 1;
	void *at;

	while (layer <= BASE_LAYERS_MAX && fds[layer])
		layer++;
	if (layer > BASE_LAYERS_MAX || make_maps() || keep_fd(layer, fd))
		return 0;
	at = mmap(NULL, CHUNK, PROT_READ | PROT_EXEC, MAP_SHARED, base_layer_fd(layer), 0);
	if (at != MAP_FAILED) {
		munmap(at, CHUNK);
		return layer;
	}
	drop_fd(layer); /* a file system without programs */
	return 0;
}

void base_add(unsigned layer, uint64_t offset, uint64_t length)
{
	const uint64_t first = offset >> CHUNK_SHIFT, end = (offset + length - 1) >> CHUNK_SHIFT;

	for (uint64_t i = first; i <= end; i++) {
		left += !layer_of[i];
		layer_of[i] = (uint8_t)layer;
	}
}

static uint64_t count_runs(void)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < chunks(); i = run_from(i, chunks()))
		count++;
	return count;
}

/*
 * Chunks of one layer become our own before they are mapped where they belong, where our own memory
 * is until then: what the host reads there it need not map later.
 */
static int copy_early(uint64_t first, uint64_t end)
{
	const uint64_t pa = first << CHUNK_SHIFT, len = (end - first) << CHUNK_SHIFT;

	if (pread(base_layer_fd(layer_of[first]), (char *)VT_PAGE_OFFSET + pa, len, (off_t)pa) !=
	    (ssize_t)len)
		return -1;
	memset(was_of + first, layer_of[first], end - first);
	memset(layer_of + first, 0, end - first);
	left -= end - first;
	return 0;
}

int base_copy_early(uint64_t pa, uint64_t len)
{
	const uint64_t last = (pa + len) >> CHUNK_SHIFT;

	for (uint64_t i = pa >> CHUNK_SHIFT, end; i < last; i = end) {
		end = run_from(i, last);
		if (layer_of[i] && copy_early(i, end))
			return -1;
	}
	return 0;
}

int base_map(struct error *err)
{
	int ret = 0;

	if (count_runs() <= RUNS_MAX) {
		ret = map_runs(VT_PAGE_OFFSET, 0, memory_size());
	} else {
		ret = base_copy_early(0, memory_size());
	}
	return ret ? error_set(err, errno, "cannot map the sandbox's memory") : 0;
}

unsigned base_of(uint64_t pa)
{
	return layer_of ? layer_of[pa >> CHUNK_SHIFT] : 0;
}

unsigned base_was(uint64_t pa)
{
	return was_of ? was_of[pa >> CHUNK_SHIFT] : 0;
}

/* What nothing is of any more */
static void close_unused(void)
{
	uint64_t uses[BASE_LAYERS_MAX + 1] = { 0 };

	for (uint64_t i = 0; i < chunks(); i++)
		uses[layer_of[i]]++;
	for (unsigned layer = 1; layer <= BASE_LAYERS_MAX; layer++) {
		if (fds[layer] && !uses[layer])
			drop_fd(layer);
	}
}

void base_adopt(const uint8_t *layers)
{
	sigset_t before;
	uint64_t end;

	if (!reserved || make_maps())
		return;
	vcpu_on_write(base_fault);
	begin_alone(&before);
	for (uint64_t i = 0; i < chunks(); i = end) {
		const uint64_t pa = i << CHUNK_SHIFT;
		const bool same = layers[i] == layer_of[i];

		for (end = i + 1; end < chunks() && layers[end] == layers[i] &&
				  (layers[end] == layer_of[end]) == same;
		     end++)
			;
		if (same)
			continue;
		/* zeros can be of no layer, and are a hole of our own file */
		if (map(VT_PAGE_OFFSET + pa, pa, (end - i) << CHUNK_SHIFT, layers[i]))
			continue;
		fallocate(memory_fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)pa,
			  (off_t)((end - i) << CHUNK_SHIFT));
		for (uint64_t at = i; at < end; at++) {
			left += !layer_of[at];
			left -= !layers[at];
			layer_of[at] = layers[at];
		}
	}
	memset(was_of, 0, chunks());
	copies = 0;
	close_unused();
	end_alone(&before);
}

unsigned base_freeze(int fd)
{
	const unsigned layer = reserved ? base_layer(memory_fd()) : 0;
	sigset_t before;
	uint64_t end;

	if (!layer)
		return 0;
	vcpu_on_write(base_fault);
	begin_alone(&before);
	if (dup3(fd, memory_fd(), O_CLOEXEC) < 0) {
		drop_fd(layer);
		end_alone(&before);
		return 0;
	}
	for (uint64_t i = 0; i < chunks(); i = end) {
		const uint64_t pa = i << CHUNK_SHIFT;

		end = run_from(i, chunks());
		if (layer_of[i])
			continue;
		if (map(VT_PAGE_OFFSET + pa, pa, (end - i) << CHUNK_SHIFT, layer))
			fail(); /* there is no way back any more */
		memset(layer_of + i, (int)layer, end - i);
		left += end - i;
	}
	memset(was_of, 0, chunks());
	copies = 0;
	close_unused();
	end_alone(&before);
	return layer;
}

void base_let_go(void)
{
	for (uint64_t at = 0; at < memory_size(); at += PIECE)
		madvise((char *)VT_PAGE_OFFSET + at,
			memory_size() - at < PIECE ? memory_size() - at : PIECE, MADV_DONTNEED);
}
