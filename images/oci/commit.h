/* SPDX-License-Identifier: GPL-2.0-only */
/* commit.h - what a sandbox has written becomes a layer */
#ifndef VITRINE_IMAGES_OCI_COMMIT_H
#define VITRINE_IMAGES_OCI_COMMIT_H

#include <stdbool.h>
#include "images/store/store.h"

/**
 * commit_copy() - Copy a sandbox's disk, holes and all, beside the layers
 * @from: the file
 * @temporary: set, as store_temporary() does
 *
 * Return: the locked copy, or -1.
 */
int commit_copy(const struct store_disk *below, const char *from, char **temporary,
		struct error *err);

/** commit_dirty() - Whether a journal waits to be replayed; -1 with @err filled */
int commit_dirty(const struct store_disk *below, const char *top, struct error *err);

/**
 * commit_layer() - Give a copy its name and write the record of the image
 * @record:    of the sandbox
 * @temporary: the copy, which is gone afterwards
 * @name:      of the image
 */
int commit_layer(struct store *store, json_t *record, const char *temporary, const char *name,
		 const char *origin, struct error *err);

#endif
