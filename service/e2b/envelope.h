/* SPDX-License-Identifier: GPL-2.0-only */
/* envelope.h - around each message of a Connect stream */
#ifndef SERVICE_E2B_ENVELOPE_H
#define SERVICE_E2B_ENVELOPE_H

#include <stddef.h>

#define ENVELOPE_HEAD 5
#define ENVELOPE_COMPRESSED 1
#define ENVELOPE_END 2

/** envelope_open() - The one message of a request. Return: 0, or -1 when it is not one */
int envelope_open(const char **data, size_t *len);

/** envelope_head() - What stands before a message of @len bytes */
void envelope_head(unsigned char head[ENVELOPE_HEAD], unsigned char flags, size_t len);

#endif
