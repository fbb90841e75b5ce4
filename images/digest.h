/* SPDX-License-Identifier: GPL-2.0-only */
/* digest.h - names of content: "sha256:" and 64 hexadecimal digits */
#ifndef VITRINE_IMAGES_DIGEST_H
#define VITRINE_IMAGES_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_PREFIX "sha256:"
#define DIGEST_LENGTH 71
#define DIGEST_SIZE (DIGEST_LENGTH + 1)

/** digest_valid() - Is it a digest that this program can verify? */
bool digest_valid(const char *text);

/** digest_hex() - The part behind the colon */
const char *digest_hex(const char *digest);

/** digest_of() - Of @len bytes, to DIGEST_SIZE characters at @text */
void digest_of(const void *data, size_t len, char *text);

struct hasher;

/** hasher_new() - Start; NULL without memory. The first one of a process may open files */
struct hasher *hasher_new(void);

void hasher_add(struct hasher *hasher, const void *data, size_t len);

/** hasher_end() - Write the digest to DIGEST_SIZE characters at @text (may be NULL), and free */
void hasher_end(struct hasher *hasher, char *text);

#endif
