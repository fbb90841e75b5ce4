// SPDX-License-Identifier: GPL-2.0-only
/* confine.c - what the network processes take from themselves
 *
 * Theory of operation
 * The stack reads what a hostile guest and hostile peers send, so it may be taken over. What it has
 * then is what is open: the cable, and connections that the gate has made. It can make no socket
 * and address nobody: no socket(), connect(), bind(), and of the calls that take an address none is
 * on its list. That is why a policy that is decided in the gate holds.
 *
 * The gate reads messages of one size from the stack, and answers of resolvers. It has sockets of
 * the internet families, and reads the file that names the resolvers; it starts nothing and has no
 * other files.
 *
 * The proxy reads requests and answers, and holds secrets. It has what the stack has: connections
 * that the gate has made, and no way to make another.
 *
 * A call that is not on the list fails as if the host did not know it; those that only an intruder
 * makes end the process.
 *
 * Host system calls: prctl, setrlimit, landlock_*, seccomp, openat.
 */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "lib/callfilter.h"
#include "vitrine/util.h"

/* clang-format off */
static const unsigned short both[] = {
	SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_close, SYS_recvfrom, SYS_recvmsg, SYS_shutdown,
	SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_ctl, SYS_poll, SYS_ppoll,
	SYS_munmap, SYS_mremap, SYS_brk, SYS_madvise, SYS_futex,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall,
	SYS_exit, SYS_exit_group, SYS_getpid, SYS_gettid, SYS_clock_gettime, SYS_clock_nanosleep,
	SYS_gettimeofday, SYS_time, SYS_getrandom,
};

static const unsigned short gate[] = {
	SYS_connect, SYS_bind, SYS_listen, SYS_accept4, SYS_sendmsg, SYS_sendto, SYS_getsockname,
	SYS_getpeername, SYS_getsockopt, SYS_setsockopt, SYS_socketpair, SYS_fstat, SYS_lseek,
};

/* Whoever makes one of these has not come to talk */
static const unsigned short never[] = {
	SYS_execve, SYS_execveat, SYS_fork, SYS_vfork, SYS_clone, SYS_ptrace, SYS_process_vm_readv,
	SYS_process_vm_writev, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup,
	SYS_keyctl, SYS_add_key, SYS_request_key, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
	SYS_unshare, SYS_setns, SYS_kill, SYS_tkill, SYS_tgkill, SYS_pidfd_getfd, SYS_open_by_handle_at,
	SYS_name_to_handle_at, SYS_unlink, SYS_unlinkat, SYS_rename, SYS_renameat, SYS_renameat2,
	SYS_link, SYS_linkat, SYS_symlink, SYS_symlinkat, SYS_mkdir, SYS_mkdirat, SYS_chmod,
	SYS_fchmodat, SYS_chown, SYS_fchownat, SYS_prlimit64, SYS_setrlimit,
};
/* clang-format on */

static int enter_filter(enum net_role role, struct error *err)
{
	static const unsigned short sockets[] = { SYS_socket, SYS_connect, SYS_bind };
	struct callfilter filter;

	callfilter_begin(&filter);
	callfilter_calls(&filter, both, ARRAY_SIZE(both), SECCOMP_RET_ALLOW);
	callfilter_value(&filter, SYS_mmap, 2, PROT_EXEC, 0);
	callfilter_value(&filter, SYS_mprotect, 2, PROT_EXEC, 0);
	callfilter_value(&filter, SYS_fcntl, 1, UINT32_MAX, F_GETFL);
	callfilter_value(&filter, SYS_fcntl, 1, UINT32_MAX, F_SETFL);
	if (role == NET_GATE) {
		callfilter_calls(&filter, gate, ARRAY_SIZE(gate), SECCOMP_RET_ALLOW);
		callfilter_value(&filter, SYS_socket, 0, UINT32_MAX, AF_INET);
		callfilter_value(&filter, SYS_socket, 0, UINT32_MAX, AF_INET6);
		callfilter_value(&filter, SYS_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
	} else {
		/* An abort is a reset: SO_LINGER */
		callfilter_value(&filter, SYS_setsockopt, 2, UINT32_MAX, SO_LINGER);
		callfilter_calls(&filter, sockets, ARRAY_SIZE(sockets), SECCOMP_RET_KILL_PROCESS);
	}
	callfilter_calls(&filter, never, ARRAY_SIZE(never), SECCOMP_RET_KILL_PROCESS);
	return callfilter_enter(&filter, SECCOMP_RET_ERRNO | ENOSYS, 0, err);
}

static int enter_landlock(const char *readable, struct error *err)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = landlock_file_rights() };
	struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
	cleanup_close int domain = -1, directory = -1;

	if (!attr.handled_access_fs)
		return 0;
	domain = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (domain < 0)
		return error_set(err, errno, "cannot make a Landlock domain");
	if (readable)
		rule.parent_fd = directory = open(readable, O_PATH | O_CLOEXEC);
	if (directory >= 0 &&
	    syscall(SYS_landlock_add_rule, domain, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		return error_set(err, errno, "cannot make a Landlock domain");
	if (syscall(SYS_landlock_restrict_self, domain, 0))
		return error_set(err, errno, "cannot enter a Landlock domain");
	return 0;
}

int net_confine(enum net_role role, const char *readable, unsigned files, struct error *err)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		if (files && files < limit.rlim_max)
			limit.rlim_cur = limit.rlim_max = files;
		if (setrlimit(RLIMIT_NOFILE, &limit))
			return error_set(err, errno, "cannot set the number of open files");
	}
	if (prctl(PR_SET_DUMPABLE, VITRINE_DEBUGGER, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_set(err, errno, "cannot give up rights");
	return enter_landlock(readable, err) || enter_filter(role, err) ? -1 : 0;
}
