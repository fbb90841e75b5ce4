// SPDX-License-Identifier: GPL-2.0-only
/* confine.c - what is left to the daemon, which talks to strangers
 *
 * Theory of operation
 * The daemon parses what strangers send. It starts nothing itself (starter/), so a filter can take
 * execve and fork away, and Landlock all files but those of the store, of the run directory, and of
 * what is paused. Sockets that it makes are of the host's own kind (AF_UNIX), unless the store is a
 * server elsewhere. An intruder has the sandboxes and the store, which is what the daemon has, and
 * the orders that the starter takes.
 *
 * A call that is not in the table ends the daemon, which says its number.
 *
 * Host system calls: prctl, setrlimit, landlock_*, seccomp.
 */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/callfilter.h"
#include "vitrine/util.h"

#define STATUS_FAILED 125

/* clang-format off */
static const unsigned short allowed[] = {
	/* sockets and descriptors */
	SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_ctl, SYS_epoll_create1, SYS_eventfd2, SYS_poll, SYS_ppoll,
	SYS_accept4, SYS_recvfrom, SYS_recvmsg, SYS_sendto, SYS_sendmsg, SYS_read, SYS_readv, SYS_write,
	SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv2, SYS_pwritev2, SYS_sendfile, SYS_close, SYS_shutdown,
	SYS_setsockopt, SYS_getsockopt, SYS_getsockname, SYS_getpeername, SYS_connect, SYS_socketpair, SYS_pipe2,
	SYS_fcntl, SYS_dup, SYS_dup2, SYS_dup3, SYS_pidfd_open, SYS_select, SYS_pselect6,

	/* files, where Landlock lets it */
	SYS_openat, SYS_open, SYS_fstat, SYS_newfstatat, SYS_stat, SYS_lstat, SYS_statx, SYS_access,
	SYS_faccessat, SYS_faccessat2, SYS_lseek, SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate,
	SYS_unlink, SYS_unlinkat, SYS_rename, SYS_renameat, SYS_renameat2, SYS_mkdir, SYS_mkdirat, SYS_getdents64, SYS_flock,
	SYS_fchmod, SYS_fchown, SYS_readlink, SYS_readlinkat, SYS_getcwd, SYS_utimensat, SYS_umask,

	/* memory, none of it executable (below) */
	SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_sysinfo,

	/* threads, signals to itself, time, who it is */
	SYS_futex, SYS_set_robust_list, SYS_rseq, SYS_exit, SYS_exit_group, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_sigaltstack, SYS_restart_syscall,
	SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_sched_yield,
	SYS_sched_getaffinity, SYS_clock_gettime, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday,
	SYS_time, SYS_getrandom, SYS_uname, SYS_getrlimit, SYS_prlimit64, SYS_getrusage, SYS_prctl, SYS_ioctl,
};
/* clang-format on */

static int enter_filter(bool network, struct error *err)
{
	static const unsigned short clone3[] = { SYS_clone3 };
	static const uint32_t local[] = { AF_UNIX };
	static const uint32_t any[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
	const uint32_t threads = CLONE_VM | CLONE_THREAD;
	struct callfilter filter;

	callfilter_begin(&filter);
	callfilter_calls(&filter, allowed, ARRAY_SIZE(allowed), SECCOMP_RET_ALLOW);
	callfilter_value(&filter, SYS_mmap, 2, PROT_EXEC, 0);
	callfilter_value(&filter, SYS_mprotect, 2, PROT_EXEC, 0);
	callfilter_value(&filter, SYS_clone, 0, threads, threads);
	callfilter_values(&filter, SYS_socket, 0, UINT32_MAX, network ? any : local,
			  network ? ARRAY_SIZE(any) : ARRAY_SIZE(local));
	/* libc falls back to clone, whose flags can be looked at */
	callfilter_calls(&filter, clone3, 1, SECCOMP_RET_ERRNO | ENOSYS);
	return callfilter_enter(&filter, SECCOMP_RET_TRAP, 0, err);
}

/* Runs with whatever is left of the process: nothing of libc that has state */
static void on_refused(int sig, siginfo_t *info, void *context)
{
	static const char before[] = "vitrined: its own filter refused system call ";
	static const char after[] = "; this is a bug\n";
	char text[sizeof(before) + sizeof(after) + 8], *at = stpcpy(text, before);

	for (int unit = 100; unit; unit /= 10) {
		if (info->si_syscall >= unit || unit == 1)
			*at++ = (char)('0' + info->si_syscall / unit % 10);
	}
	at = stpcpy(at, after);
	(void)!write(STDERR_FILENO, text, (size_t)(at - text));
	syscall(SYS_exit_group, STATUS_FAILED);
}

/* Directories that are opened on the way to others, and nothing in them is */
static int keep(int fd, const char *path, uint64_t rights, struct error *err)
{
	cleanup_close int dir = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = dir };

	if (dir < 0 || syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		return error_set(err, errno, "cannot keep %s", path);
	return 0;
}

static int landlock(const char *const *paths, const char *way, struct error *err)
{
	const uint64_t rights = landlock_file_rights() & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE;
	const struct {
		uint64_t fs;
	} all = { landlock_file_rights() };
	cleanup_close int fd = -1;

	if (!all.fs)
		return 0;
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (fd >= 0 && keep(fd, way, LANDLOCK_ACCESS_FS_READ_DIR, err))
		return -1;
	for (; fd >= 0 && *paths; paths++) {
		if (keep(fd, *paths, rights, err))
			return -1;
	}
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0))
		return error_set(err, errno, "cannot enter a Landlock domain");
	return 0;
}

int service_confine(const char *const *paths, const char *way, bool network, struct error *err)
{
	struct sigaction action = { .sa_sigaction = on_refused, .sa_flags = SA_SIGINFO };
	const struct rlimit none = { 0, 0 };

	/* The same user's other programs do not read keys from our memory */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    setrlimit(RLIMIT_CORE, &none) || sigaction(SIGSYS, &action, NULL))
		return error_set(err, errno, "cannot give up privileges");
	return landlock(paths, way, err) || enter_filter(network, err) ? -1 : 0;
}
