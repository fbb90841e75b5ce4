/* SPDX-License-Identifier: GPL-2.0-only */
/* keys.c - protection keys on a CPU that has none, and memory that only its owner sees */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *outcome(long ret)
{
	return ret >= 0 ? "ok" : strerrorname_np(errno);
}

static void keys(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("pkey_alloc, flags: %s\n", outcome(syscall(SYS_pkey_alloc, 1, 0)));
	printf("pkey_alloc, rights that there are not: %s\n",
	       outcome(syscall(SYS_pkey_alloc, 0, 4)));
	printf("pkey_alloc: %s", outcome(syscall(SYS_pkey_alloc, 0, 0)));
	printf(", then %s\n", outcome(syscall(SYS_pkey_alloc, 0, 0)));
	fflush(stdout);
	if (!fork()) {
		printf("in a child: %s\n", outcome(syscall(SYS_pkey_alloc, 0, 0)));
		exit(0);
	}
	wait(NULL);
	printf("pkey_free: 0 %s", outcome(syscall(SYS_pkey_free, 0)));
	printf(", 1 %s\n", outcome(syscall(SYS_pkey_free, 1)));
	printf("pkey_mprotect: key -1 %s", outcome(syscall(SYS_pkey_mprotect, page, 4096, 1, -1)));
	printf(", 0 %s", outcome(syscall(SYS_pkey_mprotect, page, 4096, 1, 0)));
	printf(", 1 %s\n", outcome(syscall(SYS_pkey_mprotect, page, 4096, 1, 1)));
}

static void secret(void)
{
	int fd = syscall(SYS_memfd_secret, 0), pipes[2], mem = open("/proc/self/mem", O_RDWR);
	struct iovec to = { (char[8]){ 0 }, 8 }, from;
	char *page, buffer[8] = "";

	printf("memfd_secret: %s\n", outcome(fd));
	if (fd < 0)
		return;
	printf("size: %s\n", outcome(ftruncate(fd, 8192)));
	printf("private: %s\n", mmap(NULL, 8192, 3, MAP_PRIVATE, fd, 0) == MAP_FAILED
				    ? strerrorname_np(errno)
				    : "ok");
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	printf("shared: %s\n", page == MAP_FAILED ? strerrorname_np(errno) : "ok");
	strcpy(page, "secret");
	if (pipe(pipes) || write(pipes[1], page, 7) != 7 || read(pipes[0], page + 4096, 7) != 7)
		return;
	printf("through a pipe: %s\n", page + 4096);
	from = (struct iovec){ page, 8 };
	printf("process_vm_readv: %s\n", outcome(process_vm_readv(getpid(), &to, 1, &from, 1, 0)));
	printf("/proc/self/mem: %s\n", outcome(pread(mem, buffer, 7, (off_t)page)));
	printf("read: %s, write: %s\n", outcome(read(fd, buffer, 7)),
	       outcome(write(fd, buffer, 7)));
	fflush(stdout);
	if (!fork()) {
		printf("in a child: %s\n", page);
		exit(0);
	}
	wait(NULL);
}

int main(void)
{
	keys();
	secret();
	return 0;
}
