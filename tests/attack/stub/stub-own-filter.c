// SPDX-License-Identifier: GPL-2.0-only
/* stub-own-filter - the stub's other calls: seccomp, prctl, sigaltstack, sigprocmask, exit_group */
#define PATIENCE 3000
#include "tests/attack/attack.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

static void deny_all(long way)
{
	struct sock_filter deny[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 99),
	};
	struct sock_fprog program = { COUNT(deny), deny };
	long ret;

	/* the guest's own filter it may have; the host thread must not get one, or its stops end */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	ret = (way ? via_stub : raw)(SYS_seccomp, 1, 0, (long)&program, 0, 0, STUB_MAGIC);
	_exit(!ret && raw(SYS_getpid, 0, 0, 0, 0, 0, 0) == -99 ? 1 : 2);
}

static void strict(long way)
{
	raw(SYS_prctl, PR_SET_SECCOMP, 1, 0, 0, 0, STUB_MAGIC);
	raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
	_exit(3);
}

static void parent_death(long way)
{
	raw(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0, STUB_MAGIC);
	raw(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0, STUB_MAGIC);
	via_stub(SYS_exit_group, 7, 0, 0, 0, 0, STUB_MAGIC);
}

static void mask_and_stack(long way)
{
	uint64_t all = ~0UL;
	stack_t stack = { .ss_sp = (void *)STUB_SLOTS, .ss_size = SLOT_HEADER };

	(way ? via_stub : raw)(SYS_sigaltstack, (long)&stack, 0, 0, 0, 0, STUB_MAGIC);
	raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, 8, 0, STUB_MAGIC);
	for (;;) /* must still be stopped and killed */
		;
}

int main(void)
{
	catch_faults();
	report("own filter", deny_all, 0);
	report("own filter through the stub", deny_all, 1);
	report("strict mode", strict, 0);
	report("prctl and exit_group", parent_death, 0);
	report("mask", mask_and_stack, 0);
	report("mask through the stub", mask_and_stack, 1);
	return over();
}
