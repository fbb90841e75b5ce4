// SPDX-License-Identifier: GPL-2.0-only
/* hello.c - the name in TLS's first message (RFC 8446, section 4.1.2; RFC 6066, section 3)
 *
 * Theory of operation
 * A cursor that never leaves the part that it was made for. Whoever runs out of bytes in a part
 * that is all there has read something broken.
 */
#include "lib/hello.h"

#include <stdbool.h>
#include <string.h>

#include "lib/policy.h"

#define RECORD_HEAD 5
#define HANDSHAKE 22
#define CLIENT_HELLO 1
#define SERVER_NAME 0

struct cursor {
	const uint8_t *at;
	size_t left;
};

static bool skip(struct cursor *c, size_t len)
{
	if (c->left < len)
		return false;
	c->at += len;
	c->left -= len;
	return true;
}

/* A number of @size bytes */
static bool number(struct cursor *c, unsigned size, size_t *value)
{
	const uint8_t *at = c->at;

	if (!skip(c, size))
		return false;
	for (*value = 0; size--; at++)
		*value = *value << 8 | *at;
	return true;
}

/* A part that stands behind its length of @size bytes */
static bool part(struct cursor *c, unsigned size, struct cursor *inner)
{
	size_t len;

	if (!number(c, size, &len))
		return false;
	*inner = (struct cursor){ c->at, len };
	return skip(c, len);
}

static enum hello take_name(struct cursor names, char *name)
{
	struct cursor list, text;
	size_t type;

	if (!part(&names, 2, &list) || names.left || !number(&list, 1, &type) || type ||
	    !part(&list, 2, &text) || list.left || !text.left || text.left > HELLO_NAME_MAX ||
	    memchr(text.at, '\0', text.left))
		return HELLO_BROKEN;
	for (size_t i = 0; i < text.left; i++)
		name[i] =
		    (char)(text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] | 0x20 : text.at[i]);
	name[text.left] = '\0';
	return policy_name_valid(name) ? HELLO_NAMED : HELLO_BROKEN;
}

static enum hello take_hello(struct cursor hello, char *name)
{
	struct cursor inner, extensions, body;
	enum hello result = HELLO_NAMELESS;
	size_t type;

	if (!skip(&hello, 2 + 32) || !part(&hello, 1, &inner) || !part(&hello, 2, &inner) ||
	    !part(&hello, 1, &inner))
		return HELLO_BROKEN;
	if (!hello.left)
		return HELLO_NAMELESS;
	if (!part(&hello, 2, &extensions) || hello.left)
		return HELLO_BROKEN;
	while (extensions.left) {
		if (!number(&extensions, 2, &type) || !part(&extensions, 2, &body))
			return HELLO_BROKEN;
		if (type != SERVER_NAME)
			continue;
		if (result != HELLO_NAMELESS)
			return HELLO_BROKEN; /* twice */
		result = take_name(body, name);
		if (result != HELLO_NAMED)
			return result;
	}
	return result;
}

enum hello hello_parse(const uint8_t *data, size_t len, char name[HELLO_NAME_MAX + 1])
{
	struct cursor all = { data, len }, record, message;
	size_t type, size;

	if (!len)
		return HELLO_MORE;
	if (data[0] != HANDSHAKE)
		return HELLO_PLAIN;
	if (len < RECORD_HEAD)
		return HELLO_MORE;
	size = (size_t)(data[3] << 8 | data[4]);
	if (data[1] != 3 || size > HELLO_SIZE_MAX - RECORD_HEAD)
		return HELLO_BROKEN;
	if (len < RECORD_HEAD + size)
		return HELLO_MORE;
	skip(&all, 3);
	if (!part(&all, 2, &record) || !number(&record, 1, &type) || type != CLIENT_HELLO ||
	    !part(&record, 3, &message) || record.left)
		return HELLO_BROKEN;
	return take_hello(message, name);
}
