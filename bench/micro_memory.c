// SPDX-License-Identifier: GPL-2.0-only
/* micro_memory.c - the first touch of memory, a page at a time; all figures are per 4 KiB page */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "micro.h"

#define PAGE 4096UL
#define ANON_BYTES (32UL << 20)
#define FILE_BYTES (16UL << 20)
#define FILE_NAME "micro.map"

static void touch(volatile char *memory, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += PAGE)
		memory[at] = 1;
}

static void peek(const volatile char *memory, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += PAGE)
		(void)memory[at];
}

/* The time of a touch alone: mapping and unmapping are left out */
static double time_touch(int small)
{
	double samples[SAMPLES_MAX];

	for (unsigned i = 0; i < settings.samples; i++) {
		char *memory = mmap(NULL, ANON_BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		double start;

		need(memory != MAP_FAILED, "mmap");
		if (small) /* a system without large pages refuses, and is right */
			madvise(memory, ANON_BYTES, MADV_NOHUGEPAGE);
		start = now();
		touch(memory, ANON_BYTES);
		samples[i] = now() - start;
		munmap(memory, ANON_BYTES);
	}
	return median(samples, settings.samples) * 1e9 / (double)(ANON_BYTES / PAGE);
}

static double fault_row(void)
{
	return time_touch(1);
}

static double sequential_row(void)
{
	return time_touch(0);
}

/* Map a file and read every page; @evict it from the page cache before, if the system lets us */
static double time_file(int evict)
{
	static const char block[65536] = { 1 };
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	double samples[SAMPLES_MAX];

	need(fd >= 0, FILE_NAME);
	for (size_t at = 0; at < FILE_BYTES; at += sizeof(block))
		need(write(fd, block, sizeof(block)) == sizeof(block), "write");
	fsync(fd);
	for (unsigned i = 0; i < settings.samples; i++) {
		char *memory;
		double start;

		if (evict)
			posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		memory = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
		need(memory != MAP_FAILED, "mmap");
		start = now();
		peek(memory, FILE_BYTES);
		samples[i] = now() - start;
		munmap(memory, FILE_BYTES);
	}
	close(fd);
	unlink(FILE_NAME);
	return median(samples, settings.samples) * 1e9 / (double)(FILE_BYTES / PAGE);
}

static double file_first_row(void)
{
	return time_file(1);
}

static double file_second_row(void)
{
	return time_file(0);
}

const struct row memory_rows[] = {
	{ "fault-4k", fault_row },
	{ "anon-sequential", sequential_row },
	{ "filemap-first", file_first_row },
	{ "filemap-second", file_second_row },
	{ 0 },
};
