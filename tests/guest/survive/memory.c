/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.c - memory of every kind */
#include "survive.h"
#include <linux/mman.h>
#include <sys/swap.h>

#define SIZE (2UL << 20)

static void *map(size_t size, int flags, int fd)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
}

/* Seals, and what is below them */
const char *memfd_case(void)
{
	const int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	char *at;

	WANT(fd >= 0 && !ftruncate(fd, SIZE));
	at = map(SIZE, MAP_SHARED, fd);
	fill(at, SIZE, 1);
	WANT(!munmap(at, SIZE) && !fcntl(fd, F_ADD_SEALS, seals));
	hold();
	WANT(fcntl(fd, F_GET_SEALS) == seals);
	WANT(write(fd, "x", 1) < 0 && errno == EPERM && ftruncate(fd, 1) && errno == EPERM);
	at = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	WANT(filled(at, SIZE, 1));
	return NULL;
}

/* Memory that the kernel itself does not map */
const char *secret_case(void)
{
	const int fd = (int)syscall(SYS_memfd_secret, 0);
	char *at;

	if (fd < 0 && errno == ENOSYS) {
		hold();
		return NULL;
	}
	WANT(fd >= 0 && !ftruncate(fd, 65536));
	at = map(65536, MAP_SHARED, fd);
	WANT(at != MAP_FAILED);
	fill(at, 65536, 2);
	hold();
	WANT(filled(at, 65536, 2));
	return NULL;
}

static long of_status(const char *name)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");
	long value = -1;

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)))
			value = strtol(line + strlen(name) + 1, NULL, 10);
	}
	if (file)
		fclose(file);
	return value;
}

