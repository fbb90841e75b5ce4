/* SPDX-License-Identifier: GPL-2.0-only */
/* landlock.c - the supervisor's own Landlock domains
 *
 * Theory of operation
 * The outer domain is entered before anything starts, so that the stub processes are inside: it
 * lets everyone in it signal each other, and nobody else (Landlock 6, Linux 6.12). The seccomp
 * filter cannot do that, since it knows no pids of children to come. It says nothing of files, but
 * every domain forbids to move them to other directories unless it says otherwise, and the file
 * server of shared folders has to.
 *
 * The inner domain takes the whole file system and TCP away; what is open stays open. The one thing
 * that the sandbox does by name afterwards is to remove its socket from the run directory.
 * Landlock restricts the calling thread only, and there are threads by then, so each of them is
 * sent a signal whose handler enters the domain. All those threads are in system calls that are
 * restarted or repeated, and none makes another one before the sandbox has a client.
 *
 * A host without Landlock lacks this layer, which `vitrine doctor` tells.
 *
 * Host system calls: landlock_create_ruleset, landlock_add_rule, landlock_restrict_self,
 * rt_sigaction, tgkill; openat and getdents64 of /proc/self/task.
 */
#include "confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/control/rundir.h"
#include "vitrine/util.h"

/* As struct landlock_ruleset_attr of Linux 6.12; older hosts take the beginning */
struct ruleset {
	uint64_t fs, net, scoped;
};

#define ABI_MAX 6
#define NET_TCP 3 /* bind and connect */
#define SCOPE_SIGNAL 2
#define SCOPE_ALL 3 /* abstract sockets too */
#define THREADS_MAX 256
#define PATIENCE_MS 10000

/* By ABI: rights over files that exist there, and the size of the structure */
static const struct {
	uint64_t fs;
	size_t size;
} abis[ABI_MAX + 1] = {
	[1] = { (1 << 13) - 1, 8 },				  /* execute .. make_sym */
	[2] = { (1 << 14) - 1, 8 },				  /* refer */
	[3] = { (1 << 15) - 1, 8 },				  /* truncate */
	[4] = { (1 << 15) - 1, 16 }, [5] = { (1 << 16) - 1, 16 }, /* ioctl_dev */
	[6] = { (1 << 16) - 1, 24 },
};

static int domain = -1;
static struct member {
	pid_t tid;
	atomic_bool entered, refused;
} members[THREADS_MAX];

static int abi(void)
{
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? 0 : version > ABI_MAX ? ABI_MAX : (int)version;
}

int confine_landlock_begin(struct error *err)
{
	const struct ruleset scope = { .fs = LANDLOCK_ACCESS_FS_REFER, .scoped = SCOPE_ALL };
	struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_REFER };
	cleanup_close int fd = -1, root = -1;

	if (abi() < 6)
		return 0;
	fd = syscall(SYS_landlock_create_ruleset, &scope, sizeof(scope), 0);
	rule.parent_fd = root = open("/", O_PATH | O_CLOEXEC);
	if (fd < 0 || root < 0 ||
	    syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) ||
	    syscall(SYS_landlock_restrict_self, fd, 0))
		return error_set(err, errno, "cannot enter a Landlock domain");
	return 0;
}

static int make_domain(int version, struct error *err)
{
	const struct ruleset all = { abis[version].fs, NET_TCP, 0 };
	cleanup_close int run_dir = rundir_open(err);
	cleanup_close int fd = syscall(SYS_landlock_create_ruleset, &all,
				       abis[version].size < 16 ? abis[version].size : 16, 0);
	struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_REMOVE_FILE,
						   .parent_fd = run_dir };

	if (run_dir < 0)
		return -1;
	if (fd < 0 || syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		return error_set(err, errno, "cannot make a Landlock domain");
	return steal_fd(fd);
}

/* In every thread; NO_NEW_PRIVS was inherited by all of them */
static void enter(int sig)
{
	const pid_t self = (pid_t)syscall(SYS_gettid);
	int saved = errno;
	long ret = syscall(SYS_landlock_restrict_self, domain, 0);

	for (unsigned i = 0; i < THREADS_MAX && members[i].tid; i++) {
		if (members[i].tid == self) {
			atomic_store(&members[i].refused, ret != 0);
			atomic_store(&members[i].entered, true);
		}
	}
	errno = saved;
}

static int list_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	unsigned count = 0;

	while (tasks && (entry = readdir(tasks)) && count < THREADS_MAX) {
		pid_t tid = atoi(entry->d_name);

		if (tid > 0)
			members[count++].tid = tid;
	}
	if (tasks)
		closedir(tasks);
	return count && count < THREADS_MAX ? 0 : -1;
}

/* Whether every thread has entered or ended, as one does whose stream is at its end */
static bool all_entered(void)
{
	for (unsigned i = 0; i < THREADS_MAX && members[i].tid; i++) {
		if (atomic_load(&members[i].refused))
			return false;
		if (!atomic_load(&members[i].entered) &&
		    !syscall(SYS_tgkill, getpid(), members[i].tid, 0))
			return false;
	}
	return true;
}

int confine_landlock_enter(struct error *err)
{
	struct sigaction action = { .sa_handler = enter, .sa_flags = SA_RESTART };
	const struct timespec pause = { .tv_nsec = 100000 };
	int version = abi();

	if (!version)
		return 0;
	domain = make_domain(version, err);
	if (domain < 0)
		return -1;
	sigfillset(&action.sa_mask);
	sigaction(CONFINE_SIGNAL, &action, NULL);
	if (list_threads())
		return error_set(err, 0, "cannot list the threads of this process");
	for (unsigned i = 0; members[i].tid; i++)
		syscall(SYS_tgkill, getpid(), members[i].tid, CONFINE_SIGNAL);
	for (int i = 0; i < PATIENCE_MS * 10 && !all_entered(); i++)
		nanosleep(&pause, NULL);
	close(steal_fd(domain));
	if (!all_entered())
		return error_set(err, 0, "not every thread entered the Landlock domain");
	return 0;
}
