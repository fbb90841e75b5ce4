// SPDX-License-Identifier: GPL-2.0-only
/* seal.c - what the file server takes from itself
 *
 * Theory of operation
 * The server reads what a guest writes, with the rights of the user. Whoever takes it over shall
 * have the folders, which the guest has anyway, and as little else as the host lets us say:
 *
 * - With Landlock, files below the folders, to read, or also to change where the folder is not
 *   read-only. Never to execute, and no devices are made. Without it (`vitrine doctor` tells)
 *   openat2() would open whatever the user can.
 * - System calls on a list: no program, no socket, no other process, no mapping that is executed.
 * - Capabilities, when root starts a sandbox: but for those that let root's files be root's.
 *
 * It has the guest's memory, so who has it has the guest.
 *
 * Host system calls: landlock_*, capset, prctl, seccomp.
 */
#include "seal.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "folder.h"
#include "lib/callfilter.h"
#include "vitrine/util.h"

/* Rights of Landlock that not every header knows */
#define FS_TRUNCATE (1ULL << 14)

#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_CHANGE                                                                              \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                           \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                            \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                              \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER |   \
	 FS_TRUNCATE)
#define RIGHTS_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

static int enter_landlock(struct error *err)
{
	const struct landlock_ruleset_attr attr = { .handled_access_fs = landlock_file_rights() };
	cleanup_close int domain = -1;

	if (!attr.handled_access_fs)
		return 0;
	domain = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (domain < 0)
		return error_set(err, errno, "cannot make a Landlock domain");
	for (unsigned i = 0; i < folders.count; i++) {
		const struct folder *folder = &folders.folder[i];
		uint64_t rights = RIGHTS_READ | (folder->read_only ? 0 : RIGHTS_CHANGE);
		struct landlock_path_beneath_attr rule = { .parent_fd = folder->fd };

		rule.allowed_access =
		    attr.handled_access_fs & rights & (folder->single ? RIGHTS_FILE : ~0ULL);
		if (syscall(SYS_landlock_add_rule, domain, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
			return error_set(err, errno, "cannot make a Landlock domain");
	}
	if (syscall(SYS_landlock_restrict_self, domain, 0))
		return error_set(err, errno, "cannot enter a Landlock domain");
	return 0;
}

/* Of root's: to have its own files in spite of their modes */
static int drop_capabilities(struct error *err)
{
	const uint32_t kept = 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER;
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct have[2], data[2] = { 0 };

	if (syscall(SYS_capget, &header, have))
		return error_set(err, errno, "cannot give up capabilities");
	data[0].effective = data[0].permitted = have[0].permitted & kept;
	if (syscall(SYS_capset, &header, data))
		return error_set(err, errno, "cannot give up capabilities");
	return 0;
}

int seal_files(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return error_set(err, errno, "cannot give up rights");
	return drop_capabilities(err) || enter_landlock(err) ? -1 : 0;
}

/* clang-format off */
static const unsigned short allowed[] = {
	/* files */
	SYS_openat2, SYS_openat, SYS_close, SYS_statx, SYS_fstat, SYS_newfstatat, SYS_fstatfs, SYS_readlinkat,
	SYS_mkdirat, SYS_mknodat, SYS_symlinkat, SYS_linkat, SYS_unlinkat, SYS_renameat2, SYS_fchmodat,
	SYS_utimensat, SYS_getxattr, SYS_setxattr, SYS_listxattr, SYS_removexattr,
	SYS_preadv2, SYS_pwritev2, SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_lseek,
	SYS_copy_file_range, SYS_getdents64, SYS_dup, SYS_write, SYS_sendmsg, SEAL_PARK,
	/* memory, threads, time */
	SYS_munmap, SYS_mremap, SYS_brk, SYS_madvise, SYS_futex, SYS_sched_yield, SYS_clock_gettime,
	SYS_gettid, SYS_getpid, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall, SYS_rseq,
	SYS_set_robust_list, SYS_exit, SYS_exit_group, SYS_getrandom,
};
/* clang-format on */

int seal_park(int *listener, struct error *err)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SEAL_PARK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	*listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				 SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
	return *listener < 0 ? error_set(err, errno, "cannot install a seccomp filter") : 0;
}

int seal_calls(struct error *err)
{
	struct callfilter filter;

	callfilter_begin(&filter);
	callfilter_calls(&filter, allowed, ARRAY_SIZE(allowed), SECCOMP_RET_ALLOW);
	callfilter_value(&filter, SYS_mmap, 2, PROT_EXEC, 0);
	callfilter_value(&filter, SYS_mprotect, 2, PROT_EXEC, 0);
	return callfilter_enter(&filter, SECCOMP_RET_KILL_PROCESS, SECCOMP_FILTER_FLAG_TSYNC, err);
}
