/* SPDX-License-Identifier: GPL-2.0-only */
/* latency.c - how late is a timer of 1 ms beside work of a certain kind?
 *
 * Usage: latency SECONDS [fifo] WORK...
 *
 * For each kind of work a child does it again and again while the parent sleeps, a millisecond at a
 * time, and notes how late it is back. With "fifo" it is a real-time task, which only those wait
 * for that cannot be interrupted; without it, it waits its turn like any other. Prints a line each:
 *
 *	@@ WORK MEDIAN 99TH WORST TIMERS	(microseconds)
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GIB (1UL << 30)
#define PERIOD_NS 1000000L
#define NAMES 100000
#define SAMPLES_MAX 1000000

static double *samples;

static long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static char *area(void)
{
	char *at = mmap(NULL, GIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

static void nothing(void)
{
	pause();
}

static void compute(void)
{
	for (volatile int i = 0; i < 1000000; i++)
		;
}

static void touch_and_unmap(void)
{
	char *at = area();

	memset(at, 1, GIB);
	munmap(at, GIB);
}

/* dd bs=1G */
static void read_long(void)
{
	static char *at;
	int fd = open("/dev/zero", O_RDONLY);

	at = at ? at : area();
	if (read(fd, at, GIB) < 0)
		die("read");
	close(fd);
}

static void end_large(void)
{
	pid_t pid = fork();

	if (!pid) {
		memset(area(), 1, GIB);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void fork_large(void)
{
	static char *at;
	pid_t pid;

	if (!at)
		memset(at = area(), 1, GIB);
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void make_names(void)
{
	char name[64];

	if (mkdir("names", 0777))
		return;
	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "names/%d-of-many", i);
		close(open(name, O_CREAT | O_WRONLY, 0666));
	}
}

static void list_names(void)
{
	DIR *dir = opendir("names");

	if (!dir)
		die("names");
	while (readdir(dir))
		;
	closedir(dir);
}

static const struct work {
	const char *name;
	void (*prepare)(void), (*step)(void);
} works[] = {
	{ "nothing", NULL, nothing },	       { "compute", NULL, compute },
	{ "munmap", NULL, touch_and_unmap },   { "read", NULL, read_long },
	{ "exit", NULL, end_large },	       { "fork", NULL, fork_large },
	{ "readdir", make_names, list_names },
};

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(const struct work *work, double seconds, int fifo)
{
	const struct sched_param first = { .sched_priority = 1 };
	const long end = now_ns() + (long)(seconds * 1e9);
	size_t n = 0;
	pid_t child;

	if (work->prepare)
		work->prepare();
	child = fork();
	if (!child) {
		setpgid(0, 0);
		for (;;)
			work->step();
	}
	if (fifo && sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first))
		die("sched_setscheduler");
	for (long now = now_ns(); now < end && n < SAMPLES_MAX; n++) {
		const long due = now + PERIOD_NS;
		const struct timespec when = { due / 1000000000L, due % 1000000000L };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
		now = now_ns();
		samples[n] = (now - due) / 1e3;
	}
	kill(-child, SIGKILL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	qsort(samples, n, sizeof(*samples), compare);
	printf("@@ %s %.0f %.0f %.0f %zu\n", work->name, samples[n / 2], samples[n * 99 / 100],
	       samples[n - 1], n);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int first = 2, fifo = argc > 2 && !strcmp(argv[2], "fifo");

	first += fifo;
	samples = calloc(SAMPLES_MAX, sizeof(*samples));
	for (int i = first; i < argc; i++) {
		for (size_t w = 0; w < sizeof(works) / sizeof(*works); w++) {
			if (!strcmp(argv[i], works[w].name))
				measure(&works[w], atof(argv[1]), fifo);
		}
	}
	return 0;
}
