/* SPDX-License-Identifier: GPL-2.0-only */
/* cputime.c - time in programs is user time, time in calls is system time */
#include <fcntl.h>
#include <stdio.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(void)
{
	static char buffer[1 << 20];
	struct tms start, busy, calls;
	double end;
	int fd = open("/dev/zero", O_RDONLY);

	times(&start);
	for (end = now() + 0.5; now() < end;)
		;
	times(&busy);
	for (end = now() + 1; now() < end;)
		if (read(fd, buffer, sizeof(buffer)) < 0)
			return 1;
	times(&calls);
	printf("busy loop: %s\n", busy.tms_utime > start.tms_utime + 5 ? "user time" : "nothing");
	printf("calls: %s\n", calls.tms_stime > busy.tms_stime + 5 ? "system time" : "nothing");
	return 0;
}
