// SPDX-License-Identifier: GPL-2.0-only
/* range.c - a Range header (RFC 9110, 14.2) of one range; several are answered with everything */
#include "range.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool number(const char **at, uint64_t *value)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*value = strtoull(*at, &end, 10);
	*at = end;
	return !errno;
}

int range_parse(const char *text, uint64_t size, uint64_t *from, uint64_t *to)
{
	uint64_t first, last;

	*from = 0;
	*to = size;
	if (strncmp(text, "bytes=", 6) != 0)
		return 0;
	text += 6;
	if (*text == '-') {
		text++;
		if (!number(&text, &last) || *text)
			return 0;
		if (!last || !size)
			return -1;
		*from = last < size ? size - last : 0;
		return 1;
	}
	if (!number(&text, &first) || *text++ != '-')
		return 0;
	if (*text) {
		if (!number(&text, &last) || *text || last < first)
			return 0;
		if (last < size)
			*to = last + 1;
	}
	if (first >= size)
		return -1;
	*from = first;
	return 1;
}
