/* SPDX-License-Identifier: GPL-2.0-only */
/* server.h - the file server as a process; private to engine/share */
#ifndef ENGINE_SHARE_SERVER_H
#define ENGINE_SHARE_SERVER_H

#include "channel.h"

/**
 * struct server_ends - what the server has of its supervisor
 * @channel: requests
 * @alive:   end of a socket: a zero byte and a descriptor, which hears of workers that are parked,
 *           when it is ready, or why it is not; closed when it ends
 */
struct server_ends {
	struct channel *channel;
	int alive;
};

/**
 * share_server_run() - Be the file server
 *
 * In a process of its own, whose open files are @ends and those of "folders".
 */
void share_server_run(const struct server_ends *ends) __attribute__((noreturn));

#endif
