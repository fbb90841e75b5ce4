/* SPDX-License-Identifier: GPL-2.0-only */
/* pull.h - images from a registry */
#ifndef VITRINE_IMAGES_OCI_PULL_H
#define VITRINE_IMAGES_OCI_PULL_H

#include <stdbool.h>
#include "images/store/store.h"

/**
 * struct pull - what is to be pulled
 * @reference: as the user wrote it
 * @name:      in the store; NULL: as the reference calls it
 * @digest:    what the tag has to mean; NULL: anything
 * @plain:     allow HTTP without TLS
 * @fresh:     set: the store had it already
 */
struct pull {
	const char *reference, *name, *platform, *digest;
	uint64_t size;
	bool plain, fresh;
};

/**
 * pull_image() - Pull an image
 * @name: set to its name in the store, which the caller frees
 *
 * An image that is locked (see "locked" in its record) is not replaced by another.
 */
int pull_image(struct store *store, struct pull *pull, char **name, struct error *err);

#endif
