/* SPDX-License-Identifier: GPL-2.0-only */
/* listen.h - the daemon's socket */
#ifndef SERVICE_LISTEN_H
#define SERVICE_LISTEN_H

#include "vitrine/error.h"

/** listen_at() - Listen at a numeric address. Return: a descriptor that the caller closes, or -1 */
int listen_at(const char *address, unsigned port, struct error *err);

/** listen_port_of() - The port of a socket */
unsigned listen_port_of(int fd);

#endif
