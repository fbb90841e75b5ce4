/* SPDX-License-Identifier: GPL-2.0-only */
/* threads.c - ends with as many threads as its argument says asleep */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

static sem_t there;

static void *sleeper(void *unused)
{
	sem_post(&there);
	for (;;)
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	const int count = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t thread;

	sem_init(&there, 0, 0);
	for (int i = 0; i < count; i++) {
		if (pthread_create(&thread, NULL, sleeper, NULL))
			return 1;
		sem_wait(&there);
	}
	return 0;
}
