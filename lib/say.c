// SPDX-License-Identifier: GPL-2.0-only
/* say.c - one line from us to whoever started us
 *
 * Host system calls: write, ioctl (TCGETS).
 */
#include "lib/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/plain.h"

/* Little: it may be the stack of a guest kernel. A line with more escapes than that is cut */
#define TEXT_MAX 640 /* a struct error and some words */
#define LINE_MAX_ 1024

void say(const char *format, ...)
{
	char text[TEXT_MAX], line[LINE_MAX_];
	va_list args;
	size_t len;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	len = stpcpy(line, "vitrine: ") - line;
	len += plain_copy(line + len, sizeof(line) - len - 2, text, sizeof(text));
	len = stpcpy(line + len, plain_line_end(STDERR_FILENO)) - line;
	fflush(stderr);
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* there is nobody to tell */
}

void say_error(const struct error *err)
{
	say("%s", err->text[0] ? err->text : "failed; the reason is not known");
}
