// SPDX-License-Identifier: GPL-2.0-only
/* lines.c - the last lines of a text */
#include "lib/lines.h"

size_t lines_last(const char *text, size_t len, uint64_t count)
{
	size_t at = len;

	if (at && text[at - 1] == '\n')
		at--;
	if (!count)
		return len;
	for (; at; at--) {
		if (text[at - 1] == '\n' && !--count)
			break;
	}
	return at;
}
