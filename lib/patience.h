/* SPDX-License-Identifier: GPL-2.0-only */
/* patience.h - how long a command waits for a sandbox that may stand still
 *
 * A supervisor answers by itself when its guest's kernel does not, after REQUEST_PATIENCE. One that
 * is stopped, frozen or stuck answers nothing, ever. Every wait of a command for an answer has its
 * end here; what is longer by its nature (a pause writes gigabytes) goes on for as long as the
 * supervisor is seen to work.
 */
#ifndef LIB_PATIENCE_H
#define LIB_PATIENCE_H

#include <stdbool.h>
#include <sys/types.h>

#define PATIENCE 45 /* seconds; more than REQUEST_PATIENCE */

/**
 * patience_seconds() - Seconds for an answer: PATIENCE, or what the user has set
 *
 * The variable VITRINE_PATIENCE has them, a number of seconds; any other text is as none.
 */
unsigned patience_seconds(void);

/**
 * patience_at_most() - Seconds for something that should not take so long
 * @seconds: usually; less when the user wants all waits to be shorter than that
 */
unsigned patience_at_most(unsigned seconds);

/**
 * patience_limit() - What is sent to and read from a socket fails with EAGAIN after so long
 * @seconds: 0 for never
 */
void patience_limit(int fd, unsigned seconds);

/**
 * patience_await() - Wait for a message of a process that has much to do
 * @fd:  socket
 * @pid: who serves it
 *
 * Return: whether there is something to read. There is not when the process has neither had a CPU
 * nor waited for a disk for patience_seconds().
 */
bool patience_await(int fd, pid_t pid);

#endif
