// SPDX-License-Identifier: GPL-2.0-only
/* digest.c - digests, and secrets that are compared */
#include "digest.h"

#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

void digest_hex(const void *data, size_t len, char *hex)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256(data, len, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

bool same_text(const char *a, const char *b)
{
	const size_t len = strlen(a);

	return len == strlen(b) && !CRYPTO_memcmp(a, b, len);
}
