/* SPDX-License-Identifier: GPL-2.0-only */
/* channel.h - the socket to a thread of ours in another process, which executes commands */
#ifndef ENGINE_TIER_SECCOMP_HOST_CHANNEL_H
#define ENGINE_TIER_SECCOMP_HOST_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CHANNEL_FDS 2

/**
 * struct channel_message - what came through a channel; see stub/layout.h
 * @len:    what it says; zero or negative: nothing
 * @serial: of the sender's control page
 * @pid:    of the sender, where the host was asked to add it
 * @fds:    descriptors that came along, which the receiver owns, or -1
 */
struct channel_message {
	ssize_t len;
	uint64_t serial;
	pid_t pid;
	int fds[CHANNEL_FDS];
};

/**
 * channel_send() - Have commands executed that are in the control page
 * @count: of them, at least 1
 *
 * Return: 0, or -ESRCH when there is nobody at the other end.
 */
int channel_send(int socket, unsigned count);

/**
 * channel_receive() - Wait for a message
 * @over: nobody may be left to send one: take what is there
 * @flag: see vcpu_wait()
 *
 * Return: its @len; -EINTR: look around and try again; 0 and other values: there will be none.
 */
ssize_t channel_receive(int socket, bool over, volatile uint32_t *flag,
			struct channel_message *message);

/* Close what came along */
void channel_close(struct channel_message *message);

/**
 * channel_answer() - Wait for the end of what was ordered with channel_send()
 * @pipe: where a service thread answers
 * @left: filled with how many commands were not executed, the one that failed included
 *
 * Nobody looks around meanwhile: the other end's death ends it.
 *
 * Return: 0, the errno value of the command that failed, negative, or -ESRCH: with nothing left, it
 * is dead.
 */
int channel_answer(int pipe, unsigned *left);

#endif
