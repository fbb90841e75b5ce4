/* SPDX-License-Identifier: GPL-2.0-only */
/* channel.h - the memory in which supervisor and file server meet
 *
 * Theory of operation
 * A request of the guest is a slot, which says where in physical memory its buffers lie. Whoever
 * posts it sets its bit in @posted; a worker of the server clears the bit, and the slot is its own
 * until it sets the one in @done. So there is no ring, and no lock that one process could hold when
 * it dies.
 *
 * Neither side believes the other. The server copies a slot before it looks at it, and checks every
 * buffer; the supervisor knows by itself which slots are under way, and checks what was written.
 *
 * Waking a process on another CPU costs tens of microseconds, more than most requests take. So both
 * sides look for a while before they sleep, and say so: @polling, a worker looks for requests and
 * needs no waking; @watching, a vCPU looks for answers. Each is written before its writer looks at
 * the bits again, and read by the other side after it has set one, so that no bit is overlooked.
 */
#ifndef ENGINE_SHARE_CHANNEL_H
#define ENGINE_SHARE_CHANNEL_H

#include <stdatomic.h>
#include <stdint.h>

#define CHANNEL_QUEUES 2 /* forgetting, and everything else */
#define CHANNEL_QUEUE_SIZE 256
#define CHANNEL_SLOTS (CHANNEL_QUEUES * CHANNEL_QUEUE_SIZE)
#define CHANNEL_WORDS (CHANNEL_SLOTS / 64)
#define CHANNEL_BUFFERS 128
#define CHANNEL_OPERATIONS                                                                         \
	64 /* one more than the highest number of a FUSE request that is told                      \
	    */

struct channel_buffer {
	uint64_t address; /* in physical memory */
	uint32_t len, pad;
};

/**
 * struct channel_slot - one request of the guest
 * @nout, @nin: buffers that it has filled, and behind them those that it wants filled
 * @operation:  set by the server: the request's number
 * @written:    set by the server: bytes of the answer
 */
struct channel_slot {
	uint32_t nout, nin;
	uint32_t operation, written;
	struct channel_buffer buffers[CHANNEL_BUFFERS];
};

struct channel {
	_Alignas(64) _Atomic uint64_t posted[CHANNEL_WORDS];
	_Alignas(64) _Atomic uint64_t done[CHANNEL_WORDS];
	_Alignas(64) _Atomic uint32_t polling, sleeping, rung; /* rung: what sleepers wait on */
	_Alignas(64) _Atomic uint32_t watching;
	/* whose files the user's own are in the guest; set before the first folder is mounted */
	_Atomic uint32_t uid, gid;
	struct channel_slot slots[CHANNEL_SLOTS];
};

#endif
