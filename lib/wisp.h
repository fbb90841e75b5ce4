/* SPDX-License-Identifier: GPL-2.0-only */
/* wisp.h - WISP: many connections in one WebSocket (versions 1 and 2 of the protocol)
 *
 * A message is one packet: a type, a stream, a payload; numbers have their lowest byte first. The
 * client opens streams (CONNECT), both sides send (DATA) and end them (CLOSE), the server says how
 * many packets it takes (CONTINUE). In version 2 both begin with INFO, which names extensions.
 *
 * Two extensions matter to us. With WISP_CONFIRM the server's first CONTINUE of a stream comes when
 * its peer has answered. WISP_DUPLEX is our own: each side ends its own direction with a CLOSE
 * whose reason is WISP_VOLUNTARY, the stream is over when both have; and the server sends as many
 * bytes as the client's INFO says, then as many more as the client's CONTINUE says.
 *
 * Portable C: the machine in a tab has the client's side.
 */
#ifndef LIB_WISP_H
#define LIB_WISP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WISP_HEAD 5
#define WISP_HOST_MAX 255
#define WISP_SECRET_MAX 255
#define WISP_PROTOCOL "wisp-v2"

enum wisp_type {
	WISP_CONNECT = 1,
	WISP_DATA,
	WISP_CONTINUE,
	WISP_CLOSE,
	WISP_INFO,
};

enum wisp_kind { WISP_TCP = 1, WISP_UDP = 2 };

enum wisp_extension {
	WISP_EXTENSION_UDP = 0x01,
	WISP_EXTENSION_PASSWORD = 0x02,
	WISP_EXTENSION_CONFIRM = 0x05,
	WISP_EXTENSION_DUPLEX = 0xf0,
};

enum wisp_reason {
	WISP_UNKNOWN = 0x01,
	WISP_VOLUNTARY = 0x02,
	WISP_NETWORK = 0x03,
	WISP_INVALID = 0x41,
	WISP_UNREACHABLE = 0x42,
	WISP_TIMEOUT = 0x43,
	WISP_REFUSED = 0x44,
	WISP_IDLE = 0x47,
	WISP_BLOCKED = 0x48,
	WISP_THROTTLED = 0x49,
	WISP_CLIENT = 0x81,
	WISP_BAD_PASSWORD = 0xc0,
	WISP_NO_PASSWORD = 0xc2,
};

/**
 * struct wisp_packet - a packet whose head is whole
 * @payload: inside of the message
 */
struct wisp_packet {
	enum wisp_type type;
	uint32_t stream;
	const uint8_t *payload;
	size_t len;
};

/**
 * struct wisp_connect - what CONNECT asks for
 * @host: a name in lower case, or an address as text; without a dot at its end
 */
struct wisp_connect {
	enum wisp_kind kind;
	uint16_t port;
	char host[WISP_HOST_MAX + 1];
};

/**
 * struct wisp_info - what both sides can
 * @window:   of WISP_EXTENSION_DUPLEX, as the client says
 * @required: of the password, as the server says
 */
struct wisp_info {
	uint8_t major, minor;
	bool udp, password, required, confirm, duplex;
	uint32_t window;
	char user[WISP_SECRET_MAX + 1], secret[WISP_SECRET_MAX + 1];
};

/** wisp_parse() - Take a message apart. Return: false when it is no packet */
bool wisp_parse(const uint8_t *message, size_t len, struct wisp_packet *packet);

/** wisp_connect_parse() - Of a CONNECT. Return: false when it asks for nothing that can be */
bool wisp_connect_parse(const struct wisp_packet *packet, struct wisp_connect *connect);

/**
 * wisp_info_parse() - Of an INFO; extensions that are not known are left out
 * @server: it is the server's
 *
 * Return: false when it is broken.
 */
bool wisp_info_parse(const struct wisp_packet *packet, bool server, struct wisp_info *info);

/** wisp_number() - Of a CONTINUE. Return: false when there is none */
bool wisp_number(const struct wisp_packet *packet, uint32_t *number);

/**
 * wisp_head() - Write a packet's head
 *
 * Return: WISP_HEAD, the payload's place.
 */
size_t wisp_head(uint8_t *to, enum wisp_type type, uint32_t stream);

/* Whole packets. Return: their length, never more than WISP_PACKET_MAX */
#define WISP_PACKET_MAX (WISP_HEAD + 2 + 3 * 5 + 8 + 5 + 3 + 2 * WISP_SECRET_MAX)
size_t wisp_continue(uint8_t *to, uint32_t stream, uint32_t number);
size_t wisp_close(uint8_t *to, uint32_t stream, enum wisp_reason reason);
size_t wisp_connect(uint8_t *to, uint32_t stream, const struct wisp_connect *connect);
size_t wisp_info(uint8_t *to, bool server, const struct wisp_info *info);

/** wisp_reason_text() - For log lines */
const char *wisp_reason_text(unsigned reason);

#endif
