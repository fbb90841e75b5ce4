// SPDX-License-Identifier: GPL-2.0-only
/* wisp.c - packets of WISP, taken apart and put together
 *
 * Theory of operation
 * Whoever reaches the relay writes what it likes, so every length is compared with what is there
 * before it is used, and a host is letters, digits and what addresses have: it ends up in log lines
 * and questions for resolvers.
 *
 * Host system calls: none.
 */
#include "lib/wisp.h"

#include <string.h>

#define EXTENSION_HEAD 5

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static uint8_t *put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, value), value >> 16);
}

bool wisp_parse(const uint8_t *message, size_t len, struct wisp_packet *packet)
{
	if (len < WISP_HEAD || message[0] < WISP_CONNECT || message[0] > WISP_INFO)
		return false;
	*packet = (struct wisp_packet){ (enum wisp_type)message[0], get32(message + 1),
					message + WISP_HEAD, len - WISP_HEAD };
	return true;
}

/* Letters in lower case; 0 for what no host has */
static char host_letter(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._:[]", c))
		   ? (char)c
		   : 0;
}

bool wisp_connect_parse(const struct wisp_packet *packet, struct wisp_connect *connect)
{
	const uint8_t *from = packet->payload + 3;
	size_t len;

	if (packet->len < 4 || packet->len - 3 > WISP_HOST_MAX)
		return false;
	len = packet->len - 3;
	*connect = (struct wisp_connect){ .kind = (enum wisp_kind)packet->payload[0],
					  .port = get16(packet->payload + 1) };
	for (size_t i = 0; i < len; i++) {
		connect->host[i] = host_letter(from[i]);
		if (!connect->host[i])
			return false;
	}
	if (connect->host[len - 1] == '.')
		connect->host[--len] = '\0';
	return len && connect->port && (connect->kind == WISP_TCP || connect->kind == WISP_UDP);
}

static bool take_secret(const uint8_t *at, size_t len, struct wisp_info *info)
{
	size_t user, secret;

	if (len < 3)
		return false;
	user = at[0];
	secret = get16(at + 1);
	if (user + secret != len - 3 || secret > WISP_SECRET_MAX)
		return false;
	memcpy(info->user, at + 3, user);
	memcpy(info->secret, at + 3 + user, secret);
	info->user[user] = info->secret[secret] = '\0';
	return true;
}

static bool take_extension(uint8_t id, const uint8_t *at, size_t len, bool server,
			   struct wisp_info *info)
{
	switch (id) {
	case WISP_EXTENSION_UDP:
		info->udp = true;
		return true;
	case WISP_EXTENSION_PASSWORD:
		info->password = true;
		info->required = server && len && at[0];
		return server || take_secret(at, len, info);
	case WISP_EXTENSION_CONFIRM:
		info->confirm = true;
		return true;
	case WISP_EXTENSION_DUPLEX:
		info->duplex = true;
		if (server)
			return true;
		if (len != 4)
			return false;
		info->window = get32(at);
		return true;
	}
	return true;
}

bool wisp_info_parse(const struct wisp_packet *packet, bool server, struct wisp_info *info)
{
	const uint8_t *at = packet->payload, *end = at + packet->len;

	if (packet->len < 2)
		return false;
	*info = (struct wisp_info){ .major = at[0], .minor = at[1] };
	for (at += 2; at < end;) {
		size_t len;

		if (end - at < EXTENSION_HEAD)
			return false;
		len = get32(at + 1);
		if (len > (size_t)(end - at) - EXTENSION_HEAD ||
		    !take_extension(at[0], at + EXTENSION_HEAD, len, server, info))
			return false;
		at += EXTENSION_HEAD + len;
	}
	return true;
}

bool wisp_number(const struct wisp_packet *packet, uint32_t *number)
{
	if (packet->len < 4)
		return false;
	*number = get32(packet->payload);
	return true;
}

size_t wisp_head(uint8_t *to, enum wisp_type type, uint32_t stream)
{
	to[0] = (uint8_t)type;
	put32(to + 1, stream);
	return WISP_HEAD;
}

size_t wisp_continue(uint8_t *to, uint32_t stream, uint32_t number)
{
	put32(to + wisp_head(to, WISP_CONTINUE, stream), number);
	return WISP_HEAD + 4;
}

size_t wisp_close(uint8_t *to, uint32_t stream, enum wisp_reason reason)
{
	to[wisp_head(to, WISP_CLOSE, stream)] = (uint8_t)reason;
	return WISP_HEAD + 1;
}

size_t wisp_connect(uint8_t *to, uint32_t stream, const struct wisp_connect *connect)
{
	const size_t len = strlen(connect->host);
	uint8_t *at = to + wisp_head(to, WISP_CONNECT, stream);

	*at++ = (uint8_t)connect->kind;
	memcpy(put16(at, connect->port), connect->host, len);
	return WISP_HEAD + 3 + len;
}

static uint8_t *put_extension(uint8_t *at, enum wisp_extension id, size_t len)
{
	*at++ = (uint8_t)id;
	return put32(at, (uint32_t)len);
}

size_t wisp_info(uint8_t *to, bool server, const struct wisp_info *info)
{
	const size_t user = strlen(info->user), secret = strlen(info->secret);
	uint8_t *at = to + wisp_head(to, WISP_INFO, 0);

	*at++ = info->major;
	*at++ = info->minor;
	if (info->udp)
		at = put_extension(at, WISP_EXTENSION_UDP, 0);
	if (info->confirm)
		at = put_extension(at, WISP_EXTENSION_CONFIRM, 0);
	if (info->duplex && server)
		at = put_extension(at, WISP_EXTENSION_DUPLEX, 0);
	if (info->duplex && !server)
		at = put32(put_extension(at, WISP_EXTENSION_DUPLEX, 4), info->window);
	if (info->password && server) {
		at = put_extension(at, WISP_EXTENSION_PASSWORD, 1);
		*at++ = info->required;
	}
	if (info->password && !server) {
		at = put_extension(at, WISP_EXTENSION_PASSWORD, 3 + user + secret);
		*at++ = (uint8_t)user;
		at = put16(at, (uint32_t)secret);
		memcpy(at, info->user, user);
		memcpy(at + user, info->secret, secret);
		at += user + secret;
	}
	return (size_t)(at - to);
}

static const struct {
	unsigned reason;
	const char *text;
} reasons[] = {
	{ WISP_VOLUNTARY, "ended" },
	{ WISP_NETWORK, "network error" },
	{ WISP_INVALID, "invalid" },
	{ WISP_UNREACHABLE, "unreachable" },
	{ WISP_TIMEOUT, "timed out" },
	{ WISP_REFUSED, "refused by the peer" },
	{ WISP_IDLE, "idle" },
	{ WISP_BLOCKED, "blocked" },
	{ WISP_THROTTLED, "too many" },
	{ WISP_CLIENT, "error of the client" },
	{ 0, "unknown" },
};

const char *wisp_reason_text(unsigned reason)
{
	unsigned i = 0;

	while (reasons[i].reason && reasons[i].reason != reason)
		i++;
	return reasons[i].text;
}
