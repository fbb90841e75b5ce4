/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.c - what memory and files hold */
#include "states.h"
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#define SIZE (4 << 20)

static uint64_t fill(uint64_t *at, size_t size, uint64_t x)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < size / 8; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		at[i] = x;
		sum += x;
	}
	return sum;
}

static uint64_t sum_of(const uint64_t *at, size_t size)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < size / 8; i++)
		sum += at[i];
	return sum;
}

/* One page is written in each round, all are looked at */
static void watch(struct part *part, uint64_t *at)
{
	uint64_t sum = fill(at, SIZE, 88172645463325252ULL + part->rounds);

	for (size_t i = 0;; i = (i + 512) % (SIZE / 8)) {
		sum -= at[i];
		sum += ++at[i];
		round_of(part, sum_of(at, SIZE) == sum);
		sleep_ms(5);
	}
}

void private_part(struct part *part)
{
	watch(part, mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* A mapped file on the disk: dirty pages of it */
void shared_part(struct part *part)
{
	int fd = open("/tmp/mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (!ftruncate(fd, SIZE))
		watch(part, mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
}

static void rewrite(struct part *part, int fd)
{
	static uint64_t out[8192], in[8192];

	for (uint64_t i = 1;; i++) {
		uint64_t sum = fill(out, sizeof(out), i);

		if (pwrite(fd, out, sizeof(out), 0) != sizeof(out))
			return;
		sleep_ms(5);
		round_of(part, pread(fd, in, sizeof(in), 0) == sizeof(in) &&
				   sum_of(in, sizeof(in)) == sum);
	}
}

void deleted_part(struct part *part)
{
	int fd = open("/tmp/deleted", O_RDWR | O_CREAT | O_TRUNC, 0600);

	unlink("/tmp/deleted");
	rewrite(part, fd);
}

void tmpfs_part(struct part *part)
{
	rewrite(part, open("/dev/shm/file", O_RDWR | O_CREAT | O_TRUNC, 0600));
}

void memfd_part(struct part *part)
{
	rewrite(part, memfd_create("memory", 0));
}

void sysv_part(struct part *part)
{
	int id = shmget(IPC_PRIVATE, SIZE, 0600 | IPC_CREAT);

	watch(part, shmat(id, NULL, 0));
}
