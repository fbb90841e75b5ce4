// SPDX-License-Identifier: GPL-2.0-only
/* micro_files.c - file data through the page cache and past it, and many small files
 *
 * Data rows are sequential, per block of 64 KiB, or of 1 MiB, where the way into the kernel no
 * longer counts. fio's rows (inside.sh) are the random ones, of 4 KiB.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "micro.h"

#define BLOCK 65536UL
#define BIG (1UL << 20)
#define FILE_NAME "micro.data"
#define SMALL_BYTES 100

static char block[BIG] __attribute__((aligned(4096)));

struct pass {
	int fd;
	int write;
	size_t block;
};

static void do_pass(void *context)
{
	const struct pass *pass = context;

	for (size_t at = 0; at < settings.file_bytes; at += pass->block) {
		ssize_t n = pass->write ? pwrite(pass->fd, block, pass->block, (off_t)at)
					: pread(pass->fd, block, pass->block, (off_t)at);
		need(n == (ssize_t)pass->block, FILE_NAME);
	}
}

/* The file exists with all its blocks before the first pass: allocation is not in the figure */
static double passes(int flags, int write, size_t bytes)
{
	struct pass pass = { open(FILE_NAME, O_RDWR | O_CREAT, 0600), 1, BIG };
	double ns;

	need(pass.fd >= 0, FILE_NAME);
	do_pass(&pass);
	fsync(pass.fd);
	close(pass.fd);
	pass = (struct pass){ open(FILE_NAME, O_RDWR | flags), write, bytes };
	if (pass.fd < 0)
		return NAN; /* no O_DIRECT on this file system */
	ns = measure(do_pass, &pass, (double)settings.file_bytes / (double)bytes);
	close(pass.fd);
	unlink(FILE_NAME);
	return ns;
}

static double read_cached_row(void)
{
	return passes(0, 0, BLOCK);
}

static double write_cached_row(void)
{
	return passes(0, 1, BLOCK);
}

static double read_big_row(void)
{
	return passes(0, 0, BIG);
}

static double write_big_row(void)
{
	return passes(0, 1, BIG);
}

static double read_direct_row(void)
{
	return passes(O_DIRECT, 0, BLOCK);
}

static double write_direct_row(void)
{
	return passes(O_DIRECT, 1, BLOCK);
}

#define NAME_A "micro.a"
#define NAME_B "micro.b"

static void make_empty(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0600);

	need(fd >= 0, name);
	close(fd);
}

/* There and back, so that every call changes something */
static void do_chmod(void *context)
{
	(void)context;
	need(chmod(NAME_A, 0644) == 0 && chmod(NAME_A, 0600) == 0, "chmod");
}

static double chmod_row(void)
{
	double ns;

	make_empty(NAME_A);
	ns = measure(do_chmod, NULL, 2);
	unlink(NAME_A);
	return ns;
}

static void do_rename(void *context)
{
	(void)context;
	need(rename(NAME_A, NAME_B) == 0 && rename(NAME_B, NAME_A) == 0, "rename");
}

static double rename_row(void)
{
	double ns;

	make_empty(NAME_A);
	ns = measure(do_rename, NULL, 2);
	unlink(NAME_A);
	return ns;
}

static void small_name(char name[32], unsigned i)
{
	snprintf(name, 32, "micro.d/%06u", i);
}

/* Once per run: enough calls for a steady figure, and a system's caches are part of the question */
static double create_delete_row(void)
{
	double start = now();
	char name[32];

	need(mkdir("micro.d", 0700) == 0, "micro.d");
	for (unsigned i = 0; i < settings.files; i++) {
		int fd;

		small_name(name, i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		need(fd >= 0 && write(fd, block, SMALL_BYTES) == SMALL_BYTES, name);
		close(fd);
	}
	for (unsigned i = 0; i < settings.files; i++) {
		small_name(name, i);
		need(unlink(name) == 0, name);
	}
	rmdir("micro.d");
	return (now() - start) * 1e9 / settings.files;
}

const struct row file_rows[] = {
	{ "read-cached", read_cached_row },
	{ "write-cached", write_cached_row },
	{ "read-1m", read_big_row },
	{ "write-1m", write_big_row },
	{ "read-direct", read_direct_row },
	{ "write-direct", write_direct_row },
	{ "chmod", chmod_row },
	{ "rename", rename_row },
	{ "create+delete", create_delete_row },
	{ 0 },
};
