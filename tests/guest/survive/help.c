/* SPDX-License-Identifier: GPL-2.0-only */
/* help.c - what the cases share: threads in calls, clocks, patterns */
#include "survive.h"

static void *run(void *arg)
{
	struct caller *caller = arg;

	caller->tid = (pid_t)syscall(SYS_gettid);
	caller->result = caller->call(caller->arg);
	caller->done = 1;
	return NULL;
}

int await_state(pid_t tid, char state)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	for (int i = 0; i < 3000; i++, sleep_ms(10)) {
		const int fd = open(path, O_RDONLY | O_CLOEXEC);
		const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		const char *at;

		close(fd);
		if (n <= 0)
			return -1;
		text[n] = 0;
		at = strrchr(text, ')');
		if (at && (at[2] == state || (state == 'S' && at[2] == 'D')))
			return 0;
	}
	return -1;
}

void enter(struct caller *caller, long (*call)(void *arg), void *arg)
{
	*caller = (struct caller){ .call = call, .arg = arg };
	if (pthread_create(&caller->thread, NULL, run, caller))
		abort();
	while (!caller->tid)
		sleep_ms(1);
	/* it may sleep a moment for something else */
	for (int i = 0; i < 3; i++) {
		await_state(caller->tid, 'S');
		sleep_ms(2);
	}
}

long left(struct caller *caller)
{
	for (int i = 0; i < 3000 && !caller->done; i++)
		sleep_ms(10);
	if (!caller->done)
		return -ETIME;
	pthread_join(caller->thread, NULL);
	return caller->result;
}

uint64_t now_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static unsigned char byte_at(size_t i, unsigned seed)
{
	return (unsigned char)((i * 2654435761U >> 7) + seed * 40503U + (i >> 12));
}

void fill(void *at, size_t size, unsigned seed)
{
	for (size_t i = 0; i < size; i++)
		((unsigned char *)at)[i] = byte_at(i, seed);
}

int filled(const void *at, size_t size, unsigned seed)
{
	for (size_t i = 0; i < size; i++) {
		if (((const unsigned char *)at)[i] != byte_at(i, seed))
			return 0;
	}
	return 1;
}

int shell(const char *command)
{
	const int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *line_of(const char *path)
{
	static char text[256];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n < 0 ? 0 : n] = 0;
	text[strcspn(text, "\n")] = 0;
	return text;
}

int write_text(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	const ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}
