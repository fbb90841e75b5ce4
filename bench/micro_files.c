// SPDX-License-Identifier: GPL-2.0-only
/* micro_files.c - file data through the page cache and past it, and many small files
 *
 * Data rows are per 64 KiB block. Sequential, because that is what the page cache and the device
 * queue are built for; fio's rows (inside.sh) are the random ones.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "micro.h"

#define BLOCK 65536UL
#define FILE_NAME "micro.data"
#define SMALL_BYTES 100

static char block[BLOCK] __attribute__((aligned(4096)));

struct pass {
	int fd;
	int write;
};

static void do_pass(void *context)
{
	const struct pass *pass = context;

	for (size_t at = 0; at < settings.file_bytes; at += BLOCK) {
		ssize_t n = pass->write ? pwrite(pass->fd, block, BLOCK, (off_t)at)
					: pread(pass->fd, block, BLOCK, (off_t)at);
		need(n == (ssize_t)BLOCK, FILE_NAME);
	}
}

/* The file exists with all its blocks before the first pass: allocation is not in the figure */
static double passes(int flags, int write)
{
	struct pass pass = { open(FILE_NAME, O_RDWR | O_CREAT, 0600), 1 };
	double ns;

	need(pass.fd >= 0, FILE_NAME);
	do_pass(&pass);
	fsync(pass.fd);
	close(pass.fd);
	pass.fd = open(FILE_NAME, O_RDWR | flags);
	if (pass.fd < 0)
		return NAN; /* no O_DIRECT on this file system */
	pass.write = write;
	ns = measure(do_pass, &pass, (double)settings.file_bytes / BLOCK);
	close(pass.fd);
	unlink(FILE_NAME);
	return ns;
}

static double read_cached_row(void)
{
	return passes(0, 0);
}

static double write_cached_row(void)
{
	return passes(0, 1);
}

static double read_direct_row(void)
{
	return passes(O_DIRECT, 0);
}

static double write_direct_row(void)
{
	return passes(O_DIRECT, 1);
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
	{ "read-cached", read_cached_row },	{ "write-cached", write_cached_row },
	{ "read-direct", read_direct_row },	{ "write-direct", write_direct_row },
	{ "create+delete", create_delete_row }, { 0 },
};
