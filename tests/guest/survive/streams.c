/* SPDX-License-Identifier: GPL-2.0-only */
/* streams.c - bytes, packets and descriptors that have left and not arrived */
#include "survive.h"
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pty.h>
#include <sys/un.h>
#include <termios.h>

#define MUCH 40000

static char out[MUCH], in[MUCH];

static int send_much(int fd, unsigned seed)
{
	fill(out, MUCH, seed);
	return write(fd, out, MUCH) == MUCH ? 0 : -1;
}

static int receive_much(int fd, unsigned seed)
{
	size_t at = 0;
	ssize_t n;

	while (at < MUCH && (n = read(fd, in + at, MUCH - at)) > 0)
		at += (size_t)n;
	return at == MUCH && filled(in, MUCH, seed) ? 0 : -1;
}

const char *pipe_case(void)
{
	int ends[2];

	WANT(!pipe(ends) && fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) == 1 << 20);
	for (unsigned i = 0; i < 10; i++)
		WANT(!send_much(ends[1], i));
	close(ends[1]);
	hold();
	for (unsigned i = 0; i < 10; i++)
		WANT(!receive_much(ends[0], i));
	WANT(read(ends[0], in, 1) == 0);
	WANT(fcntl(ends[0], F_GETPIPE_SZ) == 1 << 20);
	return NULL;
}

/* A pipe that keeps writes apart, and a socket that does */
const char *packets_case(void)
{
	int ends[2], pair[2];

	WANT(!pipe2(ends, O_DIRECT) && !socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	for (int i = 1; i < 8; i++) {
		fill(out, 100, i);
		WANT(write(ends[1], out, 10 * i) == 10 * i &&
		     write(pair[1], out, 11 * i) == 11 * i);
	}
	hold();
	for (int i = 1; i < 8; i++) {
		WANT(read(ends[0], in, MUCH) == 10 * i && filled(in, 10 * i, i));
		WANT(read(pair[0], in, MUCH) == 11 * i && filled(in, 11 * i, i));
	}
	return NULL;
}

const char *unix_case(void)
{
	int ends[2], size = 1 << 20;

	WANT(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	for (int i = 0; i < 2; i++)
		WANT(!setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	for (unsigned i = 0; i < 4; i++)
		WANT(!send_much(ends[i & 1], i));
	hold();
	for (unsigned i = 0; i < 4; i++)
		WANT(!receive_much(ends[~i & 1], i));
	return NULL;
}

/* A descriptor that only a message has, and who has sent it */
const char *passed_case(void)
{
	union {
		struct cmsghdr head;
		char room[256];
	} control = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { "m", 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = CMSG_SPACE(sizeof(int)) };
	int ends[2], file, one = 1, got = -1;
	char c[8];

	WANT(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	WANT(!setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	file = memfd_create("passed", 0);
	WANT(write(file, "within", 6) == 6);
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &file, sizeof(file));
	WANT(sendmsg(ends[1], &message, 0) == 1);
	close(file);
	hold();
	message.msg_controllen = sizeof(control);
	iov.iov_base = c;
	WANT(recvmsg(ends[0], &message, 0) == 1);
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		if (at->cmsg_type == SCM_RIGHTS)
			memcpy(&got, CMSG_DATA(at), sizeof(got));
		else if (at->cmsg_type == SCM_CREDENTIALS)
			WANT(*(pid_t *)CMSG_DATA(at) == getpid());
	}
	WANT(got >= 0 && pread(got, c, 8, 0) == 6 && !memcmp(c, "within", 6));
	return NULL;
}

/* Return: a listener on the loopback device, and where it listens */
static int listen_tcp(struct sockaddr_in *address, int backlog)
{
	socklen_t len = sizeof(*address);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(fd, (struct sockaddr *)address, sizeof(*address)) || listen(fd, backlog) ||
	    getsockname(fd, (struct sockaddr *)address, &len))
		return -1;
	return fd;
}

static int connect_tcp(const struct sockaddr_in *address)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? -1 : fd;
}

const char *tcp_case(void)
{
	struct sockaddr_in address;
	int listener = listen_tcp(&address, 5), one = 1, a, b;
	socklen_t len = sizeof(one);

	a = connect_tcp(&address);
	b = accept(listener, NULL, NULL);
	WANT(a >= 0 && b >= 0 && !setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &one, len));
	for (unsigned i = 0; i < 6; i++)
		WANT(!send_much(i & 1 ? a : b, i));
	hold();
	for (unsigned i = 0; i < 6; i++)
		WANT(!receive_much(i & 1 ? b : a, i));
	WANT(!send_much(a, 77) && !receive_much(b, 77));
	one = 0;
	WANT(!getsockopt(a, IPPROTO_TCP, TCP_NODELAY, &one, &len) && one == 1);
	return NULL;
}

