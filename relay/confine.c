// SPDX-License-Identifier: GPL-2.0-only
/* confine.c - what the relay takes from itself
 *
 * Theory of operation
 * The relay reads what strangers send, so it may be taken over. What it has then are sockets of the
 * internet families, which it needs to dial: no file, no other process, no memory that can be
 * executed, and nothing of the kernel that is not on the list. A call that is not fails as if the
 * host did not know it; those that only an intruder makes end the process.
 *
 * Host system calls: prctl, sysinfo, landlock_*, seccomp.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "internal.h"
#include "lib/callfilter.h"
#include "vitrine/util.h"

/* clang-format off */
static const unsigned short allowed[] = {
	SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_close, SYS_recvfrom, SYS_recvmsg, SYS_sendto,
	SYS_sendmsg, SYS_shutdown, SYS_connect, SYS_accept4, SYS_getsockname, SYS_getpeername,
	SYS_getsockopt, SYS_setsockopt, SYS_fstat, SYS_fcntl, SYS_eventfd2,
	SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_ctl, SYS_epoll_create1, SYS_poll, SYS_ppoll,
	SYS_munmap, SYS_mremap, SYS_brk, SYS_madvise, SYS_futex, SYS_set_robust_list, SYS_rseq,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall,
	SYS_exit, SYS_exit_group, SYS_getpid, SYS_gettid, SYS_sched_yield, SYS_clock_gettime,
	SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_time, SYS_getrandom,
};

/* Whoever makes one of these has not come to talk */
static const unsigned short never[] = {
	SYS_execve, SYS_execveat, SYS_fork, SYS_vfork, SYS_ptrace, SYS_process_vm_readv,
	SYS_process_vm_writev, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup,
	SYS_keyctl, SYS_add_key, SYS_request_key, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
	SYS_unshare, SYS_setns, SYS_kill, SYS_tkill, SYS_pidfd_getfd, SYS_open_by_handle_at,
	SYS_name_to_handle_at, SYS_unlink, SYS_unlinkat, SYS_rename, SYS_renameat, SYS_renameat2,
	SYS_link, SYS_linkat, SYS_symlink, SYS_symlinkat, SYS_mkdir, SYS_mkdirat, SYS_chmod,
	SYS_fchmodat, SYS_chown, SYS_fchownat, SYS_setrlimit, SYS_bind, SYS_listen,
};
/* clang-format on */

static int enter_filter(struct error *err)
{
	static const uint32_t families[] = { AF_INET, AF_INET6 };
	static const unsigned short clones[] = { SYS_clone };
	struct callfilter filter;

	callfilter_begin(&filter);
	callfilter_calls(&filter, allowed, ARRAY_SIZE(allowed), SECCOMP_RET_ALLOW);
	callfilter_value(&filter, SYS_mmap, 2, PROT_EXEC, 0);
	callfilter_value(&filter, SYS_mprotect, 2, PROT_EXEC, 0);
	callfilter_values(&filter, SYS_socket, 0, UINT32_MAX, families, ARRAY_SIZE(families));
	/* libmicrohttpd's thread: libc falls back to clone, whose flags can be looked at */
	callfilter_value(&filter, SYS_clone, 0, CLONE_VM | CLONE_THREAD, CLONE_VM | CLONE_THREAD);
	callfilter_calls(&filter, clones, ARRAY_SIZE(clones), SECCOMP_RET_KILL_PROCESS);
	callfilter_calls(&filter, never, ARRAY_SIZE(never), SECCOMP_RET_KILL_PROCESS);
	return callfilter_enter(&filter, SECCOMP_RET_ERRNO | ENOSYS, 0, err);
}

static int enter_landlock(struct error *err)
{
	const struct landlock_ruleset_attr attr = { .handled_access_fs = landlock_file_rights() };
	cleanup_close int domain = -1;

	if (!attr.handled_access_fs)
		return 0;
	domain = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (domain < 0 || syscall(SYS_landlock_restrict_self, domain, 0))
		return error_set(err, errno, "cannot enter a Landlock domain");
	return 0;
}

int confine_relay(struct error *err)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit))
			return error_set(err, errno, "cannot set the number of open files");
	}
	/* The same user's other programs do not read tokens from our memory */
	if (prctl(PR_SET_DUMPABLE, VITRINE_DEBUGGER, 0, 0, 0))
		return error_set(err, errno, "cannot give up rights");
	return enter_landlock(err) || enter_filter(err) ? -1 : 0;
}
