/* SPDX-License-Identifier: GPL-2.0-only */
/* guest_text.h - JSON strings from bytes that a guest has chosen */
#ifndef OBSERVE_TEXT_GUEST_TEXT_H
#define OBSERVE_TEXT_GUEST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

/**
 * guest_clean() - Copy guest bytes as printable UTF-8
 * @out:  gets at most @size bytes, NUL included; 4 * @len + 1 is enough for all
 * @text: any bytes; a NUL ends them
 * @len:  most bytes of @text
 *
 * What utf8_plain() does not want shown and bytes that are no UTF-8 become "\xNN".
 *
 * Return: bytes written, without the NUL.
 */
size_t guest_clean(char *out, size_t size, const char *text, size_t len);

/**
 * guest_json() - The same as a JSON string; texts beyond 1 KiB are cut
 */
json_t *guest_json(const char *text, size_t len);

/**
 * guest_dumps() - json_dumps() for values with strings of a guest
 * @json:  a reference is the caller's; or NULL
 * @flags: as json_dumps() has them
 *
 * The text means the same and is as plain as utf8_plain() wants it: nothing happens to a terminal
 * that shows it.
 *
 * Return: the text, which the caller frees, or NULL.
 */
char *guest_dumps(const json_t *json, size_t flags);

#endif
