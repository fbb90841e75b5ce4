// SPDX-License-Identifier: GPL-2.0-only
/* race-one-slot - two threads on one slot: one stops in it, the other rewrites it and claims it */
#include "tests/attack/attack.h"

#include <pthread.h>
#include <time.h>

static uint64_t victim_slot;
static volatile int go;

/* A stop of every kind, over and over */
static void *victim(void *arg)
{
	uint64_t rsp;

	asm volatile("mov %%rsp, %0" : "=r"(rsp));
	go = 1;
	for (unsigned i = 0;; i++) {
		raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
		raw(SYS_rt_sigprocmask, 0, 0, 0, 8, 0, STUB_MAGIC);
		if (i % 16 == 0 && raw(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0) == 0)
			_exit(0);
		waitpid(-1, NULL, WNOHANG);
		touch(STUB_CODE, true);
	}
	return NULL;
}

static void race(long seed)
{
	uint64_t own = slot_find(0), low = slot_low(own) - own,
		 noise = seed * 0x9e3779b97f4a7c15 + 1;
	struct timespec start, now;
	pthread_t thread;

	pthread_create(&thread, NULL, victim, NULL);
	while (!go)
		;
	victim_slot = slot_find(1) ?: own;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		uint64_t slot = seed & 1 ? victim_slot : own;
		uint64_t *words = (uint64_t *)slot;

		for (unsigned i = low / 8; i < SLOT_SIZE / 8; i += 3) {
			noise = noise * 6364136223846793005 + 1442695040888963407;
			words[i] = noise & 1   ? noise
				   : noise & 2 ? victim_slot + noise % SLOT_SIZE
					       : ~0UL;
		}
		if (seed & 2) /* and claim to be stopped in the other's slot */
			raw(STUB_NR, SIGSYS, victim_slot + low + 8 * (noise % 900), 0, 0, 0,
			    STUB_MAGIC);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < 1);
	_exit(0);
}

int main(void)
{
	unsigned bad = 0;

	catch_faults();
	for (long seed = 0; seed < 8; seed++)
		bad += !strcmp(outcome_of(race, seed), "unkillable");
	printf("%u races did harm\n", bad);
	return over();
}
