// SPDX-License-Identifier: GPL-2.0-only
/* micro_calls.c - system calls that do little, so that what is measured is the way in and out */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "micro.h"

#define FILE_NAME "micro.file"

static void do_getppid(void *context)
{
	(void)context;
	syscall(SYS_getppid);
}

static double getppid_row(void)
{
	return measure(do_getppid, NULL, 1);
}

static void do_stat(void *context)
{
	struct stat st;

	(void)context;
	stat("/etc/passwd", &st);
}

static double stat_row(void)
{
	return measure(do_stat, NULL, 1);
}

static void do_open_close(void *context)
{
	(void)context;
	close(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static double open_close_row(void)
{
	return measure(do_open_close, NULL, 1);
}

static void do_read(void *context)
{
	char buffer[512];

	need(pread(*(int *)context, buffer, sizeof(buffer), 0) == sizeof(buffer), "pread");
}

static void do_write(void *context)
{
	static const char buffer[512];

	need(pwrite(*(int *)context, buffer, sizeof(buffer), 0) == sizeof(buffer), "pwrite");
}

static double on_file(operation_fn operation)
{
	static const char page[4096];
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	double ns;

	need(fd >= 0 && write(fd, page, sizeof(page)) == sizeof(page), FILE_NAME);
	ns = measure(operation, &fd, 1);
	close(fd);
	unlink(FILE_NAME);
	return ns;
}

static double read_row(void)
{
	return on_file(do_read);
}

static double write_row(void)
{
	return on_file(do_write);
}

static void do_pipe(void *context)
{
	int *fds = context;
	char byte = 0;

	need(write(fds[1], &byte, 1) == 1 && read(fds[0], &byte, 1) == 1, "pipe");
}

static double pipe_row(void)
{
	int fds[2];

	need(pipe(fds) == 0, "pipe");
	return measure(do_pipe, fds, 1);
}

#define POLLED 100

static void do_poll(void *context)
{
	need(poll(context, POLLED, 0) == 0, "poll");
}

/* As servers do that have nothing to do */
static double poll_row(void)
{
	struct pollfd polled[POLLED];
	int fds[POLLED][2];
	double ns;

	for (int i = 0; i < POLLED; i++) {
		need(pipe(fds[i]) == 0, "pipe");
		polled[i] = (struct pollfd){ .fd = fds[i][0], .events = POLLIN };
	}
	ns = measure(do_poll, polled, 1);
	for (int i = 0; i < POLLED; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
	return ns;
}

const struct row call_rows[] = {
	{ "getppid", getppid_row },	  { "stat", stat_row },
	{ "open+close", open_close_row }, { "read", read_row },
	{ "write", write_row },		  { "pipe", pipe_row },
	{ "poll-100", poll_row },	  { 0 },
};
