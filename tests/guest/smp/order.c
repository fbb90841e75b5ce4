// SPDX-License-Identifier: GPL-2.0-only
/* order.c - what threads on several CPUs see of each other: accesses, locks, futexes, barriers
 *
 * The litmus tests are those that x86-64 answers: a store is seen late unless something orders it,
 * and nothing else is ever out of order (Intel SDM 3A, 9.2.3). They hold as well when each thread
 * has a mapping of its own of the same memory, and when what one of them stores is a mapping: what
 * it has replaced nobody sees any more who comes after, and the call that does it is a barrier.
 */
#include <linux/membarrier.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "smp.h"

#define ROUNDS 20000
#define MAPPINGS 1500
#define NTHREADS 4

/* Two threads that go through rounds together, without a call */
struct pair {
	volatile unsigned long x __attribute__((aligned(128)));
	volatile unsigned long y __attribute__((aligned(128)));
	volatile unsigned long arrived[2] __attribute__((aligned(128)));
	unsigned long seen[2];
	void (*half[2])(struct pair *pair);
	void (*begin)(void); /* of each round, or NULL */
	unsigned long rounds;
};

static struct pair *ours, *theirs; /* the same, by two mappings */

static void meet(struct pair *pair, unsigned me, unsigned long round)
{
	store(&pair->arrived[me], round);
	await_more(&pair->arrived[!me], round - 1);
}

static void *second(void *arg)
{
	struct pair *pair = arg;

	for (unsigned long round = 1; round <= pair->rounds; round++) {
		meet(pair, 1, 3 * round - 2);
		pair->half[1](pair);
		meet(pair, 1, 3 * round - 1);
		meet(pair, 1, 3 * round);
	}
	return NULL;
}

static void *map_file(int fd, void *at, unsigned long page)
{
	void *map = mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0), fd,
			 page * PAGE);

	need(map != MAP_FAILED);
	return map;
}

/* How often both halves saw zero */
static unsigned long both_zero(const struct pair *what, bool two_mappings)
{
	const int fd = memfd_create("pair", 0);
	unsigned long count = 0;
	pthread_t thread;

	need(fd >= 0 && !ftruncate(fd, PAGE));
	ours = map_file(fd, NULL, 0);
	theirs = two_mappings ? map_file(fd, NULL, 0) : ours;
	close(fd);
	*ours = *what;
	thread = start(second, theirs);
	for (unsigned long round = 1; round <= ours->rounds; round++) {
		ours->x = ours->y = 0;
		if (ours->begin)
			ours->begin();
		meet(ours, 0, 3 * round - 2);
		ours->half[0](ours);
		meet(ours, 0, 3 * round - 1);
		count += !ours->seen[0] && !ours->seen[1];
		meet(ours, 0, 3 * round);
	}
	pthread_join(thread, NULL);
	munmap(ours, PAGE);
	if (two_mappings)
		munmap(theirs, PAGE);
	return count;
}

static void fenced_x(struct pair *pair)
{
	pair->x = 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	pair->seen[0] = pair->y;
}

static void fenced_y(struct pair *pair)
{
	pair->y = 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	pair->seen[1] = pair->x;
}

static void store_buffering(void)
{
	const struct pair pair = { .half = { fenced_x, fenced_y }, .rounds = ROUNDS };

	need(!both_zero(&pair, false));
	need(!both_zero(&pair, true));
}

static void write_both(struct pair *pair)
{
	pair->x = 1;
	pair->y = 1;
	pair->seen[0] = 1;
}

/* y is seen, so x is */
static void read_both(struct pair *pair)
{
	unsigned long y = pair->y, x = pair->x;

	pair->seen[1] = x >= y;
	if (!pair->seen[1])
		pair->seen[0] = 0;
	need(x >= y);
}

static void message_passing(void)
{
	const struct pair pair = { .half = { write_both, read_both }, .rounds = ROUNDS };

	need(!both_zero(&pair, false));
	need(!both_zero(&pair, true));
}

/* ---- what is stored is a mapping: page 0 of a file has a zero in it, page 1 a one ---- */

static int pages;
static volatile unsigned long *shown;

static void show_zero(void)
{
	map_file(pages, (void *)shown, 0);
}

static void show_one(struct pair *pair)
{
	map_file(pages, (void *)shown, 1);
	pair->seen[0] = pair->y;
}

static void fenced_look(struct pair *pair)
{
	pair->y = 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	pair->seen[1] = *shown;
}

static void show_one_and_tell(struct pair *pair)
{
	map_file(pages, (void *)shown, 1);
	pair->y = 1;
	pair->seen[0] = 1;
}

/* It has looked before, so it has an entry for what is replaced */
static void look_when_told(struct pair *pair)
{
	unsigned long before = *shown, y = pair->y, after = *shown;

	need(after >= y && after >= before);
	pair->seen[1] = 1;
}

