/* SPDX-License-Identifier: GPL-2.0-only */
/* text.h - build a line of text in a fixed buffer
 *
 * Made for hundreds of thousands of lines a second: no allocation, no printf for plain numbers.
 * What does not fit is left out and remembered (text.cut); nothing here can write past the end.
 */
#ifndef OBSERVE_TEXT_TEXT_H
#define OBSERVE_TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * struct text - what was written so far
 * @data: @size bytes of the caller's; not NUL-terminated
 * @cut:  something did not fit
 */
struct text {
	char *data;
	size_t len, size;
	bool cut;
};

static inline void text_bytes(struct text *t, const void *bytes, size_t len)
{
	if (len > t->size - t->len) {
		len = t->size - t->len;
		t->cut = true;
	}
	memcpy(t->data + t->len, bytes, len);
	t->len += len;
}

static inline void text_char(struct text *t, char c)
{
	if (t->len < t->size)
		t->data[t->len++] = c;
	else
		t->cut = true;
}

static inline void text_put(struct text *t, const char *string)
{
	text_bytes(t, string, strlen(string));
}

void text_signed(struct text *t, int64_t n);
void text_unsigned(struct text *t, uint64_t n);

/**
 * text_fixed() - A number in decimal with at least @digits digits
 */
void text_fixed(struct text *t, uint64_t n, unsigned digits);

/**
 * text_hex() - A number as 0x1f; zero is "0"
 */
void text_hex(struct text *t, uint64_t n);

/**
 * text_octal() - A number as 0644, with at least three digits, as modes are shown
 */
void text_octal(struct text *t, uint64_t n);

/**
 * text_format() - Anything else
 */
void text_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum text_quote {
	TEXT_ESCAPE, /* unprintable bytes in octal */
	TEXT_HEX,    /* every byte as \x00 */
	TEXT_BARE,   /* as TEXT_ESCAPE, without quotes, and '<' and '>' are escaped: paths in <> */
};

/**
 * text_quoted() - Bytes of a guest as a C string, in printable ASCII whatever they are
 */
void text_quoted(struct text *t, const void *bytes, size_t len, enum text_quote how);

/**
 * text_json() - Bytes of a guest as a string of JSON
 *
 * Valid UTF-8 stays as it is where utf8_plain() says so, and is escaped otherwise; each byte of
 * anything else becomes U+FFFD.
 */
void text_json(struct text *t, const void *bytes, size_t len);

/**
 * text_json_escape() - A character as \u1234; in halves, beyond the basic plane
 */
void text_json_escape(struct text *t, uint32_t code);

/**
 * text_pad() - Spaces up to a column
 * @from: length of the text at which the line began
 */
void text_pad(struct text *t, size_t from, size_t column);

#endif
