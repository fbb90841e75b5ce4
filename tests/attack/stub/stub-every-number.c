// SPDX-License-Identifier: GPL-2.0-only
/* stub-every-number - the stub's system call instruction, with every number and the stub's marks */
#include "tests/attack/attack.h"

#include <sys/time.h>

struct result {
	long value;
	bool came_back;
};
static struct result *results;
static void *target;

static void call(long nr)
{
	struct itimerval soon = { .it_value.tv_usec = 50000 };

	setpgid(0, 0);					     /* kill(0) is for ourselves */
	if (nr != SYS_mmap && nr != SYS_getpid && nr != 600) /* whose results are looked at */
		setitimer(ITIMER_REAL, &soon, NULL);
	results[nr].value = via_stub(nr, (long)target, PAGE, PROT_READ, 0x11 | STUB_MAP_MARK,
				     STUB_FD_PHYS, STUB_MAGIC);
	results[nr].came_back = true;
}

static void sweep(const char *what, long first, long last)
{
	unsigned back = 0, ended = 0, strange = 0;

	for (long nr = first; nr <= last; nr++) {
		const char *outcome = outcome_of(call, nr);

		if (!strcmp(outcome, "unkillable") || !strcmp(outcome, "hung"))
			printf("%ld is %s\n", nr, outcome), strange++;
		else if (results[nr].came_back)
			back++;
		else
			ended++;
	}
	printf("%s: %s\n", what,
	       back + ended == last - first + 1 && !strange ? "all answered" : "strange");
}

int main(void)
{
	results = mmap(NULL, 601 * sizeof(*results), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	target = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int fd = 3; fd < 20; fd++)
		close(fd);
	close(0);
	catch_faults();
	sweep("0..600", 0, 600);
	/* whose answers: the guest kernel has no descriptor 3, and counts processes from 1 */
	printf("mmap: %ld\n", results[SYS_mmap].value);
	printf("getpid: %s\n",
	       results[SYS_getpid].value < 32768 && results[SYS_getpid].value > getpid()
		   ? "the guest's"
		   : "wrong");
	printf("number 600: %ld\n", results[600].value);
	return over();
}
