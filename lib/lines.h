/* SPDX-License-Identifier: GPL-2.0-only */
/* lines.h - the last lines of a text */
#ifndef LIB_LINES_H
#define LIB_LINES_H

#include <stddef.h>
#include <stdint.h>

/**
 * lines_last() - Where the last lines of a text begin
 * @text:  @len bytes; a last line without its end is a line
 * @count: how many
 *
 * Return: offset, 0 when there are no more than that.
 */
size_t lines_last(const char *text, size_t len, uint64_t count);

#endif
