// SPDX-License-Identifier: GPL-2.0-only
/* held.c - hold a lock of the kernel while a page of a file system that does not answer is awaited
 *
 * /fuse/file is on a server that stops when we have said "ready" (observe/hang.c).
 *
 *   held cmdline  the program's own arguments lie in such a page, and a thread that touches it
 *   held writer   writes to standard output from one when there is /tmp/go, so that the pipe stays
 *                 locked
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Set when the main thread will not use its stack any more */
static atomic_bool seated;

static void *page_at(void *at, int flags)
{
	int fd = open("/fuse/file", O_RDWR);
	void *page = mmap(at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | flags, fd, 0);

	if (fd < 0 || page == MAP_FAILED)
		perror("held");
	close(fd);
	return page;
}

static void *sit(void *arguments)
{
	while (!seated)
		usleep(1000);
	page_at((void *)((uintptr_t)arguments & ~4095UL), MAP_FIXED);
	puts("ready");
	fflush(stdout);
	pause();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc == 2 && !strcmp(argv[1], "writer")) {
		void *page = page_at(NULL, 0);

		puts("ready");
		fflush(stdout);
		while (access("/tmp/go", F_OK))
			usleep(10000);
		return write(1, page, 4096) < 0;
	}
	pthread_create(&thread, NULL, sit, argv[0]);
	/* The stack is in that page: from here on only registers are used */
	seated = true;
	for (;;)
		asm volatile("syscall" ::"a"(34) : "rcx", "r11", "memory");
}
