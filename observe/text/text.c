// SPDX-License-Identifier: GPL-2.0-only
/* text.c - build a line of text in a fixed buffer
 *
 * Theory of operation
 * The escapes are the edge that the rest relies on: text_quoted() makes printable ASCII of any
 * bytes (a terminal sees no control character of a guest's), text_json() makes a valid JSON string
 * of them. Octal escapes are as short as the next byte allows, as strace writes them.
 */

#include <stdarg.h>
#include <stdio.h>
#include "text.h"
#include "lib/utf8.h"
#include "vitrine/util.h"

static const char digits[] = "0123456789abcdef";

static void number(struct text *t, uint64_t n, unsigned base, unsigned least)
{
	char buf[24];
	unsigned at = sizeof(buf);

	do {
		buf[--at] = digits[n % base];
		n /= base;
	} while (n && at > 0);
	while (sizeof(buf) - at < least && at > 0)
		buf[--at] = '0';
	text_bytes(t, buf + at, sizeof(buf) - at);
}

void text_unsigned(struct text *t, uint64_t n)
{
	number(t, n, 10, 1);
}

void text_signed(struct text *t, int64_t n)
{
	if (n < 0)
		text_char(t, '-');
	number(t, n < 0 ? -(uint64_t)n : (uint64_t)n, 10, 1);
}

void text_fixed(struct text *t, uint64_t n, unsigned least)
{
	number(t, n, 10, least);
}

void text_hex(struct text *t, uint64_t n)
{
	if (n)
		text_bytes(t, "0x", 2);
	number(t, n, 16, 1);
}

void text_octal(struct text *t, uint64_t n)
{
	if (n >= 0100)
		text_char(t, '0');
	number(t, n, 8, 3);
}

void text_format(struct text *t, const char *format, ...)
{
	char buf[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(buf, sizeof(buf), format, args);
	va_end(args);
	if (len >= (int)sizeof(buf)) {
		len = sizeof(buf) - 1;
		t->cut = true;
	}
	if (len > 0)
		text_bytes(t, buf, len);
}

static const char escape_letter[256] = {
	['\t'] = 't', ['\n'] = 'n', ['\v'] = 'v',  ['\f'] = 'f',
	['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\',
};

static void escape_octal(struct text *t, uint8_t byte, bool digit_follows)
{
	text_char(t, '\\');
	number(t, byte, 8, digit_follows ? 3 : 1);
}

void text_quoted(struct text *t, const void *bytes, size_t len, enum text_quote how)
{
	const uint8_t *p = bytes;

	if (how != TEXT_BARE)
		text_char(t, '"');
	for (size_t i = 0; i < len; i++) {
		bool digit = i + 1 < len && p[i + 1] >= '0' && p[i + 1] <= '7';
		bool bracket = how == TEXT_BARE && (p[i] == '<' || p[i] == '>');

		if (how == TEXT_HEX) {
			text_bytes(t, "\\x", 2);
			number(t, p[i], 16, 2);
		} else if (escape_letter[p[i]]) {
			text_char(t, '\\');
			text_char(t, escape_letter[p[i]]);
		} else if (p[i] < ' ' || p[i] > '~' || bracket) {
			escape_octal(t, p[i], digit);
		} else {
			text_char(t, p[i]);
		}
	}
	if (how != TEXT_BARE)
		text_char(t, '"');
}

void text_json_escape(struct text *t, uint32_t code)
{
	if (code > 0xffff) {
		text_json_escape(t, 0xd7c0 + (code >> 10));
		code = 0xdc00 + (code & 0x3ff);
	}
	text_put(t, "\\u");
	number(t, code, 16, 4);
}

void text_json(struct text *t, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint32_t code;

	text_char(t, '"');
	for (size_t i = 0, step; i < len; i += step) {
		step = utf8_character(p + i, len - i, &code);
		if (step == 0) {
			text_put(t, "\xef\xbf\xbd");
			step = 1;
		} else if (p[i] == '"' || p[i] == '\\') {
			text_char(t, '\\');
			text_char(t, p[i]);
		} else if (!utf8_plain(code)) {
			text_json_escape(t, code);
		} else {
			text_bytes(t, p + i, step);
		}
	}
	text_char(t, '"');
}

void text_pad(struct text *t, size_t from, size_t column)
{
	while (t->len - from < column && t->len < t->size)
		t->data[t->len++] = ' ';
}
