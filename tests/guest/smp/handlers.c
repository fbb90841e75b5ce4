// SPDX-License-Identifier: GPL-2.0-only
/* handlers.c - work that one thread hands to another without a call of its own: faults that a
 * program handles (userfaultfd), and requests that a thread of the kernel looks for (io_uring)
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "smp.h"

#define PAGES 64
#define LOOKS 200

static volatile unsigned long *area;
static volatile unsigned long stop;
static int faults;

static void watch(unsigned long features, unsigned long mode)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register range;

	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	faults = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	need(area != MAP_FAILED && faults >= 0 && !ioctl(faults, UFFDIO_API, &api));
	range = (struct uffdio_register){ .range = { (unsigned long)area, PAGES * PAGE },
					  .mode = mode };
	need(!ioctl(faults, UFFDIO_REGISTER, &range));
}

static unsigned long next_fault(void)
{
	struct uffd_msg message;

	need(read(faults, &message, sizeof(message)) == sizeof(message));
	need(message.event == UFFD_EVENT_PAGEFAULT);
	return message.arg.pagefault.address & ~(PAGE - 1);
}

/* ---- pages that somebody else brings ---- */

static void *bring(void *arg)
{
	static unsigned long page[PAGE / 8];

	for (;;) {
		unsigned long at = next_fault();
		struct uffdio_copy copy = { .dst = at, .src = (unsigned long)page, .len = PAGE };

		for (unsigned i = 0; i < PAGE / 8; i++)
			page[i] = at + i;
		if (ioctl(faults, UFFDIO_COPY, &copy))
			need(errno == EEXIST);
	}
	return NULL;
}

static void *read_all(void *arg)
{
	for (unsigned long word = 0; word < PAGES * PAGE / 8; word++)
		need(area[word] ==
		     ((unsigned long)(area + word) & ~(PAGE - 1)) + word % (PAGE / 8));
	return NULL;
}

static void bringing(void)
{
	pthread_t threads[3];

	watch(0, UFFDIO_REGISTER_MODE_MISSING);
	start(bring, NULL);
	for (unsigned round = 0; round < 10; round++) {
		need(!madvise((void *)area, PAGES * PAGE, MADV_DONTNEED));
		for (unsigned i = 0; i < 3; i++)
			threads[i] = start(read_all, NULL);
		for (unsigned i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
	}
}

/* ---- pages that somebody else forbids to write to ---- */

static void *count(void *arg)
{
	while (!stop)
		area[1] = area[1] + 1;
	return NULL;
}

static void forbid(bool on)
{
	struct uffdio_writeprotect protect = {
		.range = { (unsigned long)area, PAGE },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	need(!ioctl(faults, UFFDIO_WRITEPROTECT, &protect));
}

static void forbidding(void)
{
	pthread_t thread;

	watch(UFFD_FEATURE_PAGEFAULT_FLAG_WP, UFFDIO_REGISTER_MODE_WP);
	area[1] = 1;
	thread = start(count, NULL);
	for (unsigned round = 0; round < 30; round++) {
		unsigned long value;

		await_more(&area[1], load(&area[1]) + 10);
		forbid(true);
		value = load(&area[1]);
		need(next_fault() == (unsigned long)area);
		for (unsigned i = 0; i < LOOKS; i++) {
			spin_for(20);
			need(load(&area[1]) == value);
		}
		forbid(false);
	}
	stop = 1;
	pthread_join(thread, NULL);
}

/* ---- requests that a thread of the kernel looks for ---- */

#define ENTRIES 8

static struct {
	int fd;
	volatile unsigned *sq_tail, *sq_flags, *sq_array, *cq_head, *cq_tail;
	unsigned sq_mask, cq_mask;
	struct io_uring_sqe *requests;
	struct io_uring_cqe *answers;
} ring;

static void set_up_ring(void)
{
	struct io_uring_params set = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 20 };
	char *sq, *cq;

	ring.fd = syscall(SYS_io_uring_setup, ENTRIES, &set);
	need(ring.fd >= 0);
	sq = mmap(NULL, set.sq_off.array + ENTRIES * sizeof(unsigned), PROT_READ | PROT_WRITE,
		  MAP_SHARED, ring.fd, IORING_OFF_SQ_RING);
	cq = mmap(NULL, set.cq_off.cqes + set.cq_entries * sizeof(struct io_uring_cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_CQ_RING);
	ring.requests = mmap(NULL, ENTRIES * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
			     MAP_SHARED, ring.fd, IORING_OFF_SQES);
	need(sq != MAP_FAILED && cq != MAP_FAILED && ring.requests != MAP_FAILED);
	ring.sq_tail = (void *)(sq + set.sq_off.tail);
	ring.sq_flags = (void *)(sq + set.sq_off.flags);
	ring.sq_array = (void *)(sq + set.sq_off.array);
	ring.sq_mask = *(unsigned *)(sq + set.sq_off.ring_mask);
	ring.cq_head = (void *)(cq + set.cq_off.head);
	ring.cq_tail = (void *)(cq + set.cq_off.tail);
	ring.cq_mask = *(unsigned *)(cq + set.cq_off.ring_mask);
	ring.answers = (void *)(cq + set.cq_off.cqes);
}

static void ask(const struct io_uring_sqe *request)
{
	const unsigned tail = *ring.sq_tail, at = tail & ring.sq_mask;

	ring.requests[at] = *request;
	ring.sq_array[at] = at;
	__atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(ring.sq_flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
		need(syscall(SYS_io_uring_enter, ring.fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0) >=
		     0);
}

/*
 * What became of request @number, without a call: the kernel's thread is on another CPU, or has its
 * turn on this one
 */
static int answer(unsigned long number)
{
	const unsigned head = *ring.cq_head;
	const struct io_uring_cqe *got = &ring.answers[head & ring.cq_mask];
	int result;

	while (__atomic_load_n(ring.cq_tail, __ATOMIC_SEQ_CST) == head)
		;
	need(got->user_data == number);
	result = got->res;
	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_SEQ_CST);
	return result;
}

static void looking_for_requests(void)
{
	static char there[64], back[64];
	const int file = memfd_create("requests", 0);

	set_up_ring();
	for (unsigned long i = 1; i <= 100; i++) {
		struct io_uring_sqe request = { .opcode = IORING_OP_WRITE,
						.fd = file,
						.addr = (unsigned long)there,
						.len = sizeof(there),
						.off = i * sizeof(there),
						.user_data = i };

		memset(there, (int)i, sizeof(there));
		ask(&request);
		need(answer(i) == sizeof(there));
		request.opcode = IORING_OP_READ;
		request.addr = (unsigned long)back;
		ask(&request);
		need(answer(i) == sizeof(back));
		need(!memcmp(there, back, sizeof(there)));
		if (i % 50 == 0)
			usleep(50000); /* it goes to sleep meanwhile */
	}
	close(file);
	close(ring.fd);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "bringing", bringing },
		{ "forbidding", forbidding },
		{ "looking for requests", looking_for_requests },
		{ NULL, NULL },
	};

	return run_tests(tests, argc, argv);
}
