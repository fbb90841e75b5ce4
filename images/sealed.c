// SPDX-License-Identifier: GPL-2.0-only
/* sealed.c - do work on a stranger's data in a process that can do nothing else
 *
 * Theory of operation
 * Archives, manifests and file systems that guests have written are read by code that is large
 * (libarchive, jansson, libext2fs, decompressors). Whoever takes such a process over has the files
 * that it was given, and nothing besides: no file can be opened (Landlock and the list below), no
 * program started, no connection made, no process signalled. What the work has to say comes back
 * through a pipe and is looked at like anything from outside.
 *
 * A process that talks to a registry needs sockets, and its resolver needs files and threads. It
 * gets those, read-only and only below directories that hold no user's files. It has nothing that
 * is worth stealing but the credentials of that registry.
 *
 * Host system calls: fork, pipe2, prctl, setrlimit, landlock_*, seccomp, waitpid.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "images/process.h"
#include "images/sealed.h"
#include "lib/callfilter.h"
#include "lib/lazy/lazy.h"
#include "vitrine/util.h"

#define ANSWER_MAX (64 << 20)

/* clang-format off */
static const unsigned short always[] = {
	SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
	SYS_preadv2, SYS_pwritev2, SYS_lseek, SYS_close, SYS_fstat, SYS_poll, SYS_ppoll,
	SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_fcntl, SYS_dup,
	SYS_munmap, SYS_mremap, SYS_brk, SYS_madvise, SYS_futex, SYS_sched_yield,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall,
	SYS_exit, SYS_exit_group, SYS_getpid, SYS_gettid, SYS_clock_gettime, SYS_clock_nanosleep,
	SYS_nanosleep, SYS_gettimeofday, SYS_time, SYS_getrandom, SYS_getrusage,
};

static const unsigned short networked[] = {
	SYS_socket, SYS_connect, SYS_bind, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg,
	SYS_sendmmsg, SYS_recvmmsg, SYS_getsockopt, SYS_setsockopt, SYS_getsockname, SYS_getpeername,
	SYS_shutdown, SYS_socketpair, SYS_pipe2, SYS_eventfd2, SYS_epoll_create1, SYS_epoll_ctl,
	SYS_epoll_wait, SYS_epoll_pwait, SYS_select, SYS_pselect6, SYS_ioctl,
	SYS_openat, SYS_open, SYS_newfstatat, SYS_stat, SYS_lstat, SYS_statx, SYS_access, SYS_faccessat,
	SYS_faccessat2, SYS_readlink, SYS_readlinkat, SYS_getdents64, SYS_fstatfs, SYS_statfs, SYS_fadvise64,
	SYS_clone, SYS_set_robust_list, SYS_rseq, SYS_prctl, SYS_membarrier, SYS_tgkill,
	SYS_sched_getaffinity, SYS_sched_setaffinity, SYS_uname, SYS_sysinfo, SYS_getuid, SYS_geteuid,
	SYS_getgid, SYS_getegid, SYS_mmap, SYS_mprotect, SYS_dup2, SYS_dup3, SYS_getppid,
};

/* Whoever makes one of these has not come to read */
static const unsigned short never[] = {
	SYS_execve, SYS_execveat, SYS_fork, SYS_vfork, SYS_ptrace, SYS_process_vm_readv,
	SYS_process_vm_writev, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup,
	SYS_keyctl, SYS_add_key, SYS_request_key, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
	SYS_unshare, SYS_setns, SYS_kill, SYS_tkill, SYS_pidfd_getfd, SYS_open_by_handle_at,
	SYS_name_to_handle_at, SYS_unlink, SYS_unlinkat, SYS_rename, SYS_renameat, SYS_renameat2,
	SYS_link, SYS_linkat, SYS_symlink, SYS_symlinkat, SYS_mkdir, SYS_mkdirat, SYS_chmod,
	SYS_fchmodat, SYS_chown, SYS_fchownat, SYS_prlimit64, SYS_setrlimit,
};

/* Below these is what resolving a name and checking a certificate read */
static const char *const readable[] = {
	"/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
	"/run/nscd", "/var/lib/ca-certificates", "/proc/self/maps", "/sys/devices/system/cpu",
};
/* clang-format on */

static int enter_filter(bool network, struct error *err)
{
	struct callfilter filter;

	callfilter_begin(&filter);
	callfilter_calls(&filter, always, ARRAY_SIZE(always), SECCOMP_RET_ALLOW);
	if (network) {
		callfilter_calls(&filter, networked, ARRAY_SIZE(networked), SECCOMP_RET_ALLOW);
	} else {
		callfilter_value(&filter, SYS_mmap, 2, PROT_EXEC, 0);
		callfilter_value(&filter, SYS_mprotect, 2, PROT_EXEC, 0);
		callfilter_value(&filter, SYS_newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH);
	}
	callfilter_calls(&filter, never, ARRAY_SIZE(never), SECCOMP_RET_KILL_PROCESS);
	/* libraries ask for much that they can do without: files of the locale, terminals */
	return callfilter_enter(&filter, SECCOMP_RET_ERRNO | ENOSYS, 0, err);
}

