/* SPDX-License-Identifier: GPL-2.0-only */
/* smp.h - what the programs that need several CPUs share */
#ifndef TESTS_GUEST_SMP_SMP_H
#define TESTS_GUEST_SMP_SMP_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define PATIENCE 300L /* seconds, for one test: more is a hang */

#define need(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);   \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/**
 * struct test - what the program is asked for by name
 * @run: prints nothing, and does not return, when something is wrong
 */
struct test {
	const char *name;
	void (*run)(void);
};

static inline unsigned long load(const volatile unsigned long *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline void store(volatile unsigned long *word, unsigned long value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static inline void await_more(const volatile unsigned long *word, unsigned long than)
{
	for (unsigned long i = 1; load(word) <= than; i++) {
		if (i % 100000 == 0)
			sched_yield();
	}
}

static inline void spin_for(unsigned long rounds)
{
	for (volatile unsigned long i = 0; i < rounds; i++)
		;
}

static inline pthread_t start(void *(*function)(void *), void *arg)
{
	pthread_t thread;

	need(!pthread_create(&thread, NULL, function, arg));
	return thread;
}

static inline int run_tests(const struct test *tests, int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (; tests->name; tests++) {
		if (argc > 1 && strcmp(argv[1], tests->name))
			continue;
		alarm(PATIENCE);
		tests->run();
		printf("%s\n", tests->name);
		if (getenv("TIMES"))
			fprintf(stderr, "%s: %ld s\n", tests->name, PATIENCE - (long)alarm(0));
	}
	return 0;
}

#endif
