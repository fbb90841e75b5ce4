/* SPDX-License-Identifier: GPL-2.0-only */
/* zygote.c - the process that all stub processes are copied from
 *
 * Theory of operation
 * It is a fresh program started from a memory file, with three memory files, a socket and nothing
 * else: nothing of the supervisor is left in it, not even the program's name. It runs no guest code
 * and has no filter, because only one filter of a stack can have a listener, and each process needs
 * its own: that one is installed by the copy, which sends it over the socket before it does
 * anything else.
 *
 * Host system calls of the supervisor: memfd_create, write, socketpair, fork, setsockopt, recvmsg,
 * waitpid. Of the child: setsid, prctl, setrlimit, fcntl, dup2, close_range, execveat.
 */
#include "zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/tier/seccomp/stub/layout.h"
#include "stubproc.h"
#include "engine/vcpu/vcpu.h"
#include "vitrine/util.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

#define FD_IMAGE 7
#define FD_HIGH (FD_IMAGE + 1) /* out of the way of STUB_FD_* */
#define FILES_MIN 16
#define WAKE_US 100000 /* a wait looks around this often */
#define LENGTH_MAX 0x4000

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

/* Runs in the child; nothing here may use libc's state */
static void child(const struct zygote_files *files, int socket, int image)
{
	static const char *const argv[] = { "vitrine-guest", NULL }, *const env[] = { NULL };
	const struct rlimit no_core = { 0, 0 };
	const int from[] = { files->phys, files->control, files->slots, socket, image };
	static const int to[] = { STUB_FD_PHYS, STUB_FD_CONTROL, STUB_FD_SLOTS, STUB_FD_SOCKET,
				  FD_IMAGE };
	int high[ARRAY_SIZE(to)];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid(); /* the terminal's signals are for the supervisor */
	setrlimit(RLIMIT_CORE, &no_core);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(1);
	for (size_t i = 0; i < ARRAY_SIZE(to); i++)
		high[i] = fcntl(from[i], F_DUPFD, FD_HIGH);
	for (size_t i = 0; i < ARRAY_SIZE(to); i++) {
		if (dup3(high[i], to[i], to[i] == FD_IMAGE ? O_CLOEXEC : 0) < 0)
			_exit(1);
	}
	close_range(0, STUB_FD_PHYS - 1, 0);
	close_range(FD_IMAGE + 1, ~0U, 0);
	syscall(SYS_execveat, FD_IMAGE, "", argv, env, AT_EMPTY_PATH);
	_exit(1);
}

/*
 * One message, told by its length; 0 when nothing came for a while, negative when nothing will.
 * @fd receives a descriptor that came along, or -1.
 */
static int receive(struct zygote *zygote, int *fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(zygote->socket, &msg, MSG_TRUNC | MSG_CMSG_CLOEXEC);
	bool again = len < 0 && (errno == EINTR || errno == EAGAIN);

	*fd = -1;
	if (vcpu_child_died)
		stub_reap();
	if (len < 0)
		return again ? 0 : -1;
	if (len == 0)
		return -1;
	if (msg.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(&control.header), sizeof(*fd));
	return len;
}

static int send_count(struct zygote *zygote, unsigned count)
{
	static const char length[LENGTH_MAX];

	return zygote->dead || write(zygote->socket, length, count) != (ssize_t)count ? -ESRCH : 0;
}

static int receive_done(struct zygote *zygote)
{
	int fd, len;

	do {
		len = zygote->dead ? -1 : receive(zygote, &fd);
	} while (!len);
	return len < 0 ? -ESRCH : STUB_DONE - len;
}

int zygote_execute(struct zygote *zygote, unsigned count)
{
	return send_count(zygote, count) ?: receive_done(zygote);
}

int zygote_clone(struct zygote *zygote, const volatile bool *died)
{
	bool done = false, born = false;
	int listener = -1, err = send_count(zygote, 1);

	/* the copy may be faster than the original */
	while (!err && !(done && born)) {
		/* Who has died may have said why before: its last words are in the socket */
		const bool over = *died || zygote->dead;
		int fd, len = receive(zygote, &fd);

		if (len < 0 || (!len && over)) {
			err = -EAGAIN;
		} else if (len >= STUB_BORN) {
			born = true;
			listener = fd;
			if (fd < 0)
				err = STUB_BORN - len ?: -EMFILE;
		} else if (len) {
			done = true;
			err = STUB_DONE - len;
		}
	}
	while (!done && !zygote->dead && err) /* nothing is left over for the next one */
		done = receive_done(zygote) <= 0;
	if (!err)
		return listener;
	if (listener >= 0)
		close(listener);
	return err;
}

int zygote_start(struct zygote *zygote, const struct zygote_files *files, struct error *err)
{
	const struct timeval wake = { .tv_usec = WAKE_US };
	cleanup_close int image = image_create(err);
	struct rlimit files_max;
	int ends[2];

	if (image < 0)
		return -1;
	/* The child could not say so */
	if (!getrlimit(RLIMIT_NOFILE, &files_max) && files_max.rlim_cur < FILES_MIN)
		return error_set(err, 0,
				 "only %ju open files are allowed (ulimit -n), %d are needed",
				 (uintmax_t)files_max.rlim_cur, FILES_MIN);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ||
	    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &wake, sizeof(wake)))
		return error_set(err, errno, "cannot create the stub's socket");
	zygote->socket = ends[0];
	zygote->pid = fork();
	if (zygote->pid == 0)
		child(files, ends[1], image);
	close(ends[1]);
	if (zygote->pid < 0) {
		close(steal_fd(zygote->socket));
		return error_set(err, errno, "cannot start the stub process");
	}
	if (receive_done(zygote))
		return error_set(err, 0,
				 "the stub process died while it started (see `vitrine doctor`)");
	return 0;
}
