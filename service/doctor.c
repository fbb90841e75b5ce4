// SPDX-License-Identifier: GPL-2.0-only
/* doctor.c - vitrined doctor: what the daemon needs, tried out; then what sandboxes do */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/control/rundir.h"
#include "lib/callfilter.h"
#include "listen.h"
#include "store/store.h"
#include "vitrine/util.h"

#define DESCRIPTORS 1024

static int line(const char *what, int bad, const char *good, const struct error *err)
{
	printf("%-20s %-8s %s\n", what, bad ? "refused" : "ok", bad ? err->text : good);
	return bad ? 1 : 0;
}

static bool runs_already(const char *lock)
{
	cleanup_close int fd = open(lock, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
}

int doctor(const struct config *config, const char *vitrine, const char *store, const char *lock)
{
	struct error err = { 0 };
	struct rlimit files = { 0 };
	struct store *opened;
	int bad = 0, fd, run;

	bad |= line("program", access(vitrine, X_OK), vitrine,
		    (error_set(&err, errno, "%s", vitrine), &err));
	run = rundir_open(&err);
	bad |= line("run directory", run < 0, "ours alone", &err);
	if (run >= 0)
		close(run);
	if (runs_already(lock)) {
		printf("%-20s %-8s %s\n", "daemon", "ok", "one runs with this store");
	} else {
		opened = store_open(store, &err);
		bad |= line("store", !opened, store, &err);
		store_close(opened);
		fd = listen_at(config->address, config->port, &err);
		bad |= line("address", fd < 0, config->address, &err);
		if (fd >= 0)
			close(fd);
	}
	printf("%-20s %-8s %s\n", "Landlock", landlock_file_rights() ? "ok" : "missing",
	       landlock_file_rights() ? "the daemon opens its own files only"
				      : "the daemon goes without (Linux 5.13)");
	getrlimit(RLIMIT_NOFILE, &files);
	printf("%-20s %-8s %llu, one a connection and two a sandbox\n", "descriptors",
	       files.rlim_max < DESCRIPTORS ? "missing" : "ok", (unsigned long long)files.rlim_max);
	puts(bad ? "vitrined cannot serve here." : "What sandboxes need: vitrine doctor");
	return bad;
}
