// SPDX-License-Identifier: GPL-2.0-only
/* fork-bomb - processes and threads until something says no */
#include "tests/attack/attack.h"

#include <pthread.h>
#include <sys/prctl.h>

#define MOST 20000

static void *sleeper(void *arg)
{
	pause();
	return NULL;
}

static void threads(long unused)
{
	pthread_attr_t attr;
	pthread_t thread;
	unsigned n = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	while (n < MOST && !pthread_create(&thread, &attr, sleeper, NULL))
		n++;
	_exit(n < MOST ? 1 : 2);
}

int main(void)
{
	unsigned n = 0;
	int err = 0;
	pid_t pid;

	setpgid(0, 0);
	while (n < MOST) {
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
		if (pid < 0) {
			err = errno;
			break;
		}
		n++;
	}
	printf("processes: %s, then %s\n", n > 100 ? "many" : "few",
	       n == MOST ? "no end" : strerror(err));
	fflush(stdout);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	report("threads", threads, 0);
	pid = fork();
	if (!pid)
		_exit(0);
	printf("fork afterwards: %s\n", pid > 0 ? "works" : "fails");
	waitpid(pid, NULL, 0);
	return over();
}
