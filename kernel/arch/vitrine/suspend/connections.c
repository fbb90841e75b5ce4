// SPDX-License-Identifier: GPL-2.0-only
/* connections.c - what goes on elsewhere has no connections to the outside
 *
 * Theory of operation
 * Whoever was at the other end of a connection spoke to the network process of a supervisor that
 * there is no more. A program that sends hears of that at once; one that only waits would wait for
 * ever. So all TCP connections by way of a device that is the sandbox's card end with ECONNRESET.
 * Loopback and what containers have among themselves go on: their devices have no parent.
 */
#include <linux/netdevice.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>
#include "suspend.h"

#define RESETS_MAX 1000000 /* should one come back again and again */

static bool goes_out(struct sock *sk)
{
	struct dst_entry *dst;
	bool out;

	rcu_read_lock();
	dst = rcu_dereference(sk->sk_dst_cache) ?: rcu_dereference(sk->sk_rx_dst);
	out = dst && dst->dev && dst->dev->dev.parent;
	rcu_read_unlock();
	return out;
}

/* Return: one that is to end, with a reference, or NULL */
static struct sock *take_one(struct inet_hashinfo *table, unsigned int slot)
{
	spinlock_t *lock = inet_ehash_lockp(table, slot);
	struct hlist_nulls_node *node;
	struct sock *sk, *found = NULL;

	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &table->ehash[slot].chain)
	{
		if (!sk_fullsock(sk) || sk->sk_state == TCP_CLOSE || !goes_out(sk) ||
		    !refcount_inc_not_zero(&sk->sk_refcnt))
			continue;
		found = sk;
		break;
	}
	spin_unlock_bh(lock);
	return found;
}

/**
 * vitrine_reset_connections() - End all that speak with the outside
 *
 * Context: may sleep.
 */
void vitrine_reset_connections(void)
{
	struct inet_hashinfo *table = &tcp_hashinfo;
	unsigned int resets = 0;
	struct sock *sk;

	for (unsigned int slot = 0; slot <= table->ehash_mask; slot++) {
		if (hlist_nulls_empty(&table->ehash[slot].chain))
			continue;
		while (resets++ < RESETS_MAX && (sk = take_one(table, slot))) {
			tcp_abort(sk, ECONNRESET);
			sock_gen_put(sk);
		}
	}
}
