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
 * A worker without work is parked: it makes a system call that its seccomp filter turns into a
 * notification, which the supervisor answers when there is work. The host then runs the worker on
 * the CPU of who answered, and who waits for the next notification on the CPU of the worker: a
 * request is two switches of context, as a guest's system call is (engine/tier/seccomp), where any
 * other way to wake a process would go to another CPU, which takes ten times as long, or to the
 * end of a queue.
 *
 * @parked counts who may be woken. A worker adds itself before it looks at @posted for the last
 * time; the supervisor looks at @parked after it has posted, and takes one for each that it wakes.
 * So no request is overlooked, and each that was taken is a notification that is there or comes.
 *
 * What nobody waits for, because it is closed or forgotten, is posted in @deferred and wakes
 * nobody: a worker does it when it has nothing else to do.
 *
 * A vCPU that has nothing to do but to wait says so (@watching) before it looks at @done for the
 * last time. A worker that has answered then parks at once, which is how the vCPU hears of it. When
 * no vCPU waits nobody is told: one that goes idle looks, and so does a thread, now and then.
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
	_Alignas(64) _Atomic uint64_t deferred[CHANNEL_WORDS]; /* posted, and nobody waits for it */
	_Alignas(64) _Atomic uint64_t done[CHANNEL_WORDS];
	_Alignas(64) _Atomic uint32_t parked;
	_Alignas(64) _Atomic uint32_t watching;
	/* whose files the user's own are in the guest; set before the first folder is mounted */
	_Atomic uint32_t uid, gid;
	struct channel_slot slots[CHANNEL_SLOTS];
};

/* Take one of those that are parked. Return: whether there was one */
static inline int channel_take(struct channel *channel)
{
	uint32_t parked = atomic_load(&channel->parked);

	while (parked && !atomic_compare_exchange_weak(&channel->parked, &parked, parked - 1))
		;
	return parked != 0;
}

#endif
