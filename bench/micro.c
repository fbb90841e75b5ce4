// SPDX-License-Identifier: GPL-2.0-only
/* micro.c - measure what a system costs, one row at a time
 *
 *	micro [-q|-s] [-t TWIN] [-b BARE] [ROW...]  print "@@ ROW NANOSECONDS" for each row
 *	                                         -s: fewer samples, shorter ones; -q: of less, too
 *	micro time ROW N PREPARE COMMAND...      median run time of COMMAND, after sh -c PREPARE
 *	micro spawn ROW N COMMAND...             without PREPARE; ROW-first is until it writes an @
 *	micro nop                                do nothing, as a program
 *	micro loopback                           bring the interface up, power off: for process 1
 *	micro halt
 *
 * Theory of operation
 * The program runs unchanged in every environment and measures itself with the clock that it finds
 * there, so that the cost of entering the environment is in no row that does not ask for it. It
 * prints times only; run compares and report.py judges.
 */
#include "micro.h"

#include <fcntl.h>
#include <linux/reboot.h>
#include <math.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void print(const char *row, const char *suffix, double ns)
{
	if (!isnan(ns))
		printf("@@ %s%s %.1f\n", row, suffix, ns);
	fflush(stdout);
}

static bool wanted(const char *name, char **names, int count)
{
	if (count == 0)
		return true;
	for (int i = 0; i < count; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

/* A row in a process of its own: what goes wrong there costs that row only */
static void run_row(const struct row *row)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		print(row->name, "", row->run());
		exit(0);
	}
	waitpid(pid, NULL, 0);
}

static int rows(int argc, char **argv)
{
	static const struct row *const tables[] = { call_rows, memory_rows, process_rows,
						    file_rows };
	int option;

	while ((option = getopt(argc, argv, "qst:b:")) != -1) {
		if (option == 'q' || option == 's') {
			settings.seconds = 0.02;
			settings.samples = 3;
		}
		if (option == 'q') {
			settings.file_bytes = 32 << 20;
			settings.files = 2000;
		} else if (option == 't') {
			settings.twin = optarg;
		} else if (option == 'b') {
			settings.bare = optarg;
		} else if (option != 's') {
			return 2;
		}
	}
	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct row *row = tables[i]; row->name; row++) {
			if (wanted(row->name, argv + optind, argc - optind))
				run_row(row);
		}
	}
	return 0;
}

/* Run a command and read its output; @first is when the marker came */
static bool run_command(char **command, double *first, double *whole)
{
	double start;
	char buffer[4096];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	*first = NAN;
	need(pipe(fds) == 0, "pipe");
	start = now();
	pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(fds[1], 1);
		close(fds[0]);
		close(fds[1]);
		execvp(command[0], command);
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], buffer, sizeof(buffer))) > 0) {
		if (isnan(*first) && memchr(buffer, '@', (size_t)n))
			*first = now() - start;
	}
	close(fds[0]);
	waitpid(pid, &status, 0);
	*whole = now() - start;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int time_command(const char *row, const char *count, const char *prepare, char **command)
{
	double first[SAMPLES_MAX], whole[SAMPLES_MAX];
	unsigned n = (unsigned)atoi(count);
	bool marked = true;

	for (unsigned i = 0; i < n && i < SAMPLES_MAX; i++) {
		if (*prepare && system(prepare))
			return 1;
		if (!run_command(command, &first[i], &whole[i])) {
			fprintf(stderr, "micro: %s failed\n", row);
			return 1;
		}
		marked = marked && !isnan(first[i]);
	}
	print(row, "", median(whole, n) * 1e9);
	if (marked)
		print(row, "-first", median(first, n) * 1e9);
	return 0;
}

/* User-mode-linux runs us without an init system; redis needs the interface */
static int raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return ioctl(fd, SIOCSIFFLAGS, &request) != 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "nop"))
		return 0;
	if (!strcmp(verb, "loopback"))
		return raise_loopback();
	if (!strcmp(verb, "halt"))
		return reboot(LINUX_REBOOT_CMD_POWER_OFF);
	if (!strcmp(verb, "time") && argc > 5)
		return time_command(argv[2], argv[3], argv[4], argv + 5);
	if (!strcmp(verb, "spawn") && argc > 4)
		return time_command(argv[2], argv[3], "", argv + 4);
	return rows(argc, argv);
}
