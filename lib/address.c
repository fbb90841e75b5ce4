// SPDX-License-Identifier: GPL-2.0-only
/* address.c - internet addresses of both families in one form, and what kind each of them is
 *
 * Theory of operation
 * The kinds are those of the IANA special-purpose registries (RFC 6890 and its successors), as a
 * table that is searched from the first line to the last. An address that carries an IPv4 address
 * inside (NAT64, 6to4, Teredo, the compatible form) could lead where that one leads, so it is a
 * kind of its own, which nobody wants by accident.
 */
#include "lib/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "vitrine/util.h"

static const char *const kind_name[] = {
	[ADDRESS_PUBLIC] = "public",	   [ADDRESS_LOOPBACK] = "loopback",
	[ADDRESS_PRIVATE] = "private",	   [ADDRESS_LINK] = "link-local",
	[ADDRESS_METADATA] = "metadata",   [ADDRESS_SHARED] = "shared",
	[ADDRESS_MULTICAST] = "multicast", [ADDRESS_EMBEDDED] = "embedded",
	[ADDRESS_RESERVED] = "reserved",
};
static_assert(ARRAY_SIZE(kind_name) == ADDRESS_NKINDS, "kind_name[]");

/* clang-format off */
static const struct {
	const char *network;
	unsigned bits;
	enum address_kind kind;
} ranges[] = {
	/* Amazon's, Google's and others'; Amazon's IPv6; Alibaba's; Oracle's; Azure's wire server */
	{ "169.254.169.254", 32, ADDRESS_METADATA },
	{ "169.254.170.2", 32, ADDRESS_METADATA },
	{ "fd00:ec2::254", 128, ADDRESS_METADATA },
	{ "100.100.100.200", 32, ADDRESS_METADATA },
	{ "192.0.0.192", 32, ADDRESS_METADATA },
	{ "168.63.129.16", 32, ADDRESS_METADATA },
	{ "0.0.0.0", 8, ADDRESS_RESERVED },
	{ "10.0.0.0", 8, ADDRESS_PRIVATE },
	{ "100.64.0.0", 10, ADDRESS_SHARED },
	{ "127.0.0.0", 8, ADDRESS_LOOPBACK },
	{ "169.254.0.0", 16, ADDRESS_LINK },
	{ "172.16.0.0", 12, ADDRESS_PRIVATE },
	{ "192.0.0.0", 24, ADDRESS_RESERVED },
	{ "192.0.2.0", 24, ADDRESS_RESERVED },
	{ "192.88.99.0", 24, ADDRESS_EMBEDDED },
	{ "192.168.0.0", 16, ADDRESS_PRIVATE },
	{ "198.18.0.0", 15, ADDRESS_RESERVED },
	{ "198.51.100.0", 24, ADDRESS_RESERVED },
	{ "203.0.113.0", 24, ADDRESS_RESERVED },
	{ "224.0.0.0", 4, ADDRESS_MULTICAST },
	{ "255.255.255.255", 32, ADDRESS_MULTICAST },
	{ "240.0.0.0", 4, ADDRESS_RESERVED },
	{ "::1", 128, ADDRESS_LOOPBACK },
	{ "::", 128, ADDRESS_RESERVED },
	{ "::", 96, ADDRESS_EMBEDDED },
	{ "::ffff:0:0:0", 96, ADDRESS_EMBEDDED },
	{ "64:ff9b::", 96, ADDRESS_EMBEDDED },
	{ "64:ff9b:1::", 48, ADDRESS_EMBEDDED },
	{ "2002::", 16, ADDRESS_EMBEDDED },
	{ "2001::", 32, ADDRESS_EMBEDDED },
	{ "2001::", 23, ADDRESS_RESERVED },
	{ "2001:db8::", 32, ADDRESS_RESERVED },
	{ "3fff::", 20, ADDRESS_RESERVED },
	{ "fc00::", 7, ADDRESS_PRIVATE },
	{ "fec0::", 10, ADDRESS_PRIVATE },
	{ "fe80::", 10, ADDRESS_LINK },
	{ "ff00::", 8, ADDRESS_MULTICAST },
	/* What has been given out so far; the rest of IPv6 is nobody's */
	{ "2000::", 3, ADDRESS_PUBLIC },
	{ "::", 0, ADDRESS_RESERVED },
};
/* clang-format on */

/* The same in numbers, made once */
static struct address networks[ARRAY_SIZE(ranges)];
static bool networks_known;

static void learn_networks(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		bool known = address_parse(ranges[i].network, &networks[i]);

		assert(known);
		(void)known;
	}
	networks_known = true;
}

const char *address_kind_name(enum address_kind kind)
{
	return kind_name[kind];
}

enum address_kind address_kind(const struct address *address)
{
	const bool v4 = address_is_v4(address);

	if (!networks_known)
		learn_networks();
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (v4 == address_is_v4(&networks[i]) &&
		    address_within(address, &networks[i], ranges[i].bits))
			return ranges[i].kind;
	}
	return ADDRESS_PUBLIC;
}

struct address address_from_v4(const void *bytes)
{
	struct address address = { { [10] = 0xff, [11] = 0xff } };

	memcpy(address.byte + 12, bytes, 4);
	return address;
}

bool address_from_v6(const void *bytes, struct address *address)
{
	memcpy(address->byte, bytes, sizeof(address->byte));
	return !address_is_v4(address);
}

bool address_parse(const char *text, struct address *address)
{
	char bare[ADDRESS_TEXT_MAX];
	const size_t len = strlen(text);
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*address = address_from_v4(bytes);
		return true;
	}
	if (len > 2 && len < sizeof(bare) && text[0] == '[' && text[len - 1] == ']') {
		memcpy(bare, text + 1, len - 2);
		bare[len - 2] = '\0';
		text = bare;
	}
	return inet_pton(AF_INET6, text, bytes) == 1 && address_from_v6(bytes, address);
}

const char *address_format(const struct address *address, char *text)
{
	const bool v4 = address_is_v4(address);

	if (!inet_ntop(v4 ? AF_INET : AF_INET6, address->byte + (v4 ? 12 : 0), text,
		       ADDRESS_TEXT_MAX))
		text[0] = '\0';
	return text;
}

bool address_within(const struct address *address, const struct address *network, unsigned bits)
{
	if (address_is_v4(network))
		bits += 96;
	else if (address_is_v4(address))
		return false; /* whatever ::/0 says: it speaks of the other family */
	for (unsigned i = 0; i < bits; i += 8) {
		uint8_t mask = bits - i >= 8 ? 0xff : (uint8_t)(0xff00 >> (bits - i));

		if ((address->byte[i / 8] ^ network->byte[i / 8]) & mask)
			return false;
	}
	return true;
}

socklen_t address_socket(const struct address *address, uint16_t port,
			 struct sockaddr_storage *name)
{
	memset(name, 0, sizeof(*name));
	if (address_is_v4(address)) {
		struct sockaddr_in *in = (struct sockaddr_in *)name;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->byte + 12, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)name;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, address->byte, 16);
	return sizeof(*in6);
}

bool address_from_socket(const struct sockaddr_storage *name, struct address *address,
			 uint16_t *port)
{
	if (name->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)name;

		*address = address_from_v4(&in->sin_addr);
		*port = ntohs(in->sin_port);
		return true;
	}
	if (name->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)name;

		memcpy(address->byte, &in6->sin6_addr, 16);
		*port = ntohs(in6->sin6_port);
		return true;
	}
	return false;
}
