// SPDX-License-Identifier: GPL-2.0-only
/* publish.c - which port of the host leads to which port of the guest, as text
 *
 * Host system calls: none.
 */
#include "lib/publish.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *text, size_t len, unsigned least, uint16_t *port)
{
	unsigned value = 0;

	if (!len || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*port = (uint16_t)value;
	return value >= least && value <= UINT16_MAX;
}

int publish_parse(const char *text, struct publish *publish, struct error *err)
{
	static const char form[] = "[ADDRESS:]PORT:GUEST[/udp]";
	char address[ADDRESS_TEXT_MAX] = "127.0.0.1";
	const char *end = text + strcspn(text, "/"), *slash = *end ? end : NULL;
	const char *guest = memrchr(text, ':', (size_t)(end - text));
	const char *host = guest ? memrchr(text, ':', (size_t)(guest - text)) : NULL;
	size_t len;

	*publish = (struct publish){ .udp = slash && !strcmp(slash, "/udp") };
	if (slash && !publish->udp && strcmp(slash, "/tcp"))
		return error_set(err, 0, "'%s' is not one of: /tcp, /udp", slash);
	if (!guest)
		return error_set(err, 0, "'%s' is not of the form %s", text, form);
	len = host ? (size_t)(host - text) : 0;
	if (len >= sizeof(address))
		return error_set(err, 0, "'%s' is not of the form %s", text, form);
	if (host) {
		memcpy(address, text, len);
		address[len] = '\0';
	}
	host = host ? host + 1 : text;
	if (!address_parse(address, &publish->address) ||
	    (!address_is_v4(&publish->address) && address[0] != '['))
		return error_set(
		    err, 0, "'%s' is no address (an IPv6 address stands in [brackets])", address);
	if (!parse_port(host, (size_t)(guest - host), 0, &publish->host) ||
	    !parse_port(guest + 1, (size_t)(end - guest - 1), 1, &publish->guest))
		return error_set(err, 0, "'%s' is not of the form %s, with ports up to 65535", text,
				 form);
	return 0;
}

const char *publish_format(const struct publish *publish, char *text)
{
	const bool v4 = address_is_v4(&publish->address);
	char address[ADDRESS_TEXT_MAX];

	snprintf(text, PUBLISH_TEXT_MAX, "%s%s%s:%u:%u/%s", v4 ? "" : "[",
		 address_format(&publish->address, address), v4 ? "" : "]", publish->host,
		 publish->guest, publish->udp ? "udp" : "tcp");
	return text;
}
