// SPDX-License-Identifier: GPL-2.0-only
/* threads.c - pid 1 has two threads, and ends
 *
 * Usage: threads return | leader | thread: who is the last one to end, and how
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *how;

static void *second(void *unused)
{
	usleep(100000);
	if (!strcmp(how, "thread"))
		syscall(SYS_exit, 0);
	if (!strcmp(how, "leader"))
		syscall(SYS_exit, 5);
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	how = argc > 1 ? argv[1] : "return";
	pthread_create(&thread, NULL, second, NULL);
	puts("end");
	fflush(stdout);
	if (!strcmp(how, "leader"))
		syscall(SYS_exit, 0); /* the second one goes on */
	usleep(200000);
	if (!strcmp(how, "thread"))
		syscall(SYS_exit, 5);
	return 5;
}
