/* SPDX-License-Identifier: GPL-2.0-only */
/* address.h - internet addresses of both families in one form, and what kind each of them is
 *
 * An IPv4 address is held as its v4-mapped form (::ffff:a.b.c.d). A mapped address that comes in an
 * IPv6 packet is somebody's trick and must be refused where packets are read: see
 * address_from_v6().
 */
#ifndef LIB_ADDRESS_H
#define LIB_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_MAX 48

struct address {
	uint8_t byte[16];
};

/* What kind of place an address names. PUBLIC is what none of the others is */
enum address_kind {
	ADDRESS_PUBLIC,
	ADDRESS_LOOPBACK,  /* 127.0.0.0/8, ::1 */
	ADDRESS_PRIVATE,   /* RFC 1918, unique local, the old site-local */
	ADDRESS_LINK,	   /* 169.254.0.0/16, fe80::/10 */
	ADDRESS_METADATA,  /* where clouds tell machines their secrets */
	ADDRESS_SHARED,	   /* 100.64.0.0/10, between a provider and its customers */
	ADDRESS_MULTICAST, /* and broadcast */
	ADDRESS_EMBEDDED, /* an IPv4 address in disguise: mapped, compatible, NAT64, 6to4, Teredo */
	ADDRESS_RESERVED, /* everything else that is nobody's */
	ADDRESS_NKINDS,
};

/**
 * address_kind_name() - "public", "loopback" and so on: what rules and log lines call it
 */
const char *address_kind_name(enum address_kind kind);

/**
 * address_kind() - What kind of place @address names
 */
enum address_kind address_kind(const struct address *address);

static inline bool address_is_v4(const struct address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(address->byte, mapped, sizeof(mapped));
}

static inline bool address_equal(const struct address *a, const struct address *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/**
 * address_from_v4() - From four bytes in network order
 */
struct address address_from_v4(const void *bytes);

/**
 * address_from_v6() - From sixteen bytes of an IPv6 packet or record
 *
 * Return: false when they would be taken for an IPv4 address.
 */
bool address_from_v6(const void *bytes, struct address *address);

/**
 * address_parse() - From text; an IPv6 address may stand in brackets
 */
bool address_parse(const char *text, struct address *address);

/**
 * address_format() - As text, IPv4 in dots
 *
 * Return: @text, which holds ADDRESS_TEXT_MAX bytes.
 */
const char *address_format(const struct address *address, char *text);

/**
 * address_within() - Do the first @bits agree? @bits counts in the family of @network
 */
bool address_within(const struct address *address, const struct address *network, unsigned bits);

/**
 * address_socket() - As the host's socket calls take it
 *
 * Return: its length.
 */
socklen_t address_socket(const struct address *address, uint16_t port,
			 struct sockaddr_storage *name);

/**
 * address_from_socket() - The reverse; false for other families
 */
bool address_from_socket(const struct sockaddr_storage *name, struct address *address,
			 uint16_t *port);

#endif
