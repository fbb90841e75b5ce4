// SPDX-License-Identifier: GPL-2.0-only
/* envelope.c - around each message of a Connect stream */
#include "envelope.h"

#include <stdint.h>

int envelope_open(const char **data, size_t *len)
{
	const unsigned char *bytes = (const unsigned char *)*data;
	uint32_t size;

	if (*len < ENVELOPE_HEAD || bytes[0] & ENVELOPE_COMPRESSED)
		return -1;
	size = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 |
	       bytes[4];
	if (size > *len - ENVELOPE_HEAD)
		return -1;
	*data += ENVELOPE_HEAD;
	*len = size;
	return 0;
}

void envelope_head(unsigned char head[ENVELOPE_HEAD], unsigned char flags, size_t len)
{
	head[0] = flags;
	head[1] = (unsigned char)(len >> 24);
	head[2] = (unsigned char)(len >> 16);
	head[3] = (unsigned char)(len >> 8);
	head[4] = (unsigned char)len;
}
