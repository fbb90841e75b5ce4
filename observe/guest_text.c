// SPDX-License-Identifier: GPL-2.0-only
/* guest_text.c - JSON strings from bytes that a guest has chosen
 *
 * Names and paths in Linux are bytes. JSON wants UTF-8, and whoever prints a log of ours does not
 * want a guest to move his cursor, so whatever is neither is shown as an escape.
 */
#include "observe/guest_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "vitrine/util.h"

#define TEXT_MAX 1024
#define ESCAPE_LEN 4

/* Bytes of the character at @text when it is valid UTF-8 and no control character, else 0 */
static size_t character(const unsigned char *text, size_t len)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t min;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };

	for (size_t n = 0; n < ARRAY_SIZE(forms); n++) {
		uint32_t code = text[0] & (unsigned char)~forms[n].mask;

		if ((text[0] & forms[n].mask) != forms[n].lead)
			continue;
		if (n >= len)
			return 0;
		for (size_t i = 1; i <= n; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (text[i] & 0x3f);
		}
		if (code < forms[n].min || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return 0;
		return code < ' ' || (code >= 0x7f && code < 0xa0) ? 0 : n + 1;
	}
	return 0;
}

size_t guest_clean(char *out, size_t size, const char *text, size_t len)
{
	size_t used = 0;

	len = strnlen(text, len);
	for (size_t at = 0; at < len;) {
		size_t n = character((const unsigned char *)text + at, len - at);

		if (used + (n ? n : ESCAPE_LEN) >= size)
			break;
		if (n)
			memcpy(out + used, text + at, n);
		else
			snprintf(out + used, size - used, "\\x%02x", (unsigned char)text[at]);
		used += n ? n : ESCAPE_LEN;
		at += n ? n : 1;
	}
	out[used] = 0;
	return used;
}

json_t *guest_json(const char *text, size_t len)
{
	char clean[TEXT_MAX];
	size_t used = guest_clean(clean, sizeof(clean), text, len);

	return json_stringn_nocheck(clean, used);
}
