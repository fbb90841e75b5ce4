// SPDX-License-Identifier: GPL-2.0-only
/* stub-clone-outside - make a host process or thread that the guest kernel knows nothing of */
#include "tests/attack/attack.h"

#include <sched.h>

static const long flags[] = {
	SIGCHLD,
	CLONE_PARENT | SIGCHLD,
	CLONE_UNTRACED | SIGCHLD,
	CLONE_NEWUSER | SIGCHLD,
	CLONE_VFORK | SIGCHLD,
	CLONE_NEWPID | CLONE_NEWNS | SIGCHLD,
};

/* A child proves whose it is: it is known by its number in the guest's /proc */
static int child(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/stat");
	return access(path, R_OK) ? 2 : 1;
}

int main(void)
{
	unsigned ours = 0, refused = 0, foreign = 0;

	catch_faults();
	for (unsigned i = 0; i < COUNT(flags); i++) {
		for (int way = 0; way < 2; way++) {
			int status;
			long pid;

			fflush(stdout);
			if (way) /* on return from the stub's call both go on at the same place */
				pid = via_stub(SYS_clone, flags[i], 0, 0, 0, 0, STUB_MAGIC);
			else
				pid = raw(SYS_clone, flags[i], 0, 0, 0, 0, STUB_MAGIC);
			if (!pid)
				_exit(child());
			/* ours to wait for, but for our parent's; a host process would be nobody's
			 */
			if (pid < 0)
				refused++;
			else if (flags[i] & CLONE_PARENT)
				ours += pid > getpid() && pid < getpid() + 100;
			else if (waitpid(pid, &status, __WALL) == pid && WEXITSTATUS(status) == 1)
				ours++;
			else
				foreign++;
		}
	}
	printf("%u refused, %u the guest's, %u foreign\n", refused, ours, foreign);
	printf("vfork and clone3: %ld %ld\n", raw(SYS_clone3, 0, 88, 0, 0, 0, STUB_MAGIC),
	       raw(SYS_clone3, STUB_CONTROL, 88, 0, 0, 0, STUB_MAGIC));
	return over();
}
