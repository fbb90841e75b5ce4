// SPDX-License-Identifier: GPL-2.0-only
/* together.c - threads of one process that all run: each of them comes back when all were stopped
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 8

static void *run(void *unused)
{
	for (;;)
		syscall(SYS_getppid);
	return NULL;
}

int main(void)
{
	pthread_t thread;

	for (int i = 1; i < THREADS; i++)
		pthread_create(&thread, NULL, run, NULL);
	puts("running");
	fflush(stdout);
	run(NULL);
}
