/* SPDX-License-Identifier: GPL-2.0-only */
/* guest_text.h - JSON strings from bytes that a guest has chosen */
#ifndef OBSERVE_TEXT_GUEST_TEXT_H
#define OBSERVE_TEXT_GUEST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

/**
 * guest_json() - What plain_copy() makes of bytes, as a JSON string; texts beyond 1 KiB are cut
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
