/* SPDX-License-Identifier: GPL-2.0-only */
/* net.h - virtio network card */
#ifndef ENGINE_VIRTIO_NET_H
#define ENGINE_VIRTIO_NET_H

#include "vitrine/error.h"

/**
 * net_add() - Add the network card, when the sandbox has a network
 * @err: set only on failure
 *
 * Its other end is the network process that net_start() has started.
 */
int net_add(struct error *err);

/**
 * net_freeze() - Nothing of the network comes to the guest until net_thaw()
 *
 * What has come before is in its memory, what comes meanwhile waits in the cable.
 */
void net_freeze(void);
void net_thaw(void);

#endif
