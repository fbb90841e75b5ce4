// SPDX-License-Identifier: GPL-2.0-only
/* limit.c - what one client may have of the relay
 *
 * Theory of operation
 * Limits are those of an address, because whoever has one opens as many WebSockets as it likes. Of
 * IPv6 that is a /64, of which everybody has all. A rate is a bucket that holds what comes in a
 * second.
 *
 * Host system calls: none.
 */
#include <stdlib.h>

#include "internal.h"

#define NETWORK_BYTES 8 /* of an IPv6 address, that belong to one client */
#define BURST_MS 1000

static struct address network_of(const struct address *address)
{
	struct address network = *address;

	if (!address_is_v4(address))
		memset(network.byte + NETWORK_BYTES, 0, sizeof(network.byte) - NETWORK_BYTES);
	return network;
}

struct peer *peer_get(struct relay *relay, const struct address *address)
{
	const struct address network = network_of(address);
	struct peer *peer = relay->peers;

	while (peer && !address_equal(&peer->address, &network))
		peer = peer->next;
	if (!peer) {
		const uint64_t rate = relay->options->rate, opens = relay->options->opens;

		peer = calloc(1, sizeof(*peer));
		if (!peer)
			return NULL;
		peer->address = network;
		peer->opens = (struct rate){ opens, (int64_t)opens, relay->now };
		peer->up = peer->down = (struct rate){ rate, (int64_t)rate, relay->now };
		peer->next = relay->peers;
		relay->peers = peer;
	}
	if (peer->clients >= relay->options->per_address)
		return NULL;
	peer->clients++;
	return peer;
}

void peer_put(struct relay *relay, struct peer *peer)
{
	struct peer **at = &relay->peers;

	if (--peer->clients)
		return;
	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	free(peer);
}

bool rate_has(struct relay *relay, struct rate *rate)
{
	const int64_t most = (int64_t)(rate->each * BURST_MS / 1000);
	const uint64_t passed = relay->now - rate->at, more = passed * rate->each / 1000;

	if (!rate->each)
		return true;
	if (more) {
		rate->left += (int64_t)more;
		rate->at = relay->now;
		if (rate->left > most)
			rate->left = most;
	}
	if (rate->left > 0)
		return true;
	relay->throttled = true;
	return false;
}

void rate_take(struct rate *rate, uint64_t amount)
{
	if (rate->each)
		rate->left -= (int64_t)amount;
}
