/* SPDX-License-Identifier: GPL-2.0-only */
/* calls.c - make a number of calls of a few kinds, exactly */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const long n = argc > 1 ? atol(argv[1]) : 0;
	unsigned cpu;

	for (long i = 0; i < n; i++) {
		syscall(SYS_getppid);
		syscall(SYS_chdir, "/no/such/file");
		/* A number that is no call, and one of a call that this kernel does not have */
		syscall(400);
		syscall(SYS_uselib, "x");
		/* The vDSO answers */
		getcpu(&cpu, NULL);
	}
	return 0;
}
