// SPDX-License-Identifier: GPL-2.0-only
/* confine.c - what is left to the HTTP server's process
 *
 * Theory of operation
 * The server talks to whoever reaches its port, and parses what a guest has written. Once it has
 * its listening socket, the sandbox's control connection and the region (or a recording, or a file
 * to record into), it needs no file, no new socket but accepted ones, and no other process. So root
 * becomes nobody, Landlock takes the file system and the network away (where the host has it), and
 * a filter allows the calls in the table. What an intruder gets is what the server shows anyway,
 * and the control connection.
 *
 * What libc would like to know of the host (`refused`) fails; it can do without. Any other call is
 * not executed either: SIGSYS, whose handler names it and ends the server, so that a mistake in the
 * table is one line to read. An intruder who replaced the handler would have gained a refused call.
 *
 * Host system calls: prctl, setresuid, setresgid, setgroups, setrlimit, landlock_*, seccomp.
 */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/callfilter.h"
#include "vitrine/util.h"

#define NOBODY 65534
#define ANY (-1)
#define STATUS_FAILED 125

/**
 * struct rule - a call that is allowed
 * @arg:  argument that is looked at, or ANY
 * @mask: bits of it that @want is compared with
 */
struct rule {
	int nr, arg;
	uint32_t mask, want;
};

/* clang-format off */
#define CALL(name) { SYS_##name, ANY, 0, 0 }

static const struct rule rules[] = {
	/* sockets and other descriptors that are open */
	CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_ctl), CALL(accept4), CALL(recvfrom),
	CALL(recvmsg), CALL(sendto), CALL(sendmsg), CALL(read), CALL(readv), CALL(write), CALL(writev),
	CALL(lseek), /* in a recording */
	CALL(close), CALL(shutdown), CALL(setsockopt), CALL(getsockopt), CALL(getsockname),
	CALL(getpeername), CALL(poll), CALL(ppoll), CALL(fcntl), CALL(fstat), CALL(eventfd2),
	CALL(epoll_create1),
	{ SYS_ioctl, 1, UINT32_MAX, TCGETS }, /* how a line ends on the terminal */

	/* memory, none of it executable */
	{ SYS_mmap, 2, PROT_EXEC, 0 }, { SYS_mprotect, 2, PROT_EXEC, 0 },
	CALL(munmap), CALL(mremap), CALL(madvise), CALL(brk),
	CALL(sysinfo), /* of qsort(), which asks how much memory there is */

	/* threads, signals to itself, time */
	{ SYS_clone, 0, CLONE_VM | CLONE_THREAD, CLONE_VM | CLONE_THREAD },
	CALL(futex), CALL(set_robust_list), CALL(rseq), CALL(exit), CALL(exit_group),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(restart_syscall),
	CALL(getpid), CALL(gettid), CALL(sched_yield), CALL(sched_getaffinity),
	CALL(clock_gettime), CALL(clock_nanosleep), CALL(nanosleep), CALL(gettimeofday),
	CALL(getrandom), CALL(prctl),
};
/* clang-format on */

/* malloc looks at overcommitment, stdio at what a descriptor is */
static const unsigned short refused[] = { SYS_openat, SYS_newfstatat, SYS_readlink, SYS_uname };

static void allow(struct callfilter *filter, const struct rule *rule)
{
	const unsigned short nr = (unsigned short)rule->nr;

	if (rule->arg == ANY) {
		callfilter_calls(filter, &nr, 1, SECCOMP_RET_ALLOW);
		return;
	}
	callfilter_value(filter, nr, rule->arg, rule->mask, rule->want);
	callfilter_calls(filter, &nr, 1, SECCOMP_RET_KILL_PROCESS);
}

static int enter_filter(struct error *err)
{
	static const unsigned short clone3[] = { SYS_clone3 };
	struct callfilter filter;

	callfilter_begin(&filter);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		allow(&filter, &rules[i]);
	/* libc falls back to clone, whose flags can be looked at */
	callfilter_calls(&filter, clone3, 1, SECCOMP_RET_ERRNO | ENOSYS);
	callfilter_calls(&filter, refused, ARRAY_SIZE(refused), SECCOMP_RET_ERRNO | EACCES);
	return callfilter_enter(&filter, SECCOMP_RET_TRAP, 0, err);
}

/* Runs with whatever is left of the process: nothing of libc that has state */
static void on_refused(int sig, siginfo_t *info, void *context)
{
	static const char before[] = "vitrine: the server's own filter refused system call ";
	static const char after[] = "; this is a bug\n";
	char text[sizeof(before) + sizeof(after) + 8], *at = stpcpy(text, before);

	for (int unit = 100; unit; unit /= 10) {
		if (info->si_syscall >= unit || unit == 1)
			*at++ = (char)('0' + info->si_syscall / unit % 10);
	}
	at = stpcpy(at, after);
	(void)!write(STDERR_FILENO, text, at - text);
	syscall(SYS_exit_group, STATUS_FAILED);
}

int serve_confine_begin(struct error *err)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_set(err, errno, "cannot give up new privileges");
	if (setrlimit(RLIMIT_CORE, &none))
		return error_set(err, errno, "cannot turn core dumps off");
	mallopt(M_ARENA_MAX, 2);
	return 0;
}

int serve_confine_user(struct error *err)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return error_set(err, errno, "cannot become an ordinary user");
	return 0;
}

/* No file system and, from ABI 4 on, no new TCP sockets; nothing where there is no Landlock */
static int landlock(struct error *err)
{
	struct {
		uint64_t fs, net;
	} rights = { (1ULL << 13) - 1, 0 };
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	cleanup_close int fd = -1;

	if (version < 1)
		return 0;
	if (version >= 4)
		rights.net = 3;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rights,
			  version >= 4 ? sizeof(rights) : sizeof(rights.fs), 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0))
		return error_set(err, errno, "cannot enter a Landlock domain");
	return 0;
}

int serve_confine_enter(struct error *err)
{
	struct sigaction action = { .sa_sigaction = on_refused, .sa_flags = SA_SIGINFO };

	/* The same user's other programs do not read the token from our memory */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || sigaction(SIGSYS, &action, NULL) || landlock(err))
		return -1;
	return enter_filter(err);
}
