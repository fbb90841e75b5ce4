/* SPDX-License-Identifier: GPL-2.0-only */
/* listen.h - where the relay is reached */
#ifndef RELAY_LISTEN_H
#define RELAY_LISTEN_H

#include <sys/socket.h>

#include "relay.h"

/**
 * relay_listen() - A socket for clients
 * @address: set to where it listens
 *
 * Return: descriptor, or -1 with @err filled.
 */
int relay_listen(const struct relay_options *options, struct sockaddr_storage *address,
		 struct error *err);

/* Print it as a WebSocket's address */
void relay_print(const struct sockaddr_storage *address);

#endif
