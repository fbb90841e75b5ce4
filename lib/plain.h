/* SPDX-License-Identifier: GPL-2.0-only */
/* plain.h - text that others have chosen, on its way to somebody's terminal
 *
 * File names, command lines, names of tasks and what a kernel logs are the guest's; what a package
 * manager says is a mirror's. A terminal obeys what is in them. So all of it goes through here
 * before it is shown: utf8_plain() says which characters may stay.
 */
#ifndef LIB_PLAIN_H
#define LIB_PLAIN_H

#include <stddef.h>
#include <stdio.h>

/**
 * plain_copy() - Copy bytes as printable UTF-8 in one line
 * @out:  gets at most @size bytes, NUL included; 4 * @len + 1 is enough for all
 * @text: any bytes; a NUL ends them
 * @len:  most bytes of @text
 *
 * What utf8_plain() does not want shown and bytes that are no UTF-8 become "\xNN".
 *
 * Return: bytes written, without the NUL.
 */
size_t plain_copy(char *out, size_t size, const char *text, size_t len);

/**
 * plain_print() - Write a text to a stream, as plain_copy() would have it
 */
void plain_print(FILE *out, const char *text);

/**
 * plain_write() - Write lines to a descriptor: as plain_copy(), but ends of lines and tabs stay
 * @fd:   where to; on a terminal in raw mode each line also goes back to its first column
 * @text: @len bytes, NULs among them or not
 *
 * Return: 0, or -1 with errno set.
 */
int plain_write(int fd, const char *text, size_t len);

/**
 * plain_line_end() - What ends a line on a descriptor: "\r\n" on a terminal in raw mode, else "\n"
 */
const char *plain_line_end(int fd);

#endif
