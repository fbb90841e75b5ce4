/* SPDX-License-Identifier: GPL-2.0-only */
/* digest.h - digests, and secrets that are compared */
#ifndef SERVICE_DIGEST_H
#define SERVICE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_LEN 64

/** digest_hex() - SHA-256 as hexadecimal digits: DIGEST_LEN + 1 bytes */
void digest_hex(const void *data, size_t len, char *hex);

/** same_text() - Compare in a time that tells nothing */
bool same_text(const char *a, const char *b);

#endif
