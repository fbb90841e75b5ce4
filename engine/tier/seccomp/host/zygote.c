/* SPDX-License-Identifier: GPL-2.0-only */
/* zygote.c - the process that all stub processes are copied from
 *
 * Theory of operation
 * It is a fresh program started from a memory file, with three memory files, a socket and nothing
 * else: nothing of the supervisor is left in it, not even the program's name. It runs no guest code
 * and has no filter. A copy makes a socket of its own, and sends the supervisor's end of it over
 * the zygote's, before it installs one.
 *
 * One command is under way at a time, which the tier's lock sees to: the zygote has answered it, or
 * is dead, before the next one is sent. A copy's message begins with the serial number of its
 * control page, and the host adds its number; a message that nobody waits for is thrown away, with
 * what it brings. The end of who could send one is noticed, too (children.c), so no wait here is
 * for ever.
 *
 * The stub lies where the host puts stacks, close to the end of the address space. It asks for a
 * stack at the very end; where that is refused, and chance has put something in its way, it is
 * started again.
 *
 * Host system calls of the supervisor: those of lib/memfile.c, socketpair, fork, setsockopt,
 * recvmsg, kill, open and read of /proc/PID/maps. Of the child: setsid, prctl, setrlimit,
 * personality, fcntl, dup2, close_range, execveat.
 */
#include "zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "pages.h"
#include "engine/tier/seccomp/stub/layout.h"
#include "engine/vcpu/vcpu.h"
#include "lib/memfile.h"
#include "vitrine/util.h"

#define FD_IMAGE 7
#define FD_HIGH (FD_IMAGE + 1) /* out of the way of STUB_FD_* */
#define FILES_MIN 24
#define STACK_SIZE (8 << 20) /* of the host's stack; what lies below it follows from this */
#define STARTS_MAX 8

extern const unsigned char stub_image[], stub_image_end[];

static int image_create(struct error *err)
{
	return memfile_program("vitrine-guest", stub_image, stub_image_end - stub_image, err);
}

/* Runs in the child; nothing here may use libc's state */
static void child(const struct zygote_files *files, int socket, int image)
{
	static const char *const argv[] = { "vitrine-guest", NULL }, *const env[] = { NULL };
	const struct rlimit no_core = { 0, 0 }, stack = { STACK_SIZE, STACK_SIZE };
	const int from[] = { files->phys, files->control, files->slots, socket, image };
	static const int to[] = { STUB_FD_PHYS, STUB_FD_CONTROL, STUB_FD_SLOTS, STUB_FD_SOCKET,
				  FD_IMAGE };
	int high[ARRAY_SIZE(to)];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid(); /* the terminal's signals are for the supervisor */
	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_STACK, &stack);
	personality(ADDR_NO_RANDOMIZE);
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

/* Who waits for a message that may never come does not sleep when @over */
static ssize_t receive(struct zygote *zygote, bool over, struct channel_message *message)
{
	ssize_t len = channel_receive(zygote->socket, over, vcpu_lost(), message);

	children_heed();
	return len;
}

/* The zygote's answer, and what came before it for nobody; errno value, or -ESRCH */
static int receive_done(struct zygote *zygote)
{
	struct channel_message message;

	for (;;) {
		const ssize_t len = receive(zygote, !zygote->child.pid, &message);

		if (len > 0 && len < STUB_BORN)
			return STUB_DONE - len;
		if (len <= 0 && len != -EINTR)
			return -ESRCH;
		channel_close(&message);
	}
}

/* What it was told last is done, and its control page free. Return: as receive_done() */
static int await_answer(struct zygote *zygote)
{
	int err = zygote->answers ? receive_done(zygote) : 0;

	if (err && zygote->child.pid)
		kill(zygote->child.pid, SIGKILL); /* it has the wrong memory, or none */
	zygote->answers = false;
	return err ? -ESRCH : 0;
}

int zygote_execute(struct zygote *zygote, unsigned count)
{
	return await_answer(zygote) ?: channel_send(zygote->socket, count) ?: receive_done(zygote);
}

/* A message about the copy with this serial number; others are of no interest */
static int take_birth(struct channel_message *message, uint64_t serial, struct zygote_child *child)
{
	if (message->serial != serial) {
		channel_close(message);
		return 0;
	}
	child->pid = message->pid;
	child->socket = message->fds[0];
	child->reply = message->fds[1];
	if (child->reply >= 0)
		return 0;
	return STUB_BORN - message->len ?: -EMFILE;
}

int zygote_clone(struct zygote *zygote, unsigned page, struct zygote_child *child)
{
	const struct stub_command command = { .nr = SYS_clone,
					      .args = { CLONE_PARENT | SIGCHLD },
					      .extra = (uint64_t)page * CONTROL_SIZE };
	struct channel_message message;
	bool done = false;
	int err;

	*child = (struct zygote_child){ .socket = -1, .reply = -1 };
	children_forget_stranger();
	err = await_answer(zygote);
	if (err)
		return err;
	cputime_ran(&zygote->cputime, zygote->child.pid);
	pages_command(PAGES_ZYGOTE, 0, &command);
	err = channel_send(zygote->socket, 1);
	/* the copy may be faster than the original */
	while (!err && !(done && child->pid)) {
		/* Who has died may have said something before: it is in the socket */
		const bool over = children_stranger() || !zygote->child.pid;
		const ssize_t len = receive(zygote, over, &message);

		if (len >= STUB_BORN) {
			err = take_birth(&message, pages_serial(page), child);
		} else if (len > 0) {
			done = true;
			err = STUB_DONE - len;
		} else if (len != -EINTR) {
			err = -EAGAIN;
		}
	}
	if (!done && err != -ESRCH) /* nothing is left over for the next one */
		receive_done(zygote);
	return err;
}

