/* SPDX-License-Identifier: GPL-2.0-only */
/* hugetlb.c - huge pages that root has set aside, mapped, shared, copied on write and given back */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE (2UL << 20)

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("%s: %s\n", path, strerrorname_np(errno));
	close(fd);
}

static long meminfo(const char *name)
{
	char line[128];
	long value = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, name, strlen(name)))
			value = atol(line + strlen(name) + 1);
	}
	fclose(f);
	return value;
}

static void pool(const char *when)
{
	printf("%s: %ld pages, %ld free\n", when, meminfo("HugePages_Total"),
	       meminfo("HugePages_Free"));
	fflush(stdout);
}

static char *map(unsigned long size, int flags, int fd)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		printf("map: %s\n", strerrorname_np(errno));
	return p == MAP_FAILED ? NULL : p;
}

int main(void)
{
	int pipes[2], fd;
	char *p, *q, byte;

	map(HUGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	write_to("/proc/sys/vm/nr_hugepages", "8");
	pool("set aside");
	p = map(2 * HUGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	p[0] = 'a';
	p[HUGE - 1] = 'b';
	p[HUGE + 5] = 'c';
	pool("two written");
	fflush(stdout);
	if (!fork()) {
		printf("a child reads %c%c%c", p[0], p[HUGE - 1], p[HUGE + 5]);
		p[0] = 'x';
		printf(", has written %c\n", p[0]);
		pool("copied");
		exit(0);
	}
	wait(NULL);
	printf("the parent has %c\n", p[0]);
	if (pipe(pipes) || write(pipes[1], p, 1) != 1 || read(pipes[0], p + HUGE + 6, 1) != 1)
		return 1;
	printf("through a pipe: %c\n", p[HUGE + 6]);
	mprotect(p, HUGE, PROT_READ);
	printf("read-only: write %s", read(pipes[0], NULL, 0) ? "?" : "");
	fflush(stdout);
	if (!fork()) {
		p[1] = 1;
		exit(0);
	}
	int status;
	wait(&status);
	printf("%s\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? "SIGSEGV" : "goes on");
	munmap(p, 2 * HUGE);
	pool("unmapped");
	mkdir("/tmp/huge", 0700);
	if (mount("none", "/tmp/huge", "hugetlbfs", 0, "") ||
	    (fd = open("/tmp/huge/file", O_RDWR | O_CREAT, 0600)) < 0 || ftruncate(fd, 2 * HUGE)) {
		printf("hugetlbfs: %s\n", strerrorname_np(errno));
		return 1;
	}
	p = map(2 * HUGE, MAP_SHARED, fd);
	q = map(2 * HUGE, MAP_SHARED, fd);
	p[HUGE + 9] = 'f';
	printf("file: %c, read(2) %s\n", q[HUGE + 9],
	       pread(fd, &byte, 1, HUGE + 9) == 1 && byte == 'f' ? "the same" : "differs");
	pool("one page of a file");
	munmap(q, 2 * HUGE);
	munmap(p, 2 * HUGE);
	close(fd);
	unlink("/tmp/huge/file");
	umount("/tmp/huge");
	pool("removed");
	write_to("/proc/sys/vm/nr_hugepages", "0");
	pool("given back");
	return 0;
}
