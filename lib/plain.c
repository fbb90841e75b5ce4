// SPDX-License-Identifier: GPL-2.0-only
/* plain.c - text that others have chosen, on its way to somebody's terminal
 *
 * Theory of operation
 * One loop decides what happens to each character; what differs between its users is only where
 * the result goes and whether ends of lines may stay. Nothing here allocates or needs much stack,
 * so that a guest kernel can print its last words through it.
 *
 * Host system calls: write, ioctl (TCGETS).
 */
#include "lib/plain.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/utf8.h"

#define ESCAPE_LEN 4	 /* "\xNN" */
#define CHARACTER_MAX 4	 /* bytes that one character becomes at the most */
#define WRITE_BUFFER 256 /* it may be the stack of a guest kernel */

/* One character of @text, as it may be shown, to @out. Return: bytes of @text that it was */
static size_t next(const char *text, size_t len, char out[CHARACTER_MAX], size_t *made)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t code;
	size_t n = utf8_character(text, len, &code);

	if (n && utf8_plain(code)) {
		memcpy(out, text, n);
		*made = n;
		return n;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[(unsigned char)text[0] >> 4];
	out[3] = digits[text[0] & 0xf];
	*made = ESCAPE_LEN;
	return 1;
}

size_t plain_copy(char *out, size_t size, const char *text, size_t len)
{
	char shown[CHARACTER_MAX];
	size_t used = 0, made;

	len = strnlen(text, len);
	for (size_t at = 0; at < len;) {
		at += next(text + at, len - at, shown, &made);
		if (used + made >= size)
			break;
		memcpy(out + used, shown, made);
		used += made;
	}
	out[used] = 0;
	return used;
}

void plain_print(FILE *out, const char *text)
{
	char shown[CHARACTER_MAX];
	size_t len = strlen(text), made;

	for (size_t at = 0; at < len;) {
		at += next(text + at, len - at, shown, &made);
		fwrite(shown, 1, made, out);
	}
}

const char *plain_line_end(int fd)
{
	struct termios mode;

	return tcgetattr(fd, &mode) == 0 && !(mode.c_oflag & OPOST) ? "\r\n" : "\n";
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			text += n;
			len -= n;
		}
	}
	return 0;
}

int plain_write(int fd, const char *text, size_t len)
{
	const char *const line_end = plain_line_end(fd);
	char buffer[WRITE_BUFFER];
	size_t used = 0, made;

	for (size_t at = 0; at < len;) {
		if (used + CHARACTER_MAX + 1 > sizeof(buffer)) {
			if (write_all(fd, buffer, used) < 0)
				return -1;
			used = 0;
		}
		if (text[at] == '\n') {
			used = stpcpy(buffer + used, line_end) - buffer;
			at++;
		} else if (text[at] == '\t') {
			buffer[used++] = text[at++];
		} else {
			at += next(text + at, len - at, buffer + used, &made);
			used += made;
		}
	}
	return write_all(fd, buffer, used);
}