static int allow_reading(int domain, const char *path)
{
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
						   .parent_fd = fd };

	if (fd < 0)
		return 0; /* not every host has it */
	return syscall(SYS_landlock_add_rule, domain, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) ? -1
											    : 0;
}

static int enter_landlock(bool network, struct error *err)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = landlock_file_rights() };
	cleanup_close int domain = -1;

	if (!attr.handled_access_fs)
		return 0;
	domain = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (domain < 0)
		return error_set(err, errno, "cannot make a Landlock domain");
	for (size_t i = 0; network && i < ARRAY_SIZE(readable); i++) {
		if (allow_reading(domain, readable[i]))
			return error_set(err, errno, "cannot make a Landlock domain");
	}
	if (syscall(SYS_landlock_restrict_self, domain, 0))
		return error_set(err, errno, "cannot enter a Landlock domain");
	return 0;
}

static int seal(const struct sealed *job, struct error *err)
{
	const struct rlimit no_core = { 0, 0 };
	const struct rlimit memory = { (rlim_t)job->memory << 20, (rlim_t)job->memory << 20 };

	lazy_load("lib"); /* all of them: there will be no files */
	if (setrlimit(RLIMIT_CORE, &no_core) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_set(err, errno, "cannot give up rights");
#ifndef __SANITIZE_ADDRESS__ /* its shadow is terabytes of address space */
	if (job->memory && setrlimit(RLIMIT_AS, &memory))
		return error_set(err, errno, "cannot limit memory");
#endif
	(void)memory;
	return enter_landlock(job->network, err) || enter_filter(job->network, err) ? -1 : 0;
}

/* The answer is what the work wrote, or 'E' and the error */
static void __attribute__((noreturn)) child(const struct sealed *job, int answer, pid_t parent)
{
	struct error err = { 0 };
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	ret = job->prepare ? job->prepare(job->context, &err) : 0;
	if (!ret)
		ret = seal(job, &err);
	if (!ret)
		ret = job->work(job->context, answer, &err);
	if (ret) {
		static const char mark = '\0';
		uint32_t code = err.code;

		(void)!write(answer, &mark, 1);
		(void)!write(answer, &code, sizeof(code));
		(void)!write(answer, err.text, strlen(err.text));
	}
	_exit(ret ? 1 : 0);
}

/* Everything that is written to the pipe until its end; -1 when it is too much */
static ssize_t collect(int fd, char **text, pid_t pid)
{
	size_t used = 0, size = 4096;
	ssize_t len;

	*text = malloc(size + 1);
	while (*text) {
		if (interrupt_caught())
			kill(pid, SIGKILL);
		len = read(fd, *text + used, size - used);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			break;
		used += len;
		if (used < size)
			continue;
		size *= 2;
		if (size > ANSWER_MAX)
			return -1;
		char *more = realloc(*text, size + 1);

		if (!more)
			return -1;
		*text = more;
	}
	if (!*text)
		return -1;
	(*text)[used] = '\0';
	return used;
}

/* What a child that failed says why: the mark, the code, the text */
static int failure(const struct sealed *job, const char *text, ssize_t length, int status,
		   struct error *err)
{
	const char *mark;
	uint32_t code;

	/* The code has zeros of its own, answers have none */
	mark = length > 0 ? memchr(text, '\0', length) : NULL;
	if (interrupt_caught())
		return error_set(err, 0, "interrupted");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return error_set(
		    err, 0, "%s: the process was killed for a system call that its filter refuses",
		    job->what);
	if (WIFSIGNALED(status))
		return error_set(err, 0, "%s: ended by signal %d", job->what, WTERMSIG(status));
	if (!mark || text + length - mark < 1 + (ssize_t)sizeof(code))
		return error_set(err, 0, "%s: failed; the reason is not known", job->what);
	memcpy(&code, mark + 1, sizeof(code));
	error_set(err, 0, "%.400s", mark + 1 + sizeof(code));
	if (err)
		err->code = code;
	return -1;
}

int sealed_run(const struct sealed *job, char **answer, struct error *err)
{
	cleanup_free char *text = NULL;
	pid_t parent = getpid(), pid;
	int ends[2], status;
	ssize_t length;

	if (pipe2(ends, O_CLOEXEC))
		return error_set(err, errno, "%s", job->what);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(job, ends[1], parent);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_set(err, errno, "%s: cannot start a process", job->what);
	}
	length = collect(ends[0], &text, pid);
	close(ends[0]);
	if (length < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (length < 0)
		return error_set(err, 0, "%s: its answer is too long", job->what);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return failure(job, text, length, status, err);
	if (answer)
		*answer = steal_ptr(text);
	return 0;
}
