/* SPDX-License-Identifier: GPL-2.0-only */
/* dial.h - a connection to a server that listens in a sandbox */
#ifndef SERVICE_PROXY_DIAL_H
#define SERVICE_PROXY_DIAL_H

#include "cli/common/client.h"
#include "service/fault.h"

struct service;

/**
 * struct dial - a connection
 * @fd:     what is sent and comes back
 * @client: to the sandbox, whose end is the connection's
 */
struct dial {
	int fd;
	struct client *client;
};

/**
 * dial_open() - Connect to a port of the sandbox's own loopback address
 *
 * Return: 0, or -1 with @fault: FAULT_NOT_FOUND when nothing listens there. dial_close() in any
 * case.
 */
int dial_open(struct service *service, const char *id, unsigned port, struct dial *dial,
	      struct fault *fault);

void dial_close(struct dial *dial);
#define cleanup_dial __attribute__((cleanup(dial_close)))

#endif