/* ---- another memory file ---- */

#define DATA_AT 128 /* commands that are none: what follows */
#define SCRATCH_SIZE 0x1000

/*
 * What a receiver of a descriptor needs of memory. It is in the control page, which the zygote
 * cannot write to as the host does, so it is read to where it is to be: a page for a moment.
 */
struct receiving {
	struct msghdr message;
	uint64_t pad;
	struct iovec iov;
	uint8_t rest[48]; /* of two commands */
};
static_assert(sizeof(struct receiving) == 2 * sizeof(struct stub_command), "two commands");

static void put_receiving(void)
{
	union {
		struct receiving receiving;
		struct stub_command commands[2];
	} data = {
		.receiving = {
			.message = {
				.msg_iov = (void *)(STUB_SCRATCH + offsetof(struct receiving, iov)),
				.msg_iovlen = 1,
				.msg_control = (void *)(STUB_SCRATCH + SCRATCH_SIZE / 2),
				.msg_controllen = CMSG_SPACE(sizeof(int)),
			},
			.iov = { (void *)(STUB_SCRATCH + sizeof(struct receiving)), 1 },
		},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(data.commands); i++)
		pages_command(PAGES_ZYGOTE, DATA_AT + i, &data.commands[i]);
}

static unsigned put_commands(void)
{
	const uint64_t data = PAGES_ZYGOTE * CONTROL_SIZE + CONTROL_FIRST + DATA_AT * COMMAND_SIZE;
	const struct stub_command commands[] = {
		{ SYS_mmap,
		  { STUB_SCRATCH, SCRATCH_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, ~0UL, 0 } },
		{ SYS_pread64, { STUB_FD_CONTROL, STUB_SCRATCH, sizeof(struct receiving), data } },
		{ SYS_recvmsg, { STUB_FD_SOCKET, STUB_SCRATCH, 0 } },
		{ SYS_dup2, { STUB_FD_NEW, STUB_FD_PHYS } },
		{ SYS_close, { STUB_FD_NEW } },
		{ SYS_munmap, { STUB_SCRATCH, SCRATCH_SIZE } },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		pages_command(PAGES_ZYGOTE, i, &commands[i]);
	return ARRAY_SIZE(commands);
}

static int send_descriptor(int socket, int fd)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .align = { .cmsg_level = SOL_SOCKET,
				 .cmsg_type = SCM_RIGHTS,
				 .cmsg_len = CMSG_LEN(sizeof(int)) } };
	const struct msghdr message = { .msg_iov = &iov,
					.msg_iovlen = 1,
					.msg_control = &control,
					.msg_controllen = sizeof(control) };
	ssize_t sent;

	memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent == 1 ? 0 : -ESRCH;
}

int zygote_memory(struct zygote *zygote, int phys)
{
	int err = await_answer(zygote);

	if (err)
		return err;
	put_receiving();
	err = channel_send(zygote->socket, put_commands()) ?: send_descriptor(zygote->socket, phys);
	zygote->answers = !err;
	return err;
}

static void on_death(struct child *child)
{
}

/* Is there more than the stub where the stub's parts are? Its own are files, what the host puts
 * there is none. What cannot be read is taken for yes.
 */
static bool is_in_the_way(pid_t pid)
{
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	cleanup_fclose FILE *maps = fopen(path, "re");
	if (!maps)
		return true;
	while (fgets(line, sizeof(line), maps)) {
		uint64_t start, end;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2 && end > STUB_CODE &&
		    start < STUB_END && !strchr(line, '/'))
			return true;
	}
	return false;
}

static void end_start(struct zygote *zygote)
{
	if (zygote->child.pid)
		kill(zygote->child.pid, SIGKILL);
	while (zygote->child.pid)
		children_await();
	close(steal_fd(zygote->socket));
}

/* 1: it should be tried again */
static int start_once(struct zygote *zygote, const struct zygote_files *files, int image,
		      struct error *err)
{
	const int on = 1;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ||
	    setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
		return error_set(err, errno, "cannot create the stub's socket");
	zygote->socket = ends[0];
	pid = fork();
	if (pid == 0)
		child(files, ends[1], image);
	close(ends[1]);
	if (pid < 0) {
		close(steal_fd(zygote->socket));
		return error_set(err, errno, "cannot start the stub process");
	}
	children_init(pid);
	children_add(&zygote->child, pid, on_death);
	if (!receive_done(zygote) && !is_in_the_way(pid))
		return 0;
	end_start(zygote);
	return 1;
}

int zygote_start(struct zygote *zygote, const struct zygote_files *files, struct error *err)
{
	cleanup_close int image = image_create(err);
	struct rlimit files_max;
	int again = 1;

	if (image < 0)
		return -1;
	/* The child could not say so */
	if (!getrlimit(RLIMIT_NOFILE, &files_max) && files_max.rlim_cur < FILES_MIN)
		return error_set(err, 0,
				 "only %ju open files are allowed (ulimit -n), %d are needed",
				 (uintmax_t)files_max.rlim_cur, FILES_MIN);
	for (unsigned i = 0; again > 0 && i < STARTS_MAX; i++)
		again = start_once(zygote, files, image, err);
	if (again > 0)
		return error_set(err, 0,
				 "the stub process died while it started (see `vitrine doctor`)");
	return again;
}
