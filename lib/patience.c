// SPDX-License-Identifier: GPL-2.0-only
/* patience.c - how long a command waits for a sandbox that may stand still
 *
 * Host system calls: setsockopt, poll; open and read of /proc/PID.
 */
#include "patience.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "vitrine/util.h"

#define SECONDS_MAX 86400

unsigned patience_seconds(void)
{
	const char *text = getenv("VITRINE_PATIENCE");
	char *end;
	unsigned long seconds = text ? strtoul(text, &end, 10) : 0;

	return seconds && !*end && seconds <= SECONDS_MAX ? (unsigned)seconds : PATIENCE;
}

unsigned patience_at_most(unsigned seconds)
{
	return seconds < patience_seconds() ? seconds : patience_seconds();
}

void patience_limit(int fd, unsigned seconds)
{
	const struct timeval limit = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/**
 * struct work - what a process has done
 * @ticks: of CPU time, all threads together
 * @disk:  one of them waits for a disk, and so does something that takes no CPU
 * @known: both could be read; /proc may be hidden
 */
struct work {
	uint64_t ticks;
	bool disk, known;
};

static void add_thread(struct work *work, pid_t pid, const char *thread)
{
	unsigned long user = 0, system = 0;
	char path[64], text[1024], state = 0;
	cleanup_fclose FILE *file = NULL;
	const char *name_end;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stat", pid, thread);
	file = fopen(path, "re");
	if (!file || !fgets(text, sizeof(text), file))
		return;
	name_end = strrchr(text, ')');
	if (!name_end || sscanf(name_end, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
				&state, &user, &system) != 3)
		return;
	work->ticks += user + system;
	work->disk |= state == 'D';
	work->known = true;
}

static struct work work_of(pid_t pid)
{
	struct work work = { 0 };
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			add_thread(&work, pid, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return work;
}

bool patience_await(int fd, pid_t pid)
{
	struct work before = work_of(pid), now;

	for (;; before = now) {
		struct pollfd server = { .fd = fd, .events = POLLIN };
		int ready = poll(&server, 1, (int)patience_seconds() * 1000);

		if (ready > 0)
			return true;
		now = work_of(pid);
		if (ready == 0 && now.known && !now.disk && now.ticks == before.ticks)
			return false;
	}
}
