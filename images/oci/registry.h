/* SPDX-License-Identifier: GPL-2.0-only */
/* registry.h - speak with a registry; all of it for a sealed process
 *
 * https://github.com/opencontainers/distribution-spec, and docker's specification of tokens
 */
#ifndef VITRINE_IMAGES_OCI_REGISTRY_H
#define VITRINE_IMAGES_OCI_REGISTRY_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include "images/oci/auth.h"

/**
 * struct registry - a conversation
 * @ref:   what it is about
 * @plain: HTTP without TLS is allowed
 * @scheme: "https" or "http", once it is known
 * @token: that opens the repository; empty when none is needed or known
 * @reached: it has answered once
 * @basic: name and password go with every request
 * @authority: certificates of those who may vouch for it, in place of the host's; or NULL
 */
struct registry {
	struct reference ref;
	struct credentials credentials;
	bool plain, basic, reached;
	char scheme[8], token[16384];
	char *authority;
	size_t authority_len;
};

/** registry_prepare() - Before the process is sealed: what has to be read, and what libraries open
 */
int registry_prepare(struct registry *registry, struct error *err);

/**
 * registry_document() - Fetch a manifest or a configuration
 * @path: "manifests/TAG", "manifests/DIGEST" or "blobs/DIGEST"
 *
 * Return: at most DOCUMENT_MAX bytes with a NUL behind them; the caller frees them. NULL on
 * failure.
 */
char *registry_document(struct registry *registry, const char *path, struct error *err);

/**
 * struct registry_blob - one to be downloaded
 * @fd:   open for writing; what is in it already is not fetched again
 * @size: that it has to have
 */
struct registry_blob {
	char digest[DIGEST_SIZE];
	int fd;
	uint64_t size;
};

/** registry_blobs() - Download, several at a time */
int registry_blobs(struct registry *registry, struct registry_blob *blobs, size_t count,
		   struct error *err);

#endif
