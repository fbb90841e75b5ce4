// SPDX-License-Identifier: GPL-2.0-only
/* stale-mapping - run between an unmapping and its becoming true on the host
 *
 * munmap() waits here, for whoever watches the area, with the pages given back already. Meanwhile a
 * signal comes, for which the kernel wants all registers: it has the thread stop in its stub. But
 * the thread has blocked all signals, and runs on: not with the pages, which others may have by
 * now.
 */
#include "tests/attack/attack.h"

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#define AREA (256 * PAGE)
#define ROUNDS 5

static char stack[65536] __attribute__((aligned(16)));
static char *area;
static volatile int *seen; /* shared with the observer */

static void on_signal(int sig)
{
}

static __attribute__((noreturn)) void unmap_and_look(void)
{
	raw(SYS_munmap, (long)area, AREA, 0, 0, 0, 0);
	*seen = 1;
	for (size_t i = 0; i < AREA; i += PAGE)
		(void)((volatile char *)area)[i];
	*seen = 2;
	for (;;)
		;
}

static void *map(size_t size, int flags)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

static int watch(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_UNMAP };
	struct uffdio_register range = { .range = { (uint64_t)area, AREA },
					 .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, 0);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		_exit(2);
	return fd;
}

/* Another process, which interrupts the first one while that waits, then lets it go on */
static void let_go(int fd, pid_t first)
{
	struct uffd_msg event;

	usleep(100000);
	kill(first, SIGUSR2);
	(void)!read(fd, &event, sizeof(event));
	_exit(0);
}

static void attack(long unused)
{
	struct native_frame frame;
	pid_t self = getpid();
	int fd;

	area = map(AREA, MAP_PRIVATE);
	memset(area, 1, AREA);
	fd = watch();
	signal(SIGUSR2, on_signal);
	if (!fork())
		let_go(fd, self);
	memset(area, 1, AREA); /* its own again after the fork */
	*seen = 0;
	native_frame_init(&frame, (void *)unmap_and_look, stack + sizeof(stack) - 8);
	frame.mask = ~0UL;
	native_sigreturn(&frame);
}

int main(void)
{
	unsigned ran = 0, found = 0;

	seen = map(PAGE, MAP_SHARED);
	for (unsigned i = 0; i < ROUNDS; i++) {
		outcome_of(attack, 0);
		ran += *seen > 0;
		found += *seen > 1;
	}
	printf("%s on, %u times with pages that it had given back\n",
	       ran ? "it ran" : "nothing ran", found);
	return over();
}
