/* SPDX-License-Identifier: GPL-2.0-only */
/* confine.h - what the network processes take from themselves */
#ifndef ENGINE_NET_CONFINE_H
#define ENGINE_NET_CONFINE_H

#include "vitrine/error.h"

enum net_role { NET_STACK, NET_GATE, NET_PROXY };

/**
 * net_confine() - From here on nothing but what the role needs
 * @role:     NET_STACK: what is open, and what the gate sends. NET_GATE: sockets, too.
 *            NET_PROXY: as NET_STACK
 * @readable: a directory whose files may be read, or NULL
 * @files:    most open files; 0: as many as there can be
 */
int net_confine(enum net_role role, const char *readable, unsigned files, struct error *err);

#endif
