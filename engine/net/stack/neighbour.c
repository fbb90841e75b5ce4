// SPDX-License-Identifier: GPL-2.0-only
/* neighbour.c - who has this address? ARP, and neighbour discovery of IPv6 (RFC 826, RFC 4861)
 *
 * Theory of operation
 * There are two machines besides the guest on its network, the gateway and the resolver, and the
 * stack answers for both. It does not answer for the guest's own addresses, so that the guest can
 * check that nobody else has them. A guest that asks for a router is told of the gateway.
 *
 * Host system calls: none.
 */
#include "stack.h"

#include <net/ethernet.h>

#include "vitrine/util.h"

#define ARP_LEN 28
#define SOLICIT_ROUTER 133
#define ADVERTISE_ROUTER 134
#define SOLICIT 135
#define ADVERTISE 136
#define SOLICIT_LEN 24
#define LIFETIME 65535

static const uint8_t mac[6] = NET_MAC_GATEWAY;

/* Are we that? */
static bool ours(const struct address *address)
{
	static const char *const names[] = { NET_GATEWAY4, NET_RESOLVER4, NET_GATEWAY6,
					     NET_RESOLVER6, "fe80::2" };
	struct address known;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (address_parse(names[i], &known) && address_equal(address, &known))
			return true;
	}
	return false;
}

void arp_input(struct stack *stack, const uint8_t *frame, size_t len)
{
	static const uint8_t ethernet_and_ip[6] = { 0, 1, 8, 0, 6, 4 };
	uint8_t ask[ARP_LEN], answer[ARP_LEN];
	struct address target;

	if (len < 14 + ARP_LEN)
		return;
	memcpy(ask, frame + 14, sizeof(ask));
	if (memcmp(ask, ethernet_and_ip, sizeof(ethernet_and_ip)) || get16(ask + 6) != 1)
		return;
	target = address_from_v4(ask + 24);
	if (!ours(&target))
		return;
	memcpy(answer, ask, 6);
	put16(answer + 6, 2);
	memcpy(answer + 8, mac, 6);
	memcpy(answer + 14, ask + 24, 4);
	memcpy(answer + 18, ask + 8, 10);
	packet_raw(stack, ask + 8, ETHERTYPE_ARP, answer, sizeof(answer));
}

static void advertise(struct stack *stack, const struct packet *p)
{
	struct address target;
	struct outgoing out;

	if (p->l4_head < SOLICIT_LEN || !address_from_v6(p->l4 + 8, &target) || !ours(&target) ||
	    !packet_begin(stack, &out, p->mac, &target, &p->source, IPPROTO_ICMPV6,
			  SOLICIT_LEN + 8))
		return;
	memset(out.l4, 0, SOLICIT_LEN);
	out.l4[0] = ADVERTISE;
	out.l4[4] = 0xe0; /* a router, that was asked, and knows better */
	memcpy(out.l4 + 8, target.byte, 16);
	out.l4[SOLICIT_LEN] = 2; /* the link-layer address is */
	out.l4[SOLICIT_LEN + 1] = 1;
	memcpy(out.l4 + SOLICIT_LEN + 2, mac, 6);
	packet_end_summed(stack, &out, 2);
}

static void advertise_router(struct stack *stack, const struct packet *p)
{
	enum { HEAD = 16, LINK = 8, PREFIX = 32, DNS = 24 };
	struct address gateway, resolver;
	struct outgoing out;
	uint8_t *at;

	if (!address_parse("fe80::2", &gateway) || !address_parse(NET_RESOLVER6, &resolver) ||
	    !packet_begin(stack, &out, p->mac, &gateway, &p->source, IPPROTO_ICMPV6,
			  HEAD + LINK + PREFIX + DNS))
		return;
	memset(out.l4, 0, out.l4_len);
	out.l4[0] = ADVERTISE_ROUTER;
	out.l4[4] = 64;
	put16(out.l4 + 6, 9000);
	at = out.l4 + HEAD;
	at[0] = 1;
	at[1] = LINK / 8;
	memcpy(at + 2, mac, 6);
	at += LINK;
	at[0] = 3;
	at[1] = PREFIX / 8;
	at[2] = NET_BITS6;
	at[3] = 0x80; /* is on this link; the guest has its address */
	put32(at + 4, LIFETIME);
	put32(at + 8, LIFETIME);
	memcpy(at + 16, stack_guest6.byte, NET_BITS6 / 8);
	at += PREFIX;
	at[0] = 25;
	at[1] = DNS / 8;
	put32(at + 4, LIFETIME);
	memcpy(at + 8, resolver.byte, 16);
	packet_end_summed(stack, &out, 2);
}

bool neighbour_input(struct stack *stack, const struct packet *p)
{
	if (!p->v6 || !p->l4_head || p->l4[0] < SOLICIT_ROUTER || p->l4[0] > ADVERTISE)
		return false;
	if (p->l4[0] == SOLICIT)
		advertise(stack, p);
	else if (p->l4[0] == SOLICIT_ROUTER)
		advertise_router(stack, p);
	return true;
}
