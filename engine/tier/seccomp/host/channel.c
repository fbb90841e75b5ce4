/* SPDX-License-Identifier: GPL-2.0-only */
/* channel.c - the socket to a thread of ours in another process, which executes commands
 *
 * Theory of operation
 * The zygote and the first thread of each stub process wait in a socket for commands, which they
 * read from their control pages. They have no memory of their own to write to, so what they say
 * they say by the length of a message (stub/layout.h). A process's end closes its socket, so that
 * no wait outlasts it. They run no guest code, so what they say is believed.
 *
 * Host system calls: write, recvmsg, close.
 */
#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/tier/seccomp/stub/layout.h"
#include "engine/vcpu/vcpu.h"

#define LENGTH_MAX 0x4000

int channel_send(int socket, unsigned count)
{
	static const char length[LENGTH_MAX];
	ssize_t sent;

	do {
		sent = write(socket, length, count);
	} while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)count ? 0 : -ESRCH;
}

static void read_rights(struct msghdr *msg, struct channel_message *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct ucred sender;

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS) {
			memcpy(message->fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
		} else if (c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&sender, CMSG_DATA(c), sizeof(sender));
			message->pid = sender.pid;
		}
	}
}

ssize_t channel_receive(int socket, bool over, volatile uint32_t *flag,
			struct channel_message *message)
{
	const long flags = MSG_TRUNC | MSG_CMSG_CLOEXEC | (over ? MSG_DONTWAIT : 0);
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(message->fds)) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { &message->serial, sizeof(message->serial) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	*message = (struct channel_message){ .fds = { -1, -1 } };
	message->len = vcpu_wait_in(SYS_recvmsg, socket, (unsigned long)&msg, (void *)flags, flag);
	if (message->len > 0)
		read_rights(&msg, message);
	return message->len;
}

void channel_close(struct channel_message *message)
{
	for (unsigned i = 0; i < CHANNEL_FDS; i++) {
		if (message->fds[i] >= 0)
			close(message->fds[i]);
		message->fds[i] = -1;
	}
}

/* The next byte, or -1 when there will be none */
static int receive_byte(int pipe)
{
	unsigned char byte;
	ssize_t got;

	do {
		got = read(pipe, &byte, 1);
	} while (got < 0 && errno == EINTR);
	return got == 1 ? byte : -1;
}

int channel_answer(int pipe, unsigned *left)
{
	int err = receive_byte(pipe), count = 0;

	*left = 0;
	if (err > 0)
		count = receive_byte(pipe);
	if (err < 0 || count < 0)
		return -ESRCH;
	*left = count;
	return -err;
}