/* Neither side's window has room, and a writer waits for it */
static long do_send(void *arg)
{
	for (unsigned i = 0; i < 200; i++) {
		if (send_much(*(int *)arg, i))
			return -errno;
	}
	return 200;
}

/* One direction has ended with data in it; the other has a writer that waits for room */
const char *half_closed_case(void)
{
	struct sockaddr_in address;
	int listener = listen_tcp(&address, 5), a, b;
	static char alone[MUCH];
	struct caller caller;

	a = connect_tcp(&address);
	b = accept(listener, NULL, NULL);
	fill(alone, MUCH, 5);
	WANT(write(a, alone, MUCH) == MUCH && !shutdown(a, SHUT_WR));
	enter(&caller, do_send, &b);
	hold();
	WANT(!caller.done);
	for (unsigned i = 0; i < 200; i++) {
		size_t at = 0;
		ssize_t n;

		while (at < MUCH && (n = read(a, in + at, MUCH - at)) > 0)
			at += (size_t)n;
		WANT(at == MUCH && filled(in, MUCH, i));
	}
	WANT(left(&caller) == 200);
	WANT(!receive_much(b, 5) && read(b, in, 1) == 0);
	return NULL;
}

/* Connections that nobody has accepted, with what was sent there already */
const char *backlog_case(void)
{
	struct sockaddr_in address;
	int listener = listen_tcp(&address, 5), fds[3];

	for (int i = 0; i < 3; i++) {
		fds[i] = connect_tcp(&address);
		WANT(fds[i] >= 0 && dprintf(fds[i], "number %d", i) > 0);
	}
	hold();
	for (int i = 0; i < 3; i++) {
		const int fd = accept(listener, NULL, NULL);
		ssize_t n = read(fd, in, 100);

		WANT(n == 8 && in[7] == '0' + i && !memcmp(in, "number ", 7));
		WANT(write(fd, "x", 1) == 1 && read(fds[i], in, 1) == 1);
	}
	return NULL;
}

const char *udp_case(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
					.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t len = sizeof(address);
	int to = socket(AF_INET6, SOCK_DGRAM, 0), from = socket(AF_INET6, SOCK_DGRAM, 0);

	WANT(!bind(to, (struct sockaddr *)&address, len));
	WANT(!getsockname(to, (struct sockaddr *)&address, &len));
	WANT(!connect(from, (struct sockaddr *)&address, len));
	for (int i = 1; i < 9; i++) {
		fill(out, 1000, i);
		WANT(write(from, out, 100 * i) == 100 * i);
	}
	hold();
	for (int i = 1; i < 9; i++)
		WANT(read(to, in, MUCH) == 100 * i && filled(in, 100 * i, i));
	return NULL;
}

/* An answer of the kernel's that is waiting */
const char *netlink_case(void)
{
	struct {
		struct nlmsghdr head;
		struct rtgenmsg gen;
	} ask = { { sizeof(ask), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 42, 0 }, { AF_UNSPEC } };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct nlmsghdr *head = (void *)in;

	WANT(write(fd, &ask, sizeof(ask)) == sizeof(ask));
	hold();
	WANT(read(fd, in, MUCH) > (ssize_t)sizeof(*head));
	WANT(head->nlmsg_seq == 42 && head->nlmsg_type == RTM_NEWLINK);
	return NULL;
}

