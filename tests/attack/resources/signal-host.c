// SPDX-License-Identifier: GPL-2.0-only
/* signal-host - signal every process number, and one that is known to be a host process's */
#include "tests/attack/attack.h"

int main(int argc, char **argv)
{
	long host = argc > 1 ? atol(argv[1]) : 0;
	unsigned alive = 0;

	for (long pid = 1; pid < 1 << 22; pid += pid < 40000 ? 1 : 997)
		alive += !raw(SYS_kill, pid, 0, 0, 0, 0, STUB_MAGIC);
	printf("%s processes\n", alive < 200 ? "few" : "MANY");
	/* The guest may have a process of that number itself; it is not the host's */
	if (kill(host, 0)) {
		raw(SYS_kill, host, SIGKILL, 0, 0, 0, STUB_MAGIC);
		raw(SYS_tgkill, host, host, SIGKILL, 0, 0, STUB_MAGIC);
		raw(SYS_rt_sigqueueinfo, host, SIGKILL, (long)&(siginfo_t){ .si_code = SI_QUEUE },
		    0, 0, 0);
		raw(SYS_pidfd_open, host, 0, 0, 0, 0, 0);
		raw(SYS_ptrace, 16, host, 0, 0, 0, 0);
		raw(SYS_process_vm_readv, host, 0, 0, 0, 0, 0);
	}
	puts("sent");
	return over();
}
