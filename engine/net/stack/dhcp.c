// SPDX-License-Identifier: GPL-2.0-only
/* dhcp.c - an address for who asks for one (RFC 2131)
 *
 * Theory of operation
 * The guest's kernel is told its address on its command line. This is for systems inside that
 * configure the card again, as they would on a computer: everybody who asks gets that address.
 *
 * Host system calls: none.
 */
#include "stack.h"

#include <net/ethernet.h>

#include "vitrine/util.h"

#define HEADERS (14 + 20 + 8)
#define FIXED 236 /* of a message, before the options */
#define MESSAGE_MAX 576
#define COOKIE 0x63825363
#define LEASE 86400

#define SUBNET 1
#define ROUTER 3
#define DNS 6
#define MTU 26
#define REQUESTED 50
#define LEASE_TIME 51
#define KIND 53
#define SERVER 54
#define END 255

enum kind { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

/* The value of an option, of @len bytes at least, or NULL */
static const uint8_t *option(const uint8_t *at, const uint8_t *end, uint8_t code, size_t len)
{
	while (at < end && *at != END) {
		if (!*at) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] > end - at - 2)
			return NULL;
		if (*at == code)
			return at[1] >= len ? at + 2 : NULL;
		at += 2 + at[1];
	}
	return NULL;
}

static uint8_t *add(uint8_t *at, uint8_t code, const void *value, uint8_t len)
{
	at[0] = code;
	at[1] = len;
	memcpy(at + 2, value, len);
	return at + 2 + len;
}

static uint8_t *add_address(uint8_t *at, uint8_t code, const struct address *address)
{
	return add(at, code, address->byte + 12, 4);
}

static void reply(struct stack *stack, const uint8_t *ask, const uint8_t mac[6], uint8_t kind)
{
	static const uint8_t mask[4] = { 255, 255, 255, 0 }, lease[4] = { 0, 1, 0x51, 0x80 };
	static const uint8_t mtu[2] = { LINK_MTU >> 8, LINK_MTU & 0xff };
	const struct address everybody = address_from_v4("\xff\xff\xff\xff");
	const size_t len = 8 + FIXED + 4 + 64;
	struct address gateway, resolver;
	struct outgoing out;
	uint8_t *at;

	static_assert(LEASE == 0x15180, "lease[]");
	if (!address_parse(NET_GATEWAY4, &gateway) || !address_parse(NET_RESOLVER4, &resolver) ||
	    !packet_begin(stack, &out, mac, &gateway, &everybody, IPPROTO_UDP, len))
		return;
	memset(out.l4, 0, len);
	put16(out.l4, 67);
	put16(out.l4 + 2, 68);
	put16(out.l4 + 4, (uint32_t)len);
	at = out.l4 + 8;
	memcpy(at, ask, FIXED);
	at[0] = 2;
	memset(at + 8, 0, 20);
	if (kind != NAK)
		memcpy(at + 16, stack_guest4.byte + 12, 4);
	memcpy(at + 20, gateway.byte + 12, 4);
	memset(at + 44, 0, FIXED - 44);
	at += FIXED;
	put32(at, COOKIE);
	at = add(at + 4, KIND, &kind, 1);
	at = add_address(at, SERVER, &gateway);
	if (kind != NAK) {
		at = add(at, LEASE_TIME, lease, 4);
		at = add(at, SUBNET, mask, 4);
		at = add_address(at, ROUTER, &gateway);
		at = add_address(at, DNS, &resolver);
		at = add(at, MTU, mtu, 2);
	}
	*at = END;
	packet_end(stack, &out, 6, 0);
}

bool dhcp_input(struct stack *stack, const uint8_t *frame, size_t len)
{
	uint8_t ask[HEADERS + MESSAGE_MAX];
	const uint8_t *kind, *wanted, *options, *end;

	if (len < HEADERS + FIXED + 4 || len > sizeof(ask))
		return false;
	memcpy(ask, frame, len);
	if (get16(ask + 12) != ETHERTYPE_IP || ask[14] != 0x45 || ask[23] != IPPROTO_UDP ||
	    get16(ask + 20) & 0x3fff || get16(ask + 36) != 67 || ask[HEADERS] != 1 ||
	    get32(ask + HEADERS + FIXED) != COOKIE)
		return false;
	options = ask + HEADERS + FIXED + 4;
	end = ask + len;
	kind = option(options, end, KIND, 1);
	wanted = option(options, end, REQUESTED, 4);
	if (kind && *kind == DISCOVER)
		reply(stack, ask + HEADERS, ask + 6, OFFER);
	else if (kind && *kind == REQUEST)
		reply(stack, ask + HEADERS, ask + 6,
		      wanted && memcmp(wanted, stack_guest4.byte + 12, 4) ? NAK : ACK);
	else if (kind && *kind == INFORM)
		reply(stack, ask + HEADERS, ask + 6, ACK);
	return true;
}