/* Pages that lie in a swap file */
const char *swap_case(void)
{
	char *at = map(4 * SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char path[64], command[400];

	snprintf(path, sizeof(path), "/tmp/swap-%d", getpid());
	snprintf(command, sizeof(command),
		 "dd if=/dev/zero of=%1$s bs=64k count=256 2>/dev/null && chmod 600 %1$s && "
		 "mkswap %1$s >/dev/null",
		 path);
	WANT(!shell(command) && !swapon(path, 0));
	fill(at, 4 * SIZE, 3);
	WANT(!madvise(at, 4 * SIZE, MADV_PAGEOUT));
	for (int i = 0; i < 100 && of_status("VmSwap:") < 4096; i++) {
		sleep_ms(20);
		madvise(at, 4 * SIZE, MADV_PAGEOUT);
	}
	WANT(of_status("VmSwap:") >= 4096);
	hold();
	WANT(filled(at, 4 * SIZE, 3));
	WANT(!swapoff(path) && filled(at, 4 * SIZE, 3) && !unlink(path));
	return NULL;
}

const char *huge_case(void)
{
	char *at = map(4 * SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	WANT(!madvise(at, 4 * SIZE, MADV_HUGEPAGE));
	fill(at, 4 * SIZE, 4);
	hold();
	WANT(filled(at, 4 * SIZE, 4));
	/* split, partly given back */
	WANT(!madvise(at + SIZE, 8192, MADV_DONTNEED) && at[SIZE] == 0);
	WANT(filled(at, SIZE, 4));
	return NULL;
}

/* A pool of pages of 2 MiB, and a mapping of them */
const char *hugetlb_case(void)
{
	char *at;

	if (write_text("/proc/sys/vm/nr_hugepages", "4") ||
	    strcmp(line_of("/proc/sys/vm/nr_hugepages"), "4")) {
		hold();
		return NULL;
	}
	at = map(2 * SIZE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	WANT(at != MAP_FAILED);
	fill(at, SIZE, 5);
	hold();
	WANT(filled(at, SIZE, 5) && !strcmp(line_of("/proc/sys/vm/nr_hugepages"), "4"));
	fill(at + SIZE, SIZE, 6);
	WANT(filled(at + SIZE, SIZE, 6) && !munmap(at, 2 * SIZE));
	WANT(!write_text("/proc/sys/vm/nr_hugepages", "0"));
	return NULL;
}

/* Of a file: clean pages, dirty ones, and a copy of one's own of which half is written */
const char *mapping_case(void)
{
	char path[64], *shared, *own;
	int fd;

	snprintf(path, sizeof(path), "/tmp/mapping-%d", getpid());
	fd = open(path, O_RDWR | O_CREAT, 0600);
	WANT(fd >= 0 && !ftruncate(fd, SIZE));
	shared = map(SIZE, MAP_SHARED, fd);
	own = map(SIZE, MAP_PRIVATE, fd);
	fill(shared, SIZE, 7);
	WANT(!msync(shared, SIZE, MS_SYNC));
	fill(shared, SIZE / 4, 8);
	fill(own + SIZE / 2, SIZE / 2, 9);
	hold();
	WANT(filled(shared, SIZE / 4, 8) && filled(own, SIZE / 4, 8));
	WANT(filled(own + SIZE / 2, SIZE / 2, 9));
	WANT(!msync(shared, SIZE, MS_SYNC) && !posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	fill(shared + SIZE / 4, 4096, 10);
	WANT(pread(fd, own, 4096, SIZE / 4) == 4096 && filled(own, 4096, 10));
	WANT(!unlink(path));
	return NULL;
}

/* Shared by a fork until one writes; a stack that grows; the end of the heap */
const char *private_case(void)
{
	char *at = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1), *brk = sbrk(65536);
	int ends[2], status;
	pid_t pid;
	char c;

	fill(at, SIZE, 11);
	fill(brk, 65536, 12);
	WANT(!pipe(ends));
	pid = fork();
	if (!pid) {
		fill(at, SIZE / 2, 13);
		if (read(ends[0], &c, 1) != 1 || !filled(at, SIZE / 2, 13))
			_exit(1);
		_exit(2);
	}
	hold();
	WANT(filled(at, SIZE, 11) && filled(brk, 65536, 12) && sbrk(0) == brk + 65536);
	WANT(write(ends[1], "x", 1) == 1 && waitpid(pid, &status, 0) == pid && status == 2 << 8);
	return NULL;
}

static int dies(void (*what)(char *), char *at)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		what(at);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void reads(char *at)
{
	*(volatile char *)at;
}

static void writes(char *at)
{
	*(volatile char *)at = 1;
}

static void calls(char *at)
{
	((void (*)(void))at)();
}

/* What may not be read, written or executed, and code that was made at run time */
const char *protection_case(void)
{
	char *none = map(4096, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *read_only = map(4096, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	unsigned char *code = map(4096, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	memset(none, 1, 4096);
	memset(read_only, 1, 4096);
	memcpy(code, "\xb8\x39\x05\x00\x00\xc3", 6);
	WANT(!mprotect(none, 4096, PROT_NONE) && !mprotect(read_only, 4096, PROT_READ) &&
	     !mprotect(code, 4096, PROT_READ | PROT_EXEC));
	WANT(((int (*)(void))code)() == 1337);
	hold();
	WANT(((int (*)(void))code)() == 1337);
	WANT(dies(reads, none) && dies(writes, none) && dies(writes, read_only));
	WANT(!dies(reads, read_only) && dies(calls, read_only));
	return NULL;
}

const char *mlock_case(void)
{
	char *at = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	fill(at, SIZE, 14);
	WANT(!mlock(at, SIZE) && !madvise(at, SIZE, MADV_DONTFORK));
	hold();
	WANT(of_status("VmLck:") >= (long)(SIZE >> 10) && filled(at, SIZE, 14) &&
	     !munlock(at, SIZE));
	return NULL;
}

/* One page at two addresses, and in two processes */
const char *shared_case(void)
{
	const int fd = memfd_create("shared", 0);
	char *one, *two;
	int ends[2], status;
	pid_t pid;
	char c;

	WANT(!ftruncate(fd, SIZE) && !pipe(ends));
	one = map(SIZE, MAP_SHARED, fd), two = map(SIZE, MAP_SHARED, fd);
	fill(one, SIZE, 15);
	pid = fork();
	if (!pid)
		_exit(read(ends[0], &c, 1) == 1 && filled(two, SIZE, 16) ? 2 : 1);
	hold();
	WANT(filled(two, SIZE, 15));
	fill(one, SIZE, 16);
	WANT(filled(two, SIZE, 16));
	WANT(write(ends[1], "x", 1) == 1 && waitpid(pid, &status, 0) == pid && status == 2 << 8);
	return NULL;
}
