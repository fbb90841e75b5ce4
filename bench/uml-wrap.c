// SPDX-License-Identifier: GPL-2.0-only
/* uml-wrap.c - run user-mode-linux on processors whose register set is larger than it knows
 *
 * Debian's user-mode-linux 6.1 saves its guests' registers in a buffer of fixed size; with AVX-512
 * and AMX they do not fit, and it panics before init. Without the ptrace request that reads them it
 * uses an older one, which works everywhere. A seccomp filter makes that request fail. It costs
 * each host system call of the tree some tens of nanoseconds, where UML's own stops take
 * microseconds.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NT_X86_XSTATE 0x202

int main(int argc, char **argv)
{
	struct sock_filter program[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_ptrace },
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[2]) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, NT_X86_XSTATE },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EINVAL },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW },
	};
	struct sock_fprog prog = { sizeof(program) / sizeof(program[0]), program };

	if (argc < 2)
		return 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		perror("uml-wrap");
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
