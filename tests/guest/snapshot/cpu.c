/* SPDX-License-Identifier: GPL-2.0-only */
/* cpu.c - registers, and threads that wait for each other */
#include "states.h"
#include <immintrin.h>
#include <pthread.h>

/* Sums that live in registers for a hundred milliseconds or so */
__attribute__((target("avx"))) static int avx_round(void)
{
	__m256d x = _mm256_set_pd(1, 2, 3, 4), sum = _mm256_setzero_pd();
	double r[4];

	for (int i = 0; i < 20000000; i++)
		sum = _mm256_add_pd(sum, x);
	_mm256_storeu_pd(r, sum);
	return r[3] == 2e7 && r[2] == 4e7 && r[1] == 6e7 && r[0] == 8e7;
}

void avx_part(struct part *part)
{
	for (;;) {
		round_of(part, !__builtin_cpu_supports("avx") || avx_round());
		sleep_ms(1);
	}
}

/* Every general register, and the rounding mode of SSE and x87 */
void flags_part(struct part *part)
{
	unsigned short control = 0x0f7f, seen;
	unsigned mxcsr = 0x5f80, seen_mxcsr;

	asm volatile("fldcw %0; ldmxcsr %1" : : "m"(control), "m"(mxcsr));
	for (;;) {
		unsigned long a = 0x1111, b = 0x2222, c = 0x3333, d = 0x4444, e = 0x5555;

		for (volatile int i = 0; i < 3000000; i++)
			asm volatile("" : "+b"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
		asm volatile("fnstcw %0; stmxcsr %1" : "=m"(seen), "=m"(seen_mxcsr));
		round_of(part, a == 0x1111 && b == 0x2222 && c == 0x3333 && d == 0x4444 &&
				   e == 0x5555 && seen == control &&
				   (seen_mxcsr & ~0x3fU) == mxcsr);
		sleep_ms(1);
	}
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn;

static __thread int mine = 7; /* thread-local: the segment's base */

static struct part *of_takers;

static void *taker(void *arg)
{
	const int me = (int)(long)arg;

	mine = 100;
	for (long i = 1;; i++) {
		pthread_mutex_lock(&lock);
		while ((turn & 1) != me)
			pthread_cond_wait(&turned, &lock);
		turn++;
		mine++;
		if (!me)
			round_of(of_takers, mine == 100 + i);
		pthread_cond_broadcast(&turned);
		pthread_mutex_unlock(&lock);
		sleep_ms(1);
	}
	return NULL;
}

void threads_part(struct part *part)
{
	pthread_t other;

	of_takers = part;
	pthread_create(&other, NULL, taker, (void *)1L);
	taker(NULL);
}

static pthread_mutex_t robust;
static pthread_barrier_t held;

static void *holder(void *arg)
{
	pthread_mutex_lock(&robust);
	pthread_barrier_wait(&held);
	sleep_ms(20); /* while somebody waits for it: then it is dead */
	return NULL;
}

void robust_part(struct part *part)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	pthread_barrier_init(&held, NULL, 2);
	for (;;) {
		pthread_t thread;
		int ret;

		pthread_create(&thread, NULL, holder, NULL);
		pthread_barrier_wait(&held);
		ret = pthread_mutex_lock(&robust);
		pthread_mutex_consistent(&robust);
		pthread_mutex_unlock(&robust);
		pthread_join(thread, NULL);
		round_of(part, ret == EOWNERDEAD);
	}
}
