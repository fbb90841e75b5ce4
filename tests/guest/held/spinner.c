/* SPDX-License-Identifier: GPL-2.0-only */
/* spinner.c - programs of the highest real-time priority that never sleep, nor end when they are
 * asked */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define SPINNERS 4

int main(void)
{
	const struct sched_param highest = { .sched_priority = 99 };

	signal(SIGTERM, SIG_IGN);
	for (int i = 1; i < SPINNERS && fork(); i++)
		;
	puts("spins");
	fflush(stdout);
	sched_setscheduler(0, SCHED_FIFO, &highest);
	for (;;)
		;
}
