// SPDX-License-Identifier: GPL-2.0-only
/* userfault-kernel-copies - make the kernel's copies of user memory wait for ever, then be killed
 */
#define PATIENCE 3000
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static const char *const name[] = { "write",  "open",	"futex",  "sigaction",
				    "signal", "access", "execve", "robust list" };

static char *trap_page(void)
{
	char *page =
	    mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { (uintptr_t)page, 4 * PAGE },
					 .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = raw(SYS_userfaultfd, O_CLOEXEC, 0, 0, 0, 0, 0);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		_exit(9);
	return page;
}

static void copy(long which)
{
	char *page = trap_page();
	int fds[2];

	if (pipe(fds))
		_exit(8);
	switch (which) {
	case 0:
		write(fds[1], page, PAGE);
		break;
	case 1:
		open(page, O_RDONLY);
		break;
	case 2:
		raw(SYS_futex, (long)page, 0, 0, 0, 0, 0);
		break;
	case 3:
		sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = SIG_IGN }, (void *)page);
		break;
	case 4: /* the signal frame itself */
		sigaltstack(&(stack_t){ .ss_sp = page, .ss_size = 4 * PAGE }, NULL);
		sigaction(SIGUSR1,
			  &(struct sigaction){ .sa_handler = _exit, .sa_flags = SA_ONSTACK }, NULL);
		raise(SIGUSR1);
		break;
	case 5:
		page[0] = 1;
		break;
	case 6:
		execve("/bin/true", (char **)page, NULL);
		break;
	case 7:
		raw(SYS_set_robust_list, (long)page, 24, 0, 0, 0, 0);
		raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
		break;
	}
}

int main(void)
{
	for (long i = 0; i < 8; i += i == 2 ? 2 : 1)
		report(name[i], copy, i);
	return over();
}
