/* SPDX-License-Identifier: GPL-2.0-only */
/* bomb.c - a fork bomb that goes on when there is no process left: what ends is replaced at once */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	int told = 0;

	for (;;) {
		pid_t pid = fork();

		if (!pid)
			break;
		if (pid > 0)
			continue;
		if (!told++) {
			puts("full");
			fflush(stdout);
		}
		usleep(1000);
	}
	for (;;)
		pause();
}