static void mappings_in_order(void)
{
	static const struct pair pairs[] = {
		{ .half = { show_one, fenced_look }, .begin = show_zero, .rounds = MAPPINGS },
		{ .half = { show_one_and_tell, look_when_told },
		  .begin = show_zero,
		  .rounds = MAPPINGS },
	};
	const unsigned long one = 1;

	pages = memfd_create("pages", 0);
	need(pages >= 0 && !ftruncate(pages, 2 * PAGE));
	need(pwrite(pages, &one, sizeof(one), PAGE) == sizeof(one));
	shown = map_file(pages, NULL, 0);
	for (unsigned i = 0; i < 2; i++) {
		need(!both_zero(&pairs[i], false));
		need(!both_zero(&pairs[i], true));
	}
	munmap((void *)shown, PAGE);
	close(pages);
}

/* ---- membarrier: one side pays for both ---- */

static int membarrier(int command)
{
	return syscall(SYS_membarrier, command, 0, 0);
}

static void cheap_x(struct pair *pair)
{
	pair->x = 1;
	asm volatile("" ::: "memory");
	pair->seen[0] = pair->y;
}

static void dear_y(struct pair *pair)
{
	pair->y = 1;
	if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
		abort();
	pair->seen[1] = pair->x;
}

static void *barriers(void *arg)
{
	struct pair *pair = arg;
	unsigned long *bad = pair->seen;

	/* as both_zero(), but of few rounds: each is a system call */
	for (unsigned long round = 1; round <= ROUNDS / 50; round++) {
		meet(pair, 1, 3 * round - 2);
		dear_y(pair);
		meet(pair, 1, 3 * round - 1);
		meet(pair, 1, 3 * round);
	}
	return bad;
}

static void barrier_by_call(void)
{
	static struct pair pair;
	pthread_t thread;

	need(!membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED));
	thread = start(barriers, &pair);
	for (unsigned long round = 1; round <= ROUNDS / 50; round++) {
		pair.x = pair.y = 0;
		meet(&pair, 0, 3 * round - 2);
		spin_for(round % 50 * 20);
		cheap_x(&pair);
		meet(&pair, 0, 3 * round - 1);
		need(pair.seen[0] || pair.seen[1]);
		meet(&pair, 0, 3 * round);
	}
	pthread_join(thread, NULL);
}

/* ---- locks ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static unsigned long plain, atomic;

static void *locker(void *arg)
{
	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		pthread_mutex_lock(&mutex);
		plain++;
		pthread_mutex_unlock(&mutex);
		__atomic_fetch_add(&atomic, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void counting(void)
{
	pthread_t threads[NTHREADS];

	for (unsigned i = 0; i < NTHREADS; i++)
		threads[i] = start(locker, NULL);
	for (unsigned i = 0; i < NTHREADS; i++)
		pthread_join(threads[i], NULL);
	need(plain == NTHREADS * (ROUNDS / 2) && atomic == plain);
}

static unsigned long turn;

static void *taker(void *arg)
{
	unsigned long mine = (unsigned long)arg;

	for (unsigned i = 0; i < 2000; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % NTHREADS != mine)
			pthread_cond_wait(&condition, &mutex);
		turn++;
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void taking_turns(void)
{
	pthread_t threads[NTHREADS];

	for (unsigned long i = 0; i < NTHREADS; i++)
		threads[i] = start(taker, (void *)i);
	for (unsigned i = 0; i < NTHREADS; i++)
		pthread_join(threads[i], NULL);
	need(turn == NTHREADS * 2000);
}

/* ---- a lock whose owner dies ---- */

static void dying_owners(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t *shared =
	    mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned died = 0;
	int status;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(shared, &attr);
	for (unsigned round = 0; round < 100; round++) {
		pid_t pid = fork();

		if (!pid) {
			if (pthread_mutex_lock(shared) == EOWNERDEAD)
				pthread_mutex_consistent(shared);
			if (round % 2)
				kill(getpid(), SIGKILL);
			_exit(0);
		}
		switch (pthread_mutex_lock(shared)) {
		case EOWNERDEAD:
			died++;
			need(!pthread_mutex_consistent(shared));
			/* fall through */
		case 0:
			break;
		default:
			need(0);
		}
		need(!pthread_mutex_unlock(shared));
		need(waitpid(pid, &status, 0) == pid);
	}
	need(pthread_mutex_lock(shared) == EOWNERDEAD || died);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "store buffering", store_buffering },
		{ "message passing", message_passing },
		{ "mappings in order", mappings_in_order },
		{ "a barrier by a call", barrier_by_call },
		{ "counting", counting },
		{ "taking turns", taking_turns },
		{ "dying owners", dying_owners },
		{ NULL, NULL },
	};

	return run_tests(tests, argc, argv);
}
