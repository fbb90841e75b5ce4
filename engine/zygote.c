/* SPDX-License-Identifier: GPL-2.0-only */
/* zygote.c - the first stub process
 *
 * Theory of operation
 * The child shares the descriptor table until its filter is installed, so that the listener appears
 * in the supervisor's table with no descriptor passing and no right to trace being needed. From
 * then on everything that the child does is a notification that the supervisor lets pass: it leaves
 * the table, keeps the three memory files and nothing else, and becomes the stub program. Its
 * address space is new with that: nothing of the supervisor is left in it, not even the program's
 * name.
 *
 * Host system calls of the supervisor: memfd_create, write, clone, mmap, munmap. Of the child:
 * setsid, prctl, setrlimit, seccomp, unshare, fcntl, dup2, close_range, execveat.
 */
#include "zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"
#include "stub/layout.h"
#include "vitrine/util.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

#define FD_IMAGE 6
#define FD_HIGH 100 /* out of the way of STUB_FD_* */

extern const unsigned char stub_image[], stub_image_end[];

static int image_create(struct error *err)
{
	size_t size = stub_image_end - stub_image;
	cleanup_close int fd = memfd_create("vitrine-guest", MFD_CLOEXEC | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("vitrine-guest", MFD_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno,
				 "cannot create the stub program "
				 "(is vm.memfd_noexec set on this host?)");
	if (write(fd, stub_image, size) != (ssize_t)size)
		return error_set(err, errno, "cannot write the stub program");
	return steal_fd(fd);
}

/*
 * WAIT_KILLABLE_RECV is not optional: without it a kick can abort a call that the guest kernel is
 * already executing, and the host would have it made again.
 */
static int install_filter(void)
{
	struct sock_filter program[FILTER_MAX];
	struct sock_fprog prog = { filter_service(program), program };
	int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			 SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			 &prog);

	return fd < 0 ? -errno : fd;
}

/* Runs in the child, on a copy of the supervisor's memory; nothing here may use libc's state */
static void child(const struct zygote_files *files, volatile int *result)
{
	static const char *const argv[] = { "vitrine-guest", NULL }, *const env[] = { NULL };
	const struct rlimit no_core = { 0, 0 };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid(); /* the terminal's signals are for the supervisor */
	setrlimit(RLIMIT_CORE, &no_core);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		*result = -errno;
		_exit(1);
	}
	*result = install_filter();
	if (*result < 0 || unshare(CLONE_FILES))
		_exit(1);

	int phys = fcntl(files->phys, F_DUPFD, FD_HIGH),
	    slots = fcntl(files->slots, F_DUPFD, FD_HIGH);
	int control = fcntl(files->control, F_DUPFD, FD_HIGH);
	int image = fcntl(files->image, F_DUPFD, FD_HIGH);

	if (dup2(phys, STUB_FD_PHYS) < 0 || dup2(control, STUB_FD_CONTROL) < 0 ||
	    dup2(slots, STUB_FD_SLOTS) < 0 || dup3(image, FD_IMAGE, O_CLOEXEC) < 0)
		_exit(1);
	close_range(0, STUB_FD_PHYS - 1, 0);
	close_range(FD_IMAGE + 1, ~0U, 0);
	syscall(SYS_execveat, FD_IMAGE, "", argv, env, AT_EMPTY_PATH);
	_exit(1);
}

pid_t zygote_start(struct zygote_files *files, int *listener, struct error *err)
{
	volatile int *result;
	pid_t pid;
	int fd;

	files->image = image_create(err);
	if (files->image < 0)
		return -1;
	result =
	    mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (result == MAP_FAILED)
		return error_set(err, errno, "cannot share a page with the stub");
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		child(files, result);
	if (pid < 0) {
		munmap((void *)result, sizeof(*result));
		return error_set(err, errno, "cannot start the stub process");
	}
	while (*result == 0 && waitpid(pid, NULL, WNOHANG) == 0)
		sched_yield();
	fd = *result;
	munmap((void *)result, sizeof(*result));
	if (fd <= 0)
		return error_set(err, -fd,
				 fd == -EINVAL
				     ? "this host is older than Linux 5.19, which killable "
				       "seccomp notifications need"
				     : "this host refuses seccomp user notification "
				       "(see `vitrine doctor`)");
	*listener = fd;
	return pid;
}
