/* SPDX-License-Identifier: GPL-2.0-only */
/* session.h - a command in a sandbox whose streams are ours */
#ifndef CLI_COMMON_SESSION_H
#define CLI_COMMON_SESSION_H

#include <stdbool.h>
#include "client.h"

/**
 * struct session - a command that is being started, or runs
 * @signals:  descriptor that signals are read from
 * @tell:     descriptor that the command's process id is written to, or -1
 * @runs:     the sandbox has said so
 * @unheard:  signals that it has not said it passed on
 */
struct session {
	struct client *client;
	int signals, tell;
	bool runs;
	unsigned unheard;
};

/**
 * session_signals() - Block the signals that are the command's
 *
 * Return: a descriptor to read them from, which the caller closes, or -1.
 */
int session_signals(struct error *err);

/**
 * session_await() - Until the sandbox says something, or a signal ends us
 *
 * Return: 0 or -1.
 */
int session_await(struct session *session, struct error *err);

/**
 * session_attend() - Until the command has ended
 *
 * Return: its exit status, or -1.
 */
int session_attend(struct session *session, struct error *err);

#endif
