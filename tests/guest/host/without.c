// SPDX-License-Identifier: GPL-2.0-only
/* without.c - run a command on a host that lacks something
 *
 * Usage: without NAME COMMAND [ARGUMENT]...
 *
 * A system call, or a flag of it, is refused by a seccomp filter, as an older kernel or a container
 * would. What the host says of the CPU is changed in the auxiliary vector, between exec and the
 * program's first instruction.
 */
#include <elf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define HWCAP2_FSGSBASE 2

/* From <linux/seccomp.h> and <linux/memfd.h> of newer kernels than may be here */
#define NOTIF_SET_FLAGS 0x40082104
#define MEMFD_EXEC_FLAGS 0x18

/*
 * Refuse @call with @error when its argument @argument has a bit of @mask, or is @mask with @whole;
 * a mask of 0: always. Lines of the same name go together
 */
static const struct refusal {
	const char *name;
	int call, argument;
	unsigned mask, error;
	bool whole;
} refusals[] = {
	{ "wait-killable", SYS_seccomp, 1, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, EINVAL },
	{ "listener", SYS_seccomp, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER, EBUSY },
	{ "memfd", SYS_memfd_create, 0, 0, EPERM },
	{ "landlock", SYS_landlock_create_ruleset, 0, 0, ENOSYS },
	{ "namespaces", SYS_unshare, 0, 0, EPERM },
	{ "threads", SYS_clone3, 0, 0, EAGAIN },
	{ "io_uring", SYS_io_uring_setup, 0, 0, ENOSYS },
	{ "linux-6.3", SYS_memfd_create, 1, MEMFD_EXEC_FLAGS, EINVAL },
	{ "linux-6.3", SYS_ioctl, 1, NOTIF_SET_FLAGS, EINVAL, true },
	{ "ptrace", SYS_ptrace, 0, 0, EPERM }, /* yama's ptrace_scope=3 */
	{ "ptrace", SYS_process_vm_readv, 0, 0, EPERM },
	{ "ptrace", SYS_process_vm_writev, 0, 0, EPERM },
	{ "perf", SYS_perf_event_open, 0, 0, EACCES }, /* perf_event_paranoid=4 */
};

static int refuse(const struct refusal *refusal)
{
	const unsigned argument = offsetof(struct seccomp_data, args) + 8 * refusal->argument;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refusal->call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
		BPF_JUMP(BPF_JMP | (refusal->whole ? BPF_JEQ : BPF_JSET) | BPF_K, refusal->mask, 0,
			 !!refusal->mask),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | refusal->error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* The stack of a fresh program: argc, argv, NULL, environment, NULL, auxiliary vector */
static void hide_fsgsbase(pid_t pid)
{
	struct user_regs_struct regs;
	unsigned long at;
	long type;

	ptrace(PTRACE_GETREGS, pid, NULL, &regs);
	at = regs.rsp + 8 * (1 + ptrace(PTRACE_PEEKDATA, pid, regs.rsp, NULL) + 1);
	while (ptrace(PTRACE_PEEKDATA, pid, at, NULL))
		at += 8;
	for (at += 8; (type = ptrace(PTRACE_PEEKDATA, pid, at, NULL)) != AT_NULL; at += 16) {
		long value = ptrace(PTRACE_PEEKDATA, pid, at + 8, NULL);

		if (type == AT_HWCAP2)
			ptrace(PTRACE_POKEDATA, pid, at + 8, value & ~HWCAP2_FSGSBASE);
	}
}

static int run_without_fsgsbase(char **command)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(command[0], command);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return 126;
	hide_fsgsbase(pid);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	bool found = false;

	if (argc > 2 && !strcmp(argv[1], "fsgsbase"))
		return run_without_fsgsbase(argv + 2);
	for (size_t i = 0; argc > 2 && i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strcmp(argv[1], refusals[i].name))
			continue;
		if (refuse(&refusals[i]))
			return perror("without"), 126;
		found = true;
	}
	if (found) {
		execvp(argv[2], argv + 2);
		return perror(argv[2]), 127;
	}
	fprintf(stderr, "Usage: without NAME COMMAND...\n");
	return 126;
}
