// SPDX-License-Identifier: GPL-2.0-only
/* micro_process.c - processes and threads: made, ended, and switched between */
#include <math.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "micro.h"

/* Fork, let the child execute @context or just end, and wait for it */
static void do_fork(void *context)
{
	const char *program = context;
	int status;
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (pid == 0) {
		if (program)
			execl(program, program, "nop", (char *)NULL);
		_exit(program != NULL);
	}
	need(waitpid(pid, &status, 0) == pid && status == 0, "child");
}

static double fork_row(void)
{
	return measure(do_fork, NULL, 1);
}

/* A program without libc, whose start would otherwise be most of the figure: on virtual machines
 * glibc's CPUID instructions take longer than the system calls
 */
static double exec_bare_row(void)
{
	return settings.bare ? measure(do_fork, (void *)settings.bare, 1) : NAN;
}

static double exec_static_row(void)
{
	return settings.twin ? measure(do_fork, (void *)settings.twin, 1) : NAN;
}

static double exec_dynamic_row(void)
{
	return measure(do_fork, (void *)settings.self, 1);
}

static void *sleeper_main(void *argument)
{
	pause();
	return argument;
}

static void *thread_main(void *argument)
{
	return argument;
}

static void do_thread(void *context)
{
	pthread_t thread;

	(void)context;
	need(pthread_create(&thread, NULL, thread_main, NULL) == 0, "pthread_create");
	pthread_join(thread, NULL);
}

static double thread_row(void)
{
	return measure(do_thread, NULL, 1);
}

#define SLEEPERS 1000

/*
 * @body beside @sleepers threads of its process that nobody wakes. The process is one of its own,
 * which takes them all along. NAN where there cannot be so many
 */
static double beside(unsigned sleepers, void (*body)(void *context))
{
	pthread_attr_t small;
	pid_t pid;
	int result[2];
	double ns = NAN;

	need(pipe(result) == 0, "pipe");
	pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		pthread_attr_init(&small);
		pthread_attr_setstacksize(&small, 64 << 10);
		for (unsigned i = 0; i < sleepers; i++) {
			pthread_t thread;

			if (pthread_create(&thread, &small, sleeper_main, NULL))
				_exit(1);
		}
		ns = measure(body, NULL, 1);
		need(write(result[1], &ns, sizeof(ns)) == sizeof(ns), "write");
		_exit(0);
	}
	close(result[1]);
	if (read(result[0], &ns, sizeof(ns)) != sizeof(ns))
		ns = NAN;
	close(result[0]);
	waitpid(pid, NULL, 0);
	return ns;
}

static double thread_10_row(void)
{
	return beside(10, do_thread);
}

static double thread_1000_row(void)
{
	return beside(SLEEPERS, do_thread);
}

static void do_ping(void *context)
{
	int *fds = context;
	char byte = 0;

	need(write(fds[0], &byte, 1) == 1 && read(fds[1], &byte, 1) == 1, "ping");
}

/* Two processes and two pipes; a round trip is two switches */
static double switch_row(void)
{
	int there[2], back[2];
	double ns;
	pid_t pid;

	need(pipe(there) == 0 && pipe(back) == 0, "pipe");
	pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		char byte;

		close(there[1]);
		while (read(there[0], &byte, 1) == 1)
			need(write(back[1], &byte, 1) == 1, "pong");
		_exit(0);
	}
	ns = measure(do_ping, (int[]){ there[1], back[0] }, 2);
	close(there[1]);
	waitpid(pid, NULL, 0);
	return ns;
}

static void do_call(void *context)
{
	(void)context;
	syscall(SYS_getppid);
}

static double sleepers_row(void)
{
	return beside(SLEEPERS, do_call);
}

const struct row process_rows[] = {
	{ "fork+exit", fork_row },
	{ "fork+exec-bare", exec_bare_row },
	{ "fork+exec-static", exec_static_row },
	{ "fork+exec-dynamic", exec_dynamic_row },
	{ "thread", thread_row },
	{ "thread-10", thread_10_row },
	{ "thread-1000", thread_1000_row },
	{ "switch", switch_row },
	{ "sleepers", sleepers_row },
	{ 0 },
};