/* In cooked mode: a whole line, and the begin of one, and what goes the other way */
const char *pty_case(void)
{
	struct winsize size = { .ws_row = 33, .ws_col = 77 }, seen;
	int master, slave, echoed = 0;

	WANT(!openpty(&master, &slave, NULL, NULL, &size));
	WANT(write(master, "whole\nbeg", 9) == 9);
	while (echoed < 10) /* whoever echoes is a thread of the kernel's */
		WANT(!ioctl(master, FIONREAD, &echoed));
	WANT(write(slave, "answer\n", 7) == 7);
	hold();
	WANT(read(slave, in, 100) == 6 && !memcmp(in, "whole\n", 6));
	WANT(write(master, "in\n", 3) == 3);
	WANT(read(slave, in, 100) == 6 && !memcmp(in, "begin\n", 6));
	WANT(!ioctl(slave, TIOCGWINSZ, &seen) && !memcmp(&size, &seen, sizeof(size)));
	memset(in, 0, 100);
	for (int i = 0; i < 10 && !strstr(in, "in\r\n"); i++)
		WANT(read(master, in + strlen(in), 100) > 0);
	/* echo and output are in the order in which they were made */
	WANT(!strncmp(in, "whole\r\nbeganswer\r\nin\r\n", 22));
	return NULL;
}

const char *raw_pty_case(void)
{
	struct termios mode, seen;
	int master, slave, packet = 1;

	WANT(!openpty(&master, &slave, NULL, NULL, NULL) && !tcgetattr(slave, &mode));
	cfmakeraw(&mode);
	mode.c_cc[VMIN] = 5, mode.c_cc[VTIME] = 0;
	WANT(!tcsetattr(slave, TCSANOW, &mode) && !ioctl(master, TIOCPKT, &packet));
	WANT(write(master, "\003\004ab", 4) == 4 && write(slave, "\n\t", 2) == 2);
	hold();
	WANT(!tcgetattr(slave, &seen) && seen.c_lflag == mode.c_lflag && seen.c_cc[VMIN] == 5);
	WANT(poll(&(struct pollfd){ slave, POLLIN, 0 }, 1, 0) == 0);
	WANT(write(master, "c", 1) == 1);
	WANT(read(slave, in, 100) == 5 && !memcmp(in, "\003\004abc", 5));
	WANT(read(master, in, 100) == 3 && !memcmp(in, "\0\n\t", 3));
	return NULL;
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	interrupted = sig;
}

/* A session on a terminal of its own, whose foreground group ^C reaches, and nobody else */
const char *session_case(void)
{
	int master, slave, status;
	pid_t pid;

	WANT(!openpty(&master, &slave, NULL, NULL, NULL));
	pid = fork();
	if (!pid) {
		pid_t front;

		signal(SIGINT, on_interrupt);
		signal(SIGTTOU, SIG_IGN);
		if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0))
			_exit(1);
		front = fork();
		if (!front) {
			setpgid(0, 0);
			tcsetpgrp(slave, getpid());
			while (!interrupted)
				sleep_ms(20);
			_exit(interrupted == SIGINT ? 7 : 1);
		}
		while (waitpid(front, &status, 0) != front)
			;
		_exit(interrupted ? 2 : WEXITSTATUS(status));
	}
	while (tcgetpgrp(slave) <= 0 && ioctl(master, TIOCGPGRP, &status))
		sleep_ms(10);
	for (int i = 0; i < 3000 && (ioctl(master, TIOCGPGRP, &status) || status == pid); i++)
		sleep_ms(10);
	hold();
	WANT(!waitpid(pid, &status, WNOHANG));
	WANT(write(master, "\003", 1) == 1);
	WANT(waitpid(pid, &status, 0) == pid && status == 7 << 8);
	return NULL;
}
