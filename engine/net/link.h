/* SPDX-License-Identifier: GPL-2.0-only */
/* link.h - the cable between the guest's network card and the network process
 *
 * One memory file with a ring of frames for each direction. The supervisor holds one end, the
 * network process the other; each believes nothing that the other writes.
 */
#ifndef ENGINE_NET_LINK_H
#define ENGINE_NET_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_net.h>

#include "vitrine/error.h"

#define LINK_MTU 65535			  /* a whole IPv4 packet: nobody needs fragments */
#define LINK_FRAME_MAX (LINK_MTU + 64)	  /* with Ethernet, a VLAN tag, and to spare */
#define LINK_RING_SIZE (2U * 1024 * 1024) /* a power of two */

/* As virtio has it, and as long as it is with VIRTIO_F_VERSION_1 */
typedef struct virtio_net_hdr_v1 link_header;

struct link_ring;

/**
 * struct link_end - one end of one direction
 * @ring:   shared
 * @own:    where this end is: what it has written, or read
 * @peer:   where the other end was when it was looked at last
 * @wake:   eventfd that wakes the other end
 * @broken: the other end has written what cannot be
 */
struct link_end {
	struct link_ring *ring;
	uint32_t own, peer;
	int wake;
	bool broken;
};

/**
 * struct link - the memory and what wakes each side
 * @memory:     descriptor
 * @supervisor: eventfd on which the supervisor's thread sleeps
 * @network:    eventfd on which the network process sleeps
 * @rings:      [0] from the guest, [1] to the guest
 */
struct link {
	int memory, supervisor, network;
	struct link_ring *rings[2];
};

/**
 * link_create() - Make a cable; both ends are in this process until it forks
 */
int link_create(struct link *link, struct error *err);

/**
 * link_close() - Forget it: descriptors and mapping
 */
void link_close(struct link *link);

/**
 * link_rings() - Two rings in memory that is all zeros, of link_rings_size() bytes
 */
void link_rings(void *at, struct link_ring *rings[2]);
size_t link_rings_size(void);

/**
 * link_end_init() - One end of one direction
 * @wake: eventfd of the other side; -1: nobody sleeps
 */
void link_end_init(struct link_end *end, struct link_ring *ring, int wake);

/**
 * link_reserve() - Room for a frame, to be written in place
 * @size: of the frame, at most LINK_FRAME_MAX
 * @header: filled with where the frame's header goes
 *
 * Return: where the frame goes, or NULL when there is no room; the other end then wakes this one
 * when there is.
 */
void *link_reserve(struct link_end *end, size_t size, link_header **header);

/**
 * link_commit() - The frame that was reserved last is whole
 * @size: of the frame, at most what was reserved
 *
 * It is the other end's to see after link_publish().
 */
void link_commit(struct link_end *end, size_t size);

/**
 * link_publish() - Let the other end see what was committed, and wake it when it sleeps
 */
void link_publish(struct link_end *end);

/**
 * link_peek() - The next frame
 * @size: filled with its length
 * @header: filled with a copy of its header
 *
 * Return: the frame, whose bytes the other end can change at any time, or NULL.
 */
const void *link_peek(struct link_end *end, size_t *size, link_header *header);

/**
 * link_take() - The frame of link_peek() is not needed any more
 */
void link_take(struct link_end *end);

/**
 * link_taken() - Tell the other end what was taken, if it waits for room
 */
void link_taken(struct link_end *end);

/**
 * link_sleeps() - This end is about to sleep (or no longer)
 *
 * Return: false when there is something to take after all.
 */
bool link_sleeps(struct link_end *end, bool yes);

#endif
