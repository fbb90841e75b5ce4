// SPDX-License-Identifier: GPL-2.0-only
/* guest_text.c - JSON strings from bytes that a guest has chosen
 *
 * Names and paths in Linux are bytes. JSON wants UTF-8, and whoever prints a log of ours does not
 * want a guest to move his cursor, so whatever is neither is shown as an escape.
 */
#include "guest_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plain.h"
#include "lib/utf8.h"
#include "text.h"

#define TEXT_MAX 1024
#define ESCAPED_MAX 12 /* of one character in JSON: two halves */

/* Bytes of the character at @text when it can be shown as it is, else 0 */
static size_t plain(const char *text, size_t len)
{
	uint32_t code;
	size_t n = utf8_character(text, len, &code);

	return n && utf8_plain(code) ? n : 0;
}

json_t *guest_json(const char *text, size_t len)
{
	char clean[TEXT_MAX];
	size_t used = plain_copy(clean, sizeof(clean), text, len);

	return json_stringn_nocheck(clean, used);
}

/* Nearly all of a text, without a look at what characters are */
static bool is_ascii(char c)
{
	return c == '\n' || (c >= ' ' && c < 0x7f);
}

/* Characters that are not plain, or more: a guess, upwards */
static size_t not_plain(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t at = 0; at < len; at++)
		count += !is_ascii(text[at]) && !plain(text + at, len - at);
	return count;
}

char *guest_dumps(const json_t *json, size_t flags)
{
	char *text = json ? json_dumps(json, flags) : NULL;
	size_t len = text ? strlen(text) : 0, count = not_plain(text, len);
	struct text out = { .size = len + count * ESCAPED_MAX };
	uint32_t code = 0;

	if (!count)
		return text;
	out.data = malloc(out.size + 1);
	/* It is UTF-8, and ASCII where it is no string: what is not plain is in one */
	for (size_t at = 0, n = 1; out.data && at < len; at += n ? n : 1) {
		n = is_ascii(text[at]) ? 1 : utf8_character(text + at, len - at, &code);
		if (is_ascii(text[at]) || utf8_plain(code))
			text_bytes(&out, text + at, n);
		else
			text_json_escape(&out, code);
	}
	if (out.data)
		out.data[out.len] = 0;
	free(text);
	return out.data;
}
