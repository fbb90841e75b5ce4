/* SPDX-License-Identifier: GPL-2.0-only */
/* utf8.h - characters of a guest's text, and which of them are shown as they are */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * utf8_character() - The character at the beginning of some bytes
 * @bytes: any bytes
 * @len:   how many there are; not 0
 * @code:  set to its number, unless the answer is 0
 *
 * Return: its bytes, or 0 when there is none (RFC 3629: no surrogates, shortest form, all of it).
 */
size_t utf8_character(const void *bytes, size_t len, uint32_t *code);

/**
 * utf8_plain() - Does this character stay where it is shown?
 * @code: its number
 *
 * False for control characters (C0, DEL, C1), ends of lines and paragraphs, and for formats that
 * cannot be seen but turn, join or hide what is around them.
 */
bool utf8_plain(uint32_t code);

#endif
