/* SPDX-License-Identifier: GPL-2.0-only */
/* poison.c - pages that a program declares poisoned, and what lies beside them */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define WINDOW (2UL << 20)

/* Linux 6.6; the headers of Debian 12 are older */
#define FEATURE_POISON (1 << 14)
#define IOCTL_POISON _IOWR(UFFDIO, 0x08, struct poison)
struct poison {
	struct uffdio_range range;
	uint64_t mode;
	int64_t updated;
};

static sigjmp_buf back;
static siginfo_t info;

static void on_signal(int sig, siginfo_t *si, void *context)
{
	(void)sig, (void)context;
	info = *si;
	siglongjmp(back, 1);
}

static void look(const char *what, const char *base, size_t offset)
{
	char text[8];

	if (!sigsetjmp(back, 1)) {
		memcpy(text, base + offset, sizeof(text));
		printf("%s: reads '%s'\n", what, text);
	} else {
		printf("%s: SIG%s code %d addr +%#tx of 2^%d bytes\n", what,
		       sigabbrev_np(info.si_signo), info.si_code, (char *)info.si_addr - base,
		       info.si_addr_lsb);
	}
}

static char *aligned(void)
{
	char *base =
	    mmap(NULL, 2 * WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return (char *)(((uintptr_t)base + WINDOW - 1) & ~(WINDOW - 1));
}

/* The first entry of a page table is of no page, the second one is */
static void by_userfaultfd(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = FEATURE_POISON };
	char *base = aligned(), text[PAGE] = "copied";
	struct uffdio_register area = { .range = { (uintptr_t)base, 2 * PAGE },
					.mode = UFFDIO_REGISTER_MODE_MISSING };
	struct poison poison = { .range = { (uintptr_t)base, PAGE } };
	struct uffdio_copy copy = { .dst = (uintptr_t)base + PAGE,
				    .src = (uintptr_t)text,
				    .len = PAGE };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &area) ||
	    ioctl(fd, IOCTL_POISON, &poison) || ioctl(fd, UFFDIO_COPY, &copy))
		perror("userfaultfd");
	look("userfaultfd, poisoned", base, 5);
	look("userfaultfd, beside it", base, PAGE);
}

static void by_madvise(void)
{
	char *base = aligned();

	strcpy(base, "lost");
	strcpy(base + PAGE, "kept");
	if (madvise(base, PAGE, MADV_HWPOISON))
		perror("MADV_HWPOISON");
	look("madvise, poisoned", base, 5);
	look("madvise, beside it", base, PAGE);
	munmap(base, PAGE);
	mmap(base, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	look("mapped anew", base, 0);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &action, NULL);
	by_userfaultfd();
	by_madvise();
	return 0;
}
