// SPDX-License-Identifier: GPL-2.0-only
/* submit.c - a submission thread that has worked looks for more for a while, others run meanwhile
 */
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 100 };
	int fd = syscall(SYS_io_uring_setup, 8, &p);
	char *ring;
	struct io_uring_sqe *sqes;
	unsigned int flags = 0;

	if (fd < 0) {
		perror("io_uring_setup");
		return 1;
	}
	ring = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	sqes = mmap(NULL, 1 << 12, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	memset(sqes, 0, sizeof(*sqes));
	sqes->opcode = IORING_OP_NOP;
	sqes->user_data = 7;
	((unsigned int *)(ring + p.sq_off.array))[0] = 0;
	__atomic_store_n((unsigned int *)(ring + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP, NULL,
		0);
	printf("done: %llu\n", ((struct io_uring_cqe *)(ring + p.cq_off.cqes))->user_data);
	while (!(flags & IORING_SQ_NEED_WAKEUP)) {
		usleep(10000);
		flags = __atomic_load_n((unsigned int *)(ring + p.sq_off.flags), __ATOMIC_ACQUIRE);
	}
	printf("asleep\n");
	return 0;
}
