/* SPDX-License-Identifier: GPL-2.0-only */
/* marks.c - which pages were written: soft-dirty bits, userfaultfd write protection */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 4
#define SIZE (PAGES * 4096UL)
#define SOFT_DIRTY 55 /* bits of an entry of /proc/PID/pagemap */
#define UFFD_WP 57
#define SWAPPED 62

#ifndef UFFD_FEATURE_WP_ASYNC /* headers older than Linux 6.7 */
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

static int pagemap;
static volatile char *area;

static const char *marked(int bit)
{
	static char text[PAGES + 1];
	uint64_t entry[PAGES];

	pread(pagemap, entry, sizeof(entry), (uintptr_t)area / 4096 * sizeof(entry[0]));
	for (int i = 0; i < PAGES; i++)
		text[i] = entry[i] >> bit & 1 ? '1' : '0';
	return text;
}

static void write_all(void)
{
	for (int i = 0; i < PAGES; i++)
		area[i * 4096UL] = 1;
}

static void clear_soft_dirty(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	write(fd, "4", 1);
	close(fd);
}

static void soft_dirty(void)
{
	write_all();
	printf("soft-dirty: written %s", marked(SOFT_DIRTY));
	clear_soft_dirty();
	printf(", cleared %s", marked(SOFT_DIRTY));
	area[1 * 4096] = 2;
	(void)area[2 * 4096];
	printf(", one written and one read %s", marked(SOFT_DIRTY));
	mprotect((void *)area, SIZE, PROT_READ);
	mprotect((void *)area, SIZE, PROT_READ | PROT_WRITE);
	printf(", after mprotect %s", marked(SOFT_DIRTY));
	write_all();
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	clear_soft_dirty();
	area[3 * 4096] = 2;
	printf(", after fork %s\n", marked(SOFT_DIRTY));
	area[1 * 4096] = 2;
}

static int protect(int fd, unsigned long page, unsigned long pages, int on)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)area + page * 4096, pages * 4096 },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
}

static void *monitor(void *fd)
{
	struct uffd_msg msg;

	while (read((int)(intptr_t)fd, &msg, sizeof(msg)) == sizeof(msg)) {
		unsigned long page = (msg.arg.pagefault.address - (uintptr_t)area) / 4096;

		printf("userfaultfd: write to page %lu%s\n", page,
		       msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP ? ", protected" : "");
		protect((int)(intptr_t)fd, page, 1, 0);
	}
	return NULL;
}

static void write_protect(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register reg = { .range = { (uintptr_t)area, SIZE },
				       .mode = UFFDIO_REGISTER_MODE_WP };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC), pipes[2];
	pthread_t thread;
	ssize_t got;

	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg) ||
	    protect(fd, 0, PAGES, 1)) {
		perror("userfaultfd");
		return;
	}
	printf("userfaultfd: protected %s, reads %d\n", marked(UFFD_WP), area[1 * 4096]);
	pthread_create(&thread, NULL, monitor, (void *)(intptr_t)fd);
	area[1 * 4096] = 3;
	printf("userfaultfd: page 1 holds %d, protected %s\n", area[1 * 4096], marked(UFFD_WP));
	/* the kernel's own writes are writes too */
	pipe(pipes);
	write(pipes[1], "x", 1);
	got = read(pipes[0], (void *)(area + 3 * 4096), 1);
	printf("userfaultfd: read(2) %zd, page 3 holds %c, protected %s\n", got, area[3 * 4096],
	       marked(UFFD_WP));
	ioctl(fd, UFFDIO_UNREGISTER, &reg.range);
	area[2 * 4096] = 4;
	printf("userfaultfd: unregistered %s\n", marked(UFFD_WP));
}

/* Each written page stands among pages that are not there but marked */
static void write_among_marks(void)
{
	struct uffdio_api api = { .api = UFFD_API,
				  .features = UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_ASYNC };
	const unsigned long pages = 512;
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC), present = 0, protected = 0;
	uint64_t entry;

	area = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)area;
	reg.range.len = pages * 4096;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg) ||
	    protect(fd, 0, pages, 1)) {
		perror("userfaultfd");
		return;
	}
	for (unsigned long i = 0; i < pages; i += 3)
		area[i * 4096] = 1;
	for (unsigned long i = 0; i < pages; i++) {
		pread(pagemap, &entry, sizeof(entry), ((uintptr_t)area / 4096 + i) * sizeof(entry));
		present += entry >> 63;
		protected += entry >> UFFD_WP & 1;
	}
	printf("userfaultfd: %d pages written, %d protected\n", present, protected);
	close(fd);
}

static int use_swap(const char *device)
{
	uint32_t header[4096 / 4] = { [256] = 1, [257] = 1023 }; /* version, last page */
	int fd = open(device, O_WRONLY);

	memcpy((char *)header + sizeof(header) - 10, "SWAPSPACE2", 10);
	write(fd, header, sizeof(header));
	close(fd);
	return swapon(device, 0);
}

/* Marks go to swap with the page, and come back */
static void swap_out(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	area = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	write_all();
	clear_soft_dirty();
	area[1 * 4096] = 2;
	reg.range.start = (uintptr_t)area;
	reg.range.len = SIZE;
	if (use_swap("/dev/ram0") || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &reg) || protect(fd, 2, 1, 1) ||
	    madvise((void *)area, SIZE, MADV_PAGEOUT)) {
		perror("swap");
		return;
	}
	printf("swapped out %s", marked(SWAPPED));
	printf(": soft-dirty %s", marked(SOFT_DIRTY));
	printf(", protected %s\n", marked(UFFD_WP));
	printf("read %d%d%d%d", area[0], area[1 * 4096], area[2 * 4096], area[3 * 4096]);
	printf(", swapped out %s", marked(SWAPPED));
	printf(": soft-dirty %s", marked(SOFT_DIRTY));
	printf(", protected %s\n", marked(UFFD_WP));
	close(fd);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	area = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	soft_dirty();
	write_protect();
	write_among_marks();
	swap_out();
	return 0;
}
