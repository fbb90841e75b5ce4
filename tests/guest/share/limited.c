// SPDX-License-Identifier: GPL-2.0-only
/* limited.c - a program on a host where nobody may write beyond the first TiB of a file
 *
 * Usage: limited COMMAND [ARGUMENT...]
 *
 * Few hosts have quotas that a test may set. pwritev2(2), with which the file server writes and the
 * guest's programs do not, fails with EDQUOT here when it is about to go there.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIELD(what, half)                                                                          \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what) + 4 * (half))

int main(int argc, char **argv)
{
	struct sock_filter filter[] = {
		FIELD(nr, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pwritev2, 0, 3),
		FIELD(args[3], 1), /* the offset, in TiB / 256 */
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 1 << 8, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDQUOT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("limited");
		return 1;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
