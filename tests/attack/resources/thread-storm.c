// SPDX-License-Identifier: GPL-2.0-only
/* thread-storm - processes of many threads end all the time, while timers interrupt the supervisor
 *
 * Each is too large to be kept: its host process is killed, another one made at the same time.
 */
#include "tests/attack/attack.h"

#include <pthread.h>
#include <sys/time.h>
#include <time.h>

#define ROUNDS 40U
#define PROCESSES 6U
#define THREADS 60

static void on_alarm(int sig)
{
}

static void *idle(void *arg)
{
	pause();
	return NULL;
}

static void many_threads(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&thread, &attr, idle, NULL);
	_exit(0);
}

static pid_t start_timer(void)
{
	const struct itimerval every = { { 0, 300 }, { 0, 300 } };
	pid_t pid = fork();

	if (pid)
		return pid;
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &every, NULL);
	for (;;)
		pause();
}

int main(void)
{
	pid_t timer = start_timer();
	unsigned ended = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		pid_t pids[PROCESSES];

		for (unsigned i = 0; i < PROCESSES; i++) {
			pids[i] = fork();
			if (!pids[i])
				many_threads();
		}
		for (unsigned i = 0; i < PROCESSES; i++)
			ended += waitpid(pids[i], NULL, 0) == pids[i];
	}
	kill(timer, SIGKILL);
	waitpid(timer, NULL, 0);
	printf("%u of %u ended\n", ended, (unsigned)(ROUNDS * PROCESSES));
	return over();
}
