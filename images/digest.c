// SPDX-License-Identifier: GPL-2.0-only
/* digest.c - names of content */

#include <openssl/evp.h>
#include <string.h>
#include "images/digest.h"
#include "vitrine/util.h"

struct hasher {
	EVP_MD_CTX *context;
};

bool digest_valid(const char *text)
{
	return !strncmp(text, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) &&
	       strlen(text) == DIGEST_LENGTH && strspn(digest_hex(text), "0123456789abcdef") == 64;
}

const char *digest_hex(const char *digest)
{
	return digest + strlen(DIGEST_PREFIX);
}

struct hasher *hasher_new(void)
{
	struct hasher *hasher = calloc(1, sizeof(*hasher));

	if (hasher)
		hasher->context = EVP_MD_CTX_new();
	if (hasher && hasher->context && EVP_DigestInit_ex(hasher->context, EVP_sha256(), NULL))
		return hasher;
	if (hasher)
		EVP_MD_CTX_free(hasher->context);
	free(hasher);
	return NULL;
}

void hasher_add(struct hasher *hasher, const void *data, size_t len)
{
	EVP_DigestUpdate(hasher->context, data, len);
}

void hasher_end(struct hasher *hasher, char *text)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (!hasher)
		return;
	EVP_DigestFinal_ex(hasher->context, sum, &length);
	if (text) {
		text = stpcpy(text, DIGEST_PREFIX);
		for (unsigned i = 0; i < length; i++) {
			*text++ = digits[sum[i] >> 4];
			*text++ = digits[sum[i] & 15];
		}
		*text = '\0';
	}
	EVP_MD_CTX_free(hasher->context);
	free(hasher);
}

void digest_of(const void *data, size_t len, char *text)
{
	struct hasher *hasher = hasher_new();

	text[0] = '\0';
	if (!hasher)
		return;
	hasher_add(hasher, data, len);
	hasher_end(hasher, text);
}
